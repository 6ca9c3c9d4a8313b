/* Searching an experiment's points instead of running all of them. Random: a sample of them. Successive halving
 * (Jamieson and Talwalkar 2016): the sample runs with few images and trials; the better part goes on with more, until
 * the last rung runs whole. Better: a smaller number of points dominates it (Pareto layers of the metrics, Deb et al.
 * 2002), then the first metric. Which points those are depends on the seed and the results alone. */
#ifndef WEFT_SWEEP_SEARCH_H
#define WEFT_SWEEP_SEARCH_H

#include "sweep/store.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_search {
    size_t *sample;     /* [count] points of the experiment, ascending */
    size_t count, base; /* base: points that the experiment had */
    int rungs, metrics[16], metric_count;
} weft_search;

/* Draws the sample, and appends its reduced copies to the experiment: of rung r (0 .. rungs - 2) with keep^(rungs - 1 -
 * r) of the images and trials (at least 1; of noc and replay points: whole), block "NAME, rung r + 1 of R". The last
 * rung is the sample itself. INVALID: a metric that does not exist, or that has
 * no better end; halving without `images`. */
weft_status weft_search_begin(weft_search *out, weft_experiment *experiment, weft_error *err);
void weft_search_free(weft_search *search); /* safe on a zeroed one */
/* Number of member i of the sample in a rung. */
size_t weft_search_point(const weft_search *search, int rung, size_t member);
/* keep [count]: which members of the sample pass from this rung to the next: the better share of those with in [count]
 * set; rounded up. Points without results (failed) never. values [count] of this rung's points. */
weft_status weft_search_select(bool *keep, const weft_search *search, const bool *in, const weft_metrics_values *values,
                               double share, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
