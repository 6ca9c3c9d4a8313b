/* Traces in memory: life, records appended and walked through. */
#include "sim/trace/trace.h"

#include <stdlib.h>
#include <string.h>

#include "core/packet_list.h"
#include "sim/trace/trace_internal.h"

/* ---- header ---- */

#define FAIL(...) return weft_error_set(err, WEFT_E_INVALID, "trace: " __VA_ARGS__)

static weft_status check_server(const weft_trace_server *server, int number, int terminals, weft_error *err) {
    if (server->kind < 0 || server->kind >= WEFT_SERVER_KINDS)
        FAIL("server %d is of kind %d, of which there are %d", number, server->kind, WEFT_SERVER_KINDS);
    if (server->terminal < 0 || server->terminal >= terminals)
        FAIL("server %d sits at terminal %d of %d", number, server->terminal, terminals);
    if (server->part < -1 || server->stage < -1 || server->copy < -1)
        FAIL("server %d has part %d, stage %d, copy %d; none is -1", number, server->part, server->stage, server->copy);
    if (server->units < 1) FAIL("server %d has %d units", number, server->units);
    return WEFT_OK;
}

static weft_status check_header(const weft_trace_header *h, weft_error *err) {
    const int most = WEFT_TRACE_TERMINALS_MAX;
    if (h->terminals < 1 || h->terminals > most) FAIL("%d terminals, 1 to %d are allowed", h->terminals, most);
    if (h->host < -1 || h->host >= h->terminals) FAIL("the host is terminal %d of %d", h->host, h->terminals);
    if (h->mesh[0] < 0 || h->mesh[1] < 0 || h->concentration < 0)
        FAIL("a mesh of %d x %d with %d cores a router", h->mesh[0], h->mesh[1], h->concentration);
    if (h->server_count < 0 || h->server_count > most) FAIL("%d servers, 0 to %d are allowed", h->server_count, most);
    if (h->stage_count < 0 || h->stage_count > most) FAIL("%d stages, 0 to %d are allowed", h->stage_count, most);
    if (h->images > WEFT_TRACE_IMAGES_MAX) FAIL("more than %d images", WEFT_TRACE_IMAGES_MAX);
    if (!(h->cycle_ns >= 0 && h->cycle_ns <= 1e9)) FAIL("a cycle of %g ns", h->cycle_ns);
    for (int i = 0; i < h->server_count; i++) WEFT_TRY(check_server(&h->servers[i], i, h->terminals, err));
    return WEFT_OK;
}

static const char *copy_text(weft_arena *arena, const char *text, bool *failed) {
    if (!text) return NULL;
    const char *copy = weft_arena_strdup(arena, text);
    if (!copy) *failed = true;
    return copy;
}

/* All that the header points at, into the arena. */
static bool copy_header(weft_trace *trace, const weft_trace_header *from) {
    weft_trace_header *to = &trace->header;
    bool failed = false;
    *to = *from;
    to->chip = copy_text(trace->arena, from->chip, &failed);
    to->network = copy_text(trace->arena, from->network, &failed);
    to->mapping = copy_text(trace->arena, from->mapping, &failed);
    const size_t servers = (size_t)from->server_count, stages = (size_t)from->stage_count;
    weft_trace_server *list = weft_arena_alloc(trace->arena, (servers + 1) * sizeof *list);
    const char **names = weft_arena_alloc(trace->arena, (stages + 1) * sizeof *names);
    if (!list || !names) return false;
    if (servers) memcpy(list, from->servers, servers * sizeof *list);
    for (size_t s = 0; s < stages; s++) names[s] = copy_text(trace->arena, from->stages[s], &failed);
    to->servers = list;
    to->stages = names;
    return !failed;
}

weft_status weft_trace_create(weft_trace **out, const weft_trace_header *header, weft_error *err) {
    *out = NULL;
    WEFT_TRY(check_header(header, err));
    weft_trace *trace = calloc(1, sizeof *trace);
    if (!trace) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a trace");
    trace->state = (trace_state){.stage = -1, .image = -1};
    trace->arena = weft_arena_create();
    if (trace->arena && copy_header(trace, header)) {
        *out = trace;
        return WEFT_OK;
    }
    weft_trace_destroy(trace);
    return weft_error_set(err, WEFT_E_MEMORY, "no memory for a trace");
}

void weft_trace_destroy(weft_trace *trace) {
    if (!trace) return;
    weft_arena_destroy(trace->arena);
    free(trace->bytes);
    free(trace->finish);
    free(trace->packet);
    free(trace);
}

const weft_trace_header *weft_trace_header_of(const weft_trace *trace) { return &trace->header; }
uint64_t weft_trace_count(const weft_trace *trace) { return trace->count; }

void weft_trace_set_finish(weft_trace *trace, uint64_t number, uint64_t finish) { trace->finish[number] = finish; }

/* ---- appending ---- */

