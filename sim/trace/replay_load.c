/* Unfolds a trace for a chip. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim/trace/replay_internal.h"
#include "sim/trace/trace_internal.h"

static const int64_t FLIT_BITS_MAX = (int64_t)1 << 30;

/* ---- terminals ---- */

int weft_replay_terminal(const weft_replay *r, int terminal) {
    const int host = weft_trace_header_of(r->trace)->host, cores = r->chip->core_count;
    if (terminal == host) return r->chip->host_terminal;
    return terminal < cores || (host < 0 && terminal == cores) ? terminal : -1;
}

static weft_status missing_core(const weft_replay *r, int terminal, weft_error *err) {
    const weft_trace_header *h = weft_trace_header_of(r->trace);
    return weft_error_set(err, WEFT_E_INVALID,
                          "the trace%s%.200s needs core %d; chip '%.200s' has the cores 0 to %d (%" PRId64 " x %" PRId64
                          " routers with %" PRId64 " each)",
                          h->chip ? " of chip " : "", h->chip ? h->chip : "", terminal, r->chip->name,
                          r->chip->core_count - 1, r->chip->noc.mesh[0], r->chip->noc.mesh[1],
                          r->chip->noc.concentration);
}

/* ---- arrays that grow ---- */

typedef struct lists {
    uint32_t *moments;           /* waited for, of all records one after another */
    size_t count, room, counted; /* counted: those that stand in replay.first */
    size_t target_count, target_room, timed_room;
    bool sorted; /* the timed ones */
} lists;

static weft_status no_memory(const weft_replay *r, weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "no memory to replay %" PRIu64 " records", weft_trace_count(r->trace));
}

/* Records are many more than a cache holds, but it is known long before which of them will be asked for. */
enum { AHEAD = 32 };

static void count_moments(weft_replay *r, lists *l, size_t end) {
    for (; l->counted < end; l->counted++) r->first[l->moments[l->counted] + 1]++;
}

/* Arrays and digital units make room when they begin; what they make is there when they have finished. */
static bool is_room(const weft_replay *r, uint64_t moment) {
    const uint32_t record = (uint32_t)(moment >> 1);
    if ((moment & 1) != WEFT_TRACE_START || replay_is_packet(r, record)) return false;
    const int kind = weft_trace_header_of(r->trace)->servers[r->node[record].place].kind;
    return kind == WEFT_SERVER_ARRAYS || kind == WEFT_SERVER_DIGITAL;
}

static weft_status add_moments(weft_replay *r, lists *l, uint32_t record, const uint64_t *after, int count,
                               weft_error *err) {
    for (int i = 0; i < count; i++) {
        if (r->options->without.buffers && is_room(r, after[i])) continue;
        uint32_t *moments = weft_trace_grow(l->moments, &l->room, l->count, sizeof *moments);
        if (!moments) return no_memory(r, err);
        l->moments = moments;
        moments[l->count++] = (uint32_t)after[i];
        __builtin_prefetch(&r->first[after[i] + 1], 1);
        r->waits[record]++;
    }
    if (l->count > AHEAD) count_moments(r, l, l->count - AHEAD);
    if (l->count > UINT32_MAX / 2) return weft_error_set(err, WEFT_E_UNSUPPORTED, "more than 2^31 dependencies");
    return WEFT_OK;
}

static weft_status add_earliest(weft_replay *r, lists *l, uint32_t record, uint64_t earliest, weft_error *err) {
    if (!earliest) return WEFT_OK;
    replay_timed *timed = weft_trace_grow(r->timed, &l->timed_room, r->timed_count, sizeof *timed);
    if (!timed) return no_memory(r, err);
    r->timed = timed;
    if (r->timed_count && timed[r->timed_count - 1].cycle > earliest) l->sorted = false;
    timed[r->timed_count++] = (replay_timed){earliest, record};
    r->waits[record]++;
    return WEFT_OK;
}

/* ---- records ---- */

int64_t weft_replay_value_bits(const weft_chip *chip, int kind) {
    if (kind == WEFT_PACKET_INPUT || kind == WEFT_PACKET_ACTIVATION) return chip->input.bits;
    return kind < 0 ? 0 : chip->io.partial_bits;
}

