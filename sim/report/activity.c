/* Activity of spiking cores. */
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "sim/report/raster_internal.h"

#define COUNT(name)                                                                                                    \
    { #name, offsetof(weft_spike_counts, name) }
static const struct {
    const char *name;
    size_t offset;
} counts[] = {COUNT(axon_events), COUNT(synaptic_events), COUNT(updates_active), COUNT(updates_inactive),
              COUNT(spikes),      COUNT(packets),         COUNT(packets_local),  COUNT(hops_x),
              COUNT(hops_y),      COUNT(busy_ticks)};
enum { COUNTS = sizeof counts / sizeof counts[0] };

static uint64_t count_of(const weft_spike_counts *core, int which) {
    uint64_t value;
    memcpy(&value, (const char *)core + counts[which].offset, sizeof value);
    return value;
}

static void place_of(int out[2], const weft_chip *chip, int core, const int (*places)[2]) {
    const int width = (int)chip->noc.mesh[0], router = weft_chip_router(chip, core);
    out[0] = places ? places[core][0] : router % width;
    out[1] = places ? places[core][1] : router / width;
}

weft_status weft_activity_write(const char *path, const weft_chip *chip, const weft_spike_counts *cores, int count,
                                const int (*places)[2], weft_error *err) {
    weft_output out;
    WEFT_TRY(weft_output_open(&out, path, err));
    fputs("core,x,y", out.stream);
    for (int k = 0; k < COUNTS; k++) fprintf(out.stream, ",%s", counts[k].name);
    fputc('\n', out.stream);
    for (int c = 0; c < count; c++) {
        int at[2];
        place_of(at, chip, c, places);
        fprintf(out.stream, "%d,%d,%d", c, at[0], at[1]);
        for (int k = 0; k < COUNTS; k++) fprintf(out.stream, ",%" PRIu64, count_of(&cores[c], k));
        fputc('\n', out.stream);
    }
    return weft_output_commit(&out, err);
}

typedef struct sheet {
    const weft_chip *chip;
    double *sums; /* [height, width], a tick */
    int width, height, which;
} sheet;

/* Routers between marks. */
static double step_of(int routers) { return fmax(1, weft_plot_step(routers, 9)); }

static void print_sheet(FILE *f, weft_plot_format format, const void *context) {
    const sheet *s = context;
    const double plot = 500, tall = fmin(TALLEST, fmax(140, plot * s->height / s->width));
    char what[32];
    snprintf(what, sizeof what, "%s", counts[s->which].name);
    for (char *c = what; *c; c++)
        if (*c == '_') *c = ' ';
    weft_plot_head(f, format, "activity", WEFT_RASTER_WIDTH, 80 + (int)tall);
    fputs("$map << END\n", f);
    for (int i = 0; i < s->width * s->height; i++) fprintf(f, "%d %d %.6g\n", i % s->width, i / s->width, s->sums[i]);
    fputs("END\n" HEAT "unset grid\nset rmargin 13\nset size ratio -1\nset cbrange [0:*]\nset xlabel 'router x'\n"
          "set ylabel 'router y'\n",
          f);
    fprintf(f,
            "set xrange [-0.5:%g]\nset yrange [%g:-0.5]\nset cblabel '%s per tick'\n"
            "set xtics %g\nset ytics %g\nplot $map using 1:2:3 with image pixels\n",
            s->width - 0.5, s->height - 0.5, what, step_of(s->width), step_of(s->height));
}

static weft_status sum_up(sheet *s, const weft_spike_counts *cores, int count, const int (*places)[2], uint64_t ticks,
                          weft_error *err) {
    s->sums = calloc((size_t)s->width * (size_t)s->height, sizeof *s->sums);
    if (!s->sums) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a figure");
    for (int c = 0; c < count; c++) {
        int at[2];
        place_of(at, s->chip, c, places);
        if (at[0] < 0 || at[1] < 0 || at[0] >= s->width || at[1] >= s->height)
            return weft_error_set(err, WEFT_E_INVALID, "core %d at (%d, %d) lies outside the mesh of %d x %d", c, at[0],
                                  at[1], s->width, s->height);
        s->sums[at[1] * s->width + at[0]] += (double)count_of(&cores[c], s->which) / (double)(ticks ? ticks : 1);
    }
    return WEFT_OK;
}

weft_status weft_activity_draw(bool *drawn, const char *path, const weft_chip *chip, const weft_spike_counts *cores,
                               int count, const int (*places)[2], uint64_t ticks, const char *what, weft_error *err) {
    sheet s = {.chip = chip, .width = (int)chip->noc.mesh[0], .height = (int)chip->noc.mesh[1]};
    weft_status status;
    *drawn = false;
    while (s.which < COUNTS && strcmp(counts[s.which].name, what) != 0) s.which++;
    if (s.which == COUNTS)
        return weft_error_set(err, WEFT_E_INVALID, "cores have no count \"%.40s\"; one of them is synaptic_events",
                              what);
    WEFT_TRY_GOTO(sum_up(&s, cores, count, places, ticks, err));
    WEFT_TRY_GOTO(weft_raster_picture(drawn, path, print_sheet, &s, err));
cleanup:
    free(s.sums);
    return status;
}
