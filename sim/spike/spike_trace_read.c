/* Spike traces being read, whatever their form. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "sim/spike/spike_trace_internal.h"

/* ---- ticks being read ---- */

bool weft_tick_buffer_add_core(weft_tick_buffer *buffer, const weft_tick_core *core) {
    weft_tick_core *cores = weft_trace_grow(buffer->cores, &buffer->core_room, buffer->core_count, sizeof *cores);
    if (!cores) return false;
    buffer->cores = cores;
    cores[buffer->core_count++] = *core;
    return true;
}

bool weft_tick_buffer_add_packet(weft_tick_buffer *buffer, const weft_tick_packet *packet) {
    weft_tick_packet *packets =
        weft_trace_grow(buffer->packets, &buffer->packet_room, buffer->packet_count, sizeof *packets);
    if (!packets) return false;
    buffer->packets = packets;
    packets[buffer->packet_count++] = *packet;
    return true;
}

weft_tick weft_tick_buffer_tick(const weft_tick_buffer *buffer, uint64_t tick) {
    return (weft_tick){tick, buffer->cores, (int)buffer->core_count, buffer->packets, (int64_t)buffer->packet_count};
}

void weft_tick_buffer_clear(weft_tick_buffer *buffer) { buffer->core_count = buffer->packet_count = 0; }

void weft_tick_buffer_free(weft_tick_buffer *buffer) {
    free(buffer->cores);
    free(buffer->packets);
}

/* ---- files ---- */

struct weft_spike_trace {
    weft_spike_trace_header header;
    weft_arena *arena;
    char *path, *data;
    uint64_t before; /* tick; UINT64_MAX: none yet */
    weft_tick_buffer buffer;
    weft_tick tick;
    bool text;
    weft_block_reader blocks;
    weft_block block; /* of which `left` ticks are to come, from `at` on */
    const uint8_t *at;
    uint32_t left;
    weft_lines lines; /* at the first line of a tick, where there is more */
    bool more;
};

/* The number behind "weft-spikes " (with "# " ahead: *text), 0 where there is none. */
static int version_of(const char *data, size_t size, bool *text) {
    const size_t skip = size >= 2 && !memcmp(data, "# ", 2) ? 2 : 0, length = strlen(WEFT_SPIKE_TRACE_NAME);
    int version = 0;
    *text = skip > 0;
    if (size - skip < length || memcmp(data + skip, WEFT_SPIKE_TRACE_NAME, length) != 0) return 0;
    for (size_t i = skip + length; i < size && isdigit((unsigned char)data[i]) && version < 1000; i++)
        version = version * 10 + (data[i] - '0');
    return version;
}

bool weft_spike_trace_is(const char *path) {
    char head[32];
    bool text;
    gzFile file = gzopen(path, "rb");
    if (!file) return false;
    const int size = gzread(file, head, sizeof head);
    gzclose(file);
    return size > 0 && version_of(head, (size_t)size, &text) > 0;
}

static weft_status read_binary_header(weft_spike_trace *t, size_t size, weft_error *err) {
    const size_t begin = strlen(WEFT_SPIKE_TRACE_NAME) + 2; /* the version and a new line */
    const char *text;
    size_t length;
    if (size < begin || t->data[begin - 1] != '\n')
        return weft_trace_offset_error(err, t->path, 0, "no trace: \"%s%d\" and a new line are expected",
                                       WEFT_SPIKE_TRACE_NAME, WEFT_SPIKE_TRACE_VERSION);
    t->blocks = (weft_block_reader){.path = t->path, .data = (const uint8_t *)t->data, .size = size};
    WEFT_TRY(weft_block_reader_begin(&t->blocks, begin, &text, &length, err));
    t->block.records = 1;
    return weft_spike_trace_header_parse(&t->header, t->arena, text, length, t->path, 0, begin, err);
}

static weft_status read_text_header(weft_spike_trace *t, size_t size, weft_error *err) {
    weft_lines *l = &t->lines;
    *l = weft_lines_begin(t->path, t->data, size);
    if (!weft_lines_next_line(l) || !weft_lines_next_word(l) || !weft_lines_word_is(l, "header"))
        return weft_lines_word_error(l, err, "a trace begins with a line 'header {...}'");
    const char *begin = l->word + l->length;
    WEFT_TRY(weft_spike_trace_header_parse(&t->header, t->arena, begin, (size_t)(l->line_end - begin), t->path,
                                           l->number, (size_t)(begin - l->line), err));
    t->more = weft_lines_next_line(l);
    return WEFT_OK;
}

