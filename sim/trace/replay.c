/* Time goes from event to event; cycle by cycle while the network holds flits. In a cycle: packets arrive, operations
 * end, whatever was waiting for that begins, until nothing more does; then packets are handed over. */
#include "sim/trace/replay.h"

#include <inttypes.h>
#include <stdlib.h>

#include "sim/trace/replay_internal.h"
#include "sim/trace/trace_internal.h"

/* ---- operations ---- */

static weft_service serve(const weft_replay *r, replay_server *server, uint64_t amount) {
    if (!server->instant) return weft_server_serve(&server->server, r->chip, amount, r->now);
    weft_server other;
    weft_server_reset(&other, (weft_server_kind)server->server.kind);
    weft_service s = weft_server_serve(&other, r->chip, amount, 0);
    const uint64_t latency = other.kind == WEFT_SERVER_IO ? 0 : s.finish - s.free;
    return (weft_service){r->now, r->now, r->now + latency};
}

/* The moment has come. */
static void push_moment(weft_replay *r, uint32_t moment) {
    for (uint32_t i = r->first[moment]; i < r->first[moment + 1]; i++)
        __builtin_prefetch(&r->waits[r->dependent[i]], 1);
    r->stack[r->stack_count++] = moment;
}

static weft_status add_moment(weft_replay *r, uint32_t moment, uint64_t cycle, weft_error *err) {
    if (r->first[moment] == r->first[moment + 1]) return WEFT_OK; /* nobody waits */
    __builtin_prefetch(&r->dependent[r->first[moment]]);
    if (cycle > r->now) return weft_replay_calendar_add(&r->calendar, r->now, cycle, moment, err);
    push_moment(r, moment);
    return WEFT_OK;
}

static weft_status begin_operation(weft_replay *r, replay_server *server, uint32_t record, weft_error *err) {
    const uint64_t amount = r->node[record].work;
    const weft_service s = serve(r, server, amount);
    if (s.finish > REPLAY_TIME_MAX)
        return weft_error_set(err, WEFT_E_INVALID, "operation %" PRIu32 " of the trace ends after cycle 2^62", record);
    r->start[record] = s.start;
    r->finish[record] = s.finish;
    if (r->free) r->free[record] = s.free;
    if (r->end == UINT64_MAX) {
        server->sum += s.free - s.start;
        server->until = s.free;
    }
    server->count += amount;
    r->begun++;
    WEFT_TRY(add_moment(r, record << 1 | WEFT_TRACE_START, s.start, err));
    return add_moment(r, record << 1 | WEFT_TRACE_FINISH, s.finish, err);
}

/* Everything that the record waited for is there. */
static weft_status make_ready(weft_replay *r, uint32_t record, weft_error *err) {
    if (replay_is_packet(r, record)) {
        uint32_t *outbox = weft_trace_grow(r->outbox, &r->outbox_room, r->outbox_count, sizeof *outbox);
        if (!outbox) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu packets", r->outbox_count);
        r->outbox = outbox;
        outbox[r->outbox_count++] = record;
        return WEFT_OK;
    }
    replay_server *server = &r->server[r->node[record].place];
    if (server->head != record) return WEFT_OK;
    for (; server->head != REPLAY_NONE && !r->waits[server->head]; server->head = r->node[server->head].next)
        WEFT_TRY(begin_operation(r, server, server->head, err));
    return WEFT_OK;
}

/* ---- moments ---- */

static weft_status release(weft_replay *r, uint32_t record, weft_error *err) {
    const uint32_t left = --r->waits[record];
    if (left == 1) __builtin_prefetch(&r->node[record]);
    return left ? WEFT_OK : make_ready(r, record, err);
}

/* Tells those who wait for moments that have come, and so on. */
static weft_status settle(weft_replay *r, weft_error *err) {
    while (r->stack_count) {
        const uint32_t moment = r->stack[--r->stack_count];
        for (uint32_t i = r->first[moment]; i < r->first[moment + 1]; i++) WEFT_TRY(release(r, r->dependent[i], err));
    }
    return WEFT_OK;
}

