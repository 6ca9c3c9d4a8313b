/* One tick: the cores in closed form, then the network from one cycle with flits to the next. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "core/tree.h"
#include "sim/noc/noc_bounds.h"
#include "sim/spike/timing_internal.h"

#define CYCLES_MAX 0x1p48 /* of a core's work */

/* ---- cores ---- */

/* The small number keeps 80 ns / 13.33.. ns from becoming 7. */
uint64_t weft_timing_cycles(const timing_costs *costs, double ns) {
    const double cycles = ns / costs->cycle_ns;
    return (uint64_t)ceil(cycles - fmax(1e-9, cycles * 1e-14));
}

static double updates_ns(const timing_costs *costs, const weft_tick_core *core) {
    return core->updates_active * costs->active_ns + core->updates_inactive * costs->inactive_ns;
}

static weft_status time_cores(weft_tick_time *out, const timing_worker *w, const weft_tick *tick, weft_error *err) {
    int64_t tiles = 0;
    int last = -1;
    double longest = 0;
    for (int i = 0; i < tick->core_count; i++) {
        const weft_tick_core *core = &tick->cores[i];
        const int router = weft_chip_router(w->chip, (int)core->core);
        tiles += router != last;
        last = router;
        longest = fmax(longest, core->synaptic_events * w->costs->synaptic_ns + updates_ns(w->costs, core));
    }
    if (longest / w->costs->cycle_ns > CYCLES_MAX)
        return weft_error_set(err, WEFT_E_INVALID, "tick %" PRIu64 ": a core works %g cycles, above %g", tick->tick,
                              longest / w->costs->cycle_ns, CYCLES_MAX);
    out->cores_cycles = weft_timing_cycles(w->costs, longest);
    out->barrier_cycles = weft_timing_cycles(w->costs, weft_chip_barrier_ns(w->chip, tiles ? tiles : 1));
    return WEFT_OK;
}

static uint64_t handover_of_host(const timing_costs *costs, uint32_t order) {
    const uint64_t bits = ((uint64_t)order + 1) * costs->packet_bits;
    return (bits + costs->host_bits_per_cycle - 1) / costs->host_bits_per_cycle;
}

static uint64_t handover_of_core(const timing_costs *costs, const weft_tick_core *core, uint32_t order) {
    const double updates = (double)core->updates_active + core->updates_inactive;
    const double done = ((double)order + 1) / updates;
    return weft_timing_cycles(costs, core->synaptic_events * costs->synaptic_ns + done * updates_ns(costs, core) +
                                         costs->packet_ns);
}

static int by_cycle(const void *a, const void *b) {
    const timing_handover *x = a, *y = b;
    if (x->cycle != y->cycle) return x->cycle < y->cycle ? -1 : 1;
    return (x->packet > y->packet) - (x->packet < y->packet);
}

/* In the order in which they are handed over. */
static void plan_handovers(timing_worker *w, const weft_tick *tick) {
    const weft_tick_core *core = tick->cores;
    bool sorted = true;
    for (int64_t i = 0; i < tick->packet_count; i++) {
        const weft_tick_packet *p = &tick->packets[i];
        if (p->source != WEFT_TICK_HOST)
            while (core->core != p->source) core++;
        const uint64_t cycle = p->source == WEFT_TICK_HOST ? handover_of_host(w->costs, p->order)
                                                           : handover_of_core(w->costs, core, p->order);
        w->handovers[i] = (timing_handover){cycle, (uint32_t)i};
        sorted &= !i || w->handovers[i - 1].cycle <= cycle;
    }
    if (!sorted) qsort(w->handovers, (size_t)tick->packet_count, sizeof *w->handovers, by_cycle);
}

/* ---- network ---- */

static int terminal_of(const weft_chip *chip, uint32_t core) {
    return core == WEFT_TICK_HOST ? chip->host_terminal : (int)core;
}

static weft_status send_one(weft_tick_time *out, timing_worker *w, int source, int target, weft_error *err) {
    out->hops += (uint64_t)weft_noc_path_routers(w->config, source, target) - 1;
    return weft_noc_inject(w->noc, source, target, w->costs->flits, 0, err);
}

/* `count` packets of one spike, their targets ascending. */
static weft_status send_tree(weft_tick_time *out, timing_worker *w, const weft_tick_packet *packets, int64_t count,
                             weft_error *err) {
    const int source = terminal_of(w->chip, packets[0].source);
    int targets = 0;
    for (int64_t i = 0; i < count; i++) {
        const int target = terminal_of(w->chip, packets[i].target);
        if (targets && w->targets[targets - 1] == target)
            WEFT_TRY(send_one(out, w, source, target, err));
        else
            w->targets[targets++] = target;
    }
    weft_tree tree;
    weft_tree_make(&tree, w->chip, source, w->targets, targets);
    out->hops += (uint64_t)weft_tree_links(&tree);
    return weft_noc_inject_multicast(w->noc, source, w->targets, targets, w->costs->flits, 0, err);
}

