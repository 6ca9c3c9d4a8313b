/* Traces as bytes: magic, header, blocks of compressed records, each with its lengths and a checksum that goes on from
 * the one before. docs/trace.md. */
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "sim/trace/trace_internal.h"

enum {
    WORDS = 3,              /* of a block's head: records, bytes, stored bytes */
    HEAD_BYTES = 4 * WORDS, /* then the checksum */
    SUM_BYTES = 4,
    RECORD_BYTES_MAX = 1 << 30, /* and of a block */
};

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

/* ---- writing ---- */

typedef struct block_writer {
    FILE *stream;
    uint8_t *bytes, *stored; /* stored: [stored_room] */
    size_t size, room, stored_room;
    uint32_t records, sum;
} block_writer;

static bool room_for(uint8_t **block, size_t *room, size_t size) {
    if (size <= *room) return true;
    uint8_t *grown = realloc(*block, size + size / 2);
    if (!grown) return false;
    *block = grown;
    *room = size + size / 2;
    return true;
}

/* Ends the present block; without records it is the file's last one. */
static weft_status write_block(block_writer *w, weft_error *err) {
    uint8_t head[HEAD_BYTES], sum[SUM_BYTES];
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
    put_word(sum, w->sum);
    fwrite(head, 1, sizeof head, w->stream);
    fwrite(sum, 1, sizeof sum, w->stream);
    if (stored) fwrite(w->stored, 1, stored, w->stream);
    w->size = 0;
    w->records = 0;
    return WEFT_OK;
}

static weft_status write_header(block_writer *w, const weft_trace *trace, weft_error *err) {
    uint8_t sum[SUM_BYTES];
    char *text = weft_trace_header_text(&trace->header);
    if (!text) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a trace's header");
    char magic[32];
    const int length = snprintf(magic, sizeof magic, "%s%d\n", WEFT_TRACE_NAME, weft_trace_version(trace));
    fprintf(w->stream, "%s%s\n", magic, text);
    w->sum = checksum(0, (const uint8_t *)magic, (size_t)length);
    w->sum = checksum(w->sum, (const uint8_t *)text, strlen(text));
    w->sum = checksum(w->sum, (const uint8_t *)"\n", 1);
    weft_trace_header_free_text(text);
    put_word(sum, w->sum);
    fwrite(sum, 1, sizeof sum, w->stream);
    return WEFT_OK;
}

static weft_status write_record(block_writer *w, const weft_trace *trace, const uint8_t *record, size_t size,
                                uint64_t number, uint64_t start, weft_error *err) {
    if (size > RECORD_BYTES_MAX / 2)
        return weft_error_set(err, WEFT_E_INVALID, "record %" PRIu64 " waits for too many others", number);
    if (!room_for(&w->bytes, &w->room, w->size + size + 10))
        return weft_error_set(err, WEFT_E_MEMORY, "no memory for a block of %zu bytes", w->size + size);
    const uint8_t *end = weft_trace_encode_finish(w->bytes + w->size, record, size, start, trace->finish[number]);
    w->size = (size_t)(end - w->bytes);
    w->records++;
    return w->size >= WEFT_TRACE_BLOCK_BYTES ? write_block(w, err) : WEFT_OK;
}

static weft_status write_records(block_writer *w, const weft_trace *trace, weft_error *err) {
    trace_decoder d = {.at = trace->bytes, .end = trace->bytes + trace->size, .state = {.stage = -1, .image = -1}};
    weft_status status = WEFT_OK;
    bool memory = false;
    for (uint64_t i = 0; i < trace->count && status == WEFT_OK; i++) {
        weft_trace_record record;
        const uint8_t *begin = d.at;
        if (weft_trace_decode(&d, &record, &memory))
            status = write_record(w, trace, begin, (size_t)(d.at - begin), i,
                                  record.is_packet ? record.packet.start : record.operation.start, err);
        else
            status = weft_error_set(err, memory ? WEFT_E_MEMORY : WEFT_E_INTERNAL,
                                    "trace: record %" PRIu64 " cannot be read", i);
    }
    weft_trace_decoder_free(&d);
    return status;
}

weft_status weft_trace_write_binary(const weft_trace *trace, FILE *stream, weft_error *err) {
    block_writer w = {.stream = stream};
    weft_status status;
    WEFT_TRY_GOTO(write_header(&w, trace, err));
    WEFT_TRY_GOTO(write_records(&w, trace, err));
    if (w.records) WEFT_TRY_GOTO(write_block(&w, err));
    WEFT_TRY_GOTO(write_block(&w, err));
cleanup:
    free(w.bytes);
    free(w.stored);
    return status;
}

/* ---- reading ---- */

typedef struct block_reader {
    const char *path;
    const uint8_t *data;
    size_t at, size;
    weft_trace *trace;
    trace_decoder decoder;
    uint8_t *bytes;
    size_t room;
    uint32_t sum;
} block_reader;

