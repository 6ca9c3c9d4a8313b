#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mapper/place_field.h"

/* Annealing of the linear part. A move sends a cluster near a partner, drawn by weight, or somewhere within a window
 * that closes while it cools; who sits there takes its place. */
enum { BLOCKS = 256 /* a power of two */, MOVE_WORK = 24, PROBES = 2000 };
static const double hot = 0.1, cold = 0.001; /* temperatures in mean losses of a move at the start */

typedef struct search {
    const weft_place_graph *graph;
    weft_place_layout *layout;
    weft_place_field field;
    weft_place_dice dice;
    int64_t *reach; /* [arcs] weights of a node's arcs up to this one */
    int window;
} search;

static void sum_weights(int64_t *reach, const weft_place_graph *graph) {
    for (int n = 0; n < graph->nodes; n++) {
        int64_t sum = 0;
        for (size_t a = graph->begin[n]; a < graph->begin[n + 1]; a++) reach[a] = sum += graph->weight[a];
    }
}

static int draw_partner(search *s, int node) {
    size_t low = s->graph->begin[node], high = s->graph->begin[node + 1] - 1;
    double target = (double)s->reach[high] * ((double)weft_place_draw(&s->dice) * 0x1p-32);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if ((double)s->reach[middle] > target)
            high = middle;
        else
            low = middle + 1;
    }
    return s->graph->partner[low];
}

static int draw_core(search *s, int cluster) {
    const weft_place_layout *l = s->layout;
    const weft_place_metric *m = &s->graph->metric;
    bool partner = s->graph->begin[cluster] < s->graph->begin[cluster + 1] && weft_place_draw(&s->dice) & 1;
    int near = partner ? draw_partner(s, cluster) : cluster;
    int radius = 1 + weft_place_draw_below(&s->dice, s->window);
    int x = weft_place_within(m, l->x[near] - radius + weft_place_draw_below(&s->dice, 2 * radius + 1), l->width);
    int y = weft_place_within(m, l->y[near] - radius + weft_place_draw_below(&s->dice, 2 * radius + 1), l->height);
    int slot = l->concentration > 1 ? weft_place_draw_below(&s->dice, l->concentration) : 0;
    return (y * l->width + x) * l->concentration + slot;
}

static double mean_loss(search *s) {
    double sum = 0.0;
    int losses = 0;
    for (int i = 0; i < PROBES; i++) {
        int cluster = weft_place_draw_below(&s->dice, s->layout->clusters), core = draw_core(s, cluster);
        int64_t change = weft_place_field_change(&s->field, cluster, core);
        if (change <= 0) continue;
        sum += (double)change;
        losses++;
    }
    return losses ? sum / losses : 0.0;
}

/* Sum of all changes. Metropolis' rule; the threshold is drawn first, so that the tie is looked up for those alone that
 * would pass without. Changes of nothing are not made: mostly twins. */
static int64_t run_block(search *s, double temperature, uint64_t work) {
    int64_t sum = 0;
    while (s->field.work < work) {
        int cluster = weft_place_draw_below(&s->dice, s->layout->clusters), core = draw_core(s, cluster);
        double threshold = weft_place_draw_threshold(&s->dice, temperature);
        int64_t change = weft_place_field_change(&s->field, cluster, core);
        s->field.work += MOVE_WORK;
        if (change == 0 || (double)change > threshold) continue;
        change += weft_place_field_tie(&s->field, cluster, core);
        if (change == 0 || (double)change > threshold) continue;
        weft_place_field_swap(&s->field, cluster, core);
        sum += change;
    }
    return sum;
}

/* Twice the side of a square that holds all clusters, at most the mesh. */
static int widest_window(const weft_place_layout *l) {
    int side = 1, most = l->width > l->height ? l->width : l->height;
    while (side * side * l->concentration < l->clusters) side++;
    return 2 * side < most ? 2 * side : most;
}

/* Cools geometrically over BLOCKS blocks of equal work and keeps the best that stood at the end of one. */
static void cool(search *s, int *best, uint64_t work) {
    weft_place_layout *l = s->layout;
    size_t bytes = (size_t)l->clusters * sizeof *best;
    int window_max = widest_window(l);
    int64_t sum = 0, best_sum = 0;
    s->window = window_max;
    double temperature = mean_loss(s) * hot, ratio = cold / hot;
    if (temperature <= 0.0) return;
    for (int blocks = BLOCKS; blocks > 1; blocks /= 2) ratio = sqrt(ratio); /* to the power of 1 / BLOCKS */
    memcpy(best, l->core_of, bytes);
    s->field.work = 0;
    for (int b = 0; b < BLOCKS; b++) {
        s->window = 1 + window_max * (BLOCKS - 1 - b) / (2 * BLOCKS);
        sum += run_block(s, temperature, work / BLOCKS * (uint64_t)(b + 1));
        temperature *= ratio;
        if (sum >= best_sum) continue;
        best_sum = sum;
        memcpy(best, l->core_of, bytes);
    }
    weft_place_layout_restore(l, best);
}

weft_status weft_place_anneal(weft_place_layout *layout, const weft_place_graph *graph, uint64_t seed, int stream,
                              uint64_t work, weft_error *err) {
    weft_status status = WEFT_OK;
    if (layout->clusters == 0 || graph->begin[graph->nodes] == 0) return WEFT_OK;
    search s = {.graph = graph, .layout = layout};
    weft_place_dice_init(&s.dice, seed, stream);
    s.reach = malloc(graph->begin[graph->nodes] * sizeof *s.reach);
    int *best = malloc((size_t)layout->clusters * sizeof *best);
    if (!s.reach || !best) WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_MEMORY, "out of memory while placing"));
    WEFT_TRY_GOTO(weft_place_field_create(&s.field, graph, layout, err));
    sum_weights(s.reach, graph);
    cool(&s, best, work);
cleanup:
    weft_place_field_destroy(&s.field);
    free(s.reach);
    free(best);
    return status;
}
