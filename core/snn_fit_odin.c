/* Whole numbers for ODIN's leaky integrate-and-fire neuron (sim/spike/odin.h): IF and Threshold, in units of one number
 * a population. */
#include <math.h>

#include "core/snn_fit_internal.h"

enum { WEIGHT_MAX = 7, THRESHOLD_MAX = 255, LEAK_MAX = 127 };

typedef struct small {
    const weft_snn_fitting *f;
    int index, first, end; /* population, its projections */
    const weft_snn_population *p;
    bool integrates, rounds;
    int weight_max;
    double largest, unit; /* |weight| */
} small;

/* ---- the weights ---- */

static void find_largest(small *w) {
    for (int i = w->first; i < w->end; i++)
        for (uint64_t s = 0; s < w->f->snn->projections[i].count; s++)
            w->largest = fmax(w->largest, fabs((double)w->f->snn->projections[i].weights[s]));
    if (!(w->largest > 0)) w->largest = 1;
}

static bool weights_fit(const small *w) {
    for (int i = w->first; i < w->end; i++)
        for (uint64_t s = 0; s < w->f->snn->projections[i].count; s++) {
            int64_t k = 0;
            if (!weft_snn_fit_units(&k, (double)w->f->snn->projections[i].weights[s], w->unit)) return false;
        }
    return true;
}

/* ---- the neurons ---- */

static double gain_of(const small *w, uint32_t n) {
    return w->integrates ? w->f->fit->options.dt * weft_snn_fit_of(w->p, WEFT_SNN_R, n, 1) : 1;
}

/* NULL, or why not. */
static const char *find_threshold(int64_t *out, const small *w, uint32_t n) {
    const double threshold = weft_snn_value(&w->p->parameters[WEFT_SNN_V_THRESHOLD], n);
    *out = weft_snn_fit_least_above(w->unit, gain_of(w, n), 0, threshold);
    if (!w->integrates && *out > LEAK_MAX + 1)
        return "it fires from more than 128 units of its weights on, which no leak of ODIN's takes back in a tick";
    return *out < 1 || *out > THRESHOLD_MAX ? "its threshold is not 1 to 255 units of its weights" : NULL;
}

static const char *neurons_fit(int64_t *which, const small *w) {
    int64_t threshold = 0;
    for (uint32_t n = 0; n < w->p->size; n++) {
        const char *why = find_threshold(&threshold, w, n);
        *which = n;
        if (why) return why;
    }
    return NULL;
}

/* ---- the unit ---- */

/* Exact: the coarsest that all weights are multiples of; rounded: the finest with which thresholds fit. */
static const char *choose_unit(small *w, int64_t *which) {
    const char *why = "its weights are no whole numbers, -7 to 7, of one unit";
    *which = -1;
    for (int i = 1; i <= w->weight_max; i++) {
        w->unit = w->largest / (w->rounds ? w->weight_max + 1 - i : i);
        if (!w->rounds && !weights_fit(w)) continue;
        why = neurons_fit(which, w);
        if (!why) return NULL;
    }
    return why;
}

static weft_status write_neurons(const small *w) {
    double *threshold = NULL, *leak = NULL, *unit = NULL;
    WEFT_TRY(weft_snn_fit_add(&threshold, w->f, w->index, "threshold"));
    WEFT_TRY(weft_snn_fit_add(&leak, w->f, w->index, "leak"));
    WEFT_TRY(weft_snn_fit_add(&unit, w->f, w->index, "membrane_unit"));
    for (uint32_t n = 0; n < w->p->size; n++) {
        int64_t k = 0;
        find_threshold(&k, w, n);
        threshold[n] = (double)k;
        leak[n] = w->integrates ? 0 : LEAK_MAX;
        unit[n] = w->unit * gain_of(w, n);
    }
    return WEFT_OK;
}

/* What no unit mends; NULL, or why not. */
static const char *find_foreign(const small *w, uint32_t n) {
    if (!(gain_of(w, n) > 0)) return "its r is not above 0";
    if (weft_snn_fit_bias(w->p, n) != 0) return "it has a bias; a neuron of ODIN has none";
    if (w->integrates && weft_snn_fit_of(w->p, WEFT_SNN_V_RESET, n, 0) != 0)
        return "its v_reset is not 0, where a neuron of ODIN begins again";
    return NULL;
}

static weft_status check_model(const small *w) {
    if (w->p->model == WEFT_NIR_LIF || w->p->model == WEFT_NIR_CUBA_LIF)
        return weft_snn_fit_refuse(w->f, w->index, -1,
                                   "%s neurons, whose leak is a share of the membrane; ODIN's takes the same off in "
                                   "every tick, and IF and Threshold are what it can be",
                                   weft_nir_type_names[w->p->model]);
    if (w->p->model != WEFT_NIR_IF && w->p->model != WEFT_NIR_THRESHOLD)
        return weft_snn_fit_refuse(w->f, w->index, -1, "%s neurons; a neuron of ODIN can be Threshold or IF",
                                   weft_nir_type_names[w->p->model]);
    if (w->integrates && w->f->fit->options.subtract)
        return weft_snn_fit_refuse(w->f, w->index, -1, "a reset by subtraction; a neuron of ODIN begins again at 0");
    for (uint32_t n = 0; n < w->p->size; n++) {
        const char *why = find_foreign(w, n);
        if (why) return weft_snn_fit_refuse(w->f, w->index, n, "%s", why);
    }
    return WEFT_OK;
}

weft_status weft_snn_fit_odin(const weft_snn_fitting *f, int population) {
    const weft_snn_population *p = &f->snn->populations[population];
    const int64_t bits = f->chip->synapse.weight_bits - 1;
    small w = {.f = f, .index = population, .first = f->first[population], .end = f->first[population + 1], .p = p};
    int64_t which = -1;
    w.integrates = p->model == WEFT_NIR_IF;
    w.rounds = f->fit->options.round;
    w.weight_max = bits >= 3 ? WEIGHT_MAX : bits < 1 ? 1 : (1 << bits) - 1;
    WEFT_TRY(check_model(&w));
    find_largest(&w);
    const char *why = choose_unit(&w, &which);
    if (why)
        return weft_snn_fit_refuse(f, population, which, "%s%s", why, w.rounds ? "" : "; `round` scales and rounds");
    f->fit->populations[population].model = "odin";
    f->fit->populations[population].scale = 1 / w.unit;
    for (int i = w.first; i < w.end; i++) weft_snn_fit_write_weights(f, i, w.unit);
    return write_neurons(&w);
}
