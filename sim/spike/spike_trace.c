/* Spike traces being written, and what holds for both ways. */
#include "sim/spike/spike_trace.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim/spike/spike_trace_internal.h"

/* ---- rules ---- */

static weft_status lacks(const weft_spike_trace_header *header, const weft_tick *tick, uint32_t core, weft_error *err) {
    return weft_error_set(err, WEFT_E_INVALID, "tick %" PRIu64 ": core %" PRIu32 " is none of the trace's %d",
                          tick->tick, core, header->cores);
}

weft_status weft_spike_trace_check(const weft_spike_trace_header *header, const weft_tick *tick, uint64_t before,
                                   weft_error *err) {
    const uint32_t cores = (uint32_t)header->cores;
    if (tick->tick >= WEFT_SPIKE_TRACE_TICKS_MAX || (before != UINT64_MAX && tick->tick <= before))
        return weft_error_set(err, WEFT_E_INVALID, "tick %" PRIu64 " comes after tick %" PRIu64, tick->tick, before);
    WEFT_TRY(weft_tick_check(tick, err));
    if (tick->core_count && tick->cores[tick->core_count - 1].core >= cores)
        return lacks(header, tick, tick->cores[tick->core_count - 1].core, err);
    for (int64_t i = 0; i < tick->packet_count; i++) {
        const uint32_t target = tick->packets[i].target;
        if (target >= cores && target != WEFT_TICK_HOST) return lacks(header, tick, target, err);
    }
    return WEFT_OK;
}

/* ---- writing ---- */

struct weft_spike_recorder {
    weft_spike_trace_header header; /* without texts */
    FILE *stream;
    weft_output output; /* the stream's, where it is owned */
    weft_block_writer blocks;
    bool text, owned;
    uint64_t before; /* tick; UINT64_MAX: none yet */
};

static bool ends_with(const char *text, const char *end) {
    const size_t size = strlen(text), end_size = strlen(end);
    return size >= end_size && !strcmp(text + size - end_size, end);
}

static weft_status write_header(weft_spike_recorder *r, const weft_spike_trace_header *header, weft_error *err) {
    char magic[32], *text = weft_spike_trace_header_text(header);
    if (!text) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a trace's header");
    snprintf(magic, sizeof magic, "%s%d", WEFT_SPIKE_TRACE_NAME, WEFT_SPIKE_TRACE_VERSION);
    if (r->text)
        fprintf(r->stream, "# %s\nheader %s\n", magic, text);
    else
        weft_block_writer_begin(&r->blocks, magic, text);
    weft_spike_trace_header_free_text(text);
    return WEFT_OK;
}

static weft_status begin(weft_spike_recorder **out, weft_spike_recorder *r, FILE *stream,
                         const weft_spike_trace_header *header, weft_error *err) {
    r->stream = r->blocks.stream = stream;
    r->header = *header;
    r->before = UINT64_MAX;
    const weft_status status = write_header(r, header, err);
    if (status != WEFT_OK)
        weft_spike_recorder_destroy(r);
    else
        *out = r;
    return status;
}

static weft_status no_memory(weft_error *err) { return weft_error_set(err, WEFT_E_MEMORY, "no memory for a trace"); }

weft_status weft_spike_recorder_open(weft_spike_recorder **out, const char *path, const weft_spike_trace_header *header,
                                     weft_error *err) {
    *out = NULL;
    weft_spike_recorder *r = calloc(1, sizeof *r);
    if (!r) return no_memory(err);
    r->text = ends_with(path, ".txt");
    r->owned = true;
    const weft_status status = weft_output_open(&r->output, path, err);
    if (status == WEFT_OK) return begin(out, r, r->output.stream, header, err);
    free(r);
    return status;
}

weft_status weft_spike_recorder_print(weft_spike_recorder **out, FILE *stream, const weft_spike_trace_header *header,
                                      weft_error *err) {
    *out = NULL;
    weft_spike_recorder *r = calloc(1, sizeof *r);
    if (!r) return no_memory(err);
    r->text = true;
    return begin(out, r, stream, header, err);
}

static weft_status write_tick(weft_spike_recorder *r, const weft_tick *tick, weft_error *err) {
    const size_t size = weft_tick_encoded_max(tick);
    if (size > WEFT_BLOCK_RECORD_BYTES_MAX)
        return weft_error_set(err, WEFT_E_INVALID, "tick %" PRIu64 " has too many packets for a trace: %" PRId64,
                              tick->tick, tick->packet_count);
    uint8_t *to = weft_block_writer_room(&r->blocks, size);
    if (!to) return weft_error_set(err, WEFT_E_MEMORY, "no memory for tick %" PRIu64, tick->tick);
    return weft_block_writer_record(&r->blocks, weft_tick_encode(to, tick, r->before), err);
}

weft_status weft_spike_recorder_add(weft_spike_recorder *recorder, const weft_tick *tick, weft_error *err) {
    WEFT_TRY(weft_spike_trace_check(&recorder->header, tick, recorder->before, err));
    if (recorder->text)
        weft_tick_print(recorder->stream, tick);
    else
        WEFT_TRY(write_tick(recorder, tick, err));
    recorder->before = tick->tick;
    return WEFT_OK;
}

static weft_status add_to_recorder(void *state, const weft_tick *tick, weft_error *err) {
    return weft_spike_recorder_add(state, tick, err);
}

weft_tick_sink weft_spike_recorder_sink(weft_spike_recorder *recorder) {
    return (weft_tick_sink){add_to_recorder, recorder};
}

weft_status weft_spike_recorder_close(weft_spike_recorder *recorder, weft_error *err) {
    if (!recorder->text) WEFT_TRY(weft_block_writer_end(&recorder->blocks, err));
    return recorder->owned ? weft_output_commit(&recorder->output, err) : WEFT_OK;
}

void weft_spike_recorder_destroy(weft_spike_recorder *recorder) {
    if (!recorder) return;
    if (recorder->owned) weft_output_abort(&recorder->output);
    weft_block_writer_free(&recorder->blocks);
    free(recorder);
}
