/* The TrueNorth neuron over blocks of lanes: plain C for every instruction set, and AVX-512, where a crossbar row is a
 * mask register. Both compute the same integers. */
#include <string.h>

#include "sim/model/simd.h"
#include "sim/spike/truenorth_internal.h"

enum { LANES = WEFT_TRUENORTH_LANES, TYPES = WEFT_TRUENORTH_TYPES };
enum { LOWEST = WEFT_TRUENORTH_MEMBRANE_MIN, HIGHEST = WEFT_TRUENORTH_MEMBRANE_MAX };

static const int32_t bit[LANES] = {1,      1 << 1, 1 << 2,  1 << 3,  1 << 4,  1 << 5,  1 << 6,  1 << 7,
                                   1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 14, 1 << 15};

WEFT_INLINE const int32_t *at(const weft_truenorth_column *column, int block) {
    return column->values + column->stride * (size_t)block;
}

WEFT_INLINE int32_t clamp(int32_t v) { return v < LOWEST ? LOWEST : v > HIGHEST ? HIGHEST : v; }

/* ---- events one by one ---- */

WEFT_INLINE void weft_truenorth_integrate_body(const weft_truenorth_event *event) {
    const weft_truenorth_neurons *n = event->neurons;
    for (int k = 0; k < event->blocks; k++) {
        const int32_t *weight = at(&n->weight[event->type], k), *sign = at(&n->sign[event->type], k);
        const int32_t *size = at(&n->size[event->type], k);
        int32_t *v = event->v + LANES * k, row = event->row[k], delta[LANES];
        memcpy(delta, weight, sizeof delta);
        if (event->draws)
            for (int i = 0; i < LANES; i++) delta[i] += event->draws[LANES * k + i] <= size[i] ? sign[i] : 0;
        for (int i = 0; i < LANES; i++) v[i] = clamp(v[i] + ((row & bit[i]) ? delta[i] : 0));
    }
}
WEFT_VARIANTS(weft_truenorth_integrate, (const weft_truenorth_event *event), (event))

/* ---- a tick, plain ---- */

WEFT_INLINE void add_events(const weft_truenorth_tick *t, int k, int32_t v[LANES]) {
    for (int type = 0, e = 0; type < TYPES; type++) {
        const int32_t *weight = at(&t->neurons->weight[type], k);
        for (; e < t->ends[type]; e++) {
            const int32_t row = t->rows[e][k];
            for (int i = 0; i < LANES; i++) v[i] += (row & bit[i]) ? weight[i] : 0;
        }
    }
}

WEFT_INLINE void add_leak(const weft_truenorth_tick *t, int k, int32_t v[LANES]) {
    const weft_truenorth_neurons *n = t->neurons;
    const int32_t *sign = at(&n->leak_sign, k), *size = at(&n->leak_size, k), *reversal = at(&n->reversal, k);
    int32_t delta[LANES];
    memcpy(delta, at(&n->leak, k), sizeof delta);
    if (t->leak_draws)
        for (int i = 0; i < LANES; i++) delta[i] += t->leak_draws[LANES * k + i] <= size[i] ? sign[i] : 0;
    if (n->some_reversal)
        for (int i = 0; i < LANES; i++) {
            const int32_t followed = v[i] > 0 ? delta[i] : v[i] < 0 ? -delta[i] : 0;
            delta[i] = reversal[i] ? followed : delta[i];
        }
    for (int i = 0; i < LANES; i++) v[i] = clamp(v[i] + delta[i]);
}

/* threshold and low of the tick; masks of what crossed them. */
WEFT_INLINE void compare(const weft_truenorth_tick *t, int k, const int32_t v[LANES], int32_t threshold[LANES],
                         int32_t low[LANES], int32_t above[LANES], int32_t below[LANES]) {
    const weft_truenorth_neurons *n = t->neurons;
    memcpy(threshold, at(&n->threshold, k), LANES * sizeof *threshold);
    memcpy(low, at(&n->low, k), LANES * sizeof *low);
    if (t->threshold_draws) {
        const int32_t *random = at(&n->random, k), *low_random = at(&n->low_random, k);
        for (int i = 0; i < LANES; i++) {
            const int32_t draw = (int32_t)(t->threshold_draws[LANES * k + i] & 0x7FFFFFFF);
            threshold[i] += draw & random[i];
            low[i] -= draw & low_random[i];
        }
    }
    for (int i = 0; i < LANES; i++) above[i] = v[i] >= threshold[i] ? -1 : 0;
    for (int i = 0; i < LANES; i++) below[i] = v[i] < low[i] ? -1 : 0;
}

/* Above and below exclude each other: low <= 0 <= threshold. */
WEFT_INLINE void restart(const weft_truenorth_neurons *n, int k, int32_t v[LANES], const int32_t threshold[LANES],
                         const int32_t low[LANES], const int32_t above[LANES], const int32_t below[LANES]) {
    const int32_t *value = at(&n->spike_value, k), *keep = at(&n->spike_keep, k);
    const int32_t *subtract = at(&n->spike_subtract, k), *low_value = at(&n->low_value, k);
    const int32_t *low_keep = at(&n->low_keep, k), *low_subtract = at(&n->low_subtract, k);
    for (int i = 0; i < LANES; i++) {
        const int32_t spiked = value[i] + (v[i] & keep[i]) - (threshold[i] & subtract[i]);
        const int32_t sunk = low_value[i] + (v[i] & low_keep[i]) - (low[i] & low_subtract[i]);
        v[i] = above[i] ? spiked : below[i] ? sunk : v[i];
    }
}

