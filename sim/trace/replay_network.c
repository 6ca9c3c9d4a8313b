/* The packets of a replay: through the network on chip, or past it. */
#include <inttypes.h>
#include <stdlib.h>

#include "core/tree.h"
#include "sim/noc/noc_bounds.h"
#include "sim/noc/noc_chip.h"
#include "sim/trace/replay_internal.h"
#include "sim/trace/trace_internal.h"

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
                                  uint64_t *injection, weft_error *err) {
    WEFT_TRY(grow(&r->latencies, err));
    replay_latency *item = find(&r->latencies, source, target, flits);
    if (!item->flits) {
        uint64_t latency = 0, port = 0;
        WEFT_TRY(weft_noc_zero_load(&latency, &r->config, source, target, flits, err));
        WEFT_TRY(weft_noc_injection_cycles(&port, &r->config, source, target, flits, err));
        *item = (replay_latency){source, target, flits, latency, port};
        r->latencies.count++;
    }
    *cycles = item->cycles;
    if (injection) *injection = item->injection;
    return WEFT_OK;
}

/* ---- packets ---- */

/* Records that are handed over with one that is joined to none, itself too. */
static uint32_t group_size(const weft_replay *r, uint32_t record) {
    uint32_t size = 1;
    while (record + size < r->count && replay_is_joined(r, record + size)) size++;
    return size;
}

weft_status weft_replay_targets(weft_replay *r, uint32_t record, const int **targets, int *count, weft_error *err) {
    const replay_node *node = &r->node[record];
    const uint32_t size = group_size(r, record);
    int one;
    int *group = weft_trace_grow(r->group, &r->group_room, size, sizeof *group);
    if (!group) return weft_error_set(err, WEFT_E_MEMORY, "no memory for a packet to %" PRIu32 " terminals", size);
    r->group = group;
    *count = replay_targets(r, node, &one, targets);
    if (*count > 1) return WEFT_OK;
    for (uint32_t i = 0; i < size; i++) group[i] = (int)(uint32_t)node[i].work;
    *targets = group;
    *count = (int)size;
    return WEFT_OK;
}

static weft_status inject(weft_replay *r, uint32_t record, const int *targets, int count, weft_error *err) {
    const int source = (int)r->node[record].place, flits = replay_flits(&r->node[record]);
    if (replay_is_tree(r, count, flits))
        return weft_noc_inject_multicast(r->noc, source, targets, count, flits, record, err);
    for (int i = 0; i < count; i++) WEFT_TRY(weft_noc_inject(r->noc, source, targets[i], flits, record, err));
    return WEFT_OK;
}

static int links_of(const weft_replay *r, int source, const int *targets, int count, int flits) {
    int links = 0;
    if (replay_is_tree(r, count, flits)) {
        weft_tree tree;
        weft_tree_make(&tree, r->chip, source, targets, count);
        return weft_tree_links(&tree);
    }
    for (int i = 0; i < count; i++) links += weft_noc_path_routers(&r->config, source, targets[i]) - 1;
    return links;
}

/* Arrives at the last target after the longest zero-load latency; where packets are joined, each after its own. */
static weft_status pass_by(weft_replay *r, uint32_t record, const int *targets, int count, weft_error *err) {
    const replay_node *node = &r->node[record];
    const int source = (int)node->place, flits = replay_flits(node);
    const bool joined = !(node->next & REPLAY_SEVERAL);
    uint64_t longest = 0, latency = 0;
    for (int i = 0; i < count; i++) {
        WEFT_TRY(weft_replay_zero_load(r, source, targets[i], flits, &latency, NULL, err));
        if (latency > longest) longest = latency;
        r->latency_sum += latency;
        if (!joined && i + 1 < count) continue;
        WEFT_TRY(weft_replay_calendar_add(&r->calendar, r->now, r->now + (joined ? latency : longest),
                                          (record + (joined ? (uint32_t)i : 0)) << 1 | WEFT_TRACE_FINISH, err));
    }
    if (longest > r->latency_max) r->latency_max = longest;
    r->flit_hops += (uint64_t)flits * (uint64_t)links_of(r, source, targets, count, flits);
    r->packets += (uint64_t)count;
    r->flits += (uint64_t)count * (uint64_t)flits;
    return WEFT_OK;
}

/* Records begun. */
static weft_status hand_over(weft_replay *r, uint32_t record, uint32_t *records, weft_error *err) {
    const int *targets;
    int count;
    *records = group_size(r, record);
    for (uint32_t i = record; i < record + *records; i++) {
        r->start[i] = r->now;
        r->waits[i] = 1;
    }
    WEFT_TRY(weft_replay_targets(r, record, &targets, &count, err));
    if (r->node[record].next & REPLAY_SEVERAL) r->waits[record] = (uint32_t)count;
    const int flits = replay_flits(&r->node[record]);
    r->flits_in += (uint64_t)flits * (replay_is_tree(r, count, flits) ? 1 : (uint64_t)count);
    return r->options->without.network ? pass_by(r, record, targets, count, err)
                                       : inject(r, record, targets, count, err);
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
        uint32_t records;
        WEFT_TRY(hand_over(r, r->outbox[i], &records, err));
        r->begun += records;
    }
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

/* Of a packet that was handed over as that record: the one that ends at the terminal, itself or one joined to it. */
static uint32_t record_at(const weft_replay *r, uint32_t record, int target) {
    if (!(r->node[record].next & REPLAY_SEVERAL))
        while ((uint32_t)r->node[record].work != (uint32_t)target) record++;
    return record;
}

weft_status weft_replay_network_step(weft_replay *r, weft_error *err) {
    const weft_noc_delivery *delivery = NULL;
    const int count = weft_noc_step(r->noc, &delivery);
    if (r->options->observer.step) r->options->observer.step(r->options->observer.state, r->noc);
    for (int i = 0; i < count; i++) {
        const uint32_t record = record_at(r, (uint32_t)delivery[i].tag, delivery[i].target);
        if (--r->waits[record] == 0) weft_replay_arrived(r, record);
    }
    return weft_noc_stalled_cycles(r->noc) > r->stall_limit ? report_stall(r, err) : WEFT_OK;
}
