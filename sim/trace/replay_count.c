/* Counts up what a replay did: one walk through the trace with the times that were found. */
#include <stdlib.h>

#include "core/tree.h"
#include "sim/noc/noc_bounds.h"
#include "sim/trace/replay_internal.h"

typedef struct counter {
    weft_replay *replay;
    weft_timing *timing;
    uint64_t first, last; /* cycles: of the first start, of the last finish */
    bool programs;        /* the trace writes cells */
    uint64_t loading;     /* record whose end the present part's writing waits for; UINT64_MAX: none */
    uint64_t loading_end;
    uint64_t *injected; /* [terminals] flits that entered the network */
} counter;

/* ---- packets ---- */

static void count_links(const counter *c, int stage, int source, int targets, int links, int flits, uint64_t bits,
                        uint64_t cycle) {
    weft_event_counts sent = {{0}};
    sent.n[WEFT_EVENT_ROUTER_FLIT] = (uint64_t)flits * (uint64_t)(links + targets);
    sent.n[WEFT_EVENT_LINK_FLIT] = (uint64_t)flits * (uint64_t)links;
    sent.n[WEFT_EVENT_IO_BIT] = bits;
    weft_timing_count(c->timing, stage, source, cycle, &sent);
}

/* A packet, or a tree, at its source's port. */
static weft_status count_injection(counter *c, int source, int target, int flits, weft_error *err) {
    uint64_t latency, cycles;
    if (c->replay->options->without.network) return WEFT_OK; /* its ports hold nobody up */
    WEFT_TRY(weft_replay_zero_load(c->replay, source, target, flits, &latency, &cycles, err));
    c->injected[source] += (uint64_t)flits;
    c->timing->cores[source].injection_busy_cycles += cycles;
    return WEFT_OK;
}

static weft_status count_paths(counter *c, uint32_t record, int stage, uint64_t bits, weft_error *err) {
    weft_replay *r = c->replay;
    const weft_chip *chip = r->chip;
    const int source = (int)r->node[record].place, flits = replay_flits(&r->node[record]);
    const uint64_t cycle = r->start[record];
    const int *targets;
    int count;
    WEFT_TRY(weft_replay_targets(r, record, &targets, &count, err));
    bool hosted = source == chip->host_terminal;
    if (replay_is_tree(r, count, flits)) {
        weft_tree tree;
        weft_tree_make(&tree, chip, source, targets, count);
        for (int i = 0; i < count; i++) hosted = hosted || targets[i] == chip->host_terminal;
        count_links(c, stage, source, count, weft_tree_links(&tree), flits, hosted ? bits : 0, cycle);
        return count_injection(c, source, targets[0], flits, err);
    }
    for (int i = 0; i < count; i++) {
        WEFT_TRY(count_injection(c, source, targets[i], flits, err));
        count_links(c, stage, source, 1, weft_chip_hops(chip, source, targets[i]), flits,
                    hosted || targets[i] == chip->host_terminal ? bits : 0, cycle);
    }
    return WEFT_OK;
}

static void count_storage(const counter *c, const weft_trace_packet *p, int target, uint64_t bits, uint64_t cycle) {
    weft_event_counts stored = {{0}};
    if (target != c->replay->chip->host_terminal) stored.n[WEFT_EVENT_BUFFER_WRITE_BIT] = bits;
    if (p->kind == WEFT_PACKET_PARTIAL) stored.n[WEFT_EVENT_BUFFER_READ_BIT] = bits;
    weft_timing_count(c->timing, p->stage, target, cycle, &stored);
}

static void count_image(const counter *c, const weft_trace_packet *p, uint64_t start, uint64_t finish) {
    weft_timing *t = c->timing;
    if (p->image < 0) return;
    if (p->kind == WEFT_PACKET_INPUT && start < t->image_start[p->image]) t->image_start[p->image] = start;
    if (p->kind == WEFT_PACKET_RESULT && finish > t->image_end[p->image]) t->image_end[p->image] = finish;
}

