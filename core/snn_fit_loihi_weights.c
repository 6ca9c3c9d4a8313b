/* Scale of a population on Loihi, and the weights that lead to it: of synapse.weight_bits with an exponent a
 * projection.
 *
 * The scale is at most where thresholds take half of what a membrane holds, so that membranes have room below 0 and
 * above. Beyond what the weights need for all their bits it grows, by powers of 2, to thresholds of an eighth of that
 * and currents that cannot wrap even when all synapses get spikes all the time. Within its last power of 2 it is the
 * one with the least square error of the weights: a net of few different weights is exact. */
#include <math.h>
#include <stdlib.h>

#include "core/snn_fit_loihi.h"

enum {
    WIDEST = 9,     /* bits, of signed weights only even ones */
    SAMPLES = 4096, /* weights that the scale is chosen by */
    EXPONENT_MAX = 7,
    THRESHOLD_HARD = 1 << 16,
    THRESHOLD_SOFT = 1 << 14,
    CURRENT_SOFT = 1 << 16,
    DRIVE_HARD = 4095 * 128 / 64,
    START_HARD = (1 << 17) - 1
};

/* Weights of a projection on the chip. */
typedef struct format {
    double largest; /* |weight|, of the network */
    bool mixed;     /* both signs */
    int full, step; /* of mantissas */
    int least;      /* exponent at which a step is still 1 */
} format;

typedef struct need {
    const weft_snn_fitting *f;
    int population, first, end;
    format *formats;   /* [end - first] */
    double largest;    /* of all */
    int full;          /* of the projection with it */
    double hard, soft; /* scale */
} need;

static format format_of(const weft_snn_projection *projection, int bits) {
    format out = {0};
    bool plus = false, minus = false;
    for (uint64_t s = 0; s < projection->count; s++) {
        const double weight = (double)projection->weights[s];
        out.largest = fmax(out.largest, fabs(weight));
        plus |= weight > 0, minus |= weight < 0;
    }
    out.mixed = plus && minus;
    out.step = out.mixed && bits == WIDEST ? 2 : 1;
    out.full = (1 << (bits - 1)) - out.step;
    out.least = out.step == 2 ? -1 : 0;
    return out;
}

static int exponent_of(const format *of, double scale) {
    int exponent = of->least;
    while (exponent < EXPONENT_MAX && of->largest * scale > ldexp(of->full + 0.25, exponent)) exponent++;
    return exponent;
}

/* unit: scale / 2^exponent. Halves go away from zero. */
static double mantissa_of(const format *of, double weight, double unit) {
    const double steps = floor(fabs(weight) * unit / of->step + 0.5);
    const double mantissa = weight < 0 ? -of->step * steps : of->step * steps;
    return fmin(fmax(mantissa, -of->full), of->full);
}

/* ---- bounds of the scale ---- */

/* Sums of the weights of each sign into each neuron: sums[2 n], sums[2 n + 1]. */
static void sum_weights(double *sums, const need *w) {
    for (int i = w->first; i < w->end; i++) {
        const weft_snn_projection *projection = &w->f->snn->projections[i];
        for (uint64_t s = 0; s < projection->count; s++) {
            const double weight = (double)projection->weights[s];
            sums[2 * (size_t)projection->targets[s] + (weight < 0)] += fabs(weight);
        }
    }
}

static double at_most(double bound, double limit, double value) {
    return value > 0 ? fmin(bound, limit / value) : bound;
}

static weft_status find_bounds(need *w) {
    const weft_snn_population *p = &w->f->snn->populations[w->population];
    const bool silent = w->f->fit->populations[w->population].silent;
    double *sums = calloc(2 * (size_t)p->size + 1, sizeof *sums);
    if (!sums) return weft_snn_fit_memory(w->f, w->population);
    sum_weights(sums, w);
    w->hard = w->soft = INFINITY;
    for (uint32_t n = 0; n < p->size; n++) {
        weft_snn_loihi of;
        weft_snn_loihi_find(&of, w->f, w->population, n);
        const double current = fmax(sums[2 * n], sums[2 * n + 1]) / of.share_u;
        w->hard = at_most(w->hard, THRESHOLD_HARD, silent ? 0 : of.threshold);
        w->hard = at_most(w->hard, DRIVE_HARD, fabs(of.drive));
        w->hard = at_most(w->hard, START_HARD, fabs(of.zero / of.gain));
        w->soft = at_most(w->soft, THRESHOLD_SOFT, silent ? 0 : of.threshold);
        w->soft = at_most(w->soft, CURRENT_SOFT, current);
        if (silent) w->soft = at_most(w->soft, CURRENT_SOFT, current * 4096 / fmax(of.decay_v, 1));
    }
    w->soft = fmin(w->soft, w->hard);
    free(sums);
    return WEFT_OK;
}

