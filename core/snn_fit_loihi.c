/* Whole numbers for the neuron of Loihi 1 (`loihi` of sim/spike/neuron.h). In a tick
 *
 *   u = keep_u u + sum of weights,  v = keep_v v + u + bias,  fires where v > threshold
 *
 * in units of which 64 make one of u and v. A neuron of the network with i = (1 - a) i + a w_in x and
 * v = (1 - b) v + b (v_leak + r i), or v = v + b r x with b = dt of those without leak, is this one with
 * v_chip = scale (v - zero) / gain, gain = a w_in b r: r, w_in and the shares a and b, as rounded to 12 bits, stand in
 * the threshold, and one weight has one value whichever neuron it leads to. zero is v_reset, 0 when firing subtracts.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/elementary.h"
#include "core/snn_fit_internal.h"
#include "core/snn_fit_loihi.h"

enum { DECAY_ONE = 4096, MANTISSA_MAX = 4095, BIAS_EXPONENT_MAX = 7, UNIT = 64, STATE_MAX = (1 << 23) - 1 };

/* ---- one neuron, in the network's numbers ---- */

/* What goes of a state in a step; false: more than all. */
static bool share_of(double *share, const weft_snn_fitting *f, double tau) {
    const double steps = f->fit->options.dt / tau;
    *share = f->fit->options.exponential ? 1 - weft_exp2(-steps / WEFT_LN2) : steps;
    return *share <= 1;
}

/* 12 bits, and not 0: that would be no leak at all. */
static int decay_of(double share) {
    const int decay = (int)floor(share * DECAY_ONE + 0.5);
    return decay > 0 ? decay : 1;
}

static const char *find_decays(weft_snn_loihi *out, const weft_snn_fitting *f, const weft_snn_population *p,
                               uint32_t n) {
    double share = 0;
    out->decay_u = DECAY_ONE;
    out->decay_v = p->model == WEFT_NIR_THRESHOLD ? DECAY_ONE : 0;
    if (p->parameters[WEFT_SNN_TAU].values) {
        if (!share_of(&share, f, weft_snn_value(&p->parameters[WEFT_SNN_TAU], n)))
            return "its membrane's time constant is shorter than a tick";
        out->decay_v = decay_of(share);
    }
    if (p->parameters[WEFT_SNN_TAU_SYN].values) {
        if (!share_of(&share, f, weft_snn_value(&p->parameters[WEFT_SNN_TAU_SYN], n)))
            return "its current's time constant is shorter than a tick";
        out->decay_u = decay_of(share);
    }
    return NULL;
}

static void find_drive(weft_snn_loihi *out, const weft_snn_population *p, uint32_t n) {
    const double bias = weft_snn_fit_bias(p, n), way = (double)out->decay_v / DECAY_ONE;
    const bool leaks = p->parameters[WEFT_SNN_TAU].values != NULL;
    out->current = bias / out->share_u;
    out->drive = out->current;
    if (leaks) out->drive += way * (weft_snn_fit_of(p, WEFT_SNN_V_LEAK, n, 0) - out->zero) / out->gain;
    if (!p->parameters[WEFT_SNN_TAU_SYN].values) out->current = 0;
}

const char *weft_snn_loihi_find(weft_snn_loihi *out, const weft_snn_fitting *f, int population, uint32_t n) {
    const weft_snn_population *p = &f->snn->populations[population];
    const double r = weft_snn_fit_of(p, WEFT_SNN_R, n, 1), w_in = weft_snn_fit_of(p, WEFT_SNN_W_IN, n, 1);
    const bool leaks = p->parameters[WEFT_SNN_TAU].values != NULL, plain = p->model == WEFT_NIR_THRESHOLD;
    *out = (weft_snn_loihi){0};
    const char *why = find_decays(out, f, p, n);
    if (why) return why;
    if (!(r * w_in > 0)) return "its r x w_in is not above 0";
    out->share_u = (double)out->decay_u / DECAY_ONE;
    out->gain = plain ? 1 : out->share_u * w_in * r * (leaks ? (double)out->decay_v / DECAY_ONE : f->fit->options.dt);
    out->zero = f->fit->options.subtract ? 0 : weft_snn_fit_of(p, WEFT_SNN_V_RESET, n, 0);
    find_drive(out, p, n);
    out->threshold = (weft_snn_fit_of(p, WEFT_SNN_V_THRESHOLD, n, 0) - out->zero) / out->gain;
    if (plain) { /* nothing is left of a tick: the bias may stand in the threshold as long as that is not below 0 */
        const double least = out->threshold - out->drive;
        out->threshold = fmax(least, 0);
        out->drive = fmax(-least, 0);
    }
    return out->threshold < 0 ? "its threshold is below what it is reset to" : NULL;
}

