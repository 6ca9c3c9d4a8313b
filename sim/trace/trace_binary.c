/* Traces as bytes: their records in blocks. docs/trace.md. */
#include <inttypes.h>
#include <string.h>

#include "sim/trace/trace_internal.h"

/* ---- writing ---- */

static weft_status write_header(weft_block_writer *w, const weft_trace *trace, weft_error *err) {
    char *text = weft_trace_header_text(&trace->header);
    if (!text) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a trace's header");
    char magic[32];
    snprintf(magic, sizeof magic, "%s%d", WEFT_TRACE_NAME, weft_trace_version(trace));
    weft_block_writer_begin(w, magic, text);
    weft_trace_header_free_text(text);
    return WEFT_OK;
}

static weft_status write_record(weft_block_writer *w, const weft_trace *trace, const uint8_t *record, size_t size,
                                uint64_t number, uint64_t start, weft_error *err) {
    if (size > WEFT_BLOCK_RECORD_BYTES_MAX)
        return weft_error_set(err, WEFT_E_INVALID, "record %" PRIu64 " waits for too many others", number);
    uint8_t *to = weft_block_writer_room(w, size + WEFT_VARINT_BYTES);
    if (!to) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a block of %zu bytes", w->size + size);
    return weft_block_writer_record(w, weft_trace_encode_finish(to, record, size, start, trace->finish[number]), err);
}

static weft_status write_records(weft_block_writer *w, const weft_trace *trace, weft_error *err) {
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
    weft_block_writer w = {.stream = stream};
    weft_status status;
    WEFT_TRY_GOTO(write_header(&w, trace, err));
    WEFT_TRY_GOTO(write_records(&w, trace, err));
    WEFT_TRY_GOTO(weft_block_writer_end(&w, err));
cleanup:
    weft_block_writer_free(&w);
    return status;
}

/* ---- reading ---- */

static weft_status read_header(weft_trace **out, weft_block_reader *blocks, weft_error *err) {
    const size_t begin = strlen(WEFT_TRACE_NAME) + 2; /* the version and a new line */
    const char *text;
    size_t size;
    WEFT_TRY(weft_block_reader_begin(blocks, begin, &text, &size, err));
    return weft_trace_header_parse(out, text, size, blocks->path, 0, begin, err);
}

static weft_status add_record(weft_trace *trace, const weft_trace_record *record, weft_error *err) {
    return record->is_packet ? weft_trace_add_packet(trace, &record->packet, NULL, err)
                             : weft_trace_add_operation(trace, &record->operation, NULL, err);
}

static weft_status read_records(weft_trace *trace, trace_decoder *d, const char *path, const weft_block *block,
                                weft_error *err) {
    weft_error inner = {0};
    d->at = block->bytes;
    d->end = block->bytes + block->size;
    for (uint32_t i = 0; i < block->records; i++) {
        weft_trace_record record;
        bool memory;
        if (!weft_trace_decode(d, &record, &memory)) {
            if (memory) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a record");
            return weft_trace_offset_error(err, path, block->offset, "record %" PRIu64 " of this block is none",
                                           weft_trace_count(trace));
        }
        const weft_status status = add_record(trace, &record, &inner);
        if (status == WEFT_E_MEMORY) return weft_error_set(err, status, "%s", inner.text);
        if (status != WEFT_OK) return weft_trace_offset_error(err, path, block->offset, "%s", inner.text);
    }
    if (d->at == d->end) return WEFT_OK;
    return weft_trace_offset_error(err, path, block->offset, "the block has more bytes than its %" PRIu32 " records",
                                   block->records);
}

weft_status weft_trace_read_binary(weft_trace **out, const char *path, const uint8_t *data, size_t size,
                                   weft_error *err) {
    weft_block_reader blocks = {.path = path, .data = data, .size = size};
    trace_decoder decoder = {.state = {.stage = -1, .image = -1}};
    weft_block block = {.records = 1};
    weft_trace *trace = NULL;
    weft_status status = read_header(&trace, &blocks, err);
    while (status == WEFT_OK && block.records) {
        status = weft_block_reader_next(&blocks, &block, err);
        if (status == WEFT_OK && block.records) status = read_records(trace, &decoder, path, &block, err);
    }
    weft_trace_decoder_free(&decoder);
    weft_block_reader_free(&blocks);
    if (status != WEFT_OK) {
        weft_trace_destroy(trace);
        trace = NULL;
    }
    *out = trace;
    return status;
}
