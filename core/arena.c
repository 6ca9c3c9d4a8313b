#define _DEFAULT_SOURCE /* madvise */
#include "core/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ARENA_ALIGN = 16, ARENA_CHUNK_BYTES = 16384, BLOCK_ALIGN = 64, HUGE_PAGE = 1 << 21 };

typedef struct arena_chunk {
    struct arena_chunk *next;
    size_t used, size; /* of the bytes that follow this header */
} arena_chunk;

struct weft_arena {
    arena_chunk *chunks; /* the first one is being filled */
};

static size_t header_bytes(void) { return (sizeof(arena_chunk) + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN; }

weft_arena *weft_arena_create(void) { return calloc(1, sizeof(weft_arena)); }

void weft_arena_destroy(weft_arena *arena) {
    if (!arena) return;
    for (arena_chunk *chunk = arena->chunks, *next; chunk; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    free(arena);
}

static arena_chunk *chunk_add(weft_arena *arena, size_t bytes) {
    size_t size = bytes > ARENA_CHUNK_BYTES ? bytes : ARENA_CHUNK_BYTES;
    if (size > SIZE_MAX - header_bytes()) return NULL;
    arena_chunk *chunk = calloc(1, header_bytes() + size);
    if (!chunk) return NULL;
    chunk->size = size;
    /* A large block gets a chunk of its own behind the first, which still has room for small ones. */
    if (arena->chunks && bytes > ARENA_CHUNK_BYTES) {
        chunk->next = arena->chunks->next;
        arena->chunks->next = chunk;
    } else {
        chunk->next = arena->chunks;
        arena->chunks = chunk;
    }
    return chunk;
}

void *weft_arena_alloc(weft_arena *arena, size_t bytes) {
    if (bytes > SIZE_MAX - ARENA_ALIGN) return NULL;
    bytes = (bytes + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    if (bytes == 0) bytes = ARENA_ALIGN;
    arena_chunk *chunk = arena->chunks;
    if (!chunk || chunk->size - chunk->used < bytes) chunk = chunk_add(arena, bytes);
    if (!chunk) return NULL;
    void *block = (char *)chunk + header_bytes() + chunk->used;
    chunk->used += bytes;
    return block;
}

char *weft_arena_strdup(weft_arena *arena, const char *text) { return weft_arena_strndup(arena, text, strlen(text)); }

char *weft_arena_strndup(weft_arena *arena, const char *text, size_t length) {
    size_t used = strnlen(text, length);
    char *copy = weft_arena_alloc(arena, used + 1);
    if (copy) memcpy(copy, text, used);
    return copy;
}

char *weft_arena_printf(weft_arena *arena, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0) return NULL;
    char *text = weft_arena_alloc(arena, (size_t)length + 1);
    if (!text) return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return text;
}

/* Rounded up to a multiple of align; 0 when that is too much. */
static size_t block_bytes(size_t count, size_t size, size_t align) {
    if (size != 0 && count > (SIZE_MAX - align) / size) return 0;
    const size_t bytes = (count * size + align - 1) / align * align;
    return bytes ? bytes : align;
}

void *weft_aligned_alloc(size_t count, size_t size) {
    const size_t bytes = block_bytes(count, size, BLOCK_ALIGN);
    void *block = bytes ? aligned_alloc(BLOCK_ALIGN, bytes) : NULL;
    if (block) memset(block, 0, bytes);
    return block;
}

void *weft_pages_alloc(size_t count, size_t size) {
    const size_t bytes = block_bytes(count, size, HUGE_PAGE);
    if (bytes && count * size < HUGE_PAGE) return weft_aligned_alloc(count, size);
    void *block = bytes ? aligned_alloc(HUGE_PAGE, bytes) : NULL;
    if (!block) return NULL;
#ifdef MADV_HUGEPAGE
    madvise(block, bytes, MADV_HUGEPAGE); /* only saves time: failure is harmless */
#endif
    return memset(block, 0, count * size);
}

void weft_aligned_free(void *block) { free(block); }