/* The packets of the spike that packet `first` of [end] begins. */
static int64_t spike_length(const weft_tick_packet *packets, int64_t first, int64_t end) {
    int64_t i = first + 1;
    while (i < end && packets[i].source == packets[first].source && packets[i].order == packets[first].order) i++;
    return i - first;
}

/* Of handover number `at`; *sent: packets. */
static weft_status hand_over(weft_tick_time *out, timing_worker *w, const weft_tick *tick, int64_t at, int64_t *sent,
                             weft_error *err) {
    const int64_t first = w->handovers[at].packet;
    const weft_tick_packet *p = &tick->packets[first];
    *sent = w->costs->trees ? spike_length(tick->packets, first, tick->packet_count) : 1;
    if (*sent > 1) return send_tree(out, w, p, *sent, err);
    return send_one(out, w, terminal_of(w->chip, p->source), terminal_of(w->chip, p->target), err);
}

static void count_deliveries(weft_tick_time *out, const weft_noc_delivery *delivery, int count) {
    for (int i = 0; i < count; i++) {
        const uint64_t latency = delivery[i].delivered - delivery[i].created;
        out->latency_sum += latency;
        if (latency > out->latency_max) out->latency_max = latency;
        out->network_cycles = delivery[i].delivered;
    }
    out->packets += (uint64_t)count;
}

static weft_status stalled(const timing_worker *w, const weft_tick *tick, weft_error *err) {
    char text[700];
    const bool found = weft_noc_find_deadlock(w->noc, text, sizeof text);
    return weft_error_set(
        err, WEFT_E_INTERNAL, "tick %" PRIu64 ": no flit has moved for %" PRIu64 " cycles up to cycle %" PRIu64 "%s%s",
        tick->tick, weft_noc_stalled_cycles(w->noc), weft_noc_cycle(w->noc), found ? "; " : "", found ? text : "");
}

static weft_status time_network(weft_tick_time *out, timing_worker *w, const weft_tick *tick, weft_error *err) {
    const weft_noc_delivery *delivery = NULL;
    const uint64_t stall_limit = weft_noc_stall_limit(w->noc);
    int64_t next = 0, sent;
    while (next < tick->packet_count || !weft_noc_idle(w->noc)) {
        if (weft_noc_idle(w->noc)) weft_noc_skip(w->noc, w->handovers[next].cycle - weft_noc_cycle(w->noc));
        const uint64_t now = weft_noc_cycle(w->noc);
        for (; next < tick->packet_count && w->handovers[next].cycle == now; next += sent)
            WEFT_TRY(hand_over(out, w, tick, next, &sent, err));
        const int count = weft_noc_step(w->noc, &delivery);
        count_deliveries(out, delivery, count);
        if (weft_noc_stalled_cycles(w->noc) > stall_limit) return stalled(w, tick, err);
    }
    weft_noc_rewind(w->noc);
    return WEFT_OK;
}

/* ---- all ---- */

static weft_status make_room(timing_worker *w, size_t count, weft_error *err) {
    if (count <= w->room) return WEFT_OK;
    free(w->handovers);
    free(w->targets);
    w->room = 0;
    w->handovers = malloc(2 * count * sizeof *w->handovers);
    w->targets = malloc(2 * count * sizeof *w->targets);
    if (!w->handovers || !w->targets)
        return weft_error_set(err, WEFT_E_MEMORY, "no memory for a tick of %zu packets", count);
    w->room = 2 * count;
    return WEFT_OK;
}

weft_status weft_timing_tick(weft_tick_time *out, timing_worker *worker, const weft_tick *tick, weft_error *err) {
    *out = (weft_tick_time){.tick = tick->tick};
    WEFT_TRY(time_cores(out, worker, tick, err));
    if (tick->packet_count) {
        WEFT_TRY(make_room(worker, (size_t)tick->packet_count, err));
        plan_handovers(worker, tick);
        WEFT_TRY(time_network(out, worker, tick, err));
    }
    const uint64_t busy = out->cores_cycles > out->network_cycles ? out->cores_cycles : out->network_cycles;
    out->cycles = busy + out->barrier_cycles;
    return WEFT_OK;
}
