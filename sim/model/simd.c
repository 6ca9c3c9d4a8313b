#include "sim/model/simd.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#if WEFT_X86
static const char *const names[] = {"portable", "avx2", "avx512", NULL};
#else
static const char *const names[] = {"portable", NULL};
#endif

static weft_simd processor_has(void) {
#if WEFT_X86
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni"))
        return WEFT_SIMD_AVX512;
    if (__builtin_cpu_supports("avx2")) return WEFT_SIMD_AVX2;
#endif
    return WEFT_SIMD_PORTABLE;
}

/* -1: no such name. */
static int find(const char *name) {
    for (int i = 0; names[i]; i++)
        if (!strcmp(name, names[i])) return i;
    return -1;
}

static weft_simd detect(void) {
    const char *wanted = getenv("WEFT_KERNELS");
    const int most = wanted ? find(wanted) : -1;
    const weft_simd has = processor_has();
    return most >= 0 && most < (int)has ? (weft_simd)most : has;
}

/* Threads that ask at the same time for the first time all find the same. */
weft_simd weft_simd_level(void) {
    static atomic_int known = -1;
    int level = atomic_load_explicit(&known, memory_order_relaxed);
    if (level < 0) {
        level = (int)detect();
        atomic_store_explicit(&known, level, memory_order_relaxed);
    }
    return (weft_simd)level;
}

weft_status weft_simd_check(weft_error *err) {
    const char *wanted = getenv("WEFT_KERNELS");
    if (!wanted) return WEFT_OK;
    const int most = find(wanted);
    if (most < 0)
        return weft_error_set(err, WEFT_E_INVALID, "WEFT_KERNELS is \"%.80s\"; allowed are portable%s", wanted,
                              names[1] ? ", avx2 and avx512" : "");
    if (most > (int)processor_has())
        return weft_error_set(err, WEFT_E_UNSUPPORTED, "WEFT_KERNELS is %s, which this processor does not have",
                              names[most]);
    return WEFT_OK;
}
