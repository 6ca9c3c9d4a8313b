/* Spikes as packets of one flit. */
#include <inttypes.h>
#include <stdlib.h>

#include "core/file.h"
#include "core/lines.h"
#include "sim/trace/trace_internal.h"

/* A line of the table. */
typedef struct neuron {
    int64_t number;
    int core, line;
    size_t first, count; /* of its targets */
} neuron;
typedef struct neuron_table {
    neuron *items;
    int *targets;
    size_t count, room, target_count, target_room;
    int terminals;
} neuron_table;

static weft_status no_memory(size_t count, weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu entries", count);
}

static int by_value(const void *a, const void *b) {
    const int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

static weft_status read_targets(neuron_table *t, weft_lines *lines, neuron *n, weft_error *err) {
    if (!weft_lines_next_word(lines)) return weft_lines_word_error(lines, err, "target cores are missing");
    const char *at = lines->word, *end = at + lines->length;
    for (n->first = t->target_count;; at++) {
        int64_t core;
        WEFT_TRY(weft_lines_list_number(lines, &at, &core, WEFT_TRACE_TERMINALS_MAX - 1, "target cores", err));
        int *targets = weft_trace_grow(t->targets, &t->target_room, t->target_count, sizeof *targets);
        if (!targets) return no_memory(t->target_count, err);
        t->targets = targets;
        t->targets[t->target_count++] = (int)core;
        if (core >= t->terminals) t->terminals = (int)core + 1;
        if (at == end) break;
        if (*at != ',') return weft_lines_word_error(lines, err, "'%c' inside a list of numbers", *at);
    }
    int *const list = t->targets + n->first;
    qsort(list, t->target_count - n->first, sizeof *list, by_value);
    for (size_t i = n->first; i < t->target_count; i++)
        if (!n->count || list[n->count - 1] != t->targets[i]) list[n->count++] = t->targets[i];
    t->target_count = n->first + n->count;
    return weft_lines_end_line(lines, err);
}

static weft_status read_neuron(neuron_table *t, weft_lines *lines, weft_error *err) {
    neuron n = {.line = lines->number};
    int64_t core;
    WEFT_TRY(weft_lines_next_number(lines, &n.number, 0, INT64_MAX, "neuron", err));
    WEFT_TRY(weft_lines_next_number(lines, &core, 0, WEFT_TRACE_TERMINALS_MAX - 1, "source core", err));
    n.core = (int)core;
    if (n.core >= t->terminals) t->terminals = n.core + 1;
    WEFT_TRY(read_targets(t, lines, &n, err));
    neuron *items = weft_trace_grow(t->items, &t->room, t->count, sizeof *items);
    if (!items) return no_memory(t->count, err);
    t->items = items;
    t->items[t->count++] = n;
    return WEFT_OK;
}

static int by_neuron(const void *a, const void *b) {
    const neuron *x = a, *y = b;
    if (x->number != y->number) return x->number < y->number ? -1 : 1;
    return (x->line > y->line) - (x->line < y->line);
}

static weft_status read_neurons(neuron_table *t, const char *path, weft_error *err) {
    char *data = NULL;
    size_t size = 0;
    WEFT_TRY(weft_file_read_gz(&data, &size, path, (size_t)1 << 34, err));
    weft_lines lines = weft_lines_begin(path, data, size);
    weft_status status = WEFT_OK;
    while (status == WEFT_OK && weft_lines_next_line(&lines)) status = read_neuron(t, &lines, err);
    free(data);
    if (status != WEFT_OK) return status;
    if (!t->count) return weft_error_set_at(err, WEFT_E_PARSE, path, 0, 0, "has no neurons");
    qsort(t->items, t->count, sizeof *t->items, by_neuron);
    for (size_t i = 1; i < t->count; i++)
        if (t->items[i].number == t->items[i - 1].number)
            return weft_error_set_at(err, WEFT_E_PARSE, path, t->items[i].line, 1,
                                     "neuron %" PRId64 " is in line %d already", t->items[i].number,
                                     t->items[i - 1].line);
    return WEFT_OK;
}

/* A spike: when, and whose (an index into the table). */
typedef struct spike {
    uint64_t tick, order;
    size_t neuron;
} spike;

static int by_tick(const void *a, const void *b) {
    const spike *x = a, *y = b;
    if (x->tick != y->tick) return x->tick < y->tick ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

static weft_status read_spike(spike *out, const neuron_table *t, weft_lines *lines, int64_t last_tick,
                              weft_error *err) {
    int64_t tick;
    neuron key = {0};
    WEFT_TRY(weft_lines_next_number(lines, &tick, 0, last_tick, "tick", err));
    WEFT_TRY(weft_lines_next_number(lines, &key.number, 0, INT64_MAX, "neuron", err));
    size_t low = 0, high = t->count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (t->items[middle].number < key.number)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == t->count || t->items[low].number != key.number)
        return weft_lines_word_error(lines, err, "neuron %" PRId64 " is not in the table of neurons", key.number);
    out->tick = (uint64_t)tick;
    out->neuron = low;
    return weft_lines_end_line(lines, err);
}

static weft_status read_spikes(spike **out, size_t *count, const neuron_table *t, const char *path, int64_t last_tick,
                               weft_error *err) {
    char *data = NULL;
    size_t size = 0, room = 0;
    WEFT_TRY(weft_file_read_gz(&data, &size, path, (size_t)1 << 34, err));
    weft_lines lines = weft_lines_begin(path, data, size);
    weft_status status = WEFT_OK;
    while (status == WEFT_OK && weft_lines_next_line(&lines)) {
        spike s = {.order = *count};
        status = read_spike(&s, t, &lines, last_tick, err);
        if (status != WEFT_OK) break;
        spike *grown = weft_trace_grow(*out, &room, *count, sizeof *grown);
        if (grown)
            (*out = grown)[(*count)++] = s;
        else
            status = no_memory(*count, err);
    }
    free(data);
    if (status == WEFT_OK && !*count)
        status = weft_error_set_at(err, WEFT_E_PARSE, path, 0, 0, "has no spikes: lines `tick neuron` are expected");
    if (*count) qsort(*out, *count, sizeof **out, by_tick);
    return status;
}

static weft_status add_spike(weft_trace *trace, const neuron_table *t, const spike *s, uint64_t tick_cycles,
                             weft_error *err) {
    const neuron *n = &t->items[s->neuron];
    const weft_trace_packet packet = {.source = n->core,
                                      .targets = t->targets + n->first,
                                      .target_count = (int)n->count,
                                      .kind = -1,
                                      .values = 1,
                                      .stage = -1,
                                      .image = -1,
                                      .earliest = s->tick * tick_cycles,
                                      .start = WEFT_TRACE_NONE,
                                      .finish = WEFT_TRACE_NONE};
    return weft_trace_add_packet(trace, &packet, NULL, err);
}

weft_status weft_trace_import_spikes(weft_trace **out, const char *spikes, const char *neurons, uint64_t tick_cycles,
                                     weft_error *err) {
    neuron_table table = {0};
    spike *list = NULL;
    size_t count = 0;
    weft_status status;
    *out = NULL;
    if (!tick_cycles || tick_cycles > WEFT_TRACE_TIME_MAX)
        return weft_error_set(err, WEFT_E_INVALID, "a tick of %" PRIu64 " cycles; 1 to 2^48 are allowed", tick_cycles);
    WEFT_TRY_GOTO(read_neurons(&table, neurons, err));
    WEFT_TRY_GOTO(read_spikes(&list, &count, &table, spikes, (int64_t)(WEFT_TRACE_TIME_MAX / tick_cycles), err));
    WEFT_TRY_GOTO(weft_trace_create(out, &(weft_trace_header){.terminals = table.terminals, .host = -1}, err));
    for (size_t i = 0; i < count; i++) WEFT_TRY_GOTO(add_spike(*out, &table, &list[i], tick_cycles, err));
cleanup:
    free(table.items);
    free(table.targets);
    free(list);
    if (status != WEFT_OK) {
        weft_trace_destroy(*out);
        *out = NULL;
    }
    return status;
}