static weft_status read_header(block_reader *r, weft_error *err) {
    const size_t begin = strlen(WEFT_TRACE_NAME) + 2; /* the version and a new line */
    const uint8_t *end = r->size > begin ? memchr(r->data + begin, '\n', r->size - begin) : NULL;
    if (!end || (size_t)(r->data + r->size - end) < 1 + SUM_BYTES)
        return weft_trace_offset_error(err, r->path, r->size, "the trace ends inside its header");
    r->at = (size_t)(end + 1 - r->data);
    if (r->at > RECORD_BYTES_MAX) return weft_trace_offset_error(err, r->path, begin, "the header is too long");
    r->sum = checksum(0, r->data, r->at);
    if (r->sum != get_word(r->data + r->at))
        return weft_trace_offset_error(err, r->path, begin,
                                       "the header is not what was written: CRC-32 %08" PRIx32 ", not %08" PRIx32,
                                       r->sum, get_word(r->data + r->at));
    r->at += SUM_BYTES;
    return weft_trace_header_parse(&r->trace, (const char *)r->data + begin, (size_t)(end - r->data) - begin, r->path,
                                   0, begin, err);
}

static weft_status add_record(weft_trace *trace, const weft_trace_record *record, weft_error *err) {
    return record->is_packet ? weft_trace_add_packet(trace, &record->packet, NULL, err)
                             : weft_trace_add_operation(trace, &record->operation, NULL, err);
}

static weft_status read_records(block_reader *r, size_t offset, uint32_t count, size_t size, weft_error *err) {
    trace_decoder *d = &r->decoder;
    weft_error inner = {0};
    d->at = r->bytes;
    d->end = r->bytes + size;
    for (uint32_t i = 0; i < count; i++) {
        weft_trace_record record;
        bool memory;
        if (!weft_trace_decode(d, &record, &memory)) {
            if (memory) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a record");
            return weft_trace_offset_error(err, r->path, offset, "record %" PRIu64 " of this block is none",
                                           weft_trace_count(r->trace));
        }
        const weft_status status = add_record(r->trace, &record, &inner);
        if (status == WEFT_E_MEMORY) return weft_error_set(err, status, "%s", inner.text);
        if (status != WEFT_OK) return weft_trace_offset_error(err, r->path, offset, "%s", inner.text);
    }
    if (d->at == d->end) return WEFT_OK;
    return weft_trace_offset_error(err, r->path, offset, "the block has more bytes than its %" PRIu32 " records",
                                   count);
}

static weft_status inflate_block(block_reader *r, size_t offset, size_t size, const uint8_t *stored, size_t stored_size,
                                 weft_error *err) {
    uLongf got = (uLongf)size;
    if (size > RECORD_BYTES_MAX || size / 1100 > stored_size) /* deflate gives at most 1032 bytes for one */
        return weft_trace_offset_error(err, r->path, offset, "a block of %zu bytes from %zu cannot be", size,
                                       stored_size);
    if (!room_for(&r->bytes, &r->room, size))
        return weft_error_set(err, WEFT_E_MEMORY, "no memory for a trace's block");
    if (uncompress(r->bytes, &got, stored, (uLong)stored_size) != Z_OK || got != size)
        return weft_trace_offset_error(err, r->path, offset, "the block cannot be decompressed");
    return WEFT_OK;
}

/* *last: it was the one without records. */
static weft_status read_block(block_reader *r, bool *last, weft_error *err) {
    const size_t offset = r->at;
    if (r->size - offset < HEAD_BYTES + SUM_BYTES)
        return weft_trace_offset_error(err, r->path, r->size, "the trace is cut off: its last block is missing");
    const uint8_t *head = r->data + offset, *stored = head + HEAD_BYTES + SUM_BYTES;
    const uint32_t count = get_word(head), size = get_word(head + 4), stored_size = get_word(head + 8);
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
    *last = count == 0;
    if (*last && !size && !stored_size) return WEFT_OK;
    WEFT_TRY(inflate_block(r, offset, size, stored, stored_size, err));
    return read_records(r, offset, count, size, err);
}

weft_status weft_trace_read_binary(weft_trace **out, const char *path, const uint8_t *data, size_t size,
                                   weft_error *err) {
    block_reader r = {.path = path, .data = data, .size = size, .decoder = {.state = {.stage = -1, .image = -1}}};
    bool last = false;
    weft_status status = read_header(&r, err);
    while (status == WEFT_OK && !last) status = read_block(&r, &last, err);
    if (status == WEFT_OK && r.at != size)
        status = weft_trace_offset_error(err, path, r.at, "%zu bytes follow the last block", size - r.at);
    weft_trace_decoder_free(&r.decoder);
    free(r.bytes);
    if (status != WEFT_OK) {
        weft_trace_destroy(r.trace);
        r.trace = NULL;
    }
    *out = r.trace;
    return status;
}
