#include "sim/trace/blocks.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    WORDS = 3,              /* of a block's head: records, bytes, stored bytes */
    HEAD_BYTES = 4 * WORDS, /* then the checksum */
    SUM_BYTES = 4,
    BYTES_MAX = 2 * WEFT_BLOCK_RECORD_BYTES_MAX
};

void *weft_trace_grow(void *list, size_t *room, size_t count, size_t size) {
    if (count < *room) return list;
    void *grown = realloc(list, (2 * count + 64) * size);
    if (grown) *room = 2 * count + 64;
    return grown;
}

weft_status weft_trace_offset_error(weft_error *err, const char *path, size_t offset, const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return weft_error_set_at(err, WEFT_E_PARSE, path, 0, 0, "offset %zu: %s", offset, text);
}

static void put_word(uint8_t *to, uint32_t word) {
    for (int i = 0; i < 4; i++) to[i] = (uint8_t)(word >> 8 * i);
}

static uint32_t get_word(const uint8_t *from) {
    return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

static uint32_t checksum(uint32_t before, const uint8_t *data, size_t size) {
    return (uint32_t)crc32(before, data, (uInt)size);
}

static bool room_for(uint8_t **block, size_t *room, size_t size) {
    if (size <= *room) return true;
    uint8_t *grown = realloc(*block, size + size / 2);
    if (!grown) return false;
    *block = grown;
    *room = size + size / 2;
    return true;
}

/* ---- writing ---- */

static void put_line(weft_block_writer *w, const char *text) {
    fprintf(w->stream, "%s\n", text);
    w->sum = checksum(w->sum, (const uint8_t *)text, strlen(text));
    w->sum = checksum(w->sum, (const uint8_t *)"\n", 1);
}

static void put_sum(weft_block_writer *w) {
    uint8_t sum[SUM_BYTES];
    put_word(sum, w->sum);
    fwrite(sum, 1, sizeof sum, w->stream);
}

void weft_block_writer_begin(weft_block_writer *writer, const char *magic, const char *header) {
    put_line(writer, magic);
    put_line(writer, header);
    put_sum(writer);
}

/* Ends the present block; without records it is the file's last one. */
static weft_status write_block(weft_block_writer *w, weft_error *err) {
    uint8_t head[HEAD_BYTES];
    uLongf stored = 0;
    if (w->records) {
        stored = compressBound((uLong)w->size);
        if (!room_for(&w->stored, &w->stored_room, stored) ||
            compress2(w->stored, &stored, w->bytes, (uLong)w->size, Z_DEFAULT_COMPRESSION) != Z_OK)
            return weft_error_set(err, WEFT_E_MEMORY, "no memory to compress %zu bytes", w->size);
    }
    put_word(head, w->records);
    put_word(head + 4, (uint32_t)w->size);
    put_word(head + 8, (uint32_t)stored);
    w->sum = checksum(w->sum, head, sizeof head);
    if (stored) w->sum = checksum(w->sum, w->stored, stored);
    fwrite(head, 1, sizeof head, w->stream);
    put_sum(w);
    if (stored) fwrite(w->stored, 1, stored, w->stream);
    w->size = 0;
    w->records = 0;
    return WEFT_OK;
}

uint8_t *weft_block_writer_room(weft_block_writer *writer, size_t size) {
    return room_for(&writer->bytes, &writer->room, writer->size + size) ? writer->bytes + writer->size : NULL;
}

weft_status weft_block_writer_record(weft_block_writer *writer, const uint8_t *end, weft_error *err) {
    writer->size = (size_t)(end - writer->bytes);
    writer->records++;
    return writer->size >= WEFT_BLOCK_FULL ? write_block(writer, err) : WEFT_OK;
}

weft_status weft_block_writer_end(weft_block_writer *writer, weft_error *err) {
    if (writer->records) WEFT_TRY(write_block(writer, err));
    return write_block(writer, err);
}

void weft_block_writer_free(weft_block_writer *writer) {
    free(writer->bytes);
    free(writer->stored);
}

/* ---- reading ---- */

weft_status weft_block_reader_begin(weft_block_reader *r, size_t begin, const char **header, size_t *size,
                                    weft_error *err) {
    const uint8_t *end = r->size > begin ? memchr(r->data + begin, '\n', r->size - begin) : NULL;
    if (!end || (size_t)(r->data + r->size - end) < 1 + SUM_BYTES)
        return weft_trace_offset_error(err, r->path, r->size, "the trace ends inside its header");
    r->at = (size_t)(end + 1 - r->data);
    if (r->at > BYTES_MAX) return weft_trace_offset_error(err, r->path, begin, "the header is too long");
    r->sum = checksum(0, r->data, r->at);
    if (r->sum != get_word(r->data + r->at))
        return weft_trace_offset_error(err, r->path, begin,
                                       "the header is not what was written: CRC-32 %08" PRIx32 ", not %08" PRIx32,
                                       r->sum, get_word(r->data + r->at));
    r->at += SUM_BYTES;
    *header = (const char *)r->data + begin;
    *size = (size_t)(end - r->data) - begin;
    return WEFT_OK;
}

static weft_status inflate_block(weft_block_reader *r, const weft_block *block, const uint8_t *stored,
                                 size_t stored_size, weft_error *err) {
    uLongf got = (uLongf)block->size;
    if (block->size > BYTES_MAX || block->size / 1100 > stored_size) /* deflate gives at most 1032 bytes for one */
        return weft_trace_offset_error(err, r->path, block->offset, "a block of %zu bytes from %zu cannot be",
                                       block->size, stored_size);
    if (!room_for(&r->bytes, &r->room, block->size))
        return weft_error_set(err, WEFT_E_MEMORY, "no memory for a trace's block");
    if (uncompress(r->bytes, &got, stored, (uLong)stored_size) != Z_OK || got != block->size)
        return weft_trace_offset_error(err, r->path, block->offset, "the block cannot be decompressed");
    return WEFT_OK;
}

weft_status weft_block_reader_next(weft_block_reader *r, weft_block *block, weft_error *err) {
    const size_t offset = r->at;
    if (r->size - offset < HEAD_BYTES + SUM_BYTES)
        return weft_trace_offset_error(err, r->path, r->size, "the trace is cut off: its last block is missing");
    const uint8_t *head = r->data + offset, *stored = head + HEAD_BYTES + SUM_BYTES;
    const uint32_t stored_size = get_word(head + 8);
    if (stored_size > r->size - offset - HEAD_BYTES - SUM_BYTES)
        return weft_trace_offset_error(err, r->path, r->size,
                                       "the trace is cut off: the block at offset %zu has %" PRIu32 " bytes", offset,
                                       stored_size);
    r->sum = checksum(r->sum, head, HEAD_BYTES);
    if (stored_size) r->sum = checksum(r->sum, stored, stored_size);
    if (r->sum != get_word(head + HEAD_BYTES))
        return weft_trace_offset_error(err, r->path, offset,
                                       "the block is not what was written: CRC-32 %08" PRIx32 ", not %08" PRIx32,
                                       r->sum, get_word(head + HEAD_BYTES));
    r->at += HEAD_BYTES + SUM_BYTES + stored_size;
    *block = (weft_block){.size = get_word(head + 4), .records = get_word(head), .offset = offset};
    if (block->records || block->size || stored_size) {
        WEFT_TRY(inflate_block(r, block, stored, stored_size, err));
        block->bytes = r->bytes;
        return WEFT_OK;
    }
    if (r->at == r->size) return WEFT_OK;
    return weft_trace_offset_error(err, r->path, r->at, "%zu bytes follow the last block", r->size - r->at);
}

void weft_block_reader_free(weft_block_reader *reader) { free(reader->bytes); }
