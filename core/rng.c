#include "core/rng.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/clones.h"
#include "core/elementary.h"

/* Philox4x32 multipliers and key increments (Salmon et al. 2011, table 2 and section 3.3). */
#define MULTIPLIER_0 0xD2511F53u
#define MULTIPLIER_1 0xCD9E8D57u
#define KEY_STEP_0 0x9E3779B9u
#define KEY_STEP_1 0xBB67AE85u
enum { ROUNDS = 10, LANES = 64, DRAWS = 4 * LANES };

static inline void philox_round(uint32_t v[4], uint32_t key_0, uint32_t key_1) {
    uint64_t product_0 = (uint64_t)MULTIPLIER_0 * v[0], product_1 = (uint64_t)MULTIPLIER_1 * v[2];
    uint32_t next_0 = (uint32_t)(product_1 >> 32) ^ v[1] ^ key_0, next_2 = (uint32_t)(product_0 >> 32) ^ v[3] ^ key_1;
    v[0] = next_0;
    v[1] = (uint32_t)product_1;
    v[2] = next_2;
    v[3] = (uint32_t)product_0;
}

weft_philox_block weft_philox4x32_10(const uint32_t counter[4], const uint32_t key[2]) {
    weft_philox_block block;
    memcpy(block.v, counter, sizeof block.v);
    for (uint32_t r = 0; r < ROUNDS; r++) philox_round(block.v, key[0] + r * KEY_STEP_0, key[1] + r * KEY_STEP_1);
    return block;
}

static void stream_words(const weft_rng *rng, uint64_t element, uint32_t counter[4], uint32_t key[2]) {
    assert(element >> 34 == 0);
    counter[0] = (uint32_t)(element / 4);
    counter[1] = (uint32_t)rng->step;
    counter[2] = (uint32_t)(rng->step >> 32 & 0xFFFF) | (uint32_t)rng->layer << 16;
    counter[3] = rng->purpose;
    key[0] = (uint32_t)rng->seed;
    key[1] = (uint32_t)(rng->seed >> 32);
}

static weft_philox_block block_of(const weft_rng *rng, uint64_t element) {
    uint32_t counter[4], key[2];
    stream_words(rng, element, counter, key);
    return weft_philox4x32_10(counter, key);
}

/* Exact in single precision: 23 bits and the half step need 24. */
static inline float to_uniform(uint32_t u) { return ((float)(int32_t)(u >> 9) + 0.5f) * 0x1p-23f; }

/* Natural logarithm of x in (0, 1), x normal: x = 2^e m with m in [sqrt(1/2), sqrt(2)), then the series of atanh. Own
 * code rather than libm's, so that it vectorises and gives the same bits on every platform. Relative error below 3e-7.
 */
static inline float log_of(float x) {
    uint32_t bits = weft_float_bits(x) - 0x3F3504F3u; /* bits of sqrt(1/2) */
    float e = (float)((int32_t)bits >> 23);
    float m = weft_bits_float((bits & 0x7FFFFFu) + 0x3F3504F3u);
    float s = (m - 1.0f) / (m + 1.0f), s2 = s * s;
    float series = s2 * (1.0f / 3 + s2 * (1.0f / 5 + s2 * (1.0f / 7 + s2 * (1.0f / 9))));
    return e * 0.693147181f + 2.0f * (s + s * series);
}

/* A pair of words to a pair of standard normals. The angle 2 pi u - pi/4 is as uniform on the circle as 2 pi u, and
 * needs sine and cosine on (-pi/4, pi/4) only (Taylor, error below 3e-8); the two top bits choose the quadrant. */
static inline void to_normals(uint32_t word_0, uint32_t word_1, float *out_0, float *out_1) {
    float radius = sqrtf(-2.0f * log_of(to_uniform(word_0)));
    uint32_t quadrant = word_1 >> 30;
    float t = (((float)(int32_t)(word_1 >> 9 & 0x1FFFFF) + 0.5f) * 0x1p-21f - 0.5f) * 1.57079633f, t2 = t * t;
    float sine = t + t * t2 * (-1.0f / 6 + t2 * (1.0f / 120 + t2 * (-1.0f / 5040 + t2 * (1.0f / 362880))));
    float cosine = 1.0f + t2 * (-0.5f + t2 * (1.0f / 24 + t2 * (-1.0f / 720 + t2 * (1.0f / 40320))));
    uint32_t swap = 0u - (quadrant & 1), s = weft_float_bits(sine), c = weft_float_bits(cosine);
    uint32_t x = (c & ~swap) | (s & swap), y = (s & ~swap) | (c & swap);
    *out_0 = radius * weft_bits_float(x ^ ((quadrant ^ quadrant >> 1) & 1) << 31);
    *out_1 = radius * weft_bits_float(y ^ (quadrant >> 1) << 31);
}

uint32_t weft_rng_u32(const weft_rng *rng, uint64_t element) { return block_of(rng, element).v[element % 4]; }

float weft_rng_uniform(const weft_rng *rng, uint64_t element) { return to_uniform(weft_rng_u32(rng, element)); }

float weft_rng_normal(const weft_rng *rng, uint64_t element) {
    weft_philox_block block = block_of(rng, element);
    float pair[2];
    to_normals(block.v[element & 2], block.v[(element & 2) + 1], &pair[0], &pair[1]);
    return pair[element & 1];
}