/* What tells whether the next tick can change anything; see weft_truenorth_tick. */
WEFT_INLINE void look(weft_truenorth_tick *t, int k, int32_t exists, const int32_t v[LANES]) {
    const int32_t *threshold = at(&t->neurons->threshold, k), *low = at(&t->neurons->low, k);
    const int32_t *leaks = at(&t->neurons->leaks, k);
    int32_t peak = 0, unrest = 0;
    for (int i = 0; i < LANES; i++) peak |= v[i] ^ (v[i] < 0 ? -1 : 0);
    for (int i = 0; i < LANES; i++) {
        const int32_t awake = (v[i] >= threshold[i] ? -1 : 0) | (v[i] < low[i] ? -1 : 0) | (v[i] & leaks[i]);
        unrest |= (exists & bit[i]) ? awake : 0;
    }
    t->peak |= (uint32_t)peak;
    t->unrest |= (uint32_t)unrest;
}

WEFT_INLINE uint16_t mask_of(const int32_t flags[LANES]) {
    int32_t mask = 0;
    for (int i = 0; i < LANES; i++) mask |= flags[i] & bit[i];
    return (uint16_t)mask;
}

WEFT_INLINE void update_plain_body(weft_truenorth_tick *t) {
    for (int k = 0; k < t->blocks; k++) {
        int32_t v[LANES], threshold[LANES], low[LANES], above[LANES], below[LANES];
        const int32_t exists = k + 1 < t->blocks ? 0xFFFF : t->last;
        memcpy(v, t->v + LANES * k, sizeof v);
        add_events(t, k, v);
        add_leak(t, k, v);
        compare(t, k, v, threshold, low, above, below);
        t->fired[k] = (uint16_t)(mask_of(above) & exists);
        restart(t->neurons, k, v, threshold, low, above, below);
        look(t, k, exists, v);
        memcpy(t->v + LANES * k, v, sizeof v);
    }
}

/* ---- a tick with AVX-512 ---- */

#if WEFT_X86
#include <immintrin.h>

WEFT_AVX512 WEFT_INLINE __m512i load(const weft_truenorth_column *column, int k) {
    return _mm512_loadu_si512(at(column, k));
}

WEFT_AVX512 WEFT_INLINE __m512i events_avx512(const weft_truenorth_tick *t, int k, __m512i v) {
    for (int type = 0, e = 0; type < TYPES; type++) {
        const __m512i weight = load(&t->neurons->weight[type], k);
        for (; e < t->ends[type]; e++) v = _mm512_mask_add_epi32(v, t->rows[e][k], v, weight);
    }
    return v;
}

WEFT_AVX512 WEFT_INLINE __m512i leak_avx512(const weft_truenorth_tick *t, int k, __m512i v) {
    const weft_truenorth_neurons *n = t->neurons;
    const __m512i zero = _mm512_setzero_si512();
    __m512i delta = load(&n->leak, k);
    if (t->leak_draws) {
        const __m512i draw = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(t->leak_draws + LANES * k)));
        const __mmask16 hit = _mm512_cmple_epi32_mask(draw, load(&n->leak_size, k));
        delta = _mm512_mask_add_epi32(delta, hit, delta, load(&n->leak_sign, k));
    }
    if (n->some_reversal) {
        const __mmask16 reversal = _mm512_movepi32_mask(load(&n->reversal, k));
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

WEFT_AVX512 static void update_avx512(weft_truenorth_tick *t) {
    const weft_truenorth_neurons *n = t->neurons;
    __m512i peak = _mm512_setzero_si512();
    uint32_t unrest = 0;
    for (int k = 0; k < t->blocks; k++) {
        const __mmask16 exists = k + 1 < t->blocks ? 0xFFFF : t->last;
        const __m512i alpha = load(&n->threshold, k), beta = load(&n->low, k);
        __m512i v = _mm512_loadu_si512(t->v + LANES * k), threshold = alpha, low = beta;
        v = leak_avx512(t, k, events_avx512(t, k, v));
        if (t->threshold_draws) {
            const __m512i draw = _mm512_loadu_si512(t->threshold_draws + LANES * k);
            threshold = _mm512_add_epi32(alpha, _mm512_and_si512(draw, load(&n->random, k)));
            low = _mm512_sub_epi32(beta, _mm512_and_si512(draw, load(&n->low_random, k)));
        }
        const __mmask16 above = _mm512_cmpge_epi32_mask(v, threshold), below = _mm512_cmplt_epi32_mask(v, low);
        if (above)
            v = restart_avx512(v, above, load(&n->spike_value, k), load(&n->spike_keep, k), threshold,
                               load(&n->spike_subtract, k));
        if (below)
            v = restart_avx512(v, below, load(&n->low_value, k), load(&n->low_keep, k), low, load(&n->low_subtract, k));
        _mm512_storeu_si512(t->v + LANES * k, v);
        t->fired[k] = above & exists;
        peak = _mm512_or_si512(peak, _mm512_xor_si512(v, _mm512_srai_epi32(v, 31)));
        if (!n->restless)
            unrest |= exists & (_mm512_cmpge_epi32_mask(v, alpha) | _mm512_cmplt_epi32_mask(v, beta) |
                                _mm512_test_epi32_mask(v, load(&n->leaks, k)));
    }
    t->peak = (uint32_t)_mm512_reduce_or_epi32(peak);
    t->unrest = unrest;
}

WEFT_AVX2 static void update_avx2(weft_truenorth_tick *t) { update_plain_body(t); }
#endif

void weft_truenorth_update(weft_truenorth_tick *t) {
    t->peak = t->unrest = 0;
#if WEFT_X86
    if (weft_has_avx512())
        update_avx512(t);
    else if (weft_has_avx2())
        update_avx2(t);
    else
#endif
        update_plain_body(t);
    if (t->neurons->restless) t->unrest = 1;
}
