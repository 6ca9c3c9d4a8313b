/* The TrueNorth neuron over blocks of lanes: plain C for every instruction set, and AVX-512, where a crossbar row is a
 * mask register. Both compute the same integers. */
#include <string.h>

#include "sim/model/simd.h"
#include "sim/spike/truenorth_internal.h"

enum { LANES = WEFT_TRUENORTH_LANES, TYPES = WEFT_TRUENORTH_TYPES, BLOCKS = 64 / LANES };
enum { LOWEST = WEFT_TRUENORTH_MEMBRANE_MIN, HIGHEST = WEFT_TRUENORTH_MEMBRANE_MAX };

#if defined(__GNUC__) && !defined(__clang__)
#define WEFT_UNROLL _Pragma("GCC unroll 4")
#else
#define WEFT_UNROLL
#endif

static const int32_t bit[LANES] = {1,      1 << 1, 1 << 2,  1 << 3,  1 << 4,  1 << 5,  1 << 6,  1 << 7,
                                   1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 14, 1 << 15};

WEFT_INLINE int32_t clamp(int32_t v) { return v < LOWEST ? LOWEST : v > HIGHEST ? HIGHEST : v; }

/* Neurons that exist in a block. */
WEFT_INLINE uint16_t existing(const weft_truenorth_tick *t, int k) {
    return k / BLOCKS + 1 < t->words ? 0xFFFF : (uint16_t)(t->last >> LANES * (k % BLOCKS));
}

/* -1 or 0: choices as masks, which every compiler makes vectors of. */
WEFT_INLINE int32_t mask_if(bool condition) { return -(int32_t)condition; }

/* ---- events one by one ---- */

WEFT_INLINE void weft_truenorth_integrate_body(const weft_truenorth_event *event) {
    const weft_truenorth_neurons *n = event->neurons;
    for (int k = 0; k < BLOCKS * event->words; k++) {
        const int32_t *weight = weft_truenorth_block(&n->weight[event->type], k),
                      *sign = weft_truenorth_block(&n->sign[event->type], k);
        const int32_t *size = weft_truenorth_block(&n->size[event->type], k);
        int32_t *v = event->v + LANES * k, row = event->row[k], delta[LANES];
        memcpy(delta, weight, sizeof delta);
        if (event->draws)
            for (int i = 0; i < LANES; i++) delta[i] += sign[i] & mask_if(event->draws[LANES * k + i] <= size[i]);
        for (int i = 0; i < LANES; i++) v[i] = clamp(v[i] + (delta[i] & mask_if(row & bit[i])));
    }
}
WEFT_VARIANTS(weft_truenorth_integrate, (const weft_truenorth_event *event), (event))

/* ---- a tick, plain ---- */

WEFT_INLINE void add_events(const weft_truenorth_tick *t, int k, int32_t v[LANES]) {
    for (int type = 0, e = 0; type < TYPES; type++) {
        const int32_t *weight = weft_truenorth_block(&t->neurons->weight[type], k);
        for (; e < t->ends[type]; e++) {
            const int32_t row = t->rows[e][k];
            for (int i = 0; i < LANES; i++) v[i] += weight[i] & mask_if(row & bit[i]);
        }
    }
}

WEFT_INLINE void add_leak(const weft_truenorth_tick *t, int k, int32_t v[LANES]) {
    const weft_truenorth_neurons *n = t->neurons;
    const int32_t *sign = weft_truenorth_block(&n->leak_sign, k), *size = weft_truenorth_block(&n->leak_size, k),
                  *reversal = weft_truenorth_block(&n->reversal, k);
    int32_t delta[LANES];
    memcpy(delta, weft_truenorth_block(&n->leak, k), sizeof delta);
    if (t->leak_draws)
        for (int i = 0; i < LANES; i++) delta[i] += sign[i] & mask_if(t->leak_draws[LANES * k + i] <= size[i]);
    if (n->some_reversal)
        for (int i = 0; i < LANES; i++) {
            const int32_t followed = v[i] > 0 ? delta[i] : v[i] < 0 ? -delta[i] : 0;
            delta[i] = (followed & reversal[i]) | (delta[i] & ~reversal[i]);
        }
    for (int i = 0; i < LANES; i++) v[i] = clamp(v[i] + delta[i]);
}