/* ---- the scale ---- */

static double square_error(const need *w, double scale) {
    uint64_t total = 0;
    double sum = 0;
    for (int i = w->first; i < w->end; i++) total += w->f->snn->projections[i].count;
    const uint64_t stride = total / SAMPLES + 1;
    for (int i = w->first; i < w->end; i++) {
        const weft_snn_projection *projection = &w->f->snn->projections[i];
        const format *of = &w->formats[i - w->first];
        const double unit = ldexp(scale, -exponent_of(of, scale));
        for (uint64_t s = 0; s < projection->count; s += stride) {
            const double weight = (double)projection->weights[s];
            const double error = mantissa_of(of, weight, unit) / unit - weight;
            sum += error * error;
        }
    }
    return sum;
}

/* The largest weight becomes a whole number up to `most`, times `power`. */
static double choose_scale(const need *w, int most, double power) {
    double best = INFINITY, scale = 0;
    for (int top = most; top > most / 2; top--) {
        const double tried = top * power / w->largest, error = square_error(w, tried);
        if (error >= best * (1 - 1e-9)) continue;
        best = error;
        scale = tried;
    }
    return scale;
}

static double scale_of(const need *w) {
    const double soft = w->soft * w->largest, hard = w->hard * w->largest;
    int exponent = 0;
    if (w->largest <= 0) return isfinite(w->soft) ? w->soft : 1;
    while (exponent < EXPONENT_MAX && ldexp(w->full, exponent + 1) <= soft) exponent++;
    return choose_scale(w, (int)fmin(w->full, hard), ldexp(1, exponent));
}

/* ---- the weights ---- */

static void write_weights(const need *w, int projection, double scale) {
    const weft_snn_projection *from = &w->f->snn->projections[projection];
    weft_snn_fit_projection *to = &w->f->fit->projections[projection];
    const format *of = &w->formats[projection - w->first];
    double error = 0;
    to->exponent = exponent_of(of, scale);
    const double unit = ldexp(scale, -to->exponent);
    for (uint64_t s = 0; s < from->count; s++) {
        const double weight = (double)from->weights[s], mantissa = mantissa_of(of, weight, unit);
        to->weights[s] = (float)mantissa;
        to->lost += mantissa == 0;
        error = fmax(error, fabs(mantissa / unit - weight));
    }
    to->error = of->largest > 0 ? error / of->largest : 0;
}

static void find_formats(need *w) {
    const int bits = (int)w->f->chip->synapse.weight_bits;
    for (int i = w->first; i < w->end; i++) {
        const format of = format_of(&w->f->snn->projections[i], bits < WIDEST ? bits : WIDEST);
        w->formats[i - w->first] = of;
        if (of.largest <= w->largest) continue;
        w->largest = of.largest;
        w->full = of.full;
    }
}

weft_status weft_snn_loihi_weights(double *scale, const weft_snn_fitting *f, int population) {
    need w = {.f = f, .population = population, .first = f->first[population], .end = f->first[population + 1]};
    weft_status status = WEFT_OK;
    w.formats = calloc((size_t)(w.end - w.first) + 1, sizeof *w.formats);
    if (!w.formats) return weft_snn_fit_memory(f, population);
    find_formats(&w);
    WEFT_TRY_GOTO(find_bounds(&w));
    *scale = scale_of(&w);
    if (*scale <= 0)
        WEFT_TRY_GOTO(weft_snn_fit_refuse(f, population, -1,
                                          "a threshold, bias or reset is more than %d times its largest weight, which "
                                          "leaves no weights of whole numbers",
                                          THRESHOLD_HARD));
    for (int i = w.first; i < w.end; i++) write_weights(&w, i, *scale);
cleanup:
    free(w.formats);
    return status;
}
