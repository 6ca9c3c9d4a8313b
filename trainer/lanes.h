/* Sixteen float32 values that a loop works on at once: one register with AVX-512, an array elsewhere. Loads and stores
 * touch the first `count` only. Internal to trainer/. */
#ifndef WEFT_TRAINER_LANES_H
#define WEFT_TRAINER_LANES_H

#include "trainer/avx512.h"
#include "trainer/bf16.h"

enum { WEFT_LANES = 16 };

#ifdef WEFT_AVX512
#define WEFT_LANES_TARGET WEFT_AVX512_TARGET
#define WEFT_LANES_INLINE WEFT_AVX512_INLINE
typedef __m512 weft_lanes;

WEFT_LANES_INLINE __mmask16 weft_lanes_mask(int count) { return (__mmask16)((1u << count) - 1); }
WEFT_LANES_INLINE weft_lanes weft_lanes_all(float v) { return _mm512_set1_ps(v); }
WEFT_LANES_INLINE weft_lanes weft_lanes_load(const float *p, int count) {
    return _mm512_maskz_loadu_ps(weft_lanes_mask(count), p);
}
WEFT_LANES_INLINE void weft_lanes_store(float *p, weft_lanes v, int count) {
    _mm512_mask_storeu_ps(p, weft_lanes_mask(count), v);
}
WEFT_LANES_INLINE weft_lanes weft_lanes_load_bf16(const uint16_t *p, int count) {
    __m256i bits = _mm256_maskz_loadu_epi16(weft_lanes_mask(count), p);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}
WEFT_LANES_INLINE void weft_lanes_store_bf16(uint16_t *p, weft_lanes v, int count) {
    _mm256_mask_storeu_epi16(p, weft_lanes_mask(count), (__m256i)_mm512_cvtneps_pbh(v));
}
WEFT_LANES_INLINE weft_lanes weft_lanes_add(weft_lanes a, weft_lanes b) { return _mm512_add_ps(a, b); }
WEFT_LANES_INLINE weft_lanes weft_lanes_sub(weft_lanes a, weft_lanes b) { return _mm512_sub_ps(a, b); }
WEFT_LANES_INLINE weft_lanes weft_lanes_mul(weft_lanes a, weft_lanes b) { return _mm512_mul_ps(a, b); }
/* The larger; b where one of them is no number. */
WEFT_LANES_INLINE weft_lanes weft_lanes_max(weft_lanes a, weft_lanes b) { return _mm512_max_ps(a, b); }
/* v where y > floor, else 0. */
WEFT_LANES_INLINE weft_lanes weft_lanes_where_above(weft_lanes y, weft_lanes floor, weft_lanes v) {
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(y, floor, _CMP_GT_OQ), v);
}

#else
#define WEFT_LANES_TARGET
#define WEFT_LANES_INLINE static inline
typedef struct weft_lanes {
    float v[WEFT_LANES];
} weft_lanes;

WEFT_LANES_INLINE weft_lanes weft_lanes_all(float v) {
    weft_lanes out;
    for (int i = 0; i < WEFT_LANES; i++) out.v[i] = v;
    return out;
}
WEFT_LANES_INLINE weft_lanes weft_lanes_load(const float *p, int count) {
    weft_lanes out = {{0}};
    for (int i = 0; i < count; i++) out.v[i] = p[i];
    return out;
}
WEFT_LANES_INLINE void weft_lanes_store(float *p, weft_lanes v, int count) {
    for (int i = 0; i < count; i++) p[i] = v.v[i];
}
WEFT_LANES_INLINE weft_lanes weft_lanes_load_bf16(const uint16_t *p, int count) {
    weft_lanes out = {{0}};
    for (int i = 0; i < count; i++) out.v[i] = weft_bf16_value(p[i]);
    return out;
}
WEFT_LANES_INLINE void weft_lanes_store_bf16(uint16_t *p, weft_lanes v, int count) {
    for (int i = 0; i < count; i++) p[i] = weft_bf16_nearest(v.v[i]);
}
WEFT_LANES_INLINE weft_lanes weft_lanes_add(weft_lanes a, weft_lanes b) {
    for (int i = 0; i < WEFT_LANES; i++) a.v[i] += b.v[i];
    return a;
}
WEFT_LANES_INLINE weft_lanes weft_lanes_sub(weft_lanes a, weft_lanes b) {
    for (int i = 0; i < WEFT_LANES; i++) a.v[i] -= b.v[i];
    return a;
}
WEFT_LANES_INLINE weft_lanes weft_lanes_mul(weft_lanes a, weft_lanes b) {
    for (int i = 0; i < WEFT_LANES; i++) a.v[i] *= b.v[i];
    return a;
}
WEFT_LANES_INLINE weft_lanes weft_lanes_max(weft_lanes a, weft_lanes b) {
    for (int i = 0; i < WEFT_LANES; i++) a.v[i] = a.v[i] > b.v[i] ? a.v[i] : b.v[i];
    return a;
}
WEFT_LANES_INLINE weft_lanes weft_lanes_where_above(weft_lanes y, weft_lanes floor, weft_lanes v) {
    for (int i = 0; i < WEFT_LANES; i++) v.v[i] = y.v[i] > floor.v[i] ? v.v[i] : 0.0f;
    return v;
}
#endif

#endif