static bool is_packet(const weft_trace *trace, uint64_t number) {
    return trace->packet[number / 64] >> number % 64 & 1;
}

static weft_status check_after(const weft_trace *trace, const uint64_t *after, int count, weft_error *err) {
    for (int i = 0; i < count; i++) {
        const uint64_t number = after[i] >> 1;
        if (number >= trace->count)
            FAIL("record %llu waits for record %llu, which does not come before it", (unsigned long long)trace->count,
                 (unsigned long long)number);
        if (!(after[i] & WEFT_TRACE_FINISH) && is_packet(trace, number))
            FAIL("record %llu waits for the start of packet %llu; packets are waited for at their end",
                 (unsigned long long)trace->count, (unsigned long long)number);
    }
    return WEFT_OK;
}

static weft_status check_place(const weft_trace *trace, int stage, int64_t image, weft_error *err) {
    const weft_trace_header *h = &trace->header;
    if (stage < -1 || stage >= h->stage_count)
        FAIL("record %llu is of stage %d, there are %d", (unsigned long long)trace->count, stage, h->stage_count);
    if (image < -1 || (image >= 0 && (uint64_t)image >= h->images))
        FAIL("record %llu is of image %lld, there are %llu", (unsigned long long)trace->count, (long long)image,
             (unsigned long long)h->images);
    return WEFT_OK;
}

static weft_status check_times(const weft_trace *trace, uint64_t earliest, uint64_t start, uint64_t finish,
                               weft_error *err) {
    const uint64_t most = WEFT_TRACE_TIME_MAX;
    if (earliest > most || (start != WEFT_TRACE_NONE && start > most) || (finish != WEFT_TRACE_NONE && finish > most))
        FAIL("record %llu has a cycle above 2^48", (unsigned long long)trace->count);
    if (start != WEFT_TRACE_NONE && finish != WEFT_TRACE_NONE && finish < start)
        FAIL("record %llu finishes in cycle %llu and starts in cycle %llu", (unsigned long long)trace->count,
             (unsigned long long)finish, (unsigned long long)start);
    return WEFT_OK;
}

static weft_status check_operation(const weft_trace *trace, const weft_trace_operation *o, weft_error *err) {
    if (o->server < 0 || o->server >= trace->header.server_count)
        FAIL("operation %llu is of server %d, there are %d", (unsigned long long)trace->count, o->server,
             trace->header.server_count);
    if (o->amount > WEFT_TRACE_AMOUNT_MAX)
        FAIL("operation %llu has an amount above 2^40", (unsigned long long)trace->count);
    WEFT_TRY(check_place(trace, o->stage, o->image, err));
    WEFT_TRY(check_times(trace, o->earliest, o->start, o->finish, err));
    return check_after(trace, o->after, o->after_count, err);
}

static weft_status check_targets(const weft_trace *trace, const weft_trace_packet *p, weft_error *err) {
    const int terminals = trace->header.terminals;
    if (p->source < 0 || p->source >= terminals)
        FAIL("packet %llu leaves terminal %d of %d", (unsigned long long)trace->count, p->source, terminals);
    if (p->target_count < 1) FAIL("packet %llu goes nowhere", (unsigned long long)trace->count);
    for (int i = 0; i < p->target_count; i++) {
        if (p->targets[i] < 0 || p->targets[i] >= terminals)
            FAIL("packet %llu goes to terminal %d of %d", (unsigned long long)trace->count, p->targets[i], terminals);
        if (i && p->targets[i] <= p->targets[i - 1])
            FAIL("targets of packet %llu do not ascend", (unsigned long long)trace->count);
    }
    return WEFT_OK;
}

static weft_status check_packet(const weft_trace *trace, const weft_trace_packet *p, weft_error *err) {
    if (p->kind < -1 || p->kind > WEFT_PACKET_RESULT)
        FAIL("packet %llu is of kind %d, -1 to %d are known", (unsigned long long)trace->count, p->kind,
             WEFT_PACKET_RESULT);
    const int least = p->kind < 0, most = p->kind < 0 ? (int)WEFT_PACKET_FLITS_MAX : (int)WEFT_TRACE_VALUES_MAX;
    if (p->values < least || p->values > most)
        FAIL("packet %llu has %d %s, %d to %d are allowed", (unsigned long long)trace->count, p->values,
             p->kind < 0 ? "flits" : "values", least, most);
    WEFT_TRY(check_targets(trace, p, err));
    WEFT_TRY(check_place(trace, p->stage, p->image, err));
    WEFT_TRY(check_times(trace, p->earliest, p->start, p->finish, err));
    return check_after(trace, p->after, p->after_count, err);
}

