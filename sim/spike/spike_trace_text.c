/* A tick as lines of words. docs/trace.md has the grammar. */
#include <inttypes.h>
#include <string.h>

#include "sim/spike/spike_trace_internal.h"

/* ---- writing ---- */

static void print_terminal(FILE *stream, uint32_t terminal) {
    if (terminal == WEFT_TICK_HOST)
        fputs("host", stream);
    else
        fprintf(stream, "%" PRIu32, terminal);
}

void weft_tick_print(FILE *stream, const weft_tick *tick) {
    fprintf(stream, "tick %" PRIu64 "\n", tick->tick);
    for (int i = 0; i < tick->core_count; i++) {
        const weft_tick_core *c = &tick->cores[i];
        fprintf(stream, "core %" PRIu32 " synaptic %" PRIu32 " active %" PRIu32 " inactive %" PRIu32 "\n", c->core,
                c->synaptic_events, c->updates_active, c->updates_inactive);
    }
    for (int64_t i = 0; i < tick->packet_count; i++) {
        const weft_tick_packet *p = &tick->packets[i];
        const bool joined = i && p[-1].source == p->source && p[-1].order == p->order;
        if (!joined) {
            fputs(i ? "\nspike " : "spike ", stream);
            print_terminal(stream, p->source);
            fprintf(stream, " order %" PRIu32 " to ", p->order);
        } else {
            fputc(',', stream);
        }
        print_terminal(stream, p->target);
    }
    if (tick->packet_count) fputc('\n', stream);
}

/* ---- reading ---- */

static weft_status no_memory(weft_error *err) { return weft_error_set(err, WEFT_E_MEMORY, "no memory for a tick"); }

static weft_status read_count(weft_lines *l, uint32_t *out, const char *what, weft_error *err) {
    int64_t value = 0;
    WEFT_TRY(weft_lines_next_number(l, &value, 0, UINT32_MAX, what, err));
    *out = (uint32_t)value;
    return WEFT_OK;
}

/* The next word must be `key`, then a number. */
static weft_status read_keyed(weft_lines *l, const char *key, uint32_t *out, weft_error *err) {
    if (!weft_lines_next_word(l) || !weft_lines_word_is(l, key))
        return weft_lines_word_error(l, err, "'%s' and a number are expected here", key);
    return read_count(l, out, key, err);
}

static weft_status read_core(weft_lines *l, weft_tick_buffer *buffer, weft_error *err) {
    weft_tick_core core;
    int64_t number = 0;
    WEFT_TRY(weft_lines_next_number(l, &number, 0, WEFT_TICK_CORES_MAX - 1, "core", err));
    core.core = (uint32_t)number;
    WEFT_TRY(read_keyed(l, "synaptic", &core.synaptic_events, err));
    WEFT_TRY(read_keyed(l, "active", &core.updates_active, err));
    WEFT_TRY(read_keyed(l, "inactive", &core.updates_inactive, err));
    WEFT_TRY(weft_lines_end_line(l, err));
    return weft_tick_buffer_add_core(buffer, &core) ? WEFT_OK : no_memory(err);
}

/* "host" or a core, of the list in the present word. */
static weft_status read_terminal(weft_lines *l, const char **at, uint32_t *out, const char *what, weft_error *err) {
    const size_t left = (size_t)(l->word + l->length - *at);
    int64_t number = 0;
    if (left >= 4 && !memcmp(*at, "host", 4)) {
        *at += 4;
        *out = WEFT_TICK_HOST;
        return WEFT_OK;
    }
    WEFT_TRY(weft_lines_list_number(l, at, &number, WEFT_TICK_CORES_MAX - 1, what, err));
    *out = (uint32_t)number;
    return WEFT_OK;
}

static weft_status read_spike(weft_lines *l, weft_tick_buffer *buffer, weft_error *err) {
    weft_tick_packet packet;
    const char *at, *end;
    if (!weft_lines_next_word(l)) return weft_lines_word_error(l, err, "a spike needs its core, or 'host'");
    at = l->word;
    WEFT_TRY(read_terminal(l, &at, &packet.source, "core", err));
    if (at != l->word + l->length) return weft_lines_word_error(l, err, "a spike has one core, or 'host'");
    WEFT_TRY(read_keyed(l, "order", &packet.order, err));
    if (!weft_lines_next_word(l) || !weft_lines_word_is(l, "to") || !weft_lines_next_word(l))
        return weft_lines_word_error(l, err, "'to' and a list of cores are expected here");
    at = l->word;
    end = l->word + l->length;
    for (;; at++) {
        WEFT_TRY(read_terminal(l, &at, &packet.target, "to", err));
        if (!weft_tick_buffer_add_packet(buffer, &packet)) return no_memory(err);
        if (at == end) return weft_lines_end_line(l, err);
        if (*at != ',') return weft_lines_word_error(l, err, "'%c' inside a list of cores", *at);
    }
}

static weft_status read_tick_line(weft_lines *l, uint64_t *tick, weft_error *err) {
    int64_t number = 0;
    if (!weft_lines_next_word(l) || !weft_lines_word_is(l, "tick"))
        return weft_lines_word_error(l, err, "a line 'tick NUMBER' is expected here");
    WEFT_TRY(weft_lines_next_number(l, &number, 0, (int64_t)WEFT_SPIKE_TRACE_TICKS_MAX - 1, "tick", err));
    *tick = (uint64_t)number;
    return weft_lines_end_line(l, err);
}

weft_status weft_tick_read_text(weft_tick *out, weft_tick_buffer *buffer, weft_lines *lines, bool *more,
                                weft_error *err) {
    uint64_t tick = 0;
    weft_tick_buffer_clear(buffer);
    WEFT_TRY(read_tick_line(lines, &tick, err));
    while ((*more = weft_lines_next_line(lines))) {
        const weft_lines begin = *lines;
        weft_lines_next_word(lines);
        if (weft_lines_word_is(lines, "core") && !buffer->packet_count) {
            WEFT_TRY(read_core(lines, buffer, err));
        } else if (weft_lines_word_is(lines, "spike")) {
            WEFT_TRY(read_spike(lines, buffer, err));
        } else if (weft_lines_word_is(lines, "tick")) {
            *lines = begin;
            break;
        } else {
            return weft_lines_word_error(lines, err,
                                         "'tick', 'core' (ahead of the tick's spikes) or 'spike' is expected");
        }
    }
    *out = weft_tick_buffer_tick(buffer, tick);
    return WEFT_OK;
}