static weft_status begin_reading(weft_spike_trace *t, size_t size, weft_error *err) {
    const int version = version_of(t->data, size, &t->text);
    if (version > WEFT_SPIKE_TRACE_VERSION)
        return weft_error_set_at(err, WEFT_E_UNSUPPORTED, t->path, 0, 0,
                                 "a spike trace of version %d; this weft reads version %d", version,
                                 WEFT_SPIKE_TRACE_VERSION);
    if (!version) return weft_trace_offset_error(err, t->path, 0, "no spike trace");
    return t->text ? read_text_header(t, size, err) : read_binary_header(t, size, err);
}

weft_status weft_spike_trace_parse(weft_spike_trace **out, const char *path, char *data, size_t size, weft_error *err) {
    weft_status status;
    weft_spike_trace *t = calloc(1, sizeof *t);
    *out = NULL;
    if (t) {
        *t = (weft_spike_trace){.data = data, .before = UINT64_MAX, .arena = weft_arena_create()};
        t->path = t->arena ? weft_arena_strdup(t->arena, path) : NULL;
    } else {
        free(data);
    }
    if (t && t->path)
        status = begin_reading(t, size, err);
    else
        status = weft_error_set(err, WEFT_E_MEMORY, "no memory for a trace");
    if (status != WEFT_OK)
        weft_spike_trace_destroy(t);
    else
        *out = t;
    return status;
}

weft_status weft_spike_trace_open(weft_spike_trace **out, const char *path, weft_error *err) {
    char *data = NULL;
    size_t size = 0;
    *out = NULL;
    WEFT_TRY(weft_file_read_gz(&data, &size, path, (size_t)1 << 36, err));
    return weft_spike_trace_parse(out, path, data, size, err);
}

void weft_spike_trace_destroy(weft_spike_trace *trace) {
    if (!trace) return;
    weft_block_reader_free(&trace->blocks);
    weft_tick_buffer_free(&trace->buffer);
    weft_arena_destroy(trace->arena);
    free(trace->data);
    free(trace);
}

const weft_spike_trace_header *weft_spike_trace_header_of(const weft_spike_trace *trace) { return &trace->header; }

/* *got: there is one. */
static weft_status next_of_blocks(weft_spike_trace *t, bool *got, weft_error *err) {
    bool memory;
    while (!t->left && t->block.records) {
        if (t->at && t->at != t->block.bytes + t->block.size)
            return weft_trace_offset_error(err, t->path, t->block.offset,
                                           "the block has more bytes than its %" PRIu32 " records", t->block.records);
        WEFT_TRY(weft_block_reader_next(&t->blocks, &t->block, err));
        t->at = t->block.bytes;
        t->left = t->block.records;
    }
    *got = t->left > 0;
    if (!*got) return WEFT_OK;
    if (!weft_tick_decode(&t->tick, &t->buffer, &t->at, t->block.bytes + t->block.size, t->before, &memory)) {
        if (memory) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a tick");
        return weft_trace_offset_error(err, t->path, t->block.offset, "tick %" PRIu32 " of this block is none",
                                       t->block.records - t->left);
    }
    t->left--;
    return WEFT_OK;
}

static weft_status next_of_lines(weft_spike_trace *t, bool *got, weft_error *err) {
    *got = t->more;
    return t->more ? weft_tick_read_text(&t->tick, &t->buffer, &t->lines, &t->more, err) : WEFT_OK;
}

weft_status weft_spike_trace_next(const weft_tick **tick, weft_spike_trace *trace, weft_error *err) {
    const int line = trace->lines.number;
    weft_error inner = {0};
    bool got = false;
    *tick = NULL;
    WEFT_TRY(trace->text ? next_of_lines(trace, &got, err) : next_of_blocks(trace, &got, err));
    if (!got) return WEFT_OK;
    if (weft_spike_trace_check(&trace->header, &trace->tick, trace->before, &inner) != WEFT_OK)
        return trace->text ? weft_error_set_at(err, WEFT_E_PARSE, trace->path, line, 1, "%s", inner.text)
                           : weft_trace_offset_error(err, trace->path, trace->block.offset, "%s", inner.text);
    trace->before = trace->tick.tick;
    *tick = &trace->tick;
    return WEFT_OK;
}
