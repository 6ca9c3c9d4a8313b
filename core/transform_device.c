/* What happens to the conductance of a memory cell, as transforms: of a cell with alpha = g_max, or of a signed weight
 * by its magnitude. Nothing is cut off at 0: a weight near 0 may change its sign; sim/model keeps cells at 0 and above.
 * Drift and read noise go by the conductance that is there, where the measurements went by the target. */
#include <math.h>

#include "core/clones.h"
#include "core/pcm.h"
#include "core/transform_internal.h"

enum { BLOCK = WEFT_TRANSFORM_BLOCK };

/* ---- normal errors: w + N(0, spread(w)) ---- */

/* spread[i]: standard deviation of the error of w[i], in units of w. */
typedef void (*spread_function)(const weft_transform_scope *scope, const float *w, float *spread, size_t count);

WEFT_CLONES static void add_spread(const float *spread, const float *noise, const float *w, float *out, size_t count) {
    WEFT_INDEPENDENT
    for (size_t i = 0; i < count; i++) out[i] = w[i] + spread[i] * noise[i];
}
static void apply_normal(const weft_transform_scope *scope, const float *w, float *out, uint64_t first, size_t count,
                         spread_function function) {
    float noise[BLOCK], spread[BLOCK];
    for (size_t i = 0, n; i < count; i += n) {
        n = weft_transform_block(count - i);
        weft_rng_fill_normal(&scope->rng, first + i, n, noise);
        function(scope, w + i, spread, n);
        add_spread(spread, noise, w + i, out + i, n);
    }
}

WEFT_CLONES static void proportional_all(float sigma, const float *w, float *spread, size_t count) {
    for (size_t i = 0; i < count; i++) spread[i] = sigma * fabsf(w[i]);
}
static void multnorm_spread(const weft_transform_scope *scope, const float *w, float *spread, size_t count) {
    proportional_all((float)scope->param[0], w, spread, count);
}
static void apply_multnorm(const weft_transform_scope *scope, const float *w, float *out, uint64_t first,
                           size_t count) {
    apply_normal(scope, w, out, first, count, multnorm_spread);
}

WEFT_CLONES static void inverse_all(float scale, float by, float least, const float *w, float *spread, size_t count) {
    for (size_t i = 0; i < count; i++) {
        float size = fabsf(w[i]) / by;
        spread[i] = scale / (size > least ? size : least);
    }
}
static void invnorm_spread(const weft_transform_scope *scope, const float *w, float *spread, size_t count) {
    inverse_all(scope->alpha * (float)scope->param[0], weft_transform_divisor(scope), (float)scope->param[1], w, spread,
                count);
}
static void apply_invnorm(const weft_transform_scope *scope, const float *w, float *out, uint64_t first, size_t count) {
    apply_normal(scope, w, out, first, count, invnorm_spread);
}

WEFT_CLONES static void program_all(float scale, float by, const float *w, float *spread, size_t count) {
    for (size_t i = 0; i < count; i++) spread[i] = scale * (float)weft_pcm_program_sigma((double)(fabsf(w[i]) / by));
}
static void pcm_program_spread(const weft_transform_scope *scope, const float *w, float *spread, size_t count) {
    program_all(scope->alpha * (float)scope->param[0], weft_transform_divisor(scope), w, spread, count);
}
static void apply_pcm_program(const weft_transform_scope *scope, const float *w, float *out, uint64_t first,
                              size_t count) {
    apply_normal(scope, w, out, first, count, pcm_program_spread);
}

WEFT_CLONES static void read_all(double growth, float by, const float *w, float *spread, size_t count) {
    for (size_t i = 0; i < count; i++) {
        float size = fabsf(w[i]);
        spread[i] = size * (float)(growth * weft_pcm_read_q((double)(size / by)));
    }
}
static void pcm_read_spread(const weft_transform_scope *scope, const float *w, float *spread, size_t count) {
    read_all(scope->param[1] * weft_pcm_read_growth(scope->param[0]), weft_transform_divisor(scope), w, spread, count);
}
static void apply_pcm_read(const weft_transform_scope *scope, const float *w, float *out, uint64_t first,
                           size_t count) {
    apply_normal(scope, w, out, first, count, pcm_read_spread);
}

