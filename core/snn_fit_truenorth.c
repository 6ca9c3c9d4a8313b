/* Whole numbers for the TrueNorth neuron: Threshold and IF. Everything is counted in units of one number, the largest
 * weight by 1, 2, ..: the coarsest unit that all weights are multiples of, or with rounding the finest that fits. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/snn_fit_internal.h"

enum {
    TYPES_MAX = 16,
    WEIGHT_BITS_MAX = 9,
    LEAK_MIN = -256,
    LEAK_MAX = 255,
    THRESHOLD_MAX = (1 << 18) - 1,
    MEMBRANE_MAX = (1 << 19) - 1,
    RESET_NORMAL = 0, /* weft_truenorth_reset */
    RESET_LINEAR = 1
};

typedef struct whole {
    const weft_snn_fitting *f;
    int index, first, end; /* population, its projections */
    const weft_snn_population *p;
    bool integrates, subtract, rounds;
    int weight_max, types;
    double largest; /* |weight|; without weights |bias| */
    double unit;
    float different[TYPES_MAX + 1];
    int different_count;
    int64_t *low, *high; /* [size] least and largest sum of its weights, of a Threshold */
} whole;

typedef struct held {
    int64_t leak, threshold, reset, initial;
} held;

/* ---- the weights ---- */

static bool is_known(const whole *w, float weight) {
    for (int i = 0; i < w->different_count; i++)
        if (w->different[i] == weight) return true;
    return false;
}

static void survey(whole *w) {
    for (int i = w->first; i < w->end; i++) {
        const weft_snn_projection *projection = &w->f->snn->projections[i];
        for (uint64_t s = 0; s < projection->count; s++) {
            const float weight = projection->weights[s];
            if (s > 0 && weight == projection->weights[s - 1]) continue;
            if (fabs((double)weight) > w->largest) w->largest = fabs((double)weight);
            if (w->different_count <= w->types && !is_known(w, weight)) w->different[w->different_count++] = weight;
        }
    }
    for (uint32_t n = 0; w->largest <= 0 && w->integrates && n < w->p->size; n++)
        w->largest = fmax(w->largest, fabs(weft_snn_fit_bias(w->p, n)));
    if (w->largest <= 0) w->largest = 1;
}

/* Whole number of units, the nearest; whether it is x, or may stand for it. */
static bool units_of(int64_t *out, const whole *w, double x) {
    return weft_snn_fit_units(out, x, w->unit) || w->rounds;
}

static bool weights_fit(const whole *w) {
    for (int i = 0; i < w->different_count; i++) {
        int64_t k = 0;
        if (!units_of(&k, w, (double)w->different[i]) || k < -w->weight_max - 1 || k > w->weight_max) return false;
    }
    return true;
}

/* Whether few enough different ones are left when rounded. */
static bool rounded_fit(const whole *w) {
    bool seen[2 << WEIGHT_BITS_MAX] = {0};
    int count = 0;
    for (int i = w->first; i < w->end; i++) {
        const weft_snn_projection *projection = &w->f->snn->projections[i];
        for (uint64_t s = 0; s < projection->count; s++) {
            int64_t k = 0;
            units_of(&k, w, (double)projection->weights[s]);
            bool *of = &seen[k + (1 << WEIGHT_BITS_MAX)];
            count += k != 0 && !*of;
            *of = true;
            if (count > w->types) return false;
        }
    }
    return true;
}

static void sum_weights(whole *w) {
    memset(w->low, 0, w->p->size * sizeof *w->low);
    memset(w->high, 0, w->p->size * sizeof *w->high);
    for (int i = w->first; i < w->end; i++) {
        const weft_snn_projection *projection = &w->f->snn->projections[i];
        int64_t k = 0;
        for (uint64_t s = 0; s < projection->count; s++) {
            if (s == 0 || projection->weights[s] != projection->weights[s - 1])
                units_of(&k, w, (double)projection->weights[s]);
            *(k < 0 ? &w->low[projection->targets[s]] : &w->high[projection->targets[s]]) += k;
        }
    }
}

/* ---- the neurons ---- */

static double gain_of(const whole *w, uint32_t n) {
    return w->integrates ? w->f->fit->options.dt * weft_snn_fit_of(w->p, WEFT_SNN_R, n, 1) : 1;
}

/* NULL, or why not. */
static const char *fit_threshold(held *out, const whole *w, uint32_t n) {
    const double threshold = weft_snn_value(&w->p->parameters[WEFT_SNN_V_THRESHOLD], n);
    int64_t least = weft_snn_fit_least_above(w->unit, 1, weft_snn_fit_bias(w->p, n), threshold);
    if (least < w->low[n]) least = w->low[n];
    if (least > w->high[n] + 1) least = w->high[n] + 1;
    *out = (held){.leak = -least};
    return -least < LEAK_MIN || -least > LEAK_MAX
               ? "it has to fire from a sum on that the leak of 9 bits does not hold (-255 to 256 units of its weights)"
               : NULL;
}

static const char *fit_integrator(held *out, const whole *w, uint32_t n) {
    const double threshold = weft_snn_value(&w->p->parameters[WEFT_SNN_V_THRESHOLD], n), gain = gain_of(w, n);
    *out = (held){.initial = w->subtract ? -1 : 0};
    if (!(gain > 0)) return "its r is not above 0";
    if (!units_of(&out->leak, w, weft_snn_fit_bias(w->p, n)) || out->leak < LEAK_MIN || out->leak > LEAK_MAX)
        return "its bias is no whole number, -256 to 255, of units of its weights";
    out->threshold = weft_snn_fit_least_above(w->unit, gain, 0, threshold);
    if (w->subtract && !units_of(&out->threshold, w, threshold / gain))
        return "its threshold, which it loses when it fires, is no whole number of units of its weights";
    if (out->threshold < 0 || out->threshold > THRESHOLD_MAX)
        return "its threshold is not 0 to 262143 units of its weights";
    const double reset = weft_snn_fit_of(w->p, WEFT_SNN_V_RESET, n, 0) / gain;
    if (!w->subtract && (!units_of(&out->reset, w, reset) || llabs(out->reset) > MEMBRANE_MAX))
        return "its v_reset is no whole number of units of its weights";
    return NULL;
}

