#include <assert.h>
#include <stdlib.h>

#include "core/text.h"
#include "mapper/draw.h"
#include "mapper/mapper.h"

/* A router is a group of cells, a core each, filled from below by the share of its arrays that each stage uses. */
enum { MARGIN = 24, HEAD = 64, LEGEND_ROW = 17, LEGEND_WIDTH = 215, CELL_MIN = 6, CELL_MAX = 38, PAGE = 860 };

typedef struct floor_plan {
    const weft_mapping *mapping;
    const weft_stages *stages;
    const weft_chip *chip;
    FILE *stream;
    int part;
    int across, down;   /* cells of a router */
    int cell, gap;      /* pixels */
    int width, height;  /* of the mesh */
    int class_count;    /* stages in this part */
    int *class_of;      /* [stages], -1: not in this part */
    int *arrays;        /* [cores] of the stage in hand; 0 between */
    int *filled;        /* [cores] arrays drawn so far */
    int *main_stage;    /* [cores] the one with most arrays, -1: none */
    int *main_arrays;   /* [cores] its arrays */
    int *digital_stage; /* [cores] a stage with an output there, -1: none */
    int *core_count;    /* [stages] cores with its arrays or outputs */
    int *array_count;   /* [stages] */
} floor_plan;

static void destroy(floor_plan *f) {
    free(f->class_of);
    free(f->arrays);
    free(f->filled);
    free(f->main_stage);
    free(f->main_arrays);
    free(f->digital_stage);
    free(f->core_count);
    free(f->array_count);
}

static weft_status create(floor_plan *f, weft_error *err) {
    size_t cores = (size_t)f->chip->core_count, stages = (size_t)f->mapping->stage_count + 1;
    int concentration = (int)f->chip->noc.concentration, mesh_x = (int)f->chip->noc.mesh[0];
    for (f->across = 1; f->across * f->across < concentration;) f->across++;
    f->down = (concentration + f->across - 1) / f->across;
    f->cell = PAGE / (mesh_x * f->across);
    f->cell = f->cell < CELL_MIN ? CELL_MIN : f->cell > CELL_MAX ? CELL_MAX : f->cell;
    f->gap = concentration == 1 ? 1 + f->cell / 12 : 2 + f->cell / 5;
    f->width = mesh_x * (f->across * f->cell + f->gap);
    f->height = (int)f->chip->noc.mesh[1] * (f->down * f->cell + f->gap);
    f->class_of = malloc(stages * sizeof *f->class_of);
    f->arrays = calloc(cores, sizeof *f->arrays);
    f->filled = calloc(cores, sizeof *f->filled);
    f->main_stage = malloc(cores * sizeof *f->main_stage);
    f->main_arrays = calloc(cores, sizeof *f->main_arrays);
    f->digital_stage = malloc(cores * sizeof *f->digital_stage);
    f->core_count = calloc(stages, sizeof *f->core_count);
    f->array_count = calloc(stages, sizeof *f->array_count);
    if (!f->class_of || !f->arrays || !f->filled || !f->main_stage || !f->main_arrays || !f->digital_stage ||
        !f->core_count || !f->array_count)
        return weft_error_set(err, WEFT_E_MEMORY, "out of memory while drawing");
    for (size_t c = 0; c < cores; c++) f->main_stage[c] = f->digital_stage[c] = -1;
    return WEFT_OK;
}

static void find_classes(floor_plan *f) {
    for (int s = 0; s < f->mapping->stage_count; s++) {
        const weft_mapped_stage *stage = &f->mapping->stages[s];
        bool here = false;
        for (int t = 0; t < stage->tile_count && !here; t++) here = stage->tiles[t].part == f->part;
        for (int b = 0; b < stage->block_count && !here; b++) here = stage->blocks[b].part == f->part;
        f->class_of[s] = here ? f->class_count++ : -1;
    }
}

/* Upper left corner of a core's cell. */
static void corner(const floor_plan *f, int core, int *x, int *y) {
    int concentration = (int)f->chip->noc.concentration, router = core / concentration, seat = core % concentration;
    int mesh_x = (int)f->chip->noc.mesh[0];
    *x = MARGIN + router % mesh_x * (f->across * f->cell + f->gap) + seat % f->across * f->cell;
    *y = HEAD + router / mesh_x * (f->down * f->cell + f->gap) + seat / f->across * f->cell;
}

