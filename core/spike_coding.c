#include "core/spike_coding.h"

#include <inttypes.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "core/elementary.h"
#include "core/rng.h"
#include "core/saccades.h"

#define SPIKES "bernoulli", "poisson", "regular", "latency", "saccades"
const char *const weft_coding_names[] = {SPIKES, NULL};
const char *const weft_coding_all_names[] = {SPIKES, "current", NULL};

weft_coding weft_coding_defaults(void) {
    return (weft_coding){.kind = WEFT_CODING_BERNOULLI,
                         .ticks = 100,
                         .tick_s = 1e-3,
                         .rate_hz = 100,
                         .darkest = 1,
                         .amplitude_px = 4,
                         .threshold = 32,
                         .saccade_us = 100000,
                         .step_us = 1000};
}

static weft_status check_saccades(const weft_coding *coding, weft_error *err) {
    if (coding->amplitude_px < 1 || coding->amplitude_px > 256)
        return weft_error_set(err, WEFT_E_INVALID, "amplitude of saccades is %d, allowed are 1 to 256 pixels",
                              coding->amplitude_px);
    if (coding->threshold < 1 || coding->threshold > 255)
        return weft_error_set(err, WEFT_E_INVALID, "threshold of saccades is %d, allowed are 1 to 255 grey levels",
                              coding->threshold);
    if (coding->saccade_us < 1 || coding->saccade_us > 10000000)
        return weft_error_set(err, WEFT_E_INVALID, "a saccade of %" PRId64 " us, allowed are 1 to 10000000",
                              coding->saccade_us);
    if (coding->step_us < 1 || coding->saccade_us % coding->step_us)
        return weft_error_set(err, WEFT_E_INVALID, "a look every %" PRId64 " us does not divide a saccade of %" PRId64,
                              coding->step_us, coding->saccade_us);
    return WEFT_OK;
}

weft_status weft_coding_check(const weft_coding *coding, weft_error *err) {
    if (coding->kind < 0 || coding->kind > WEFT_CODING_CURRENT)
        return weft_error_set(err, WEFT_E_INVALID, "there is no coding %d", coding->kind);
    if (!(coding->tick_s >= 1e-9 && coding->tick_s <= 1e3))
        return weft_error_set(err, WEFT_E_INVALID, "a tick of %g s, allowed are 1e-9 to 1000", coding->tick_s);
    if (coding->kind == WEFT_CODING_SACCADES) return check_saccades(coding, err);
    if (coding->ticks < 1 || coding->ticks > 1 << 30)
        return weft_error_set(err, WEFT_E_INVALID, "%" PRIu64 " ticks an image, allowed are 1 to %d", coding->ticks,
                              1 << 30);
    if (coding->kind == WEFT_CODING_LATENCY && (coding->darkest < 0 || coding->darkest > 255))
        return weft_error_set(err, WEFT_E_INVALID, "darkest pixel with a spike is %d, allowed are 0 to 255",
                              coding->darkest);
    if (coding->kind != WEFT_CODING_LATENCY && !(coding->rate_hz >= 0 && coding->rate_hz <= 1e9))
        return weft_error_set(err, WEFT_E_INVALID, "a rate of %g Hz, allowed are 0 to 1e9", coding->rate_hz);
    return WEFT_OK;
}

uint64_t weft_coding_neurons(const weft_coding *coding, weft_shape shape) {
    const uint64_t plane = (uint64_t)shape.height * (uint64_t)shape.width;
    return plane * (coding->kind == WEFT_CODING_SACCADES ? 2 : (uint64_t)shape.channels);
}

uint64_t weft_coding_ticks(const weft_coding *coding) {
    if (coding->kind != WEFT_CODING_SACCADES) return coding->ticks;
    return weft_spikes_tick_of((double)(3 * coding->saccade_us) * 1e-6, coding->tick_s) + 1;
}

/* Probability of a spike in a tick for each pixel value, in 2^-32; at most 2^32. */
static void chances(uint64_t out[256], const weft_coding *coding) {
    for (int v = 0; v < 256; v++) {
        double chance = coding->rate_hz * coding->tick_s * v / 255;
        if (coding->kind == WEFT_CODING_POISSON) chance = 1 - weft_exp2(-chance / WEFT_LN2);
        out[v] = (uint64_t)((chance < 1 ? chance : 1) * 0x1p32 + 0.5);
    }
}

static weft_status add_drawn(weft_spikes *out, const weft_coding *coding, const uint8_t *pixels, size_t size,
                             uint64_t number, uint64_t first_tick, weft_error *err) {
    const weft_rng rng = {.seed = coding->seed, .step = number, .purpose = WEFT_PURPOSE_STIMULUS};
    uint64_t chance[256];
    weft_status status;
    if (coding->ticks * size > UINT64_C(1) << 34)
        return weft_error_set(err, WEFT_E_INVALID, "%" PRIu64 " ticks of %zu pixels are more than 2^34 draws",
                              coding->ticks, size);
    uint32_t *draws = malloc(size * sizeof *draws);
    if (!draws) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu draws", size);
    chances(chance, coding);
    for (uint64_t t = 0; t < coding->ticks; t++) {
        weft_rng_fill_u32(&rng, t * size, size, draws);
        for (size_t i = 0; i < size; i++)
            if (draws[i] < chance[pixels[i]]) WEFT_TRY_GOTO(weft_spikes_add(out, first_tick + t, (uint32_t)i, err));
    }
    status = WEFT_OK;
cleanup:
    free(draws);
    return status;
}