/* threshold and low of the tick; masks of what crossed them. */
WEFT_INLINE void compare(const weft_truenorth_tick *t, int k, const int32_t v[LANES], int32_t threshold[LANES],
                         int32_t low[LANES], int32_t above[LANES], int32_t below[LANES]) {
    const weft_truenorth_neurons *n = t->neurons;
    memcpy(threshold, weft_truenorth_block(&n->threshold, k), LANES * sizeof *threshold);
    memcpy(low, weft_truenorth_block(&n->low, k), LANES * sizeof *low);
    if (t->threshold_draws) {
        const int32_t *random = weft_truenorth_block(&n->random, k),
                      *low_random = weft_truenorth_block(&n->low_random, k);
        for (int i = 0; i < LANES; i++) {
            const int32_t draw = (int32_t)(t->threshold_draws[LANES * k + i] & 0x7FFFFFFF);
            threshold[i] += draw & random[i];
            low[i] -= draw & low_random[i];
        }
    }
    for (int i = 0; i < LANES; i++) above[i] = mask_if(v[i] >= threshold[i]);
    for (int i = 0; i < LANES; i++) below[i] = mask_if(v[i] < low[i]);
}

/* Above and below exclude each other: low <= 0 <= threshold. */
WEFT_INLINE void restart(const weft_truenorth_neurons *n, int k, int32_t v[LANES], const int32_t threshold[LANES],
                         const int32_t low[LANES], const int32_t above[LANES], const int32_t below[LANES]) {
    const int32_t *value = weft_truenorth_block(&n->spike_value, k), *keep = weft_truenorth_block(&n->spike_keep, k);
    const int32_t *subtract = weft_truenorth_block(&n->spike_subtract, k),
                  *low_value = weft_truenorth_block(&n->low_value, k);
    const int32_t *low_keep = weft_truenorth_block(&n->low_keep, k),
                  *low_subtract = weft_truenorth_block(&n->low_subtract, k);
    for (int i = 0; i < LANES; i++) {
        const int32_t spiked = value[i] + (v[i] & keep[i]) - (threshold[i] & subtract[i]);
        const int32_t sunk = low_value[i] + (v[i] & low_keep[i]) - (low[i] & low_subtract[i]);
        v[i] = (spiked & above[i]) | (sunk & below[i]) | (v[i] & ~(above[i] | below[i]));
    }
}

/* What tells whether the next tick can change anything; see weft_truenorth_tick. */
WEFT_INLINE void look(weft_truenorth_tick *t, int k, int32_t exists, const int32_t v[LANES]) {
    const int32_t *threshold = weft_truenorth_block(&t->neurons->threshold, k),
                  *low = weft_truenorth_block(&t->neurons->low, k);
    const int32_t *leaks = weft_truenorth_block(&t->neurons->leaks, k);
    int32_t peak = (int32_t)t->peak, unrest = 0;
    for (int i = 0; i < LANES; i++) {
        const int32_t size = v[i] < 0 ? -v[i] : v[i];
        peak = size > peak ? size : peak;
    }
    for (int i = 0; i < LANES; i++) {
        const int32_t awake = mask_if(v[i] >= threshold[i]) | mask_if(v[i] < low[i]) | (v[i] & leaks[i]);
        unrest |= awake & mask_if(exists & bit[i]);
    }
    t->peak = (uint32_t)peak;
    t->unrest |= (uint32_t)unrest;
}

WEFT_INLINE uint16_t mask_of(const int32_t flags[LANES]) {
    int32_t mask = 0;
    for (int i = 0; i < LANES; i++) mask |= flags[i] & bit[i];
    return (uint16_t)mask;
}