static weft_status flits_of(int *flits, const weft_replay *r, const weft_trace_record *record, weft_error *err) {
    const weft_trace_packet *p = &record->packet;
    const int64_t bits = weft_replay_value_bits(r->chip, p->kind);
    *flits = p->values;
    if (p->kind < 0) return WEFT_OK;
    if ((int64_t)p->values * bits > FLIT_BITS_MAX)
        return weft_error_set(err, WEFT_E_INVALID,
                              "packet %" PRIu64 " of the trace has %d values of %" PRId64 " bits, more than 2^30 bits",
                              record->number, p->values, bits);
    *flits = weft_chip_flits(r->chip, p->values, bits);
    return WEFT_OK;
}

static weft_status add_targets(weft_replay *r, lists *l, const weft_trace_packet *p, replay_node *node,
                               weft_error *err) {
    const size_t count = (size_t)p->target_count, at = l->target_count;
    if (count == 1) {
        const int target = weft_replay_terminal(r, p->targets[0]);
        node->work |= (uint32_t)target;
        return target < 0 ? missing_core(r, p->targets[0], err) : WEFT_OK;
    }
    int *targets = weft_trace_grow(r->targets, &l->target_room, at + count, sizeof *targets);
    if (!targets) return no_memory(r, err);
    r->targets = targets;
    targets[at] = p->target_count;
    for (size_t i = 0; i < count; i++) {
        targets[at + 1 + i] = weft_replay_terminal(r, p->targets[i]);
        if (targets[at + 1 + i] < 0) return missing_core(r, p->targets[i], err);
    }
    node->work |= (uint32_t)at;
    l->target_count = at + 1 + count;
    if (l->target_count > UINT32_MAX / 2) return weft_error_set(err, WEFT_E_UNSUPPORTED, "more than 2^31 targets");
    return WEFT_OK;
}

static weft_status add_packet(weft_replay *r, lists *l, const weft_trace_record *record, weft_error *err) {
    const weft_trace_packet *p = &record->packet;
    const uint32_t number = (uint32_t)record->number;
    replay_node *node = &r->node[number];
    const int source = weft_replay_terminal(r, p->source);
    int flits = 0;
    if (source < 0) return missing_core(r, p->source, err);
    WEFT_TRY(flits_of(&flits, r, record, err));
    *node = (replay_node){.place = (uint32_t)source};
    node->next = (p->kind == WEFT_PACKET_RESULT ? REPLAY_RESULT : 0U) | (p->target_count > 1 ? REPLAY_SEVERAL : 0U) |
                 (p->joined ? REPLAY_JOINED : 0U);
    node->work = (uint64_t)flits << 32;
    r->packet[number >> 6] |= (uint64_t)1 << (number & 63);
    r->results += p->kind == WEFT_PACKET_RESULT;
    WEFT_TRY(add_targets(r, l, p, node, err));
    WEFT_TRY(add_earliest(r, l, number, p->earliest, err));
    return add_moments(r, l, number, p->after, p->after_count, err);
}

static weft_status add_operation(weft_replay *r, lists *l, const weft_trace_record *record, weft_error *err) {
    const weft_trace_operation *o = &record->operation;
    const uint32_t number = (uint32_t)record->number;
    replay_server *server = &r->server[o->server];
    r->node[number] = (replay_node){.place = (uint32_t)o->server, .next = REPLAY_NONE, .work = o->amount};
    if (server->last == REPLAY_NONE)
        server->head = number;
    else
        r->node[server->last].next = number;
    server->last = number;
    WEFT_TRY(add_earliest(r, l, number, o->earliest, err));
    return add_moments(r, l, number, o->after, o->after_count, err);
}

static weft_status add_records(weft_replay *r, lists *l, weft_error *err) {
    weft_trace_cursor *cursor = NULL;
    weft_trace_record record;
    weft_status status = weft_trace_cursor_create(&cursor, r->trace, err);
    while (status == WEFT_OK && weft_trace_next(cursor, &record))
        status = record.is_packet ? add_packet(r, l, &record, err) : add_operation(r, l, &record, err);
    weft_trace_cursor_destroy(cursor);
    return status;
}

/* ---- what follows from all of them ---- */

