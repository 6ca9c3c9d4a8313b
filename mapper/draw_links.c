#include <assert.h>
#include <stdlib.h>

#include "core/chip_route.h"
#include "mapper/draw.h"
#include "mapper/passes.h"

/* Routers as squares; between two of them a line for each direction, coloured by its flits. */
enum { EAST = WEFT_EAST, WEST = WEFT_WEST, NORTH = WEFT_NORTH, SOUTH = WEFT_SOUTH, SIDES = WEFT_SIDES };
enum { MARGIN = 24, HEAD = 64, PITCH_MIN = 12, PITCH_MAX = 64, PAGE = 860, SCALE = 130, PAGE_MIN = 420 };

typedef struct link_map {
    FILE *stream;
    const weft_chip *chip;
    const uint64_t *flits;
    uint64_t most;
    int hottest; /* link, -1: no traffic */
    int width, height, pitch;
} link_map;

/* Middle of a router. */
static double middle_x(const link_map *m, int router) { return MARGIN + (router % m->width + 0.5) * m->pitch; }
static double middle_y(const link_map *m, int router) { return HEAD + (router / m->width + 0.5) * m->pitch; }

static void draw_mesh(const link_map *m) {
    fputs("<g stroke=\"#ddd\" stroke-width=\"1\">\n", m->stream);
    for (int x = 0; x < m->width; x++)
        fprintf(m->stream, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", middle_x(m, x), middle_y(m, x),
                middle_x(m, x), middle_y(m, (m->height - 1) * m->width));
    for (int y = 0; y < m->height; y++)
        fprintf(m->stream, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", middle_x(m, 0),
                middle_y(m, y * m->width), middle_x(m, m->width - 1), middle_y(m, y * m->width));
    fputs("</g>\n", m->stream);
}

static int neighbour(const link_map *m, int router, int side) { return weft_chip_neighbour(m->chip, router, side); }

/* Ends of a link's line; traffic keeps to the right of the middle. Links that wrap around end beyond the edge. */
static void ends(const link_map *m, int link, double *x0, double *y0, double *x1, double *y1) {
    int from = link / SIDES, side = link % SIDES, to = neighbour(m, from, side);
    double aside = 0.13 * m->pitch, reach = 0.2 * m->pitch, length = m->pitch - 2 * reach;
    double dx = side == EAST ? 1 : side == WEST ? -1 : 0, dy = side == SOUTH ? 1 : side == NORTH ? -1 : 0;
    int step = (int)dx + (int)dy * m->width;
    if (to - from != step) length = 0.5 * m->pitch - reach + 0.7 * MARGIN;
    *x0 = middle_x(m, from) + dx * reach - dy * aside;
    *y0 = middle_y(m, from) + dy * reach + dx * aside;
    *x1 = *x0 + dx * length;
    *y1 = *y0 + dy * length;
}

static void describe(const link_map *m, int link, char *out, size_t size) {
    int from = link / SIDES, to = neighbour(m, from, link % SIDES);
    char number[32];
    snprintf(out, size, "(%d, %d) to (%d, %d): %s flits an image", from % m->width, from / m->width, to % m->width,
             to / m->width, weft_draw_number(number, m->flits[link]));
}

static void draw_links(const link_map *m) {
    char text[120];
    double x0, y0, x1, y1;
    fprintf(m->stream, "<g stroke-width=\"%.1f\">\n", 0.17 * m->pitch);
    for (int link = 0; link < m->width * m->height * SIDES; link++) {
        if (m->flits[link] == 0) continue;
        weft_colour c = weft_draw_heat((double)m->flits[link] / (double)m->most);
        ends(m, link, &x0, &y0, &x1, &y1);
        describe(m, link, text, sizeof text);
        fprintf(
            m->stream,
            "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#%02x%02x%02x\"><title>%s</title></line>\n",
            x0, y0, x1, y1, (unsigned)c.red, (unsigned)c.green, (unsigned)c.blue, text);
    }
    fputs("</g>\n", m->stream);
}

static void draw_routers(const link_map *m) {
    double side = (m->pitch < 20 ? 0.25 : 0.4) * m->pitch;
    int host = weft_chip_router(m->chip, m->chip->host_terminal);
    fputs("<g fill=\"#fff\" stroke=\"#777\" stroke-width=\"0.8\">\n", m->stream);
    for (int r = 0; r < m->width * m->height; r++)
        fprintf(
            m->stream,
            "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"%s><title>router (%d, %d)%s</title></rect>\n",
            middle_x(m, r) - side / 2, middle_y(m, r) - side / 2, side, side, r == host ? " fill=\"#000\"" : "",
            r % m->width, r / m->width, r == host ? ", host" : "");
    fputs("</g>\n", m->stream);
}

/* A ring around the hottest link. */
static void mark_hottest(const link_map *m) {
    double x0, y0, x1, y1;
    if (m->hottest < 0) return;
    ends(m, m->hottest, &x0, &y0, &x1, &y1);
    fprintf(m->stream,
            "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=\"none\" stroke=\"#0072B2\" stroke-width=\"%.1f\"/>\n",
            (x0 + x1) / 2, (y0 + y1) / 2, 0.48 * m->pitch, m->pitch > 24 ? 2.5 : 1.8);
}

