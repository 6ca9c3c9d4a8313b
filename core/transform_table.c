#include <math.h>
#include <string.h>

#include "core/clones.h"
#include "core/elementary.h"
#include "core/transform_internal.h"

enum { BLOCK = WEFT_TRANSFORM_BLOCK };

static size_t block_size(size_t left) { return weft_transform_block(left); }
static float divisor(const weft_transform_scope *scope) { return weft_transform_divisor(scope); }

/* Nearest whole number of x >= 0, halves up; exact, where floor(x + 0.5) is not. */
static inline float round_positive(float x) {
    float whole = floorf(x);
    return whole + (x - whole >= 0.5f ? 1.0f : 0.0f);
}

/* ---- deterministic: 0 - magnitude rather than -magnitude where it may be 0, so that no -0 comes out ---- */

static void apply_none(const weft_transform_scope *scope, const float *w, float *out, uint64_t first, size_t count) {
    (void)scope, (void)first;
    if (w != out) memcpy(out, w, count * sizeof *out);
}

WEFT_CLONES static void sign_all(float alpha, const float *w, float *out, size_t count) {
    WEFT_INDEPENDENT
    for (size_t i = 0; i < count; i++) out[i] = w[i] < 0.0f ? -alpha : alpha;
}
static void apply_sign(const weft_transform_scope *scope, const float *w, float *out, uint64_t first, size_t count) {
    (void)first;
    sign_all(scope->alpha, w, out, count);
}

/* alpha * round(levels * w / alpha) / levels */
WEFT_CLONES static void levels_all(float alpha, float by, float levels, const float *w, float *out, size_t count) {
    WEFT_INDEPENDENT
    for (size_t i = 0; i < count; i++) {
        float magnitude = alpha * (round_positive(fabsf(w[i]) / by * levels) / levels);
        out[i] = w[i] < 0.0f ? 0.0f - magnitude : magnitude;
    }
}
static void apply_round(const weft_transform_scope *scope, const float *w, float *out, uint64_t first, size_t count) {
    (void)first;
    levels_all(scope->alpha, divisor(scope), 1.0f, w, out, count);
}

static void apply_quantise(const weft_transform_scope *scope, const float *w, float *out, uint64_t first,
                           size_t count) {
    int bits = (int)lrint(scope->param[0]);
    if (bits <= 1)
        apply_sign(scope, w, out, first, count);
    else
        levels_all(scope->alpha, divisor(scope), (float)((1 << (bits - 1)) - 1), w, out, count);
}

static void apply_levels(const weft_transform_scope *scope, const float *w, float *out, uint64_t first, size_t count) {
    (void)first;
    levels_all(scope->alpha, divisor(scope), (float)(scope->param[0] - 1), w, out, count);
}

WEFT_CLONES static void ternary_all(float alpha, float by, float threshold, const float *w, float *out, size_t count) {
    WEFT_INDEPENDENT
    for (size_t i = 0; i < count; i++) {
        float magnitude = fabsf(w[i]) / by < threshold ? 0.0f : alpha;
        out[i] = w[i] < 0.0f ? 0.0f - magnitude : magnitude;
    }
}
static void apply_ternary(const weft_transform_scope *scope, const float *w, float *out, uint64_t first, size_t count) {
    (void)first;
    ternary_all(scope->alpha, divisor(scope), (float)scope->param[0], w, out, count);
}

WEFT_CLONES static void clip_all(float limit, const float *w, float *out, size_t count) {
    WEFT_INDEPENDENT
    for (size_t i = 0; i < count; i++) {
        float low = w[i] < -limit ? -limit : w[i];
        out[i] = low > limit ? limit : low;
    }
}
static void apply_clip(const weft_transform_scope *scope, const float *w, float *out, uint64_t first, size_t count) {
    (void)first;
    clip_all((float)scope->param[0] * scope->alpha, w, out, count);
}

/* x^beta for x >= 0, beta > 0, with a relative error below 1e-7 before the rounding to single precision. */
static inline float power_of(float x, double beta) {
    float power = (float)weft_exp2(beta * weft_log2((double)x));
    return x > 0.0f ? power : 0.0f;
}