WEFT_INLINE void update_plain_body(weft_truenorth_tick *t) {
    for (int k = 0; k < BLOCKS * t->words; k++) {
        int32_t v[LANES], threshold[LANES], low[LANES], above[LANES], below[LANES];
        const int32_t exists = existing(t, k);
        memcpy(v, t->v + LANES * k, sizeof v);
        add_events(t, k, v);
        add_leak(t, k, v);
        compare(t, k, v, threshold, low, above, below);
        t->fired[k] = mask_of(above);
        restart(t->neurons, k, v, threshold, low, above, below);
        look(t, k, exists, v);
        memcpy(t->v + LANES * k, v, sizeof v);
    }
}

/* ---- a tick with AVX-512 ---- */

#if WEFT_X86
#include <immintrin.h>

WEFT_AVX512 WEFT_INLINE __m512i load(const weft_truenorth_column *column, int k) {
    return _mm512_loadu_si512(weft_truenorth_block(column, k));
}

/* What nearly every block needs; loaded once where no column varies. */
typedef struct lanes {
    __m512i leak, leak_sign, leak_size, threshold, low, spike_value, spike_keep, spike_subtract;
} lanes;

WEFT_AVX512 WEFT_INLINE lanes lanes_of(const weft_truenorth_neurons *n, int k) {
    return (lanes){.leak = load(&n->leak, k),
                   .leak_sign = load(&n->leak_sign, k),
                   .leak_size = load(&n->leak_size, k),
                   .threshold = load(&n->threshold, k),
                   .low = load(&n->low, k),
                   .spike_value = load(&n->spike_value, k),
                   .spike_keep = load(&n->spike_keep, k),
                   .spike_subtract = load(&n->spike_subtract, k)};
}

/* A word's four blocks at once: one pass through the rows. */
WEFT_AVX512 WEFT_INLINE void events_avx512(const weft_truenorth_tick *t, int word, __m512i v[BLOCKS], bool shared) {
    for (int type = 0, e = 0; type < TYPES; type++) {
        const int end = t->ends[type], k = BLOCKS * word;
        if (e == end) continue;
        const weft_truenorth_column *column = &t->neurons->weight[type];
        const __m512i w0 = load(column, k), w1 = shared ? w0 : load(column, k + 1);
        const __m512i w2 = shared ? w0 : load(column, k + 2), w3 = shared ? w0 : load(column, k + 3);
        for (; e < end; e++) {
            const uint16_t *row = t->rows[e] + k;
            v[0] = _mm512_mask_add_epi32(v[0], row[0], v[0], w0);
            v[1] = _mm512_mask_add_epi32(v[1], row[1], v[1], w1);
            v[2] = _mm512_mask_add_epi32(v[2], row[2], v[2], w2);
            v[3] = _mm512_mask_add_epi32(v[3], row[3], v[3], w3);
        }
    }
}

WEFT_AVX512 WEFT_INLINE __m512i leak_avx512(const weft_truenorth_tick *t, int k, __m512i v, const lanes *p,
                                            bool simple) {
    const __m512i zero = _mm512_setzero_si512();
    __m512i delta = p->leak;
    if (t->leak_draws) {
        const void *draws = t->leak_draws + LANES * k;
        const __mmask16 hit = _mm512_cmple_epi32_mask(_mm512_cvtepu8_epi32(_mm_loadu_si128(draws)), p->leak_size);
        delta = _mm512_mask_add_epi32(delta, hit, delta, p->leak_sign);
    }
    if (!simple && t->neurons->some_reversal) {
        const __mmask16 reversal = _mm512_movepi32_mask(load(&t->neurons->reversal, k));
        delta = _mm512_mask_sub_epi32(delta, reversal & _mm512_movepi32_mask(v), zero, delta);
        delta = _mm512_mask_mov_epi32(delta, _mm512_mask_cmpeq_epi32_mask(reversal, v, zero), zero);
    }
    v = _mm512_add_epi32(v, delta);
    return _mm512_max_epi32(_mm512_min_epi32(v, _mm512_set1_epi32(HIGHEST)), _mm512_set1_epi32(LOWEST));
}