static weft_status add_regular(weft_spikes *out, const weft_coding *coding, const uint8_t *pixels, size_t size,
                               uint64_t first_tick, weft_error *err) {
    uint64_t chance[256];
    chances(chance, coding);
    for (uint64_t t = 0; t < coding->ticks; t++)
        for (size_t i = 0; i < size; i++)
            if ((t + 1) * chance[pixels[i]] >> 32 != t * chance[pixels[i]] >> 32)
                WEFT_TRY(weft_spikes_add(out, first_tick + t, (uint32_t)i, err));
    return WEFT_OK;
}

static weft_status add_latencies(weft_spikes *out, const weft_coding *coding, const uint8_t *pixels, size_t size,
                                 uint64_t first_tick, weft_error *err) {
    for (int v = 255; v >= coding->darkest; v--) /* ticks ascend */
        for (size_t i = 0; i < size; i++)
            if (pixels[i] == v)
                WEFT_TRY(weft_spikes_add(out, first_tick + (uint64_t)(255 - v) * (coding->ticks - 1) / 255, (uint32_t)i,
                                         err));
    return WEFT_OK;
}

/* Unsorted. */
static weft_status add_image(weft_spikes *out, const weft_coding *coding, const uint8_t *pixels, weft_shape shape,
                             uint64_t number, uint64_t first_tick, weft_error *err) {
    const size_t size = weft_shape_size(shape);
    switch ((weft_coding_kind)coding->kind) {
    case WEFT_CODING_BERNOULLI:
    case WEFT_CODING_POISSON:
        return add_drawn(out, coding, pixels, size, number, first_tick, err);
    case WEFT_CODING_REGULAR:
        return add_regular(out, coding, pixels, size, first_tick, err);
    case WEFT_CODING_LATENCY:
        return add_latencies(out, coding, pixels, size, first_tick, err);
    case WEFT_CODING_SACCADES:
        return weft_saccades_add(out, coding, pixels, shape, first_tick, err);
    case WEFT_CODING_CURRENT:
        break;
    }
    return weft_error_set(err, WEFT_E_INVALID, "the coding %s makes no spikes", weft_coding_all_names[coding->kind]);
}

static weft_status append(weft_spikes *out, const weft_spikes *more, weft_error *err) {
    for (size_t i = 0; i < more->count; i++)
        WEFT_TRY(weft_spikes_add(out, more->items[i].tick, more->items[i].neuron, err));
    out->merged += more->merged;
    return WEFT_OK;
}

weft_status weft_coding_image(weft_spikes *out, const weft_coding *coding, const uint8_t *pixels, weft_shape shape,
                              uint64_t number, uint64_t first_tick, weft_error *err) {
    weft_spikes own = {.neurons = weft_coding_neurons(coding, shape), .tick_s = coding->tick_s};
    weft_status status;
    WEFT_TRY(weft_coding_check(coding, err));
    WEFT_TRY_GOTO(add_image(&own, coding, pixels, shape, number, first_tick, err));
    weft_spikes_sort(&own);
    out->neurons = own.neurons;
    out->tick_s = own.tick_s;
    WEFT_TRY_GOTO(append(out, &own, err));
cleanup:
    weft_spikes_free(&own);
    return status;
}

/* Each image into a list of its own; the first error in their order counts. */
static weft_status code_all(weft_spikes *lists, const weft_coding *coding, const weft_dataset *set, size_t first,
                            size_t count, uint64_t length, int threads, weft_error *err) {
    const size_t size = weft_shape_size(set->shape);
    weft_status status = WEFT_OK;
    size_t failed = count;
    if (threads < 1) threads = omp_get_max_threads();
#pragma omp parallel for schedule(dynamic) num_threads(threads)
    for (size_t i = 0; i < count; i++) {
        weft_error own = {0};
        const weft_status result = weft_coding_image(&lists[i], coding, set->pixels + (first + i) * size, set->shape,
                                                     first + i, i * length, &own);
        if (result == WEFT_OK) continue;
#pragma omp critical(weft_coding_failed)
        if (i < failed) {
            failed = i;
            status = result;
            if (err) *err = own;
        }
    }
    return status;
}

weft_status weft_coding_dataset(weft_spikes *out, const weft_coding *coding, const weft_dataset *set, size_t first,
                                size_t count, uint64_t gap, int threads, weft_error *err) {
    *out = (weft_spikes){.neurons = weft_coding_neurons(coding, set->shape), .tick_s = coding->tick_s};
    WEFT_TRY(weft_coding_check(coding, err));
    if (first > set->count || count > set->count - first)
        return weft_error_set(err, WEFT_E_INVALID, "images %zu to %zu of %s, which has %zu", first, first + count,
                              set->name, set->count);
    const uint64_t length = weft_coding_ticks(coding) + gap;
    if (gap >= WEFT_SPIKES_TICKS_MAX || length > WEFT_SPIKES_TICKS_MAX / (count + 1))
        return weft_error_set(err, WEFT_E_INVALID, "%zu images of %" PRIu64 " ticks take more than %" PRIu64, count,
                              length, WEFT_SPIKES_TICKS_MAX);
    weft_spikes *lists = calloc(count + 1, sizeof *lists);
    if (!lists) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu images", count);
    weft_status status = code_all(lists, coding, set, first, count, length, threads, err);
    for (size_t i = 0; i < count; i++) {
        if (status == WEFT_OK) status = append(out, &lists[i], err);
        weft_spikes_free(&lists[i]);
    }
    free(lists);
    if (status != WEFT_OK) weft_spikes_free(out);
    return status;
}