void weft_replay_arrived(weft_replay *r, uint32_t record) {
    r->finish[record] = r->now;
    r->done++;
    if (r->results && replay_is_result(r, record) && --r->results == 0) r->end = r->now;
    push_moment(r, record << 1 | WEFT_TRACE_FINISH);
}

static bool network_busy(const weft_replay *r) { return r->noc && !weft_noc_idle(r->noc); }

static uint64_t next_cycle(const weft_replay *r) {
    if (network_busy(r)) return r->now + 1;
    const uint64_t next = weft_replay_calendar_next(&r->calendar, r->now);
    const uint64_t timed = r->timed_at < r->timed_count ? r->timed[r->timed_at].cycle : UINT64_MAX;
    return next < timed ? next : timed;
}

static weft_status take_events(weft_replay *r, weft_error *err) {
    for (; r->timed_at < r->timed_count && r->timed[r->timed_at].cycle == r->now; r->timed_at++)
        WEFT_TRY(release(r, r->timed[r->timed_at].record, err));
    for (uint32_t moment; (moment = weft_replay_calendar_take(&r->calendar, r->now)) != REPLAY_NONE;) {
        if (replay_is_packet(r, moment >> 1))
            weft_replay_arrived(r, moment >> 1);
        else
            push_moment(r, moment);
    }
    return WEFT_OK;
}

/* ---- the run ---- */

static weft_status begin_all(weft_replay *r, weft_error *err) {
    for (uint32_t i = 0; i < r->count; i++)
        if (!r->waits[i] && !replay_is_joined(r, i) &&
            (replay_is_packet(r, i) || r->server[r->node[i].place].head == i))
            WEFT_TRY(make_ready(r, i, err));
    return WEFT_OK;
}

static weft_status check_interrupt(const weft_replay *r, uint64_t round, weft_error *err) {
    const weft_replay_options *o = r->options;
    if (o->stop && *o->stop) return weft_error_set(err, WEFT_E_INTERRUPTED, "interrupted");
    if (o->progress && round % 65536 == 0) o->progress(o->progress_state, r->begun, r->count);
    return WEFT_OK;
}

static weft_status run(weft_replay *r, weft_error *err) {
    WEFT_TRY(begin_all(r, err));
    for (uint64_t round = 0;; round++) {
        WEFT_TRY(settle(r, err));
        if (r->outbox_count) WEFT_TRY(weft_replay_network_send(r, err));
        const uint64_t next = next_cycle(r);
        if (next == UINT64_MAX) break;
        const bool step = network_busy(r);
        r->now = next;
        if (step) WEFT_TRY(weft_replay_network_step(r, err));
        WEFT_TRY(take_events(r, err));
        WEFT_TRY(check_interrupt(r, round, err));
    }
    if (r->begun == r->count) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INTERNAL, "replay: %" PRIu64 " of %" PRIu32 " records never began",
                          r->count - r->begun, r->count);
}

static void release_all(weft_replay *r) {
    void *const arrays[] = {r->waits, r->node,   r->packet,        r->first,         r->dependent,      r->targets,
                            r->group, r->timed,  r->server,        r->calendar.next, r->stack,          r->outbox,
                            r->start, r->finish, r->calendar.late, r->free,          r->latencies.items};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) free(arrays[i]);
    weft_noc_destroy(r->noc);
    free((int *)r->config.terminal_router);
    free(r);
}

weft_status weft_replay_run(weft_timing **out, const weft_trace *trace, const weft_chip *chip,
                            const weft_replay_options *options, weft_error *err) {
    weft_status status;
    *out = NULL;
    weft_replay *r = calloc(1, sizeof *r);
    if (!r) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a replay");
    r->trace = trace, r->chip = chip, r->options = options;
    r->end = UINT64_MAX;
    WEFT_TRY_GOTO(weft_replay_load(r, err));
    WEFT_TRY_GOTO(weft_replay_network_open(r, err));
    WEFT_TRY_GOTO(run(r, err));
    WEFT_TRY_GOTO(weft_replay_count(out, r, err));
cleanup:
    release_all(r);
    return status;
}
