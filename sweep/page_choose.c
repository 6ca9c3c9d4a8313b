/* Which figures a page has: for each block, its main metrics over the axis with most numbers; a line for each value of
 * a second axis, a panel for each of a third, a figure for each combination of the others. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sweep/page_internal.h"

enum { FIGURES_MAX = 36, LINES_MAX = 8, PANELS_MAX = 6, METRICS_MAX = 5 };

static const int worth_drawing[] = {WEFT_METRIC_ERROR,  WEFT_METRIC_PACKET_LATENCY, WEFT_METRIC_ACCEPTED,
                                    WEFT_METRIC_ENERGY, WEFT_METRIC_LATENCY,        WEFT_METRIC_THROUGHPUT,
                                    WEFT_METRIC_POWER,  WEFT_METRIC_CYCLES,         WEFT_METRIC_ENERGY_DYNAMIC,
                                    WEFT_METRIC_AREA};

/* ---- axes ---- */

/* Numbers first, then many values. */
static int axis_rank(const weft_page_axis *axis) {
    const bool numeric = axis->numbers != NULL && axis->value_count > 2;
    return (numeric ? 1000000 : 0) + axis->value_count;
}

static int choose_x(const weft_page_block *block) {
    int best = -1;
    for (int a = 0; a < block->axis_count; a++)
        if (best < 0 || axis_rank(&block->axes[a]) > axis_rank(&block->axes[best])) best = a;
    return best;
}

/* The axis with most values that are no more than `most`; -1: none. */
static int choose_with(const weft_page_block *block, int most, int not_a, int not_b) {
    int best = -1;
    for (int a = 0; a < block->axis_count; a++) {
        const weft_page_axis *axis = &block->axes[a];
        if (a == not_a || a == not_b || axis->value_count > most) continue;
        if (best < 0 || axis->value_count > block->axes[best].value_count) best = a;
    }
    return best;
}

/* ---- figures ---- */

static weft_status add_figure(weft_page_figures *figures, const weft_page_figure *figure, int axes, weft_error *err) {
    if (figures->count == FIGURES_MAX) {
        figures->left_out++;
        return WEFT_OK;
    }
    weft_page_figure *grown = realloc(figures->items, (size_t)(figures->count + 1) * sizeof *grown);
    if (!grown) return weft_error_set(err, WEFT_E_MEMORY, "no memory for figures");
    figures->items = grown;
    weft_page_figure *added = &grown[figures->count];
    *added = *figure;
    added->fixed = malloc(((size_t)axes + 1) * sizeof *added->fixed);
    if (!added->fixed) return weft_error_set(err, WEFT_E_MEMORY, "no memory for figures");
    for (int a = 0; a < axes; a++) added->fixed[a] = figure->fixed ? figure->fixed[a] : -1;
    snprintf(added->name, sizeof added->name, "figure_%02d", ++figures->count);
    return WEFT_OK;
}

static void append(char *text, size_t size, const char *more) {
    const size_t used = strlen(text);
    snprintf(text + used, size - used, "%s", more);
}

static void describe(weft_page_figure *figure) {
    const weft_page_block *block = figure->block;
    char part[400];
    snprintf(figure->title, sizeof figure->title, "%.80s: %.60s", block->name, weft_metrics[figure->metric].column);
    for (int a = 0; a < block->axis_count; a++) {
        if (!figure->fixed || figure->fixed[a] < 0) continue;
        snprintf(part, sizeof part, ", %.40s = %.60s", block->axes[a].key, block->axes[a].values[figure->fixed[a]]);
        append(figure->title, sizeof figure->title, part);
    }
    snprintf(figure->caption, sizeof figure->caption, "%s, over %.60s", weft_metrics[figure->metric].text,
             block->axes[figure->x].key);
    if (figure->series >= 0) {
        snprintf(part, sizeof part, "; a line for each %.60s", block->axes[figure->series].key);
        append(figure->caption, sizeof figure->caption, part);
    }
    if (figure->panel >= 0) {
        snprintf(part, sizeof part, "; a panel for each %.60s", block->axes[figure->panel].key);
        append(figure->caption, sizeof figure->caption, part);
    }
    append(figure->caption, sizeof figure->caption,
           figure->metric == WEFT_METRIC_ERROR ? ". Bands: one standard deviation over the trials; bars: 95 % interval."
                                               : ".");
}

/* Counts `fixed` up over the axes that are neither x nor series nor panel; false after the last combination. */
static bool next_combination(weft_page_figure *figure) {
    const weft_page_block *block = figure->block;
    for (int a = block->axis_count - 1; a >= 0; a--) {
        if (figure->fixed[a] < 0) continue;
        if (++figure->fixed[a] < block->axes[a].value_count) return true;
        figure->fixed[a] = 0;
    }
    return false;
}