static void draw_scale(const link_map *m) {
    enum { STOPS = 5, LENGTH = 200, STEPS = 50 };
    char number[32];
    int x = 2 * MARGIN + m->width * m->pitch, y = HEAD + 52;
    int host = x + 5;
    fprintf(m->stream, "<rect x=\"%d\" y=\"%d\" width=\"10\" height=\"10\"/>\n", host - 5, HEAD);
    weft_draw_text(m->stream, x + 18, HEAD + 10, 12, WEFT_DRAW_START, "#000", "router of the host", 0);
    weft_draw_text(m->stream, x, HEAD + 40, 12, WEFT_DRAW_START, "#000", "flits an image", 0);
    for (int i = 0; i < STEPS; i++) {
        weft_colour c = weft_draw_heat(1.0 - (i + 0.5) / STEPS);
        fprintf(m->stream, "<rect x=\"%d\" y=\"%d\" width=\"14\" height=\"%d\" fill=\"#%02x%02x%02x\"/>\n", x,
                y + i * LENGTH / STEPS, LENGTH / STEPS, (unsigned)c.red, (unsigned)c.green, (unsigned)c.blue);
    }
    for (int i = 0; i < STOPS; i++)
        weft_draw_text(m->stream, x + 20, y + 4 + i * LENGTH / (STOPS - 1.0), 11, WEFT_DRAW_START, "#000",
                       weft_draw_number(number, m->most - m->most * (uint64_t)i / (STOPS - 1)), 0);
    if (m->hottest < 0) return;
    fprintf(m->stream, "<circle cx=\"%d\" cy=\"%d\" r=\"6\" fill=\"none\" stroke=\"#0072B2\" stroke-width=\"2\"/>\n",
            x + 7, y + LENGTH + 24);
    weft_draw_text(m->stream, x + 20, y + LENGTH + 28, 12, WEFT_DRAW_START, "#000", "hottest link", 0);
}

static void draw_head(const link_map *m, const char *head) {
    char text[160] = "no link carries anything", about[120];
    if (m->hottest >= 0) {
        describe(m, m->hottest, about, sizeof about);
        snprintf(text, sizeof text, "hottest link: router %s", about);
    }
    weft_draw_text(m->stream, MARGIN, 26, 16, WEFT_DRAW_START, "#000", head, 0);
    weft_draw_text(m->stream, MARGIN, 46, 12, WEFT_DRAW_START, "#555", text, 0);
}

weft_status weft_draw_link_heat(FILE *stream, const struct weft_chip *chip, const uint64_t *link_flits,
                                const char *head, weft_error *err) {
    link_map m = {.stream = stream, .chip = chip, .flits = link_flits, .hottest = -1};
    m.width = (int)chip->noc.mesh[0];
    m.height = (int)chip->noc.mesh[1];
    m.pitch = PAGE / m.width;
    m.pitch = m.pitch < PITCH_MIN ? PITCH_MIN : m.pitch > PITCH_MAX ? PITCH_MAX : m.pitch;
    for (int l = 0; l < m.width * m.height * SIDES; l++)
        if (link_flits[l] > m.most) m.most = link_flits[m.hottest = l];
    int wide = 3 * MARGIN + m.width * m.pitch + SCALE, tall = m.height * m.pitch;
    weft_draw_open(stream, wide > PAGE_MIN ? wide : PAGE_MIN, HEAD + (tall > 300 ? tall : 300) + MARGIN, "link loads");
    draw_mesh(&m);
    draw_links(&m);
    draw_routers(&m);
    mark_hottest(&m);
    draw_scale(&m);
    draw_head(&m, head);
    return weft_draw_close(stream, err);
}

/* Flits over every link. */
static weft_status count_flits(uint64_t **out, const weft_traffic *traffic, const weft_mapping *mapping,
                               const weft_chip *chip, int part, weft_error *err) {
    weft_status status = WEFT_OK;
    weft_part_flows flows = {0};
    uint64_t *flits = malloc((size_t)chip->router_count * SIDES * sizeof *flits);
    if (!flits) WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_MEMORY, "out of memory while drawing"));
    WEFT_TRY_GOTO(weft_part_flows_create(&flows, traffic, mapping, chip, part, err));
    WEFT_TRY_GOTO(weft_part_links(flits, NULL, &flows, chip, flows.cores, err));
    *out = flits;
    flits = NULL;
cleanup:
    weft_part_flows_free(&flows);
    free(flits);
    return status;
}

weft_status weft_map_draw_links(const weft_mapping *mapping, const weft_stages *stages, const weft_chip *chip, int part,
                                FILE *stream, weft_error *err) {
    assert(mapping && stages && chip && stream && part >= 0 && part < mapping->parts);
    weft_status status = WEFT_OK;
    weft_traffic *traffic = NULL;
    uint64_t *flits = NULL;
    char head[300];
    WEFT_TRY_GOTO(weft_traffic_create(&traffic, mapping, stages, chip, err));
    WEFT_TRY_GOTO(count_flits(&flits, traffic, mapping, chip, part, err));
    int used = snprintf(head, sizeof head, "%.120s on %.60s: link loads", weft_draw_base_name(mapping->network_path),
                        chip->name ? chip->name : "the chip");
    if (mapping->parts > 1)
        snprintf(head + used, sizeof head - (size_t)used, ", part %d of %d", part + 1, mapping->parts);
    WEFT_TRY_GOTO(weft_draw_link_heat(stream, chip, flits, head, err));
cleanup:
    free(flits);
    weft_traffic_destroy(traffic);
    return status;
}
