#include <assert.h>
#include <stdlib.h>

#include "mapper/place_internal.h"

static void stand(weft_place_layout *layout, int cluster, int core) {
    int router = core / layout->concentration;
    layout->core_of[cluster] = core;
    layout->x[cluster] = router % layout->width;
    layout->y[cluster] = router / layout->width;
}

weft_status weft_place_layout_create(weft_place_layout *out, const weft_place_problem *problem, const int *core_of,
                                     weft_error *err) {
    const weft_chip *chip = problem->chip;
    int clusters = problem->clusters, cores = chip->core_count;
    *out = (weft_place_layout){.clusters = clusters,
                               .cores = cores,
                               .width = (int)chip->noc.mesh[0],
                               .height = (int)chip->noc.mesh[1],
                               .concentration = (int)chip->noc.concentration};
    out->core_of = malloc(((size_t)clusters + 1) * sizeof *out->core_of);
    out->cluster_at = malloc((size_t)cores * sizeof *out->cluster_at);
    out->x = malloc(((size_t)clusters + 1) * sizeof *out->x);
    out->y = malloc(((size_t)clusters + 1) * sizeof *out->y);
    if (!out->core_of || !out->cluster_at || !out->x || !out->y) {
        weft_place_layout_destroy(out);
        return weft_error_set(err, WEFT_E_MEMORY, "out of memory while placing");
    }
    for (int c = 0; c < cores; c++) out->cluster_at[c] = -1;
    for (int c = 0; c < clusters; c++) {
        assert(core_of[c] >= 0 && core_of[c] < cores && out->cluster_at[core_of[c]] < 0);
        stand(out, c, core_of[c]);
        out->cluster_at[core_of[c]] = c;
    }
    out->x[clusters] = (int)chip->io.router[0];
    out->y[clusters] = (int)chip->io.router[1];
    return WEFT_OK;
}

void weft_place_layout_destroy(weft_place_layout *layout) {
    free(layout->core_of);
    free(layout->cluster_at);
    free(layout->x);
    free(layout->y);
    *layout = (weft_place_layout){0};
}

void weft_place_layout_swap(weft_place_layout *layout, int cluster, int core) {
    int old = layout->core_of[cluster], other = layout->cluster_at[core];
    stand(layout, cluster, core);
    layout->cluster_at[core] = cluster;
    layout->cluster_at[old] = other;
    if (other >= 0) stand(layout, other, old);
}

void weft_place_layout_restore(weft_place_layout *layout, const int *core_of) {
    for (int c = 0; c < layout->clusters; c++)
        if (layout->core_of[c] != core_of[c]) weft_place_layout_swap(layout, c, core_of[c]);
}

uint64_t weft_place_linear(const weft_place_graph *graph, const weft_place_layout *layout) {
    uint64_t sum = 0;
    for (int n = 0; n < graph->nodes; n++)
        for (size_t a = graph->begin[n]; a < graph->begin[n + 1] && graph->partner[a] < n; a++) {
            int p = graph->partner[a];
            int links = weft_place_distance(&graph->metric, layout->x[n], layout->y[n], layout->x[p], layout->y[p]);
            sum += (uint64_t)graph->weight[a] * (uint64_t)links;
        }
    return sum;
}

/* Change of the cluster's pairs when it goes to (x, y); the pair with other, which comes the other way, stays. */
static int64_t change_of(const weft_place_graph *graph, const weft_place_layout *layout, int cluster, int other, int x,
                         int y) {
    const weft_place_metric *m = &graph->metric;
    const int *xs = layout->x, *ys = layout->y;
    int from_x = xs[cluster], from_y = ys[cluster];
    size_t end = graph->begin[cluster + 1];
    int64_t sum = 0;
    for (size_t a = graph->begin[cluster]; a < end; a++) {
        int p = graph->partner[a];
        if (p == other) continue;
        int links = weft_place_distance(m, x, y, xs[p], ys[p]) - weft_place_distance(m, from_x, from_y, xs[p], ys[p]);
        sum += graph->weight[a] * links;
    }
    return sum;
}

int64_t weft_place_swap_change(const weft_place_graph *graph, const weft_place_layout *layout, int cluster, int core) {
    int other = layout->cluster_at[core], router = core / layout->concentration;
    int x = router % layout->width, y = router / layout->width;
    if (x == layout->x[cluster] && y == layout->y[cluster]) return 0;
    int64_t change = change_of(graph, layout, cluster, other, x, y);
    if (other < 0) return change;
    return change + change_of(graph, layout, other, cluster, layout->x[cluster], layout->y[cluster]);
}

void weft_place_dice_init(weft_place_dice *dice, uint64_t seed, int stream) {
    dice->rng = (weft_rng){.seed = seed, .layer = (uint16_t)stream, .purpose = WEFT_PURPOSE_PLACE};
    dice->next = 0;
    dice->used = sizeof dice->block / sizeof *dice->block;
}

void weft_place_dice_fill(weft_place_dice *dice) {
    size_t count = sizeof dice->block / sizeof *dice->block;
    weft_rng_fill_u32(&dice->rng, dice->next, count, dice->block);
    dice->next += count;
    dice->used = 0;
}

/* -log of a number of (0, 1]: integer part by halving, the rest by a series, so that the bits are the same everywhere.
 */
static double minus_log(double x) {
    double halvings = 0.0;
    for (; x < 0.75; x *= 2.0) halvings += 1.0;
    double z = (x - 1.0) / (x + 1.0), square = z * z; /* log x = 2 atanh z, |z| <= 1/5 */
    double sum = 1.0 + square * (1.0 / 3 + square * (1.0 / 5 + square * (1.0 / 7 + square * (1.0 / 9))));
    return halvings * 0.69314718055994531 - 2.0 * z * sum;
}

double weft_place_draw_threshold(weft_place_dice *dice, double temperature) {
    return temperature * minus_log(((double)weft_place_draw(dice) + 1.0) * 0x1p-32);
}
