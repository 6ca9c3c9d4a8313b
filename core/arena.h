/* Memory: an arena for configuration-like data that lives and dies together, and aligned blocks for arrays. */
#ifndef WEFT_CORE_ARENA_H
#define WEFT_CORE_ARENA_H

#include <stddef.h>

#include "core/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_arena weft_arena;

/* NULL when memory is out. */
weft_arena *weft_arena_create(void);
void weft_arena_destroy(weft_arena *arena); /* NULL is allowed */
/* Zeroed, aligned to 16 bytes; NULL when memory is out. Owned by the arena. Not thread-safe. */
void *weft_arena_alloc(weft_arena *arena, size_t bytes);
char *weft_arena_strdup(weft_arena *arena, const char *text);
char *weft_arena_strndup(weft_arena *arena, const char *text, size_t length);
char *weft_arena_printf(weft_arena *arena, const char *format, ...) WEFT_PRINTF(2, 3);

/* Zeroed block aligned to 64 bytes; count * size is checked for overflow. NULL when memory is out. Free with
 * weft_aligned_free. */
void *weft_aligned_alloc(size_t count, size_t size);
/* The same for what is read here and there: in huge pages (2 MB) where it is that long and the system has them. */
void *weft_pages_alloc(size_t count, size_t size);
void weft_aligned_free(void *block); /* NULL is allowed */

#ifdef __cplusplus
}
#endif
#endif