WEFT_CLONES static void power_all(float alpha, float by, double beta, const float *w, float *out, size_t count) {
    WEFT_INDEPENDENT
    for (size_t i = 0; i < count; i++) {
        float magnitude = alpha * power_of(fabsf(w[i]) / by, beta);
        out[i] = w[i] < 0.0f ? -magnitude : magnitude;
    }
}

static void apply_power(const weft_transform_scope *scope, const float *w, float *out, uint64_t first, size_t count) {
    double beta = scope->param[0];
    if ((float)beta == 0.0f)
        apply_sign(scope, w, out, first, count);
    else if ((float)beta == 1.0f) /* (w / a) * a is not w to the last bit */
        apply_none(scope, w, out, first, count);
    else
        power_all(scope->alpha, divisor(scope), beta, w, out, count);
}

/* ---- stochastic ---- */

WEFT_CLONES static void stoch_block(float alpha, float by, const float *u, const float *w, float *out, size_t count) {
    WEFT_INDEPENDENT
    for (size_t i = 0; i < count; i++) out[i] = u[i] < (w[i] / by + 1.0f) * 0.5f ? alpha : -alpha;
}
static void apply_stoch(const weft_transform_scope *scope, const float *w, float *out, uint64_t first, size_t count) {
    float u[BLOCK];
    for (size_t i = 0, n; i < count; i += n) {
        n = block_size(count - i);
        weft_rng_fill_uniform(&scope->rng, first + i, n, u);
        stoch_block(scope->alpha, divisor(scope), u, w + i, out + i, n);
    }
}

/* Draws of a weight: u[stride * i] for the sign, the next for the magnitude. */
WEFT_CLONES static void stochm_block(float by, float gamma, const float *u, size_t stride, const float *w, float *out,
                                     size_t count) {
    float width = 1.0f / gamma - gamma;
    WEFT_INDEPENDENT
    for (size_t i = 0; i < count; i++) {
        float value = w[i] * (gamma + u[stride * i + 1] * width);
        out[i] = u[stride * i] < (fabsf(w[i]) / by + 1.0f) * 0.5f ? value : -value;
    }
}
static void apply_stochm(const weft_transform_scope *scope, const float *w, float *out, uint64_t first, size_t count) {
    float u[2 * BLOCK];
    for (size_t i = 0, n; i < count; i += n) {
        n = block_size(count - i);
        weft_rng_fill_uniform(&scope->rng, 2 * (first + i), 2 * n, u);
        stochm_block(divisor(scope), (float)scope->param[0], u, 2, w + i, out + i, n);
    }
}

/* Order statistic `rank` (0 the smallest) of |w|, by its bits: 11, 10 and 10 of them at a time. */
static float magnitude_of_rank(const float *w, size_t count, size_t rank) {
    static const int shifts[] = {20, 10, 0};
    uint32_t known = 0, known_mask = 0;
    for (int pass = 0; pass < 3; pass++) {
        size_t seen[2048] = {0};
        uint32_t digit_mask = pass == 0 ? 2047u : 1023u, digit = 0;
        for (size_t i = 0; i < count; i++) {
            uint32_t bits;
            memcpy(&bits, &w[i], sizeof bits);
            bits &= 0x7FFFFFFFu;
            if ((bits & known_mask) == known) seen[bits >> shifts[pass] & digit_mask]++;
        }
        while (rank >= seen[digit]) rank -= seen[digit++];
        known |= digit << shifts[pass];
        known_mask |= digit_mask << shifts[pass];
    }
    float magnitude;
    memcpy(&magnitude, &known, sizeof magnitude);
    return magnitude;
}

static weft_status prepare_stochm3(weft_transform_scope *scope, const float *w, size_t count, weft_error *err) {
    (void)err;
    bool by_rank = scope->param[1] >= 0.5;
    scope->middle = by_rank && count > 0 ? magnitude_of_rank(w, count, count / 2) : 0.5f * scope->alpha;
    return WEFT_OK;
}

