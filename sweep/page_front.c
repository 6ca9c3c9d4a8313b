/* Pareto fronts and sensitivities. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sweep/page_internal.h"

/* ---- Pareto ---- */

typedef struct ranked {
    const weft_page_point *point;
    size_t row;
    double sum; /* of ranks would do too: any order in which who dominates comes first */
} ranked;

static int by_sum(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->sum < y->sum || x->sum > y->sum) return x->sum < y->sum ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

/* Sum of the costs, each in parts of its spread over the points: who dominates another has the smaller sum. */
static void rank_points(ranked *points, size_t count, const int *metrics, int metric_count) {
    for (int m = 0; m < metric_count; m++) {
        double low = INFINITY, high = -INFINITY;
        for (size_t i = 0; i < count; i++) {
            low = fmin(low, weft_metrics_cost(&points[i].point->metrics, metrics[m]));
            high = fmax(high, weft_metrics_cost(&points[i].point->metrics, metrics[m]));
        }
        for (size_t i = 0; i < count; i++)
            if (high > low)
                points[i].sum += (weft_metrics_cost(&points[i].point->metrics, metrics[m]) - low) / (high - low);
    }
    qsort(points, count, sizeof *points, by_sum);
}

/* Points by rising sum: only those that are on the front already can dominate the next one. */
weft_status weft_pareto(bool *front, const weft_store_table *table, const int *metrics, int metric_count,
                        weft_error *err) {
    size_t count = 0, on_front = 0;
    ranked *points = malloc((table->count + 1) * sizeof *points);
    if (!points) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu points", table->count);
    memset(front, 0, table->count * sizeof *front);
    for (size_t i = 0; i < table->count; i++)
        if (metric_count > 0 && strcmp(table->points[i].status, "done") == 0 &&
            weft_metrics_have(&table->points[i].metrics, metrics, metric_count))
            points[count++] = (ranked){&table->points[i], i, 0};
    rank_points(points, count, metrics, metric_count);
    for (size_t i = 0; i < count; i++) {
        bool beaten = false;
        for (size_t k = 0; k < on_front && !beaten; k++)
            beaten = weft_metrics_dominate(&points[k].point->metrics, &points[i].point->metrics, metrics, metric_count);
        if (beaten) continue;
        front[points[i].row] = true;
        points[on_front++] = points[i];
    }
    free(points);
    return WEFT_OK;
}

/* ---- sensitivity ---- */

typedef struct group {
    double sum;
    size_t count;
} group;

static void sum_up(group *groups, const weft_store_table *table, const weft_page_block *block, int axis, int metric) {
    for (size_t i = 0; i < block->count; i++) {
        const weft_page_point *point = &table->points[block->points[i]];
        const int value = weft_page_value(&block->axes[axis], point);
        if (value < 0 || isnan(point->metrics.v[metric])) continue;
        groups[value].sum += point->metrics.v[metric];
        groups[value].count++;
    }
}

static double variance(const weft_store_table *table, const weft_page_block *block, int metric, double *mean) {
    double sum = 0, squares = 0;
    size_t count = 0;
    for (size_t i = 0; i < block->count; i++) {
        const double v = table->points[block->points[i]].metrics.v[metric];
        if (isnan(v)) continue;
        sum += v;
        count++;
    }
    *mean = count ? sum / (double)count : NAN;
    for (size_t i = 0; i < block->count; i++) {
        const double v = table->points[block->points[i]].metrics.v[metric];
        if (!isnan(v)) squares += (v - *mean) * (v - *mean);
    }
    return squares;
}

static weft_sensitivity summarise(const group *groups, const weft_page_axis *axis, double mean, double squares) {
    double between = 0, low = INFINITY, high = -INFINITY;
    weft_sensitivity out = {.key = axis->key};
    for (int v = 0; v < axis->value_count; v++) {
        if (groups[v].count == 0) continue;
        const double m = groups[v].sum / (double)groups[v].count;
        between += (double)groups[v].count * (m - mean) * (m - mean);
        if (m < low) out.lowest = axis->values[v];
        if (m > high) out.highest = axis->values[v];
        low = fmin(low, m);
        high = fmax(high, m);
    }
    out.share = squares > 0 ? between / squares : 0;
    out.range = high >= low ? high - low : 0;
    return out;
}

static int by_share(const void *a, const void *b) {
    const weft_sensitivity *x = a, *y = b;
    return (x->share < y->share) - (x->share > y->share);
}

weft_status weft_page_sensitivities(weft_sensitivity **out, const weft_store_table *table, const weft_page_block *block,
                                    int metric, weft_error *err) {
    double mean;
    const double squares = variance(table, block, metric, &mean);
    *out = calloc((size_t)block->axis_count + 1, sizeof **out);
    if (!*out) return weft_error_set(err, WEFT_E_MEMORY, "no memory for sensitivities");
    for (int a = 0; a < block->axis_count; a++) {
        group *groups = calloc((size_t)block->axes[a].value_count + 1, sizeof *groups);
        if (!groups) {
            free(*out);
            *out = NULL;
            return weft_error_set(err, WEFT_E_MEMORY, "no memory for sensitivities");
        }
        sum_up(groups, table, block, a, metric);
        (*out)[a] = summarise(groups, &block->axes[a], mean, squares);
        free(groups);
    }
    qsort(*out, (size_t)block->axis_count, sizeof **out, by_share);
    return WEFT_OK;
}
