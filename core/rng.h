/* Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
 *
 * A draw is addressed by what it is for, never by which thread asks or in which order: the key is the user's seed, the
 * counter is (element / 4, step, layer, purpose). Any partition of the elements over threads gives the same values. */
#ifndef WEFT_CORE_RNG_H
#define WEFT_CORE_RNG_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_philox_block {
    uint32_t v[4];
} weft_philox_block;
/* The bare bijection; known-answer vectors of Random123 are in tests/unit. */
weft_philox_block weft_philox4x32_10(const uint32_t counter[4], const uint32_t key[2]);

/* What a stream is for. Values are part of the reproducibility contract: add at the end, never renumber. */
typedef enum weft_purpose {
    WEFT_PURPOSE_INITIALISE = 1, /* initial weights */
    WEFT_PURPOSE_SHUFFLE,        /* order of training samples */
    WEFT_PURPOSE_AUGMENT,
    WEFT_PURPOSE_PROJECT,   /* stochastic weight projection in training */
    WEFT_PURPOSE_DISTORT,   /* weight distortion in evaluation */
    WEFT_PURPOSE_PARAMETER, /* a transform's parameter drawn once per application */
    WEFT_PURPOSE_PROGRAM,   /* device programming error */
    WEFT_PURPOSE_READ,      /* read noise */
    WEFT_PURPOSE_TRAFFIC,   /* synthetic network traffic */
    WEFT_PURPOSE_PLACE,     /* placement search */
    WEFT_PURPOSE_TEST,
    WEFT_PURPOSE_INPUT,    /* random images, one stream each */
    WEFT_PURPOSE_CONVERTER, /* gain, offset and elements of an ADC */
    WEFT_PURPOSE_SEARCH,    /* points of an experiment */
    WEFT_PURPOSE_SPIKE,     /* stochastic synapses, leaks and thresholds of spiking neurons */
    WEFT_PURPOSE_CONNECT,   /* random spiking networks */
    WEFT_PURPOSE_STIMULUS   /* spikes of coded images */
} weft_purpose;

typedef struct weft_rng {
    uint64_t seed;
    uint64_t step;    /* minibatch, sample or trial; the low 48 bits count */
    uint16_t layer;   /* layer or core */
    uint16_t purpose; /* weft_purpose; the upper byte may number sub-streams (the links of a transform chain) */
} weft_rng;

/* Draw number `element` of the stream; element below 2^34. */
uint32_t weft_rng_u32(const weft_rng *rng, uint64_t element);
/* Uniform in (0, 1), 2^-23 steps offset by half a step, exact in single precision: neither end occurs. */
float weft_rng_uniform(const weft_rng *rng, uint64_t element);
/* Standard normal, Box-Muller over the pair (element & ~1, element | 1); at most 5.8 in magnitude. The same bits on
 * every platform: no libm function but the square root is used. */
float weft_rng_normal(const weft_rng *rng, uint64_t element);
/* out[i] = draw first + i, equal to the single calls. */
void weft_rng_fill_u32(const weft_rng *rng, uint64_t first, size_t count, uint32_t *out);
void weft_rng_fill_uniform(const weft_rng *rng, uint64_t first, size_t count, float *out);
void weft_rng_fill_normal(const weft_rng *rng, uint64_t first, size_t count, float *out);
/* Fisher-Yates permutation of 0..count-1, from this stream; count below 2^32. */
void weft_rng_permutation(const weft_rng *rng, size_t count, uint32_t *out);

#ifdef __cplusplus
}
#endif
#endif
