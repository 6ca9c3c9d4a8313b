/* A TrueNorth core's tick in 16 bits: plain C for every instruction set, and AVX-512, where 32 bits of a crossbar row
 * are a mask register. Both compute the same integers. */
#include <string.h>

#include "sim/model/simd.h"
#include "sim/spike/truenorth_narrow.h"

#if defined(__GNUC__) && !defined(__clang__)
#define WEFT_UNROLL _Pragma("GCC unroll 8")
#else
#define WEFT_UNROLL
#endif

enum { WORD = 64 };

typedef weft_truenorth_narrow_tick tick;
typedef weft_truenorth_narrow_column column;

WEFT_INLINE const int16_t *values_of(const column *c, int neuron) { return c->values + ((size_t)neuron & c->varies); }

WEFT_INLINE int type_of(const tick *t, int axon) { return t->types[axon / 4] >> 2 * (axon % 4) & 3; }

/* Row of an axon from a word on. */
WEFT_INLINE const uint16_t *row_of(const tick *t, int axon, int word) {
    return t->crossbar + 4 * ((size_t)t->words * (size_t)axon + (size_t)word);
}

WEFT_INLINE uint64_t word_of(const uint16_t *row) {
    return row[0] | (uint64_t)row[1] << 16 | (uint64_t)row[2] << 32 | (uint64_t)row[3] << 48;
}

/* Compilers know the pattern: one instruction where there is one, and no call where there is none. */
WEFT_INLINE uint64_t count_ones(uint64_t x) {
    x -= x >> 1 & UINT64_C(0x5555555555555555);
    x = (x & UINT64_C(0x3333333333333333)) + (x >> 2 & UINT64_C(0x3333333333333333));
    x = (x + (x >> 4)) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    return x * UINT64_C(0x0101010101010101) >> 56;
}

/* Neurons that exist in a word. */
WEFT_INLINE uint64_t existing(const tick *t, int word) { return word + 1 < t->words ? ~UINT64_C(0) : t->last; }

/* For vectors of 16 bytes, which every processor has, and of 32. */
#define LANES 8
#include "sim/spike/truenorth_narrow_lanes.h"
#define LANES 16
#include "sim/spike/truenorth_narrow_lanes.h"

/* ---- AVX-512: two vectors a word ---- */

#if WEFT_X86
#include <immintrin.h>

/* Parameters of 32 neurons. */
typedef struct lanes {
    __m512i leak, leak_sign, leak_size, threshold, low;
    __m512i spike_value, spike_keep, spike_subtract;
} lanes;

WEFT_AVX512 WEFT_INLINE __m512i load(const column *c, int neuron) { return _mm512_loadu_si512(values_of(c, neuron)); }

WEFT_AVX512 WEFT_INLINE lanes lanes_of(const weft_truenorth_narrow *n, int neuron) {
    return (lanes){load(&n->leak, neuron),       load(&n->leak_sign, neuron),     load(&n->leak_size, neuron),
                   load(&n->threshold, neuron),  load(&n->low, neuron),           load(&n->spike_value, neuron),
                   load(&n->spike_keep, neuron), load(&n->spike_subtract, neuron)};
}

/* Adds the events to `group` words from `word` on; touched: who got any. */
WEFT_AVX512 WEFT_INLINE void events_avx512(tick *t, int word, __m512i *v, uint64_t *touched, bool shared, int group) {
    uint64_t synapses = 0;
    for (int e = 0; e < t->count; e++) {
        const int axon = t->axons[e];
        const uint16_t *row = row_of(t, axon, word);
        const column *weight = &t->neurons->weight[type_of(t, axon)];
        const __m512i first = load(weight, WORD * word);
        WEFT_UNROLL
        for (int i = 0; i < 2 * group; i++) {
            uint32_t mask;
            memcpy(&mask, row + 2 * i, sizeof mask);
            v[i] =
                _mm512_mask_add_epi16(v[i], mask, v[i], shared || i == 0 ? first : load(weight, WORD * word + 32 * i));
        }
        WEFT_UNROLL
        for (int w = 0; w < group; w++) {
            const uint64_t bits = word_of(row + 4 * w);
            synapses += (uint64_t)__builtin_popcountll(bits);
            touched[w] |= bits;
        }
    }
    t->synapses += synapses;
}