static bool has_points(const weft_page_figure *figure, const weft_store_table *table) {
    const weft_page_block *block = figure->block;
    for (size_t i = 0; i < block->count; i++) {
        const weft_page_point *point = &table->points[block->points[i]];
        bool in = !isnan(point->metrics.v[figure->metric]);
        for (int a = 0; a < block->axis_count && in; a++)
            in = figure->fixed[a] < 0 || weft_page_value(&block->axes[a], point) == figure->fixed[a];
        if (in) return true;
    }
    return false;
}

static weft_status add_metric(weft_page_figures *figures, const weft_store_table *table, const weft_page_block *block,
                              int metric, weft_error *err) {
    weft_status status = WEFT_OK;
    weft_page_figure figure = {.block = block, .metric = metric, .y = -1, .x = choose_x(block)};
    figure.series = choose_with(block, LINES_MAX, figure.x, -1);
    figure.panel = choose_with(block, PANELS_MAX, figure.x, figure.series);
    int *fixed = malloc(((size_t)block->axis_count + 1) * sizeof *fixed);
    if (!fixed) return weft_error_set(err, WEFT_E_MEMORY, "no memory for figures");
    for (int a = 0; a < block->axis_count; a++)
        fixed[a] = a == figure.x || a == figure.series || a == figure.panel ? -1 : 0;
    figure.fixed = fixed;
    do {
        if (!has_points(&figure, table)) continue;
        describe(&figure);
        status = add_figure(figures, &figure, block->axis_count, err);
    } while (status == WEFT_OK && figures->left_out < 1000 && next_combination(&figure));
    free(fixed);
    return status;
}

static weft_status add_block(weft_page_figures *figures, const weft_store_table *table, const weft_page_block *block,
                             weft_error *err) {
    int drawn = 0;
    if (block->axis_count == 0) return WEFT_OK;
    for (size_t m = 0; m < sizeof worth_drawing / sizeof *worth_drawing && drawn < METRICS_MAX; m++) {
        const int metric = worth_drawing[m];
        if (!weft_page_varies(table, block, metric)) continue;
        if (metric == WEFT_METRIC_ENERGY_DYNAMIC && weft_page_varies(table, block, WEFT_METRIC_ENERGY)) continue;
        WEFT_TRY(add_metric(figures, table, block, metric, err));
        drawn++;
    }
    return WEFT_OK;
}

/* ---- Pareto ---- */

static int axis_of(const weft_page_block *block, const char *key) {
    for (int a = 0; a < block->axis_count; a++)
        if (strcmp(block->axes[a].key, key) == 0 && block->axes[a].value_count <= LINES_MAX) return a;
    return -1;
}

static weft_status add_front(weft_page_figures *figures, const weft_store_table *table, const weft_page_block *block,
                             int metric, weft_error *err) {
    if (!weft_page_varies(table, block, WEFT_METRIC_ERROR) || !weft_page_varies(table, block, metric)) return WEFT_OK;
    weft_page_figure figure = {.block = block, .metric = WEFT_METRIC_ERROR, .y = metric, .x = -1, .panel = -1};
    figure.series = axis_of(block, "chip");
    if (figure.series < 0) figure.series = axis_of(block, "net");
    if (figure.series < 0) figure.series = choose_with(block, LINES_MAX, -1, -1);
    snprintf(figure.title, sizeof figure.title, "%.80s: error against %.60s", block->name, weft_metrics[metric].column);
    snprintf(figure.caption, sizeof figure.caption,
             "Every point of the block; the line joins those that no other one beats in both (the Pareto front).");
    return add_figure(figures, &figure, block->axis_count, err);
}

weft_status weft_page_figures_choose(weft_page_figures *out, const weft_store_table *table,
                                     const weft_page_blocks *blocks, weft_error *err) {
    weft_status status = WEFT_OK;
    *out = (weft_page_figures){0};
    for (int b = 0; b < blocks->count && status == WEFT_OK; b++) {
        const weft_page_block *block = &blocks->items[b];
        const bool total = weft_page_varies(table, block, WEFT_METRIC_ENERGY);
        status = add_block(out, table, block, err);
        if (status == WEFT_OK)
            status = add_front(out, table, block, total ? WEFT_METRIC_ENERGY : WEFT_METRIC_ENERGY_DYNAMIC, err);
        if (status == WEFT_OK) status = add_front(out, table, block, WEFT_METRIC_LATENCY, err);
        if (status == WEFT_OK) status = add_front(out, table, block, WEFT_METRIC_AREA, err);
    }
    if (status != WEFT_OK) weft_page_figures_free(out);
    return status;
}

void weft_page_figures_free(weft_page_figures *figures) {
    for (int i = 0; i < figures->count; i++) {
        free(figures->items[i].fixed);
        free(figures->items[i].svg);
    }
    free(figures->items);
    *figures = (weft_page_figures){0};
}