static void rram_relax_spread(const weft_transform_scope *scope, const float *w, float *spread, size_t count) {
    (void)w;
    double sigma = scope->param[0], growth = scope->param[1], time_s = scope->param[2], t0_s = scope->param[3];
    double folds = time_s > t0_s ? weft_log(time_s / t0_s) : 0;
    float all = scope->alpha * (float)(sigma * (1 + growth * folds));
    for (size_t i = 0; i < count; i++) spread[i] = all;
}
static void apply_rram_relax(const weft_transform_scope *scope, const float *w, float *out, uint64_t first,
                             size_t count) {
    apply_normal(scope, w, out, first, count, rram_relax_spread);
}

/* ---- the others ---- */

WEFT_CLONES static void lognormal_all(double octaves, const float *noise, const float *w, float *out, size_t count) {
    WEFT_INDEPENDENT
    for (size_t i = 0; i < count; i++) out[i] = w[i] * (float)weft_exp2(octaves * (double)noise[i]);
}
static void apply_lognorm(const weft_transform_scope *scope, const float *w, float *out, uint64_t first, size_t count) {
    float noise[BLOCK];
    for (size_t i = 0, n; i < count; i += n) {
        n = weft_transform_block(count - i);
        weft_rng_fill_normal(&scope->rng, first + i, n, noise);
        lognormal_all(scope->param[0] / WEFT_LN2, noise, w + i, out + i, n);
    }
}

WEFT_CLONES static void drift_all(double scale, double octaves, float by, const float *noise, const float *w,
                                  float *out, size_t count) {
    WEFT_INDEPENDENT
    for (size_t i = 0; i < count; i++) {
        double g = (double)(fabsf(w[i]) / by), ln_g = weft_log(g > WEFT_PCM_G_LEAST ? g : WEFT_PCM_G_LEAST);
        double nu = weft_pcm_nu_mean(ln_g) + weft_pcm_nu_sigma(ln_g) * (double)noise[i];
        nu = nu > 0 ? scale * nu : 0;
        out[i] = w[i] * (float)weft_exp2(-nu * octaves);
    }
}
static void apply_pcm_drift(const weft_transform_scope *scope, const float *w, float *out, uint64_t first,
                            size_t count) {
    float noise[BLOCK];
    double octaves = weft_log2(1 + scope->param[0] / scope->param[1]);
    for (size_t i = 0, n; i < count; i += n) {
        n = weft_transform_block(count - i);
        weft_rng_fill_normal(&scope->rng, first + i, n, noise);
        drift_all(scope->param[2], octaves, weft_transform_divisor(scope), noise, w + i, out + i, n);
    }
}

WEFT_CLONES static void stuck_all(float alpha, float low, float on, float either, const float *u, const float *w,
                                  float *out, size_t count) {
    WEFT_INDEPENDENT
    for (size_t i = 0; i < count; i++) {
        float full = w[i] < 0.0f ? 0.0f - alpha : alpha, moved = u[i] < either ? low : w[i];
        out[i] = u[i] < on ? full : moved;
    }
}
static void apply_stuck(const weft_transform_scope *scope, const float *w, float *out, uint64_t first, size_t count) {
    float u[BLOCK], on = (float)scope->param[0], either = (float)(scope->param[0] + scope->param[1]);
    for (size_t i = 0, n; i < count; i += n) {
        n = weft_transform_block(count - i);
        weft_rng_fill_uniform(&scope->rng, first + i, n, u);
        stuck_all(scope->alpha, scope->low, on, either, u, w + i, out + i, n);
    }
}

/* ---- rows ---- */

#define JOSHI "Joshi et al. 2020, by IBM's aihwkit documentation; g = |w/a|, "
enum { NOISE = WEFT_TRANSFORM_STOCHASTIC | WEFT_TRANSFORM_ODD };

const weft_transform_op weft_transform_multnorm = {
    "multnorm",
    "normal error proportional to the weight",
    "w * (1 + N(0, sigma))",
    "programming error proportional to conductance; usual form, no one source",
    NOISE,
    1,
    {{"sigma", 0.0, 10.0, 0.1, "standard deviation as a fraction of w", false}},
    NULL,
    apply_multnorm};

