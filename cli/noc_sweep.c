/* weft noc --sweep: which rates. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/noc.h"

enum { STEPS = 20, HALVINGS = 12 };
static const double CLOSE = 0.01; /* of the rate at saturation */

static weft_status bound_of(double *bound, const weft_noc_look *look, weft_error *err) {
    weft_noc_traffic *traffic = NULL;
    weft_noc_loads loads = {0};
    weft_status status;
    WEFT_TRY_GOTO(weft_noc_traffic_create(&traffic, &look->config, &look->measure.traffic, err));
    WEFT_TRY_GOTO(weft_noc_traffic_loads(&loads, traffic, &look->config, err));
    weft_noc_bounds bounds = weft_noc_bounds_get(&loads, &look->config);
    *bound = fmin(bounds.channel, bounds.credit);
cleanup:
    weft_noc_loads_destroy(&loads);
    weft_noc_traffic_destroy(traffic);
    return status;
}

static weft_status add(weft_noc_look *look, double rate, bool *saturated, weft_error *err) {
    char step[64];
    snprintf(step, sizeof step, "rate %.4g, ", rate);
    look->step = step;
    weft_status status = weft_noc_look_add(look, rate, err);
    look->step = "";
    if (status != WEFT_OK) return status;
    *saturated = look->points[look->count - 1].measured.saturated;
    if (!*saturated && !(rate <= look->saturation)) look->saturation = rate;
    return WEFT_OK;
}

static int compare_points(const void *a, const void *b) {
    const weft_noc_point *x = a, *y = b;
    return (x->rate > y->rate) - (x->rate < y->rate);
}

weft_status weft_noc_sweep(weft_noc_look *look, weft_error *err) {
    double highest = look->measure.traffic.rate, bound, step, good = 0, bad = 0;
    WEFT_TRY(bound_of(&bound, look, err));
    step = fmin(bound, highest) / STEPS;
    for (int i = 1; bad == 0; i++) {
        double rate = i * step;
        bool saturated;
        if (fabs(rate - bound) < 1e-9 * bound) rate = bound;
        if (rate > highest * (1 + 1e-9)) break;
        WEFT_TRY(add(look, fmin(rate, highest), &saturated, err));
        if (saturated)
            bad = rate;
        else
            good = rate;
    }
    bad = fmin(bad, bound); /* nothing above has to be looked at */
    for (int i = 0; bad > good && bad - good > CLOSE * bad && i < HALVINGS; i++) {
        bool saturated;
        double rate = (good + bad) / 2;
        WEFT_TRY(add(look, rate, &saturated, err));
        if (saturated)
            bad = rate;
        else
            good = rate;
    }
    qsort(look->points, (size_t)look->count, sizeof *look->points, compare_points);
    return WEFT_OK;
}
