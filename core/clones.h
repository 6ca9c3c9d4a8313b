/* Compiles a hot loop for several x86 vector widths and picks at load time. Results do not depend on the pick:
 * contraction is off and no operation is reordered. Empty where the compiler or a sanitizer does not allow it. */
#ifndef WEFT_CORE_CLONES_H
#define WEFT_CORE_CLONES_H

#include <limits.h> /* makes __GLIBC__ known */

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__GLIBC__) && defined(__OPTIMIZE__) &&  \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define WEFT_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define WEFT_CLONES
#endif

/* Before a loop whose iterations touch only element i of arrays that may be the same array. */
#if defined(__GNUC__) && !defined(__clang__)
#define WEFT_INDEPENDENT _Pragma("GCC ivdep")
#else
#define WEFT_INDEPENDENT
#endif

/* Asks for the cache line at an address that will be read soon. */
#if defined(__GNUC__)
#define WEFT_PREFETCH(address) __builtin_prefetch(address)
#else
#define WEFT_PREFETCH(address) (void)(address)
#endif

#endif
