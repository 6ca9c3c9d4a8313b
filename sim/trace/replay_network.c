/* The packets of a replay: through the network on chip, or past it. */
#include <inttypes.h>
#include <stdlib.h>

#include "sim/noc/noc_bounds.h"
#include "sim/noc/noc_chip.h"
#include "sim/trace/replay_internal.h"

weft_status weft_replay_network_open(weft_replay *r, weft_error *err) {
    WEFT_TRY(weft_noc_config_of_chip(&r->config, r->chip, r->chip->core_count + 1, err));
    WEFT_TRY(weft_noc_create(&r->noc, &r->config, err));
    r->stall_limit = r->options->stall_limit ? r->options->stall_limit : weft_noc_stall_limit(r->noc);
    return WEFT_OK;
}

/* ---- zero load ---- */

static size_t hash(int source, int target, int flits) {
    uint64_t key = (uint64_t)(uint32_t)source << 32 ^ (uint64_t)(uint32_t)target << 12 ^ (uint64_t)(uint32_t)flits;
    key *= 0x9e3779b97f4a7c15U;
    return (size_t)(key >> 20);
}

static replay_latency *find(const replay_latencies *l, int source, int target, int flits) {
    for (size_t i = hash(source, target, flits);; i++) {
        replay_latency *item = &l->items[i & (l->room - 1)];
        if (!item->flits || (item->source == source && item->target == target && item->flits == flits)) return item;
    }
}

static weft_status grow(replay_latencies *l, weft_error *err) {
    replay_latencies larger = {.count = l->count, .room = l->room ? 2 * l->room : 1024};
    if (2 * l->count < l->room) return WEFT_OK;
    larger.items = calloc(larger.room, sizeof *larger.items);
    if (!larger.items) return weft_error_set(err, WEFT_E_MEMORY, "no memory for %zu latencies", larger.room);
    for (size_t i = 0; i < l->room; i++) {
        const replay_latency *from = &l->items[i];
        if (from->flits) *find(&larger, from->source, from->target, from->flits) = *from;
    }
    free(l->items);
    *l = larger;
    return WEFT_OK;
}

weft_status weft_replay_zero_load(weft_replay *r, int source, int target, int flits, uint64_t *cycles,
                                  weft_error *err) {
    WEFT_TRY(grow(&r->latencies, err));
    replay_latency *item = find(&r->latencies, source, target, flits);
    if (!item->flits) {
        uint64_t latency = 0;
        WEFT_TRY(weft_noc_zero_load(&latency, &r->config, source, target, flits, err));
        *item = (replay_latency){source, target, flits, latency};
        r->latencies.count++;
    }
    *cycles = item->cycles;
    return WEFT_OK;
}

/* ---- packets ---- */

static weft_status inject(weft_replay *r, uint32_t record, weft_error *err) {
    const replay_node *node = &r->node[record];
    const int *targets;
    int one;
    const int source = (int)node->place, flits = replay_flits(node), count = replay_targets(r, node, &one, &targets);
    r->waits[record] = (uint32_t)count;
    if (count > 1 && r->config.multicast && flits <= r->config.buffer_flits)
        return weft_noc_inject_multicast(r->noc, source, targets, count, flits, record, err);
    for (int i = 0; i < count; i++) WEFT_TRY(weft_noc_inject(r->noc, source, targets[i], flits, record, err));
    return WEFT_OK;
}

/* Arrives at the last target after the longest zero-load latency. */
static weft_status pass_by(weft_replay *r, uint32_t record, weft_error *err) {
    const replay_node *node = &r->node[record];
    const int *targets;
    int one;
    const int flits = replay_flits(node), count = replay_targets(r, node, &one, &targets);
    uint64_t longest = 0, latency = 0;
    for (int i = 0; i < count; i++) {
        WEFT_TRY(weft_replay_zero_load(r, (int)node->place, targets[i], flits, &latency, err));
        if (latency > longest) longest = latency;
        r->latency_sum += latency;
        r->flit_hops +=
            (uint64_t)flits * (uint64_t)(weft_noc_path_routers(&r->config, (int)node->place, targets[i]) - 1);
    }
    if (longest > r->latency_max) r->latency_max = longest;
    r->packets += (uint64_t)count;
    r->flits += (uint64_t)count * (uint64_t)flits;
    return weft_replay_calendar_add(&r->calendar, r->now, r->now + longest, record << 1 | WEFT_TRACE_FINISH, err);
}

static int by_number(const void *a, const void *b) {
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Few, and mostly in order. */
static void sort_outbox(weft_replay *r) {
    uint32_t *box = r->outbox;
    if (r->outbox_count > 64) {
        qsort(box, r->outbox_count, sizeof *box, by_number);
        return;
    }
    for (size_t i = 1; i < r->outbox_count; i++) {
        const uint32_t record = box[i];
        size_t at = i;
        for (; at && box[at - 1] > record; at--) box[at] = box[at - 1];
        box[at] = record;
    }
}

weft_status weft_replay_network_send(weft_replay *r, weft_error *err) {
    const bool past = r->options->without.network;
    if (!past && weft_noc_idle(r->noc)) weft_noc_skip(r->noc, r->now - weft_noc_cycle(r->noc));
    sort_outbox(r);
    for (size_t i = 0; i < r->outbox_count; i++) {
        const uint32_t record = r->outbox[i];
        r->start[record] = r->now;
        WEFT_TRY(past ? pass_by(r, record, err) : inject(r, record, err));
    }
    r->begun += r->outbox_count;
    r->outbox_count = 0;
    return WEFT_OK;
}

static weft_status report_stall(weft_replay *r, weft_error *err) {
    char text[700];
    const weft_noc_statistics s = weft_noc_statistics_get(r->noc);
    const bool found = weft_noc_find_deadlock(r->noc, text, sizeof text);
    return weft_error_set(err, WEFT_E_INTERNAL,
                          "replay: no flit has moved for %" PRIu64 " cycles up to cycle %" PRIu64 ", %" PRIu64
                          " packets are inside the network%s%s",
                          r->stall_limit, r->now, s.packets_injected - s.packets_delivered, found ? "; " : "",
                          found ? text : "");
}

weft_status weft_replay_network_step(weft_replay *r, weft_error *err) {
    const weft_noc_delivery *delivery = NULL;
    const int count = weft_noc_step(r->noc, &delivery);
    if (r->options->observer.step) r->options->observer.step(r->options->observer.state, r->noc);
    for (int i = 0; i < count; i++) {
        const uint32_t record = (uint32_t)delivery[i].tag;
        if (--r->waits[record] == 0) weft_replay_arrived(r, record);
    }
    return weft_noc_stalled_cycles(r->noc) > r->stall_limit ? report_stall(r, err) : WEFT_OK;
}