static weft_status check_joined(const weft_trace *trace, const weft_trace_packet *p, weft_error *err) {
    const trace_state *s = &trace->state;
    const bool alike = s->joinable && s->source == p->source && s->kind == p->kind && s->values == p->values &&
                       s->stage == p->stage && s->image == p->image;
    if (!alike || p->target_count != 1 || p->targets[0] <= s->target)
        FAIL("packet %llu is joined to a record that is no packet like it to a terminal ahead of its own",
             (unsigned long long)trace->count);
    if (p->after_count || p->earliest)
        FAIL("packet %llu is joined to the one before and waits for something", (unsigned long long)trace->count);
    return WEFT_OK;
}

/* Room for one more record of at most `bytes` bytes. */
static weft_status reserve(weft_trace *trace, size_t bytes, weft_error *err) {
    if (trace->size + bytes > trace->capacity) {
        const size_t capacity = 2 * (trace->size + bytes) + 4096;
        uint8_t *grown = realloc(trace->bytes, capacity);
        if (!grown) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a trace of %zu bytes", capacity);
        trace->bytes = grown;
        trace->capacity = capacity;
    }
    if (trace->count < trace->count_capacity) return WEFT_OK;
    const size_t capacity = trace->count_capacity ? 2 * trace->count_capacity : 1024;
    uint64_t *finish = realloc(trace->finish, capacity * sizeof *finish);
    if (finish) trace->finish = finish;
    uint64_t *packet = realloc(trace->packet, capacity / 64 * sizeof *packet);
    if (packet) trace->packet = packet;
    if (!finish || !packet) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu records", capacity);
    memset(packet + trace->count_capacity / 64, 0, (capacity - trace->count_capacity) / 64 * sizeof *packet);
    trace->count_capacity = capacity;
    return WEFT_OK;
}

static weft_status append(weft_trace *trace, weft_trace_record *record, int after_count, int target_count,
                          uint64_t finish, uint64_t *number, weft_error *err) {
    WEFT_TRY(reserve(trace, weft_trace_encoded_max(after_count, target_count), err));
    record->number = trace->count;
    const uint8_t *end = weft_trace_encode(trace->bytes + trace->size, &trace->state, record);
    trace->size = (size_t)(end - trace->bytes);
    trace->finish[trace->count] = finish;
    trace->packet[trace->count / 64] |= (uint64_t)record->is_packet << trace->count % 64;
    if (after_count > trace->after_max) trace->after_max = after_count;
    if (target_count > trace->target_max) trace->target_max = target_count;
    if (number) *number = trace->count;
    trace->count++;
    return WEFT_OK;
}

weft_status weft_trace_add_operation(weft_trace *trace, const weft_trace_operation *operation, uint64_t *number,
                                     weft_error *err) {
    weft_trace_record record = {.is_packet = false, .operation = *operation};
    WEFT_TRY(check_operation(trace, operation, err));
    return append(trace, &record, operation->after_count, 0, operation->finish, number, err);
}

weft_status weft_trace_add_packet(weft_trace *trace, const weft_trace_packet *packet, uint64_t *number,
                                  weft_error *err) {
    weft_trace_record record = {.is_packet = true, .packet = *packet};
    WEFT_TRY(check_packet(trace, packet, err));
    if (packet->joined) WEFT_TRY(check_joined(trace, packet, err));
    trace->joined = trace->joined || packet->joined;
    return append(trace, &record, packet->after_count, packet->target_count, packet->finish, number, err);
}

/* ---- walking ---- */

struct weft_trace_cursor {
    const weft_trace *trace;
    trace_decoder decoder;
};

weft_status weft_trace_cursor_create(weft_trace_cursor **out, const weft_trace *trace, weft_error *err) {
    weft_trace_cursor *cursor = *out = calloc(1, sizeof *cursor);
    if (!cursor) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a trace's cursor");
    trace_decoder *d = &cursor->decoder;
    cursor->trace = trace;
    *d = (trace_decoder){.at = trace->bytes, .end = trace->bytes + trace->size, .state = {.stage = -1, .image = -1}};
    d->after_room = (size_t)trace->after_max + 1;
    d->target_room = (size_t)trace->target_max + 1;
    d->after = malloc(d->after_room * sizeof *d->after);
    d->targets = malloc(d->target_room * sizeof *d->targets);
    if (d->after && d->targets) return WEFT_OK;
    weft_trace_cursor_destroy(cursor);
    *out = NULL;
    return weft_error_set(err, WEFT_E_MEMORY, "no memory for a trace's cursor");
}

void weft_trace_cursor_destroy(weft_trace_cursor *cursor) {
    if (!cursor) return;
    weft_trace_decoder_free(&cursor->decoder);
    free(cursor);
}

bool weft_trace_next(weft_trace_cursor *cursor, weft_trace_record *record) {
    bool memory;
    if (!weft_trace_decode(&cursor->decoder, record, &memory)) return false;
    const uint64_t finish = cursor->trace->finish[record->number];
    if (record->is_packet)
        record->packet.finish = finish;
    else
        record->operation.finish = finish;
    return true;
}