static const char *fit_neuron(held *out, const whole *w, uint32_t n) {
    return w->integrates ? fit_integrator(out, w, n) : fit_threshold(out, w, n);
}

/* NULL, or why not, with the neuron. */
static const char *neurons_fit(int64_t *which, whole *w) {
    held any;
    if (!w->integrates) sum_weights(w);
    for (uint32_t n = 0; n < w->p->size; n++) {
        const char *why = fit_neuron(&any, w, n);
        *which = n;
        if (why) return why;
    }
    return NULL;
}

/* ---- the unit ---- */

/* The coarsest that everything is a multiple of. NULL, or why there is none. */
static const char *choose_exact(whole *w, int64_t *which) {
    const char *why = "its weights are no whole numbers, -256 to 255, of one unit";
    bool whole_weights = false;
    *which = -1;
    if (w->different_count > w->types) return "more different weights lead to it than the chip has axon types";
    for (int k = 1; k <= w->weight_max + 1; k++) {
        int64_t neuron = -1;
        w->unit = w->largest / k;
        if (!weights_fit(w)) continue;
        const char *of = neurons_fit(&neuron, w);
        if (!of) return NULL;
        if (!whole_weights) why = of, *which = neuron;
        whole_weights = true;
    }
    return why;
}

static const char *choose_rounded(whole *w, int64_t *which) {
    const char *why = NULL;
    w->rounds = true;
    for (int k = w->weight_max; k > 0; k--) {
        w->unit = w->largest / k;
        if (!rounded_fit(w)) continue;
        why = neurons_fit(which, w);
        if (!why) return NULL;
    }
    return why ? why : "its weights, rounded to whole numbers, are more different ones than the chip has axon types";
}

static weft_status choose_unit(whole *w) {
    int64_t which = -1;
    const char *why = choose_exact(w, &which);
    if (!why) return WEFT_OK;
    if (!w->f->fit->options.round)
        return weft_snn_fit_refuse(w->f, w->index, which, "%s; `round` scales and rounds", why);
    why = choose_rounded(w, &which);
    return why ? weft_snn_fit_refuse(w->f, w->index, which, "%s", why) : WEFT_OK;
}

/* ---- the result ---- */

static weft_status write_neurons(const whole *w) {
    static const char *const names[] = {"leak",  "threshold", "negative_threshold", "saturate",     "reset_mode",
                                        "reset", "initial",   "membrane_unit",      "membrane_zero"};
    enum { COUNT = sizeof names / sizeof *names };
    double *to[COUNT] = {0};
    for (int i = 0; i < COUNT; i++) WEFT_TRY(weft_snn_fit_add(&to[i], w->f, w->index, names[i]));
    for (uint32_t n = 0; n < w->p->size; n++) {
        held of = {0};
        fit_neuron(&of, w, n);
        const double unit = w->unit * gain_of(w, n);
        const double values[COUNT] = {(double)of.leak,
                                      (double)of.threshold,
                                      w->integrates ? THRESHOLD_MAX : 0,
                                      1,
                                      w->integrates && w->subtract ? RESET_LINEAR : RESET_NORMAL,
                                      (double)of.reset,
                                      (double)of.initial,
                                      unit,
                                      -unit * (double)of.initial};
        for (int i = 0; i < COUNT; i++) to[i][n] = values[i];
    }
    return WEFT_OK;
}

weft_status weft_snn_fit_truenorth(const weft_snn_fitting *f, int population) {
    const weft_snn_population *p = &f->snn->populations[population];
    const int64_t bits = f->chip->synapse.type_weight_bits, types = f->chip->synapse.axon_types;
    whole w = {.f = f, .index = population, .first = f->first[population], .end = f->first[population + 1], .p = p};
    weft_status status = WEFT_OK;
    if (p->model != WEFT_NIR_IF && p->model != WEFT_NIR_THRESHOLD)
        return weft_snn_fit_refuse(f, population, -1, "%s neurons; a TrueNorth neuron can be Threshold or IF",
                                   weft_nir_type_names[p->model]);
    if (types < 1) return weft_snn_fit_refuse(f, population, -1, "a TrueNorth neuron needs synapse.axon_types");
    w.types = types < TYPES_MAX ? (int)types : TYPES_MAX;
    w.weight_max = (1 << (bits < WEIGHT_BITS_MAX ? bits - 1 : WEIGHT_BITS_MAX - 1)) - 1;
    w.integrates = p->model == WEFT_NIR_IF;
    w.subtract = f->fit->options.subtract;
    w.low = calloc((size_t)p->size + 1, sizeof *w.low);
    w.high = calloc((size_t)p->size + 1, sizeof *w.high);
    if (!w.low || !w.high) WEFT_TRY_GOTO(weft_snn_fit_memory(f, population));
    survey(&w);
    WEFT_TRY_GOTO(choose_unit(&w));
    f->fit->populations[population].model = "truenorth";
    f->fit->populations[population].scale = 1 / w.unit;
    for (int i = w.first; i < w.end; i++) weft_snn_fit_write_weights(f, i, w.unit);
    WEFT_TRY_GOTO(write_neurons(&w));
cleanup:
    free(w.low);
    free(w.high);
    return status;
}