static void draw_cells(const floor_plan *f) {
    fputs("<g fill=\"#f4f4f4\" stroke=\"#bbb\" stroke-width=\"0.6\">\n", f->stream);
    for (int core = 0, x, y; core < f->chip->core_count; core++) {
        corner(f, core, &x, &y);
        fprintf(f->stream, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n", x, y, f->cell, f->cell);
    }
    fputs("</g>\n", f->stream);
}

/* A bar of the core's cell, from one share of its height to another. */
static void draw_bar(const floor_plan *f, int core, double from, double to, weft_colour colour) {
    int x, y;
    corner(f, core, &x, &y);
    double inner = f->cell - 1.0;
    fprintf(f->stream,
            "<rect x=\"%.1f\" y=\"%.2f\" width=\"%.1f\" height=\"%.2f\" fill=\"#%02x%02x%02x\"><title>core %d, ",
            x + 0.5, y + 0.5 + inner * (1.0 - to), inner, inner * (to - from), (unsigned)colour.red,
            (unsigned)colour.green, (unsigned)colour.blue, core);
}

static void draw_stage_on_core(floor_plan *f, int s, int core) {
    int arrays = f->arrays[core];
    double all = (double)f->chip->array.per_core;
    draw_bar(f, core, f->filled[core] / all, (f->filled[core] + arrays) / all,
             weft_draw_class(f->class_of[s], f->class_count));
    weft_xml_print(f->stream, f->mapping->stages[s].name, 0);
    fprintf(f->stream, ": %d of %d arrays</title></rect>\n", arrays, (int)f->chip->array.per_core);
    if (arrays > f->main_arrays[core]) {
        f->main_arrays[core] = arrays;
        f->main_stage[core] = s;
    }
    f->filled[core] += arrays;
    f->arrays[core] = 0;
}

static void draw_stage(floor_plan *f, int s) {
    const weft_mapped_stage *stage = &f->mapping->stages[s];
    for (int t = 0; t < stage->tile_count; t++)
        if (stage->tiles[t].part == f->part) f->arrays[stage->tiles[t].core]++;
    for (int t = 0; t < stage->tile_count; t++) {
        int core = stage->tiles[t].core;
        if (stage->tiles[t].part != f->part || f->arrays[core] == 0) continue;
        f->core_count[s]++;
        f->array_count[s] += f->arrays[core];
        draw_stage_on_core(f, s, core);
    }
    for (int b = 0; b < stage->block_count; b++)
        if (stage->blocks[b].part == f->part) {
            f->digital_stage[stage->blocks[b].core] = s;
            f->core_count[s] += stage->tile_count == 0;
        }
}

/* Cores without arrays in use whose digital unit works: a thin bar. */
static void draw_digital(const floor_plan *f) {
    for (int core = 0; core < f->chip->core_count; core++) {
        int s = f->digital_stage[core];
        if (f->filled[core] > 0 || s < 0) continue;
        draw_bar(f, core, 0.0, 0.12, weft_draw_class(f->class_of[s], f->class_count));
        weft_xml_print(f->stream, f->mapping->stages[s].name, 0);
        fputs(": digital unit only</title></rect>\n", f->stream);
    }
}

/* With a light rim, since they may stand on the edge of a bar. */
static void draw_numbers(const floor_plan *f) {
    char text[16];
    if (f->cell < 13) return;
    fputs("<g stroke=\"#fff\" stroke-opacity=\"0.8\" stroke-width=\"2\" paint-order=\"stroke\">\n", f->stream);
    for (int core = 0, x, y; core < f->chip->core_count; core++) {
        int s = f->main_stage[core], size = f->cell >= 26 ? 11 : 7;
        if (s < 0) continue;
        corner(f, core, &x, &y);
        snprintf(text, sizeof text, "%d", s + 1);
        weft_draw_text(f->stream, x + f->cell / 2.0, y + f->cell / 2.0 + size / 3.0, size, WEFT_DRAW_MIDDLE, "#000",
                       text, 0);
    }
    fputs("</g>\n", f->stream);
}

static void draw_host(const floor_plan *f) {
    int x, y, router = weft_chip_router(f->chip, f->chip->host_terminal);
    corner(f, router * (int)f->chip->noc.concentration, &x, &y);
    fprintf(f->stream,
            "<rect x=\"%.1f\" y=\"%.1f\" width=\"%d\" height=\"%d\" fill=\"none\" stroke=\"#000\" "
            "stroke-width=\"2\"><title>router of the host</title></rect>\n",
            x - 1.0, y - 1.0, f->across * f->cell + 2, f->down * f->cell + 2);
}

static int legend_rows(const floor_plan *f) {
    int rows = f->height / LEGEND_ROW - 2;
    return rows < 14 ? 14 : rows;
}

static void draw_legend(const floor_plan *f) {
    char line[160];
    int rows = legend_rows(f), left = 2 * MARGIN + f->width, entry = 2;
    fprintf(f->stream,
            "<rect x=\"%d\" y=\"%d\" width=\"11\" height=\"11\" fill=\"none\" stroke=\"#000\" stroke-width=\"2\"/>\n",
            left, HEAD + 1);
    weft_draw_text(f->stream, left + 18, HEAD + 11, 12, WEFT_DRAW_START, "#000", "router of the host", 0);
    weft_draw_text(f->stream, left, HEAD + LEGEND_ROW + 11, 11, WEFT_DRAW_START, "#555", "filled height: arrays in use",
                   0);
    weft_draw_text(f->stream, left + LEGEND_WIDTH - 16, HEAD + LEGEND_ROW + 11, 11, WEFT_DRAW_END, "#555", "arrays", 0);
    for (int s = 0; s < f->mapping->stage_count; s++) {
        if (f->class_of[s] < 0) continue;
        int column = (entry - 2) / rows, x = left + column * LEGEND_WIDTH;
        int y = HEAD + (2 + (entry - 2) % rows) * LEGEND_ROW + 8;
        weft_colour c = weft_draw_class(f->class_of[s], f->class_count);
        fprintf(f->stream, "<rect x=\"%d\" y=\"%d\" width=\"12\" height=\"12\" fill=\"#%02x%02x%02x\"/>\n", x, y,
                (unsigned)c.red, (unsigned)c.green, (unsigned)c.blue);
        snprintf(line, sizeof line, "%d %.100s", s + 1, f->mapping->stages[s].name);
        weft_draw_text(f->stream, x + 18, y + 10, 11, WEFT_DRAW_START, "#000", line, 26);
        snprintf(line, sizeof line, "%d", f->array_count[s]);
        weft_draw_text(f->stream, x + LEGEND_WIDTH - 16, y + 10, 11, WEFT_DRAW_END, "#555", line, 0);
        entry++;
    }
}

static void draw_head(const floor_plan *f) {
    char line[400];
    int cores = 0;
    int64_t arrays = 0, all = f->chip->array.per_core * f->chip->core_count;
    for (int c = 0; c < f->chip->core_count; c++) {
        cores += f->filled[c] > 0 || f->digital_stage[c] >= 0;
        arrays += f->filled[c];
    }
    snprintf(line, sizeof line, "%.120s on %.60s: cores and stages", weft_draw_base_name(f->mapping->network_path),
             f->chip->name ? f->chip->name : "the chip");
    weft_draw_text(f->stream, MARGIN, 26, 16, WEFT_DRAW_START, "#000", line, 0);
    int used = snprintf(line, sizeof line, "%d of %d cores, %lld of %lld arrays (%.1f %%)", cores, f->chip->core_count,
                        (long long)arrays, (long long)all, 100.0 * (double)arrays / (double)all);
    if (f->mapping->parts > 1)
        snprintf(line + used, sizeof line - (size_t)used, "; part %d of %d", f->part + 1, f->mapping->parts);
    weft_draw_text(f->stream, MARGIN, 46, 12, WEFT_DRAW_START, "#555", line, 0);
}

static weft_status draw(floor_plan *f, weft_error *err) {
    find_classes(f);
    int rows = legend_rows(f), columns = (f->class_count + rows - 1) / rows;
    int legend = (columns > 1 ? columns : 1) * LEGEND_WIDTH, below = (rows + 2) * LEGEND_ROW;
    int tall = f->height > below ? f->height : f->class_count < rows ? (f->class_count + 3) * LEGEND_ROW : below;
    tall = tall > f->height ? tall : f->height;
    weft_draw_open(f->stream, 3 * MARGIN + f->width + legend + 40, HEAD + tall + MARGIN, "floor plan");
    draw_cells(f);
    for (int s = 0; s < f->mapping->stage_count; s++)
        if (f->class_of[s] >= 0) draw_stage(f, s);
    draw_digital(f);
    draw_numbers(f);
    draw_host(f);
    draw_legend(f);
    draw_head(f);
    return weft_draw_close(f->stream, err);
}

weft_status weft_map_draw_floor(const weft_mapping *mapping, const weft_stages *stages, const weft_chip *chip, int part,
                                FILE *stream, weft_error *err) {
    assert(mapping && stages && chip && stream && part >= 0 && part < mapping->parts);
    floor_plan f = {.mapping = mapping, .stages = stages, .chip = chip, .stream = stream, .part = part};
    weft_status status = create(&f, err);
    if (status == WEFT_OK) status = draw(&f, err);
    destroy(&f);
    return status;
}