/* value + (v & keep) - (bound & subtract) in the lanes of mask. */
WEFT_AVX512 WEFT_INLINE __m512i restart_avx512(__m512i v, __mmask16 mask, __m512i value, __m512i keep, __m512i bound,
                                               __m512i subtract) {
    const __m512i next = _mm512_add_epi32(value, _mm512_and_si512(v, keep));
    return _mm512_mask_sub_epi32(v, mask, next, _mm512_and_si512(bound, subtract));
}

/* A block once its events are in. */
WEFT_AVX512 WEFT_INLINE __m512i finish_avx512(weft_truenorth_tick *t, int k, __m512i v, const lanes *p, bool simple) {
    const weft_truenorth_neurons *n = t->neurons;
    __m512i threshold = p->threshold, low = p->low;
    v = leak_avx512(t, k, v, p, simple);
    if (!simple && t->threshold_draws) {
        const __m512i draw = _mm512_loadu_si512(t->threshold_draws + LANES * k);
        threshold = _mm512_add_epi32(threshold, _mm512_and_si512(draw, load(&n->random, k)));
        low = _mm512_sub_epi32(low, _mm512_and_si512(draw, load(&n->low_random, k)));
    }
    const __mmask16 above = _mm512_cmpge_epi32_mask(v, threshold), below = _mm512_cmplt_epi32_mask(v, low);
    v = restart_avx512(v, above, p->spike_value, p->spike_keep, threshold, p->spike_subtract);
    if (below)
        v = restart_avx512(v, below, load(&n->low_value, k), load(&n->low_keep, k), low, load(&n->low_subtract, k));
    t->fired[k] = above;
    if (!n->restless)
        t->unrest |= existing(t, k) & (_mm512_cmpge_epi32_mask(v, p->threshold) | _mm512_cmplt_epi32_mask(v, p->low) |
                                       _mm512_test_epi32_mask(v, load(&n->leaks, k)));
    return v;
}

/* shared: no column varies. simple: no leak reversal, no random threshold. */
WEFT_AVX512 WEFT_INLINE void update_avx512_body(weft_truenorth_tick *t, bool shared, bool simple) {
    __m512i peak = _mm512_setzero_si512();
    const lanes first = lanes_of(t->neurons, 0);
    for (int word = 0; word < t->words; word++) {
        __m512i v[BLOCKS];
        WEFT_UNROLL
        for (int b = 0; b < BLOCKS; b++) v[b] = _mm512_loadu_si512(t->v + LANES * (BLOCKS * word + b));
        events_avx512(t, word, v, shared);
        WEFT_UNROLL
        for (int b = 0; b < BLOCKS; b++) {
            const int k = BLOCKS * word + b;
            const lanes own = shared ? first : lanes_of(t->neurons, k);
            v[b] = finish_avx512(t, k, v[b], &own, simple);
            peak = _mm512_max_epi32(peak, _mm512_abs_epi32(v[b]));
            _mm512_storeu_si512(t->v + LANES * k, v[b]);
        }
    }
    t->peak = (uint32_t)_mm512_reduce_max_epi32(peak);
}

WEFT_AVX512 static void update_shared_avx512(weft_truenorth_tick *t) { update_avx512_body(t, true, true); }
WEFT_AVX512 static void update_any_avx512(weft_truenorth_tick *t) { update_avx512_body(t, false, false); }
WEFT_AVX2 static void update_avx2(weft_truenorth_tick *t) { update_plain_body(t); }
#endif

void weft_truenorth_update(weft_truenorth_tick *t) {
    t->peak = t->unrest = 0;
#if WEFT_X86
    const bool simple = !t->neurons->some_reversal && !t->threshold_draws;
    if (weft_has_avx512() && t->neurons->shared && simple)
        update_shared_avx512(t);
    else if (weft_has_avx512())
        update_any_avx512(t);
    else if (weft_has_avx2())
        update_avx2(t);
    else
#endif
        update_plain_body(t);
    for (int b = 0; b < BLOCKS; b++) {
        const int k = BLOCKS * (t->words - 1) + b;
        t->fired[k] &= existing(t, k);
    }
    if (t->neurons->restless) t->unrest = 1;
}
