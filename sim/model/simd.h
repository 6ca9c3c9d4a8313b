/* Instruction sets chosen at run time. Every variant of a function is the same C text or gives the same integers, so
 * the choice cannot change a result. Private to sim/model. */
#ifndef WEFT_SIM_MODEL_SIMD_H
#define WEFT_SIM_MODEL_SIMD_H

#include <stdbool.h>

#if defined(__x86_64__) && defined(__GNUC__)
#define WEFT_X86 1
#define WEFT_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))
#define WEFT_AVX2 __attribute__((target("avx2")))
static inline bool weft_has_avx512(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512vnni");
}
static inline bool weft_has_avx2(void) { return __builtin_cpu_supports("avx2"); }
#else
#define WEFT_X86 0
#endif

#if defined(__GNUC__)
#define WEFT_INLINE static inline __attribute__((always_inline))
#else
#define WEFT_INLINE static inline
#endif

/* Defines void NAME PARAMETERS as a call of the always-inline NAME_body with ARGUMENTS, compiled once per instruction
 * set. */
#if WEFT_X86
#define WEFT_VARIANTS(name, parameters, arguments)                                                                     \
    WEFT_AVX512 static void name##_avx512 parameters { name##_body arguments; }                                        \
    WEFT_AVX2 static void name##_avx2 parameters { name##_body arguments; }                                            \
    void name parameters {                                                                                             \
        if (weft_has_avx512())                                                                                         \
            name##_avx512 arguments;                                                                                   \
        else if (weft_has_avx2())                                                                                      \
            name##_avx2 arguments;                                                                                     \
        else                                                                                                           \
            name##_body arguments;                                                                                     \
    }
#else
#define WEFT_VARIANTS(name, parameters, arguments)                                                                     \
    void name parameters { name##_body arguments; }
#endif
#endif