/* Two words as they follow each other in memory. */
static inline uint64_t pair_of(uint64_t first, uint64_t second) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return first << 32 | (second & 0xFFFFFFFFu);
#else
    return second << 32 | (first & 0xFFFFFFFFu);
#endif
}

/* The draws of LANES counters from that of `element`, a multiple of 4. A plain loop over lanes: the compiler vectorises
 * it. Words are kept in the low halves of 64 bits, where a vector multiplication takes its factors from and the next
 * round's mask ignores what is above: twice as fast as with 32-bit lanes. */
WEFT_CLONES static void fill_block(const uint32_t start[4], const uint32_t key[2], int lanes, uint32_t *restrict out) {
    uint32_t key_0[ROUNDS], key_1[ROUNDS];
    uint64_t pairs[2 * LANES];
    for (uint32_t r = 0; r < ROUNDS; r++) {
        key_0[r] = key[0] + r * KEY_STEP_0;
        key_1[r] = key[1] + r * KEY_STEP_1;
    }
    uint32_t first = start[0], word_1 = start[1], word_2 = start[2], word_3 = start[3];
    for (int lane = 0; lane < lanes; lane++) {
        uint64_t a = first + (uint32_t)lane, b = word_1, c = word_2, d = word_3;
#pragma GCC unroll 10
        for (int r = 0; r < ROUNDS; r++) {
            uint64_t product_0 = MULTIPLIER_0 * (a & 0xFFFFFFFFu), product_1 = MULTIPLIER_1 * (c & 0xFFFFFFFFu);
            a = product_1 >> 32 ^ b ^ key_0[r];
            c = product_0 >> 32 ^ d ^ key_1[r];
            b = product_1;
            d = product_0;
        }
        pairs[2 * lane] = pair_of(a, b);
        pairs[2 * lane + 1] = pair_of(c, d);
    }
    memcpy(out, pairs, (size_t)lanes * 2 * sizeof *pairs);
}

WEFT_CLONES static void convert_uniform(const uint32_t *restrict words, float *restrict out, int count) {
    for (int i = 0; i < count; i++) out[i] = to_uniform(words[i]);
}

WEFT_CLONES static void convert_normal(const uint32_t *restrict words, float *restrict out, int count) {
    for (int i = 0; i < count / 2; i++) to_normals(words[2 * i], words[2 * i + 1], &out[2 * i], &out[2 * i + 1]);
}

typedef void (*convert)(const uint32_t *words, float *out, int count);

/* Up to DRAWS values of [first, first + count), from a multiple of 4 below first: returns how many, the first at
 * words[*skip]. */
static size_t next_words(const weft_rng *rng, uint64_t first, size_t count, uint32_t *words, size_t *skip, int *drawn) {
    uint32_t counter[4], key[2];
    stream_words(rng, first, counter, key);
    *skip = (size_t)(first % 4);
    size_t wanted = *skip + count < DRAWS ? *skip + count : DRAWS;
    int lanes = (int)((wanted + 3) / 4);
    fill_block(counter, key, lanes, words);
    *drawn = 4 * lanes;
    return wanted - *skip;
}

void weft_rng_fill_u32(const weft_rng *rng, uint64_t first, size_t count, uint32_t *out) {
    uint32_t words[DRAWS];
    while (count > 0) {
        size_t skip;
        int drawn;
        const bool whole = first % 4 == 0 && (count % 4 == 0 || count >= DRAWS); /* blocks, straight into out */
        size_t got = next_words(rng, first, count, whole ? out : words, &skip, &drawn);
        if (!whole) memcpy(out, words + skip, got * sizeof *out);
        first += got;
        out += got;
        count -= got;
    }
}

static void fill_floats(const weft_rng *rng, uint64_t first, size_t count, float *out, convert function) {
    uint32_t words[DRAWS];
    float values[DRAWS];
    while (count > 0) {
        size_t skip;
        int drawn;
        size_t got = next_words(rng, first, count, words, &skip, &drawn);
        if (skip == 0 && got == (size_t)drawn) {
            function(words, out, drawn);
        } else {
            function(words, values, drawn);
            memcpy(out, values + skip, got * sizeof *out);
        }
        first += got;
        out += got;
        count -= got;
    }
}

void weft_rng_fill_uniform(const weft_rng *rng, uint64_t first, size_t count, float *out) {
    fill_floats(rng, first, count, out, convert_uniform);
}

void weft_rng_fill_normal(const weft_rng *rng, uint64_t first, size_t count, float *out) {
    fill_floats(rng, first, count, out, convert_normal);
}

void weft_rng_permutation(const weft_rng *rng, size_t count, uint32_t *out) {
    assert(count <= UINT32_MAX);
    for (size_t i = 0; i < count; i++) out[i] = (uint32_t)i;
    uint32_t words[DRAWS];
    for (size_t done = 0; done + 1 < count; done++) {
        if (done % DRAWS == 0) weft_rng_fill_u32(rng, done, DRAWS, words);
        size_t last = count - 1 - done;
        size_t other = (size_t)((uint64_t)words[done % DRAWS] * (last + 1) >> 32);
        uint32_t swapped = out[last];
        out[last] = out[other];
        out[other] = swapped;
    }
}