/* ---- its numbers on the chip ---- */

/* A sum is whole in units of a weight without leak, so that rounding the threshold down keeps what fires; as far as
 * rounding errors of double precision do not make it miss a whole one. */
static double threshold_of(const weft_snn_loihi *of, double scale, bool whole) {
    const double threshold = of->threshold * scale;
    const double rounded = whole ? floor(threshold * (1 + 1e-9) + 1e-9) : floor(threshold + 0.5);
    return fmin(rounded, WEFT_SNN_LOIHI_THRESHOLD_MAX);
}

static void bias_of(double *mantissa, double *exponent, double drive) {
    int power = 0;
    while (power < BIAS_EXPONENT_MAX && fabs(floor(ldexp(drive, -power) + 0.5)) > MANTISSA_MAX) power++;
    *mantissa = fmin(fmax(floor(ldexp(drive, -power) + 0.5), -MANTISSA_MAX), MANTISSA_MAX);
    *exponent = power;
}

static double state_of(double value) { return fmin(fmax(floor(value + 0.5), -STATE_MAX), STATE_MAX); }

static weft_status write_neurons(const weft_snn_fitting *f, int population, double scale) {
    static const char *const names[] = {"decay_u",   "decay_v",   "threshold",     "bias",         "bias_exponent",
                                        "initial_u", "initial_v", "membrane_unit", "membrane_zero"};
    enum { COUNT = sizeof names / sizeof *names };
    const weft_snn_population *p = &f->snn->populations[population];
    weft_snn_fit_population *fitted = &f->fit->populations[population];
    const bool stateless = p->model == WEFT_NIR_THRESHOLD, leaks = p->parameters[WEFT_SNN_TAU].values != NULL;
    const bool whole = stateless || (!leaks && !f->fit->options.subtract);
    double *to[COUNT] = {0};
    for (int i = 0; i < COUNT; i++) WEFT_TRY(weft_snn_fit_add(&to[i], f, population, names[i]));
    for (uint32_t n = 0; n < p->size; n++) {
        weft_snn_loihi of;
        double mantissa = 0, exponent = 0;
        weft_snn_loihi_find(&of, f, population, n);
        bias_of(&mantissa, &exponent, of.drive * scale * UNIT);
        const double values[COUNT] = {of.decay_u,
                                      of.decay_v,
                                      fitted->silent ? WEFT_SNN_LOIHI_THRESHOLD_MAX : threshold_of(&of, scale, whole),
                                      mantissa,
                                      exponent,
                                      state_of(-of.current * scale * UNIT),
                                      state_of(-of.zero / of.gain * scale * UNIT),
                                      of.gain / (scale * UNIT),
                                      of.zero};
        for (int i = 0; i < COUNT; i++) to[i][n] = values[i];
    }
    return WEFT_OK;
}

weft_status weft_snn_fit_loihi(const weft_snn_fitting *f, int population) {
    const weft_snn_population *p = &f->snn->populations[population];
    weft_snn_fit_population *fitted = &f->fit->populations[population];
    if (f->chip->synapse.weight_bits < 2)
        return weft_snn_fit_refuse(f, population, -1, "its weights need a synapse.weight_bits of 2 or more");
    for (uint32_t n = 0; n < p->size; n++) {
        weft_snn_loihi of;
        const char *why = weft_snn_loihi_find(&of, f, population, n);
        if (why) return weft_snn_fit_refuse(f, population, n, "%s", why);
    }
    WEFT_TRY(weft_snn_loihi_weights(&fitted->scale, f, population));
    fitted->model = "loihi";
    return write_neurons(f, population, fitted->scale);
}
