/* Status codes and the caller-owned error.
 *
 * Every function that can fail returns a weft_status and takes a weft_error * as its last argument (may be NULL). The
 * callee fills the error once, where the cause is known; callers pass it on untouched. No globals, no printing, no exit
 * below main. Programmer errors (NULL where the contract forbids it) are asserts. */
#ifndef WEFT_CORE_STATUS_H
#define WEFT_CORE_STATUS_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(identifier, text) */
#define WEFT_STATUS_TABLE(X)                                                                                           \
    X(OK, "ok")                                                                                                        \
    X(USAGE, "wrong use of the command line")                                                                          \
    X(IO, "input or output failed")                                                                                    \
    X(PARSE, "malformed input")                                                                                        \
    X(INVALID, "value not allowed")                                                                                    \
    X(UNSUPPORTED, "not supported")                                                                                    \
    X(CHECKSUM, "checksum differs")                                                                                    \
    X(NO_FIT, "network does not fit the chip")                                                                         \
    X(MEMORY, "out of memory")                                                                                         \
    X(LIBRARY, "a library call failed")                                                                                \
    X(INTERRUPTED, "interrupted")                                                                                      \
    X(INTERNAL, "internal check failed")

typedef enum weft_status {
#define WEFT_STATUS_ENUM(id, text) WEFT_E_##id,
    WEFT_STATUS_TABLE(WEFT_STATUS_ENUM)
#undef WEFT_STATUS_ENUM
} weft_status;
#define WEFT_OK WEFT_E_OK

/* file is empty where there is none; line and column are 1-based, 0 where unknown. */
typedef struct weft_error {
    weft_status status;
    char file[512];
    int line;
    int column;
    char text[1024];
} weft_error;

/* Constant English text of a code; never NULL. */
const char *weft_status_text(weft_status status);

#if defined(__GNUC__)
#define WEFT_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define WEFT_PRINTF(fmt, args)
#endif

/* Fill *err (when not NULL) and return status, so that a failure is one line:
 * return weft_error_set(err, WEFT_E_IO, ...). */
weft_status weft_error_set(weft_error *err, weft_status status, const char *format, ...) WEFT_PRINTF(3, 4);
/* The same with a place; file may be NULL, line and column 0 where unknown. */
weft_status weft_error_set_at(weft_error *err, weft_status status, const char *file, int line, int column,
                              const char *format, ...) WEFT_PRINTF(6, 7);
/* "file:line:column: text", leaving out what is unknown. Always terminates out. */
void weft_error_format(const weft_error *err, char *out, size_t out_size);

/* Nearest of the NULL-terminated names by edit distance (one third of the longer name's letters may differ), or NULL
 * when none is near; for "unknown key 'adc.bit'; nearest is 'adc.bits'". */
const char *weft_text_nearest(const char *text, const char *const *names);

/* Return early on failure; for functions without clean-up. */
#define WEFT_TRY(call)                                                                                                 \
    do {                                                                                                               \
        weft_status weft_try_status_ = (call);                                                                         \
        if (weft_try_status_ != WEFT_OK) return weft_try_status_;                                                      \
    } while (0)
/* Jump to the label `cleanup` on failure; needs a local `weft_status status`. */
#define WEFT_TRY_GOTO(call)                                                                                            \
    do {                                                                                                               \
        status = (call);                                                                                               \
        if (status != WEFT_OK) goto cleanup;                                                                           \
    } while (0)

#ifdef __cplusplus
}
#endif
#endif