WEFT_CLONES static void drop_block(float middle, float drop, const float *u, const float *w, float *value,
                                   size_t count) {
    for (size_t i = 0; i < count; i++) value[i] = ((fabsf(w[i]) < middle) & (u[4 * i + 2] < drop)) ? 0.0f : value[i];
}
static void apply_stochm3(const weft_transform_scope *scope, const float *w, float *out, uint64_t first, size_t count) {
    float u[4 * BLOCK], value[BLOCK];
    for (size_t i = 0, n; i < count; i += n) {
        n = block_size(count - i);
        weft_rng_fill_uniform(&scope->rng, 4 * (first + i), 4 * n, u);
        stochm_block(divisor(scope), (float)scope->param[0], u, 4, w + i, value, n);
        drop_block(scope->middle, (float)scope->param[2], u, w + i, value, n);
        memcpy(out + i, value, n * sizeof *out);
    }
}

WEFT_CLONES static void add_scaled(float scale, const float *noise, const float *w, float *out, size_t count) {
    WEFT_INDEPENDENT
    for (size_t i = 0; i < count; i++) out[i] = w[i] + scale * noise[i];
}
static void apply_addnorm(const weft_transform_scope *scope, const float *w, float *out, uint64_t first, size_t count) {
    float noise[BLOCK], scale = scope->alpha * (float)scope->param[0];
    for (size_t i = 0, n; i < count; i += n) {
        n = block_size(count - i);
        weft_rng_fill_normal(&scope->rng, first + i, n, noise);
        add_scaled(scale, noise, w + i, out + i, n);
    }
}

WEFT_CLONES static void multiply_between(float low, float width, const float *u, const float *w, float *out,
                                         size_t count) {
    WEFT_INDEPENDENT
    for (size_t i = 0; i < count; i++) out[i] = w[i] * (low + u[i] * width);
}
static void apply_multunif(const weft_transform_scope *scope, const float *w, float *out, uint64_t first,
                           size_t count) {
    float u[BLOCK], gamma = (float)scope->param[0];
    for (size_t i = 0, n; i < count; i += n) {
        n = block_size(count - i);
        weft_rng_fill_uniform(&scope->rng, first + i, n, u);
        multiply_between(gamma, 1.0f / gamma - gamma, u, w + i, out + i, n);
    }
}

/* ---- rows ---- */

#define MEROLLA "Merolla et al. 2016"
#define GAMMA_PARAM                                                                                                    \
    { "gamma", 0.01, 1.0, 0.5, "factors are uniform between gamma and 1/gamma", false }
enum {
    STOCHASTIC = WEFT_TRANSFORM_STOCHASTIC,
    IDEMPOTENT = WEFT_TRANSFORM_IDEMPOTENT,
    ODD = WEFT_TRANSFORM_ODD,
    TRAIN = WEFT_TRANSFORM_TRAIN,
    TEST = WEFT_TRANSFORM_TEST
};

static const weft_transform_op none = {
    "none", "the weight as it is", "w", MEROLLA ", None", IDEMPOTENT | ODD | TRAIN | TEST, 0, {{0}}, NULL, apply_none};

static const weft_transform_op sign = {
    "sign", "one bit", "a * sign(w), sign(0) = +1", MEROLLA ", Sign", IDEMPOTENT | ODD | TRAIN | TEST, 0, {{0}},
    NULL,   apply_sign};

static const weft_transform_op round_op = {"round",
                                           "nearest of -a, 0, a",
                                           "a * round(w/a), halves away from 0",
                                           MEROLLA ", Round",
                                           IDEMPOTENT | ODD | TRAIN | TEST,
                                           0,
                                           {{0}},
                                           NULL,
                                           apply_round};

static const weft_transform_op power = {"power",
                                        "bent towards sign (beta 0) or towards 0 (beta > 1)",
                                        "a * |w/a|^beta * sign(w)",
                                        MEROLLA ", Power",
                                        ODD | TRAIN | TEST,
                                        1,
                                        {{"beta", 0.0, 10.0, 1.0, "exponent; 0 is sign, 1 is none", false}},
                                        NULL,
                                        apply_power};

static const weft_transform_op ternary = {
    "ternary",
    "three values with a free threshold",
    "0 where |w/a| < threshold, else a * sign(w)",
    "Zhu et al. 2017 (TTQ), threshold x max |w|, no learned scales",
    IDEMPOTENT | ODD,
    1,
    {{"threshold", 0.0, 1.0, 0.5, "fraction of a; 0 is sign, 0.5 is round", false}},
    NULL,
    apply_ternary};