const weft_transform_op weft_transform_invnorm = {
    "invnorm",
    "normal error inversely proportional to the weight",
    "w + N(0, sigma * a^2 / max(|w|, floor*a))",
    "programming error inversely proportional to conductance; usual form, no one source",
    NOISE,
    2,
    {{"sigma", 0.0, 10.0, 0.02, "standard deviation at |w| = a, as a fraction of a", false},
     {"floor", 0.001, 1.0, 0.1, "fraction of a below which the error grows no more", false}},
    NULL,
    apply_invnorm};

const weft_transform_op weft_transform_lognorm = {
    "lognorm",
    "log-normal factor",
    "w * exp(N(0, sigma))",
    "variability of filamentary cells; usual form, no one source",
    NOISE,
    1,
    {{"sigma", 0.0, 5.0, 0.1, "standard deviation of the factor's logarithm", false}},
    NULL,
    apply_lognorm};

const weft_transform_op weft_transform_stuck = {
    "stuck",
    "cells stuck at the highest or the lowest conductance",
    "a * sign(w) with probability on, 0 with off, else w; sign(0) = +1",
    "stuck-at faults; usual form, no one source",
    NOISE,
    2,
    {{"on", 0.0, 1.0, 0.01, "probability of |w| = a", false},
     {"off", 0.0, 1.0, 0.01, "probability of 0; what `on` leaves where both are above 1", false}},
    NULL,
    apply_stuck};

const weft_transform_op weft_transform_pcm_program = {
    "pcm_program",
    "programming error of phase-change memory",
    "w + N(0, scale*a*max(p, 0)/25)",
    JOSHI "p = 0.26348 + 1.965 g - 1.1731 g^2 (uS of 25)",
    NOISE,
    1,
    {{"scale", 0.0, 10.0, 1.0, "factor of the standard deviation", false}},
    NULL,
    apply_pcm_program};

const weft_transform_op weft_transform_pcm_drift = {
    "pcm_drift",
    "drift of phase-change memory, an exponent for each cell",
    "w * (1 + time_s/t0_s)^(-scale*nu), nu = max(N(m, s), 0)",
    JOSHI "m = -0.0155 ln g + 0.0244 within 0.049..0.1, s = -0.0125 ln g - 0.0059 within 0.008..0.045",
    NOISE,
    3,
    {{"time_s", 0.0, 1e12, 86400.0, "seconds since the first read, which is t0_s after programming", false},
     {"t0_s", 1e-9, 1e6, WEFT_PCM_FIRST_S, "seconds from programming to the first read, where w holds", false},
     {"scale", 0.0, 10.0, 1.0, "factor of nu", false}},
    NULL,
    apply_pcm_drift};

const weft_transform_op weft_transform_pcm_read = {
    "pcm_read",
    "1/f noise of phase-change memory, drawn once",
    "w * (1 + scale*q*sqrt(ln((time_s + t)/(2*t)))*N(0, 1))",
    JOSHI "q = min(0.0088 g^-0.65, 0.2), t = 250 ns",
    NOISE,
    2,
    {{"time_s", 0.0, 1e12, 86400.0, "seconds since programming", false},
     {"scale", 0.0, 10.0, 1.0, "factor of the standard deviation", false}},
    NULL,
    apply_pcm_read};

/* Falcone et al. 2025 measured 0.4118 + 0.0420 ln(t / 1 s) uS, whatever the conductance, on cells of up to 90 uS. */
const weft_transform_op weft_transform_rram_relax = {
    "rram_relax",
    "relaxation of filamentary cells, spread growing with the logarithm of time",
    "w + N(0, a*sigma*(1 + growth*ln(max(time_s/t0_s, 1))))",
    "Falcone et al. 2025 (arXiv 2502.04524), by IBM's aihwkit documentation; its slow loss in the mean is left out",
    NOISE,
    4,
    {{"sigma", 0.0, 10.0, 0.00458, "standard deviation at t0_s as a fraction of a; default 0.4118 of 90 uS", false},
     {"growth", 0.0, 10.0, 0.102, "per e-fold of time; default 0.0420 of 0.4118 uS", false},
     {"time_s", 0.0, 1e12, 86400.0, "seconds since programming", false},
     {"t0_s", 1e-9, 1e6, 1.0, "seconds after programming that sigma is for", false}},
    NULL,
    apply_rram_relax};
