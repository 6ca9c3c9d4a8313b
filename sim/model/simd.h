/* Instruction sets chosen at run time. Every variant of a function is the same C text or gives the same integers, so
 * the choice cannot change a result. Private to sim. */
#ifndef WEFT_SIM_MODEL_SIMD_H
#define WEFT_SIM_MODEL_SIMD_H

#include <stdbool.h>

#include "core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weft_simd { WEFT_SIMD_PORTABLE, WEFT_SIMD_AVX2, WEFT_SIMD_AVX512 } weft_simd;
/* What this processor has, at most what WEFT_KERNELS (portable, avx2, avx512) allows, as it was when first asked for.
 * For tests and comparisons. The few functions of core that the compiler clones (core/clones.h) do not ask. */
weft_simd weft_simd_level(void);
/* INVALID: WEFT_KERNELS is none of these. UNSUPPORTED: the processor does not have it. */
weft_status weft_simd_check(weft_error *err);

#ifdef __cplusplus
}
#endif

#if defined(__x86_64__) && defined(__GNUC__)
#define WEFT_X86 1
#define WEFT_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))
#define WEFT_AVX2 __attribute__((target("avx2")))
static inline bool weft_has_avx512(void) { return weft_simd_level() >= WEFT_SIMD_AVX512; }
static inline bool weft_has_avx2(void) { return weft_simd_level() >= WEFT_SIMD_AVX2; }
#else
#define WEFT_X86 0
#endif

#if defined(__GNUC__)
#define WEFT_INLINE static inline __attribute__((always_inline))
#else
#define WEFT_INLINE static inline
#endif

/* Ahead of a loop that is to be vectorised, not unrolled in full before that. */
#if defined(__GNUC__) && !defined(__clang__)
#define WEFT_VECTORISE _Pragma("GCC unroll 1")
#else
#define WEFT_VECTORISE
#endif

/* Defines void NAME PARAMETERS as a call of the always-inline NAME_body with ARGUMENTS, compiled once per instruction
 * set. */
#if WEFT_X86
#define WEFT_VARIANTS(name, parameters, arguments)                                                                     \
    WEFT_AVX512 static void name##_avx512 parameters { name##_body arguments; }                                        \
    WEFT_AVX2 static void name##_avx2 parameters { name##_body arguments; }                                            \
    void name parameters {                                                                                             \
        const weft_simd level = weft_simd_level();                                                                     \
        if (level == WEFT_SIMD_AVX512)                                                                                 \
            name##_avx512 arguments;                                                                                   \
        else if (level == WEFT_SIMD_AVX2)                                                                              \
            name##_avx2 arguments;                                                                                     \
        else                                                                                                           \
            name##_body arguments;                                                                                     \
    }
#else
#define WEFT_VARIANTS(name, parameters, arguments)                                                                     \
    void name parameters { name##_body arguments; }
#endif
#endif