static weft_status count_packet(counter *c, const weft_trace_record *record, weft_error *err) {
    weft_replay *r = c->replay;
    const weft_trace_packet *p = &record->packet;
    const replay_node *node = &r->node[record->number];
    const uint64_t start = r->start[record->number], finish = r->finish[record->number];
    const uint64_t bits = (uint64_t)p->values * (uint64_t)weft_replay_value_bits(r->chip, p->kind);
    const int source = weft_replay_terminal(r, p->source), flits = replay_flits(node);
    if (!p->joined) WEFT_TRY(count_paths(c, (uint32_t)record->number, p->stage, bits, err));
    for (int i = 0; i < p->target_count; i++) {
        const int target = weft_replay_terminal(r, p->targets[i]);
        uint64_t latency = 0;
        if (bits) count_storage(c, p, target, bits, start);
        WEFT_TRY(weft_replay_zero_load(r, source, target, flits, &latency, NULL, err));
        c->timing->zero_load_sum_cycles += latency;
    }
    count_image(c, p, start, finish);
    if (r->options->observer.packet) r->options->observer.packet(r->options->observer.state, record, start, finish);
    return WEFT_OK;
}

/* ---- operations ---- */

/* The weights of a part cross the link, then all cores write at a time. */
static void count_loading(counter *c, const weft_trace_operation *o, uint64_t finish) {
    const uint64_t record = o->after_count ? o->after[0] >> 1 : UINT64_MAX;
    c->programs = true;
    if (record == UINT64_MAX) return;
    if (record != c->loading) {
        c->loading = record;
        c->loading_end = c->replay->start[record];
    }
    if (finish <= c->loading_end) return;
    c->timing->program_cycles += finish - c->loading_end;
    c->loading_end = finish;
}

static void count_operation(counter *c, const weft_trace_record *record) {
    const weft_replay *r = c->replay;
    const weft_trace_operation *o = &record->operation;
    const uint64_t finish = r->finish[record->number];
    const int kind = weft_trace_header_of(r->trace)->servers[o->server].kind;
    if (kind == WEFT_SERVER_PROGRAM) count_loading(c, o, finish);
    if (r->options->observer.operation)
        r->options->observer.operation(r->options->observer.state, record, r->start[record->number],
                                       r->free[record->number], finish);
}

static weft_status count_records(counter *c, weft_error *err) {
    weft_trace_cursor *cursor = NULL;
    weft_trace_record record;
    weft_status status = weft_trace_cursor_create(&cursor, c->replay->trace, err);
    while (status == WEFT_OK && weft_trace_next(cursor, &record)) {
        const uint64_t start = c->replay->start[record.number], finish = c->replay->finish[record.number];
        if (start < c->first) c->first = start;
        if (finish > c->last) c->last = finish;
        if (record.is_packet)
            status = count_packet(c, &record, err);
        else
            count_operation(c, &record);
    }
    weft_trace_cursor_destroy(cursor);
    return status;
}

/* ---- servers and network ---- */

/* Occupied up to the last result. */
static uint64_t busy_cycles(const replay_server *s, uint64_t end) {
    if (s->until <= end) return s->sum;
    return s->sum > s->until - end ? s->sum - (s->until - end) : 0;
}

static void count_servers(counter *c) {
    const weft_replay *r = c->replay;
    const weft_trace_header *h = weft_trace_header_of(r->trace);
    weft_timing *t = c->timing;
    const uint64_t end = r->end == UINT64_MAX ? c->last : r->end;
    for (int s = 0; s < h->server_count; s++) {
        const weft_trace_server *info = &h->servers[s];
        weft_timing_core *core = &t->cores[weft_replay_terminal(r, info->terminal)];
        const uint64_t busy = busy_cycles(&r->server[s], end);
        if (info->kind == WEFT_SERVER_ARRAYS) {
            core->mvm_count += r->server[s].count;
            core->array_busy_cycles += (uint64_t)info->units * busy;
            if (info->stage >= 0 && busy > t->stage_busy_cycles[info->stage]) t->stage_busy_cycles[info->stage] = busy;
        } else if (info->kind == WEFT_SERVER_DIGITAL) {
            core->digital_busy_cycles += busy;
        } else if (info->kind == WEFT_SERVER_IO) {
            t->io_busy_cycles += r->server[s].server.busy;
        }
    }
}

/* So far the port into the network has what its packets take one after the other. */
static void count_ports(counter *c, int terminal, uint64_t ejected) {
    const weft_noc_config *config = &c->replay->config;
    weft_timing_core *core = &c->timing->cores[terminal];
    core->injection_busy_cycles = weft_noc_port_busy(config, true, c->injected[terminal], core->injection_busy_cycles);
    core->ejection_busy_cycles = weft_noc_port_busy(config, false, ejected, ejected);
}

/* Flits count at the core that takes them and, over a link, at the first core of the router that they leave; so far
 * they stand at their sources. */
