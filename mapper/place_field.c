#include "mapper/place_field.h"

#include <stdlib.h>

static int64_t *row_of(const weft_place_field *field, int node) {
    return field->slope + (size_t)node * (size_t)(field->layout->width + field->layout->height);
}

/* From weights at places (in place) to slopes. In a row: + what lies at or before a place, - what lies behind, x the
 * cost of the link between. work: [count]. */
static void weights_to_slopes(int64_t *slope, const int *cost, int count, bool torus, int64_t *work) {
    int64_t sum = 0, before = 0;
    for (int i = 0; i < count; i++) sum += work[i] = slope[i];
    for (int i = 0; i < count; i++) slope[i] = 0;
    for (int i = 0; i + 1 < count && !torus; i++) {
        before += work[i];
        slope[i] = (2 * before - sum) * cost[count * count + i];
    }
    for (int p = 0; p < count && torus; p++)
        for (int i = 0; i + 1 < count && work[p]; i++)
            slope[i] += work[p] * (cost[(i + 1) * count + p] - cost[i * count + p]);
}

weft_status weft_place_field_create(weft_place_field *out, const weft_place_graph *graph, weft_place_layout *layout,
                                    weft_error *err) {
    size_t nodes = (size_t)graph->nodes, length = (size_t)layout->width + (size_t)layout->height;
    const weft_place_metric *m = &graph->metric;
    *out = (weft_place_field){.graph = graph, .layout = layout, .slope = calloc(nodes * length, sizeof *out->slope)};
    int64_t *work = malloc(length * sizeof *work);
    if (!out->slope || !work) {
        free(work);
        weft_place_field_destroy(out);
        return weft_error_set(err, WEFT_E_MEMORY, "out of memory while placing");
    }
    for (int n = 0; n < graph->nodes; n++) {
        int64_t *row = row_of(out, n);
        for (size_t a = graph->begin[n]; a < graph->begin[n + 1]; a++) {
            row[layout->x[graph->partner[a]]] += graph->weight[a];
            row[layout->width + layout->y[graph->partner[a]]] += graph->weight[a];
        }
        weights_to_slopes(row, m->x, layout->width, m->torus, work);
        weights_to_slopes(row + layout->width, m->y, layout->height, m->torus, work);
    }
    free(work);
    return WEFT_OK;
}

void weft_place_field_destroy(weft_place_field *field) {
    free(field->slope);
    *field = (weft_place_field){0};
}

static int64_t climb(const int64_t *slope, int from, int to) {
    int64_t sum = 0;
    for (int i = from; i < to; i++) sum += slope[i];
    for (int i = to; i < from; i++) sum -= slope[i];
    return sum;
}

/* Change of the linear part, were the cluster alone to go to router (x, y). */
static int64_t move(weft_place_field *field, int cluster, int x, int y) {
    const weft_place_layout *l = field->layout;
    const int64_t *row = row_of(field, cluster);
    field->work += 4 + (uint64_t)(abs(l->x[cluster] - x) + abs(l->y[cluster] - y));
    return climb(row, l->x[cluster], x) + climb(row + l->width, l->y[cluster], y);
}

int64_t weft_place_field_change(weft_place_field *field, int cluster, int core) {
    const weft_place_layout *l = field->layout;
    int other = l->cluster_at[core], router = core / l->concentration;
    int64_t change = move(field, cluster, router % l->width, router / l->width);
    return other < 0 ? change : change + move(field, other, l->x[cluster], l->y[cluster]);
}

/* Of the pair's arc, 0 where there is none. */
static int64_t weight_between(const weft_place_graph *graph, int a, int b) {
    size_t low = graph->begin[a], high = graph->begin[a + 1];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (graph->partner[middle] == b) return graph->weight[middle];
        if (graph->partner[middle] < b)
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

/* Either move brings the two together; in truth they stay as far apart as they are. */
int64_t weft_place_field_tie(weft_place_field *field, int cluster, int core) {
    const weft_place_layout *l = field->layout;
    int other = l->cluster_at[core];
    if (other < 0) return 0;
    field->work += 32;
    int links = weft_place_distance(&field->graph->metric, l->x[cluster], l->y[cluster], l->x[other], l->y[other]);
    return 2 * links * weight_between(field->graph, cluster, other);
}

/* A weight goes from one place to another: in a row the slopes between them change, on a torus all. */
static void add(int64_t *slope, const int *cost, int count, int from, int to, int64_t weight) {
    const int *next = cost + count * count;
    for (int i = from; i < to; i++) slope[i] -= 2 * weight * next[i];
    for (int i = to; i < from; i++) slope[i] += 2 * weight * next[i];
}
static void add_around(int64_t *slope, const int *cost, int count, int from, int to, int64_t weight) {
    for (int i = 0; i + 1 < count && from != to; i++, cost += count)
        slope[i] += weight * (cost[count + to] - cost[count + from] - cost[to] + cost[from]);
}

/* Tells the partners that the cluster went. */
static void announce(weft_place_field *field, int cluster, int from_x, int from_y) {
    const weft_place_graph *g = field->graph;
    const weft_place_layout *l = field->layout;
    const weft_place_metric *m = &g->metric;
    int x = l->x[cluster], y = l->y[cluster];
    uint64_t places = (uint64_t)(abs(from_x - x) + abs(from_y - y));
    if (places == 0) return;
    if (m->torus) places = (uint64_t)(l->width + l->height);
    for (size_t a = g->begin[cluster]; a < g->begin[cluster + 1]; a++) {
        int64_t *row = row_of(field, g->partner[a]);
        (m->torus ? add_around : add)(row, m->x, l->width, from_x, x, g->weight[a]);
        (m->torus ? add_around : add)(row + l->width, m->y, l->height, from_y, y, g->weight[a]);
    }
    field->work += (g->begin[cluster + 1] - g->begin[cluster]) * (6 + places / 2);
}

void weft_place_field_swap(weft_place_field *field, int cluster, int core) {
    weft_place_layout *l = field->layout;
    int other = l->cluster_at[core], x = l->x[cluster], y = l->y[cluster];
    weft_place_layout_swap(l, cluster, core);
    announce(field, cluster, x, y);
    if (other >= 0 && other != cluster) announce(field, other, l->x[cluster], l->y[cluster]);
}
