/* Whether this compiler can build code for AVX-512 with bfloat16 products, and how. Internal to trainer/. */
#ifndef WEFT_TRAINER_AVX512_H
#define WEFT_TRAINER_AVX512_H

#if defined(__x86_64__) && defined(__GNUC__)
#define WEFT_AVX512 1
#include <immintrin.h>
#define WEFT_AVX512_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))
#define WEFT_AVX512_INLINE WEFT_AVX512_TARGET __attribute__((always_inline)) static inline
#endif

#endif