static const weft_transform_op quantise = {
    "quantise",
    "k-bit uniform levels from -a to a, 0 among them",
    "a * round(n*w/a) / n, n = 2^(bits-1) - 1; bits 1: sign",
    "Gray and Neuhoff 1998, mid-tread; the signed integers of a chip's weight.bits",
    IDEMPOTENT | ODD,
    1,
    {{"bits", 1.0, 16.0, 8.0, "bits of a weight, sign included; 2 is round", true}},
    NULL,
    apply_quantise};

static const weft_transform_op levels = {
    "levels",
    "n equidistant magnitudes from 0 to a",
    "a * round((n - 1)*w/a) / (n - 1)",
    "cells of n conductances; usual form, no one source",
    IDEMPOTENT | ODD,
    1,
    {{"n", 2.0, 65536.0, 16.0, "magnitudes, 0 and a among them; 2 is round", true}},
    NULL,
    apply_levels};

static const weft_transform_op clip = {"clip",
                                       "saturation at a fraction of the largest weight",
                                       "min(max(w, -limit*a), limit*a)",
                                       "Courbariaux et al. 2015 (clipped weights), limit relative to a",
                                       ODD,
                                       1,
                                       {{"limit", 0.0, 1.0, 1.0, "fraction of a", false}},
                                       NULL,
                                       apply_clip};

static const weft_transform_op stoch = {"stoch",
                                        "one bit, right on average",
                                        "+a with probability (w/a + 1)/2, else -a",
                                        MEROLLA ", Stoch",
                                        STOCHASTIC | IDEMPOTENT | ODD | TRAIN,
                                        0,
                                        {{0}},
                                        NULL,
                                        apply_stoch};

static const weft_transform_op stochm = {"stochm",
                                         "random sign and random magnitude",
                                         "w * U(gamma, 1/gamma), sign kept with probability (|w|/a + 1)/2",
                                         MEROLLA ", StochM, odd form (as printed it flips strong negative weights)",
                                         STOCHASTIC | ODD | TRAIN,
                                         1,
                                         {GAMMA_PARAM},
                                         NULL,
                                         apply_stochm};

static const weft_transform_op stochm3 = {
    "stochm3",
    "stochm, and middle weights may drop to 0",
    "stochm; 0 with probability drop where |w| < middle",
    MEROLLA ", StochM3; 'the middle 50%' is not defined there",
    STOCHASTIC | ODD | TRAIN,
    3,
    {GAMMA_PARAM,
     {"middle", 0.0, 1.0, 0.0, "0: |w| < a/2; 1: the half of the weights nearest to 0 by rank", true},
     {"drop", 0.0, 1.0, 0.5, "probability of 0 in the middle", false}},
    prepare_stochm3,
    apply_stochm3};

static const weft_transform_op addnorm = {"addnorm",
                                          "additive normal noise",
                                          "w + N(0, a*sigma)",
                                          MEROLLA ", AddNorm",
                                          STOCHASTIC | ODD | TEST,
                                          1,
                                          {{"sigma", 0.0, 10.0, 0.2, "standard deviation as a fraction of a", false}},
                                          NULL,
                                          apply_addnorm};

static const weft_transform_op multunif = {"multunif",
                                           "multiplicative uniform noise",
                                           "w * U(gamma, 1/gamma)",
                                           MEROLLA ", MultUnif",
                                           STOCHASTIC | ODD | TEST,
                                           1,
                                           {GAMMA_PARAM},
                                           NULL,
                                           apply_multunif};

const weft_transform_op *const weft_transform_table[] = {&none,
                                                         &sign,
                                                         &round_op,
                                                         &power,
                                                         &ternary,
                                                         &quantise,
                                                         &levels,
                                                         &clip,
                                                         &stoch,
                                                         &stochm,
                                                         &stochm3,
                                                         &addnorm,
                                                         &multunif,
                                                         &weft_transform_multnorm,
                                                         &weft_transform_invnorm,
                                                         &weft_transform_lognorm,
                                                         &weft_transform_stuck,
                                                         &weft_transform_pcm_program,
                                                         &weft_transform_pcm_drift,
                                                         &weft_transform_pcm_read,
                                                         &weft_transform_rram_relax,
                                                         NULL};