static void move_flits(counter *c, const uint64_t *ejected) {
    const weft_chip *chip = c->replay->chip;
    weft_timing *t = c->timing;
    for (int core = 0; core <= chip->core_count; core++) {
        t->cores[core].events.n[WEFT_EVENT_ROUTER_FLIT] = ejected[core];
        t->cores[core].events.n[WEFT_EVENT_LINK_FLIT] = 0;
        count_ports(c, core, ejected[core]);
    }
    for (int router = 0; router < chip->router_count; router++)
        for (int d = 0; d < 4; d++) {
            const uint64_t flits = weft_noc_link_flits(c->replay->noc, router, d);
            weft_event_counts *events = &t->cores[router * (int)chip->noc.concentration].events;
            t->link_flits[router * 4 + d] = flits;
            events->n[WEFT_EVENT_ROUTER_FLIT] += flits;
            events->n[WEFT_EVENT_LINK_FLIT] += flits;
        }
}

static weft_status count_ejected(counter *c, weft_error *err) {
    const weft_replay *r = c->replay;
    uint64_t *ejected = calloc((size_t)r->chip->core_count + 1, sizeof *ejected);
    if (!ejected) return weft_error_set(err, WEFT_E_MEMORY, "no memory for the flits of %d cores", r->chip->core_count);
    for (uint32_t i = 0; i < r->count; i++) {
        const int *targets;
        int one;
        if (!replay_is_packet(r, i)) continue;
        const int count = replay_targets(r, &r->node[i], &one, &targets);
        for (int k = 0; k < count; k++) ejected[targets[k]] += (uint64_t)replay_flits(&r->node[i]);
    }
    move_flits(c, ejected);
    free(ejected);
    return WEFT_OK;
}

static weft_status count_network(counter *c, weft_error *err) {
    const weft_replay *r = c->replay;
    weft_timing *t = c->timing;
    t->flits_in = r->flits_in;
    if (r->options->without.network) {
        t->packets = r->packets, t->flits = r->flits, t->flit_hops = r->flit_hops;
        t->latency_sum_cycles = r->latency_sum, t->latency_max_cycles = r->latency_max;
        return WEFT_OK;
    }
    const weft_noc_statistics s = weft_noc_statistics_get(r->noc);
    t->packets = s.packets_delivered, t->flits = s.flits_delivered, t->flit_hops = s.link_flits;
    t->latency_sum_cycles = s.latency_sum, t->latency_max_cycles = s.latency_max;
    return count_ejected(c, err);
}

/* Of images: from the first pixel, or from the beginning where cells are written first, to the last result. Without
 * images: of everything. */
static void count_cycles(counter *c) {
    weft_timing *t = c->timing;
    uint64_t last = 0;
    for (size_t i = 0; i < t->images; i++) {
        if (t->image_start[i] == UINT64_MAX) t->image_start[i] = 0;
        if (t->image_end[i] > last) last = t->image_end[i];
    }
    if (last)
        t->cycles = last - (c->programs ? 0 : t->image_start[0]);
    else if (c->last > c->first)
        t->cycles = c->last - c->first;
}

weft_status weft_replay_count(weft_timing **out, weft_replay *replay, weft_error *err) {
    const weft_trace_header *h = weft_trace_header_of(replay->trace);
    counter c = {.replay = replay, .first = UINT64_MAX, .loading = UINT64_MAX};
    WEFT_TRY(weft_timing_create(&c.timing, h->images, h->stage_count, replay->chip->core_count,
                                replay->chip->router_count, err));
    for (size_t i = 0; i < h->images; i++) c.timing->image_start[i] = UINT64_MAX;
    for (int core = 0; core <= replay->chip->core_count; core++) c.timing->cores[core].buffer_peak_bytes = -1;
    weft_status status;
    c.injected = calloc((size_t)replay->chip->core_count + 1, sizeof *c.injected);
    if (!c.injected)
        WEFT_TRY_GOTO(
            weft_error_set(err, WEFT_E_MEMORY, "no memory for the flits of %d cores", replay->chip->core_count));
    WEFT_TRY_GOTO(count_records(&c, err));
    count_servers(&c);
    WEFT_TRY_GOTO(count_network(&c, err));
    count_cycles(&c);
cleanup:
    free(c.injected);
    if (status == WEFT_OK)
        *out = c.timing;
    else
        weft_timing_destroy(c.timing);
    return status;
}