WEFT_AVX512 WEFT_INLINE __m512i leak_avx512(const tick *t, int neuron, __m512i v, const lanes *p) {
    v = _mm512_add_epi16(v, p->leak);
    if (!t->leak_draws) return v;
    const __m256i draws = _mm256_loadu_si256((const void *)(t->leak_draws + neuron));
    const __mmask32 hit = _mm512_cmple_epi16_mask(_mm512_cvtepu8_epi16(draws), p->leak_size);
    return _mm512_mask_add_epi16(v, hit, v, p->leak_sign);
}

/* value + (v & keep) - (bound & subtract) in the lanes of mask. */
WEFT_AVX512 WEFT_INLINE __m512i restart_avx512(__m512i v, __mmask32 mask, __m512i value, __m512i keep, __m512i bound,
                                               __m512i subtract) {
    const __m512i next = _mm512_add_epi16(value, _mm512_and_si512(v, keep));
    return _mm512_mask_sub_epi16(v, mask, next, _mm512_and_si512(bound, subtract));
}

/* 32 neurons once their events are in; returns who fired. */
WEFT_AVX512 WEFT_INLINE uint32_t finish_avx512(tick *t, int neuron, __m512i v, const lanes *p) {
    const weft_truenorth_narrow *n = t->neurons;
    v = leak_avx512(t, neuron, v, p);
    const __mmask32 above = _mm512_cmpge_epi16_mask(v, p->threshold), below = _mm512_cmplt_epi16_mask(v, p->low);
    v = restart_avx512(v, above, p->spike_value, p->spike_keep, p->threshold, p->spike_subtract);
    if (below)
        v = restart_avx512(v, below, load(&n->low_value, neuron), load(&n->low_keep, neuron), p->low,
                           load(&n->low_subtract, neuron));
    _mm512_storeu_si512(t->v + neuron, v);
    if (!t->restless) {
        const uint64_t awake = _mm512_cmpge_epi16_mask(v, p->threshold) | _mm512_cmplt_epi16_mask(v, p->low);
        t->unrest |= awake & existing(t, neuron / WORD) >> neuron % WORD;
    }
    return above;
}

/* shared: no column varies. group: words at a time, 1 or 4. */
WEFT_AVX512 WEFT_INLINE void update_avx512_body(tick *t, bool shared, int group) {
    const lanes first = lanes_of(t->neurons, 0);
    for (int word = 0; word < t->words; word += group) {
        __m512i v[8];
        uint64_t touched[4] = {0};
        WEFT_UNROLL
        for (int i = 0; i < 2 * group; i++) v[i] = _mm512_loadu_si512(t->v + WORD * word + 32 * i);
        events_avx512(t, word, v, touched, shared, group);
        WEFT_UNROLL
        for (int w = 0; w < group; w++) {
            const int neuron = WORD * (word + w);
            const lanes even = shared ? first : lanes_of(t->neurons, neuron);
            const lanes odd = shared ? first : lanes_of(t->neurons, neuron + 32);
            const uint64_t low = finish_avx512(t, neuron, v[2 * w], &even);
            const uint64_t high = finish_avx512(t, neuron + 32, v[2 * w + 1], &odd);
            t->fired[word + w] = (low | high << 32) & existing(t, word + w);
            t->active += (uint64_t)__builtin_popcountll(touched[w] | t->fired[word + w]);
        }
    }
}

WEFT_AVX512 static void update_shared_avx512(tick *t) { update_avx512_body(t, true, 1); }
WEFT_AVX512 static void update_shared_4_avx512(tick *t) { update_avx512_body(t, true, 4); }
WEFT_AVX512 static void update_any_avx512(tick *t) { update_avx512_body(t, false, 1); }
WEFT_AVX512 static void update_any_4_avx512(tick *t) { update_avx512_body(t, false, 4); }
static void update_avx512(tick *t) {
    if (t->words % 4)
        (t->shared ? update_shared_avx512 : update_any_avx512)(t);
    else
        (t->shared ? update_shared_4_avx512 : update_any_4_avx512)(t);
}
WEFT_AVX2 static void update_avx2(tick *t) { update_lanes_16(t); }
#endif

void weft_truenorth_narrow_update(tick *t) {
    t->synapses = t->active = t->unrest = 0;
#if WEFT_X86
    if (weft_has_avx512())
        update_avx512(t);
    else if (weft_has_avx2())
        update_avx2(t);
    else
#endif
        update_lanes_8(t);
    if (t->restless) t->unrest = 1;
}