/* first[m + 1] holds how many wait for m; the records' moments lie one after another. */
static weft_status sort_dependents(weft_replay *r, const lists *l, weft_error *err) {
    const size_t moments = 2 * (size_t)r->count;
    const uint32_t *moment = l->moments;
    r->dependent = malloc((l->count + 1) * sizeof *r->dependent);
    if (!r->dependent) return no_memory(r, err);
    for (size_t m = 0; m < moments; m++) r->first[m + 1] += r->first[m];
    /* Filled from behind, so that first[m + 1] ends as the beginning of m's, and everything moves by one place. */
    for (size_t m = l->count, record = r->count; record-- > 0;) {
        const bool timed = r->waits[record] && r->start[record]; /* see mark_timed */
        for (uint32_t i = r->waits[record] - timed; i > 0; i--) {
            if (m > 2 * AHEAD) __builtin_prefetch(&r->first[moment[m - 2 * AHEAD] + 1], 1);
            if (m > AHEAD) __builtin_prefetch(&r->dependent[r->first[moment[m - AHEAD] + 1]], 1);
            r->dependent[--r->first[moment[--m] + 1]] = (uint32_t)record;
        }
    }
    memmove(r->first, r->first + 1, moments * sizeof *r->first);
    r->first[moments] = (uint32_t)l->count;
    return WEFT_OK;
}

/* start is not in use yet: it tells whose waits count an earliest cycle. */
static void mark_timed(weft_replay *r, uint64_t value) {
    for (size_t i = 0; i < r->timed_count; i++) r->start[r->timed[i].record] = value;
}

static int by_cycle(const void *a, const void *b) {
    const replay_timed *x = a, *y = b;
    if (x->cycle != y->cycle) return x->cycle < y->cycle ? -1 : 1;
    return (x->record > y->record) - (x->record < y->record);
}

static weft_status create_servers(weft_replay *r, weft_error *err) {
    const weft_trace_header *h = weft_trace_header_of(r->trace);
    const weft_replay_without *w = &r->options->without;
    r->server = calloc((size_t)h->server_count + 1, sizeof *r->server);
    if (!r->server) return no_memory(r, err);
    for (int s = 0; s < h->server_count; s++) {
        const weft_trace_server *from = &h->servers[s];
        replay_server *to = &r->server[s];
        if (weft_replay_terminal(r, from->terminal) < 0) return missing_core(r, from->terminal, err);
        weft_server_reset(&to->server, (weft_server_kind)from->kind);
        to->head = to->last = REPLAY_NONE;
        to->instant = from->kind == w->server_kind && (w->stage < 0 || from->stage == w->stage);
    }
    return WEFT_OK;
}

static weft_status create_arrays(weft_replay *r, weft_error *err) {
    const uint64_t count = weft_trace_count(r->trace);
    if (count >= REPLAY_NONE / 2)
        return weft_error_set(err, WEFT_E_UNSUPPORTED,
                              "%" PRIu64 " records are more than the 2^31 that can be replayed", count);
    r->count = (uint32_t)count;
    r->node = malloc((count + 1) * sizeof *r->node);
    r->waits = calloc(count + 1, sizeof *r->waits);
    r->packet = calloc(count / 64 + 1, sizeof *r->packet);
    r->first = calloc(2 * count + 2, sizeof *r->first);
    r->start = calloc(count + 1, sizeof *r->start);
    r->finish = malloc((count + 1) * sizeof *r->finish);
    r->calendar.next = malloc((2 * count + 1) * sizeof *r->calendar.next);
    r->stack = malloc((2 * count + 1) * sizeof *r->stack);
    if (r->options->observer.operation) r->free = malloc((count + 1) * sizeof *r->free);
    const bool good = r->node && r->waits && r->packet && r->first && r->start && r->finish && r->calendar.next &&
                      r->stack && (r->free || !r->options->observer.operation);
    return good ? WEFT_OK : no_memory(r, err);
}

weft_status weft_replay_load(weft_replay *r, weft_error *err) {
    lists l = {.sorted = true};
    weft_status status;
    WEFT_TRY_GOTO(create_arrays(r, err));
    WEFT_TRY_GOTO(create_servers(r, err));
    WEFT_TRY_GOTO(add_records(r, &l, err));
    count_moments(r, &l, l.count);
    mark_timed(r, 1);
    WEFT_TRY_GOTO(sort_dependents(r, &l, err));
    mark_timed(r, 0);
    if (!l.sorted) qsort(r->timed, r->timed_count, sizeof *r->timed, by_cycle);
cleanup:
    free(l.moments);
    return status;
}
