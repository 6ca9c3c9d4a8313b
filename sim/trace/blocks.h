/* Files of blocks, in which traces of every kind lie: a first line that says what it is, a line of JSON, then blocks of
 * records, each compressed, with its lengths and a checksum that goes on from the one before. docs/trace.md. */
#ifndef WEFT_SIM_TRACE_BLOCKS_H
#define WEFT_SIM_TRACE_BLOCKS_H

#include <stdio.h>

#include "core/status.h"
#include "sim/trace/varint.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    WEFT_BLOCK_FULL = 1 << 18,            /* a block ends with the record that reaches this */
    WEFT_BLOCK_RECORD_BYTES_MAX = 1 << 29 /* of a record; a block, and a header, have at most twice as much */
};

/* A zeroed one with a stream is ready. */
typedef struct weft_block_writer {
    FILE *stream; /* whose errors are the caller's to see */
    uint8_t *bytes, *stored;
    size_t size, room, stored_room;
    uint32_t records, sum;
} weft_block_writer;
/* magic, header: without the new lines behind them. */
void weft_block_writer_begin(weft_block_writer *writer, const char *magic, const char *header);
/* Where the next record goes, of `size` bytes at most (WEFT_BLOCK_RECORD_BYTES_MAX); NULL without memory. */
uint8_t *weft_block_writer_room(weft_block_writer *writer, size_t size);
/* It ends at `end`. MEMORY. */
weft_status weft_block_writer_record(weft_block_writer *writer, const uint8_t *end, weft_error *err);
/* The last blocks. MEMORY. */
weft_status weft_block_writer_end(weft_block_writer *writer, weft_error *err);
void weft_block_writer_free(weft_block_writer *writer);

/* A zeroed one with path and data is ready. */
typedef struct weft_block_reader {
    const char *path;
    const uint8_t *data; /* [size] borrowed */
    size_t at, size;
    uint8_t *bytes;
    size_t room;
    uint32_t sum;
} weft_block_reader;
typedef struct weft_block {
    const uint8_t *bytes; /* [size]; the reader's, until the next block */
    size_t size;
    uint32_t records; /* 0: there is no further block, and the file ends where it should */
    size_t offset;    /* of the block in the file */
} weft_block;
/* The header behind a first line of `begin` bytes, its new line included, which the caller has looked at. PARSE. */
weft_status weft_block_reader_begin(weft_block_reader *reader, size_t begin, const char **header, size_t *size,
                                    weft_error *err);
/* PARSE, MEMORY. */
weft_status weft_block_reader_next(weft_block_reader *reader, weft_block *block, weft_error *err);
void weft_block_reader_free(weft_block_reader *reader);

/* PARSE, "file: offset N: text". */
weft_status weft_trace_offset_error(weft_error *err, const char *path, size_t offset, const char *format, ...)
    WEFT_PRINTF(4, 5);
/* The list, moved where its room is not above count; NULL without memory, then the old one stays. */
void *weft_trace_grow(void *list, size_t *room, size_t count, size_t size);

#ifdef __cplusplus
}
#endif
#endif
