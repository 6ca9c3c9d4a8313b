#include "sim/trace/times.h"

#include <stdlib.h>

weft_status weft_times_create(weft_times *out, const weft_trace *trace, weft_error *err) {
    const size_t count = (size_t)weft_trace_count(trace);
    *out = (weft_times){.count = count};
    out->start = calloc(count + 1, sizeof *out->start);
    out->free = calloc(count + 1, sizeof *out->free);
    out->finish = calloc(count + 1, sizeof *out->finish);
    if (out->start && out->free && out->finish) return WEFT_OK;
    weft_times_destroy(out);
    return weft_error_set(err, WEFT_E_MEMORY, "no memory for the times of %zu records", count);
}

void weft_times_destroy(weft_times *times) {
    free(times->start);
    free(times->free);
    free(times->finish);
    *times = (weft_times){0};
}

void weft_times_operation(void *state, const weft_trace_record *record, uint64_t start, uint64_t free,
                          uint64_t finish) {
    weft_times *times = state;
    times->start[record->number] = start;
    times->free[record->number] = free;
    times->finish[record->number] = finish;
}

void weft_times_packet(void *state, const weft_trace_record *record, uint64_t start, uint64_t finish) {
    weft_times_operation(state, record, start, start, finish);
}

/* ---- what was recorded ---- */

/* Of the recorded run. */
typedef struct span {
    uint64_t first_input, last_result, first, last;
    bool programs;
} span;

static void widen(span *s, const weft_trace_record *r, const weft_trace_header *h, uint64_t start, uint64_t finish) {
    const int kind = r->is_packet ? r->packet.kind : -1;
    if (start != WEFT_TRACE_NONE && start < s->first) s->first = start;
    if (finish != WEFT_TRACE_NONE && finish > s->last) s->last = finish;
    if (!r->is_packet) s->programs |= h->servers[r->operation.server].kind == WEFT_SERVER_PROGRAM;
    if (kind == WEFT_PACKET_INPUT && r->packet.image == 0 && start < s->first_input) s->first_input = start;
    if (kind == WEFT_PACKET_RESULT && finish != WEFT_TRACE_NONE && finish > s->last_result) s->last_result = finish;
}

static uint64_t span_cycles(const span *s) {
    if (s->last_result) {
        const bool whole = s->programs || s->first_input == UINT64_MAX;
        return s->last_result - (whole ? 0 : s->first_input);
    }
    return s->last > s->first ? s->last - s->first : 0;
}

static void compare(weft_times_match *m, const weft_trace_record *r, weft_trace_moment moment, uint64_t was,
                    uint64_t is) {
    if (was == WEFT_TRACE_NONE || was == is || !m->same) return;
    *m = (weft_times_match){m->recorded, 0, false, r->number, r->is_packet, moment, was, is};
}

weft_status weft_times_compare(weft_times_match *out, const weft_trace *trace, const weft_times *times,
                               weft_error *err) {
    weft_trace_cursor *cursor = NULL;
    weft_trace_record r;
    span s = {.first_input = UINT64_MAX, .first = UINT64_MAX};
    *out = (weft_times_match){.same = true};
    WEFT_TRY(weft_trace_cursor_create(&cursor, trace, err));
    while (weft_trace_next(cursor, &r)) {
        const uint64_t start = r.is_packet ? r.packet.start : r.operation.start;
        const uint64_t finish = r.is_packet ? r.packet.finish : r.operation.finish;
        out->recorded += finish != WEFT_TRACE_NONE;
        compare(out, &r, WEFT_TRACE_START, start, times->start[r.number]);
        compare(out, &r, WEFT_TRACE_FINISH, finish, times->finish[r.number]);
        widen(&s, &r, weft_trace_header_of(trace), start, finish);
    }
    weft_trace_cursor_destroy(cursor);
    out->cycles = out->recorded ? span_cycles(&s) : 0;
    return WEFT_OK;
}
