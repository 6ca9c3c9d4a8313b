/* Weight transforms and device errors on the synapses of a fitted network. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/spike/program_internal.h"

enum { WEIGHT_BITS_MAX = 9, ODIN_BITS = 3 };

/* Whole weights stay whole and within their bits; a synapse that is none stays none. */
static void make_whole(float *weights, const float *before, uint64_t count, int bits) {
    const float most = (float)((1 << (bits - 1)) - 1);
    for (uint64_t s = 0; s < count; s++) {
        const float rounded = before[s] != 0 ? roundf(weights[s]) : 0;
        weights[s] = rounded > most ? most : rounded < -most - 1 ? -most - 1 : rounded;
    }
}

/* Magnitudes of ODIN stay whole and within their bits; the sign is the axon's. */
static void make_magnitudes(float *weights, const float *before, uint64_t count, int bits) {
    const float most = (float)((1 << bits) - 1);
    for (uint64_t s = 0; s < count; s++) {
        const float size = roundf(before[s] < 0 ? -weights[s] : weights[s]);
        const float held = before[s] == 0 || !(size > 0) ? 0 : size > most ? most : size;
        weights[s] = before[s] < 0 ? -held : held;
    }
}

static weft_status check_types(const float *weights, const float *before, uint64_t count, weft_error *err) {
    for (uint64_t s = 0; s < count; s++)
        if (weights[s] != 0 && weights[s] != before[s])
            return weft_error_set(err, WEFT_E_UNSUPPORTED,
                                  "a transform that makes a weight of %g from %g: a synapse of one bit holds its axon "
                                  "type's weight or nothing",
                                  (double)weights[s], (double)before[s]);
    return WEFT_OK;
}

static weft_status distort_projection(float *weights, const float *before, uint64_t count, int projection,
                                      const weft_chip *chip, const weft_spike_program_options *options,
                                      weft_error *err) {
    const weft_transform_draw draw = {
        .seed = options->seed, .step = options->trial, .layer = (uint16_t)projection, .purpose = WEFT_PURPOSE_PROGRAM};
    const float alpha = weft_weights_alpha(before, count);
    const int64_t bits = chip->synapse.weight_bits;
    memcpy(weights, before, count * sizeof *weights);
    if (alpha > 0)
        WEFT_TRY(weft_transform_chain_apply_to(options->chain, alpha, weights, weights, 0, count, &draw, err));
    for (uint64_t s = 0; s < count; s++)
        if (before[s] == 0) weights[s] = 0;
    if (chip->synapse.axon_types > 0) return check_types(weights, before, count, err);
    if (chip->neuron.model == WEFT_CHIP_NEURON_ODIN) make_magnitudes(weights, before, count, ODIN_BITS);
    if (chip->neuron.model == WEFT_CHIP_NEURON_LOIHI)
        make_whole(weights, before, count, bits < WEIGHT_BITS_MAX ? (int)bits : WEIGHT_BITS_MAX);
    return WEFT_OK;
}

weft_status weft_program_distort(weft_snn_fit *out, const weft_snn *snn, const weft_snn_fit *fit, const weft_chip *chip,
                                 const weft_spike_program_options *options, weft_error *err) {
    *out = *fit;
    out->projections = calloc((size_t)fit->projection_count + 1, sizeof *out->projections);
    if (!out->projections) return weft_error_set(err, WEFT_E_MEMORY, "no memory for the weights of a network");
    for (int i = 0; i < fit->projection_count; i++) {
        const uint64_t count = snn->projections[i].count;
        out->projections[i] = fit->projections[i];
        out->projections[i].weights = malloc((count ? count : 1) * sizeof(float));
        if (!out->projections[i].weights)
            return weft_error_set(err, WEFT_E_MEMORY, "no memory for %llu weights", (unsigned long long)count);
        WEFT_TRY(
            distort_projection(out->projections[i].weights, fit->projections[i].weights, count, i, chip, options, err));
    }
    return WEFT_OK;
}

void weft_program_distort_free(weft_snn_fit *copy) {
    for (int i = 0; copy->projections && i < copy->projection_count; i++) free(copy->projections[i].weights);
    free(copy->projections);
    copy->projections = NULL;
}
