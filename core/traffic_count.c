/* Packets, flits and events. */
#include <stdlib.h>

#include "core/traffic_internal.h"

/* ---- one kind of packet ---- */

static int64_t bits_of(const weft_chip *chip, weft_packet_kind kind) {
    return kind == WEFT_PACKET_INPUT || kind == WEFT_PACKET_ACTIVATION ? chip->input.bits : chip->io.partial_bits;
}

int weft_traffic_packet_flits(const weft_traffic *traffic, weft_packet_kind kind, int values) {
    return weft_chip_flits(traffic->chip, values, bits_of(traffic->chip, kind));
}

/* Packets of one kind and size: how many arrive, the links that they cross in sum, how many (and values kept without
 * one) are written to a buffer, how many come from or go to the host. */
typedef struct packets {
    uint64_t count, links, written, hosted;
} packets;

static weft_event_counts events_of(const weft_traffic *traffic, weft_packet_kind kind, int values, const packets *p) {
    weft_event_counts events = {{0}};
    uint64_t bits = (uint64_t)values * (uint64_t)bits_of(traffic->chip, kind);
    uint64_t flits = (uint64_t)weft_traffic_packet_flits(traffic, kind, values);
    events.n[WEFT_EVENT_BUFFER_WRITE_BIT] = bits * p->written;
    events.n[WEFT_EVENT_ROUTER_FLIT] = flits * (p->links + p->count);
    events.n[WEFT_EVENT_LINK_FLIT] = flits * p->links;
    events.n[WEFT_EVENT_IO_BIT] = bits * p->hosted;
    if (kind == WEFT_PACKET_PARTIAL) events.n[WEFT_EVENT_BUFFER_READ_BIT] = bits * p->count;
    return events;
}

static int links_between(const weft_traffic *traffic, int from, int to) {
    int x = abs(traffic->router_x[from] - traffic->router_x[to]),
        y = abs(traffic->router_y[from] - traffic->router_y[to]);
    return x + y > 1 && traffic->chip->noc.topology != WEFT_CHIP_MESH ? weft_chip_hops(traffic->chip, from, to) : x + y;
}

weft_event_counts weft_traffic_packet_events(const weft_traffic *traffic, weft_packet_kind kind, int from, int to,
                                             int values) {
    int host = traffic->chip->host_terminal;
    packets one = {.written = to != host};
    if (from != to) {
        one.count = 1;
        one.links = (uint64_t)links_between(traffic, from, to);
        one.hosted = from == host || to == host;
    }
    return events_of(traffic, kind, values, &one);
}

static bool goes_to_host(const weft_traffic *traffic, const weft_route *route) {
    return route->core_count > 0 && route->cores[route->core_count - 1] == traffic->chip->host_terminal;
}

weft_event_counts weft_traffic_tree_events(const weft_traffic *traffic, weft_packet_kind kind, int from,
                                           const weft_route *route, int values) {
    const packets tree = {.count = (uint64_t)route->core_count,
                          .links = (uint64_t)route->links,
                          .hosted = from == traffic->chip->host_terminal || goes_to_host(traffic, route)};
    return events_of(traffic, kind, values, &tree);
}

/* ---- all that a stage sends ---- */

/* Positions as the packets that they go in: of those that are cut, all but the last are alike. */
typedef struct cutting {
    const weft_traffic *traffic;
    weft_traffic_visit *visit;
    void *user;
} cutting;

static void cut(void *user, int part, weft_packet_kind kind, int from, const weft_route *route, int values,
                uint64_t times) {
    const cutting *c = user;
    const int full = route->pieces ? route->pieces - 1 : 0;
    if (full)
        c->visit(c->user, part, kind, from, route, weft_traffic_piece(c->traffic, route, 0, values),
                 times * (uint64_t)full);
    c->visit(c->user, part, kind, from, route, full ? weft_traffic_piece(c->traffic, route, full, values) : values,
             times);
}

void weft_traffic_visit_output(const weft_traffic *traffic, int stage, bool whole, weft_traffic_visit *visit,
                               void *user) {
    cutting pieces = {traffic, visit, user};
    if (!whole) visit = cut, user = &pieces;
    const weft_stage_traffic *item = weft_traffic_item(traffic, stage);
    bool last = stage == traffic->mapping->stage_count - 1;
    for (int b = 0; b < item->block_count; b++) {
        weft_output_block block = weft_traffic_block(traffic, stage, b);
        int values = block.column_end - block.column_begin, y[2], x[2];
        if (last) {
            int positions = weft_mapped_stage_positions(&traffic->mapping->stages[stage],
                                                        &traffic->stages->items[stage], block.copy);
            visit(user, block.part, WEFT_PACKET_RESULT, block.core, &traffic->to_host, values, (uint64_t)positions);
            continue;
        }
        weft_traffic_copy_rows(traffic, stage, block.copy, &y[0], &y[1]);
        for (int slot = 0; slot < item->slot_count; slot++) {
            int part = item->part_of_slot[slot], from = part == block.part ? block.core : traffic->chip->host_terminal;
            const weft_route *route = item->routes + (size_t)slot * (size_t)item->first_route[item->block_count];
            route += item->first_route[b];
            for (int cy = y[0]; cy < y[1]; cy++) {
                weft_traffic_copy_columns(traffic, stage, block.copy, cy, &x[0], &x[1]);
                for (int cx = x[0]; cx < x[1]; cx++, route++)
                    visit(user, part, stage < 0 ? WEFT_PACKET_INPUT : WEFT_PACKET_ACTIVATION, from, route, values,
                          (uint64_t)item->y.positions[cy] * (uint64_t)item->x.positions[cx]);
            }
        }
    }
}

void weft_traffic_visit_partials(const weft_traffic *traffic, int stage, const uint64_t *positions,
                                 weft_traffic_visit *visit, void *user) {
    const weft_stage_traffic *item = weft_traffic_item(traffic, stage);
    for (int b = 0; b < item->block_count; b++) {
        weft_output_block block = traffic->mapping->stages[stage].blocks[b];
        weft_route to_block = {.core_count = 1, .cores = &block.core};
        for (int i = 0; i < item->partials[b].core_count; i++)
            visit(user, block.part, WEFT_PACKET_PARTIAL, item->partials[b].cores[i], &to_block,
                  item->partial_values[b][i], positions[block.copy]);
    }
}

uint64_t *weft_traffic_positions(const weft_traffic *traffic, int stage, int op) {
    const weft_mapped_stage *mapped = &traffic->mapping->stages[stage];
    int copies = weft_mapped_stage_copies(mapped), across = mapped->copies_x;
    uint64_t *positions = calloc((size_t)copies, sizeof *positions);
    int *y = malloc((size_t)copies * sizeof *y), *x = malloc((size_t)across * sizeof *x);
    if (positions && y && x) {
        weft_traffic_count_phases(traffic, stage, op, 0, y);
        weft_traffic_count_phases(traffic, stage, op, 1, x);
        for (int py = 0; py < copies; py++)
            for (int px = 0; y[py] && px < across; px++)
                positions[weft_mapped_stage_join(mapped, py, px)] += (uint64_t)y[py] * (uint64_t)x[px];
    } else {
        free(positions);
        positions = NULL;
    }
    free(y);
    free(x);
    return positions;
}

/* ---- sums ---- */

typedef struct sums {
    const weft_traffic *traffic;
    weft_stage_traffic *item;
} sums;

static void add_route(void *user, int part, weft_packet_kind kind, int from, const weft_route *route, int values,
                      uint64_t times) {
    const sums *s = user;
    packets p = {.count = (uint64_t)route->core_count, .written = (uint64_t)route->core_count + route->local};
    (void)part;
    p.links = (uint64_t)route->links;
    for (int i = 0; i < route->core_count && !route->pieces; i++)
        p.links += (uint64_t)links_between(s->traffic, from, route->cores[i]);
    bool to_host = goes_to_host(s->traffic, route);
    p.written -= to_host;
    p.hosted = from != s->traffic->chip->host_terminal ? to_host : route->pieces ? 1 : p.count;
    weft_event_counts events = events_of(s->traffic, kind, values, &p);
    for (int i = 0; i < WEFT_EVENT_COUNT; i++) s->item->events.n[i] += times * events.n[i];
    uint64_t flits = (uint64_t)weft_traffic_packet_flits(s->traffic, kind, values);
    s->item->total.packets += times * p.count;
    s->item->total.flits += times * p.count * flits;
    s->item->total.flit_hops += times * p.links * flits;
}

/* What blocks read in front of op: an ADD's second term, a digital stage's input. */
static bool add_block_reads(weft_traffic *traffic, int stage, int op, weft_stage_traffic *item) {
    const weft_mapped_stage *mapped = &traffic->mapping->stages[stage];
    uint64_t *positions = weft_traffic_positions(traffic, stage, op);
    if (!positions) return false;
    for (int b = 0; b < mapped->block_count; b++)
        item->events.n[WEFT_EVENT_BUFFER_READ_BIT] +=
            positions[mapped->blocks[b].copy] *
            (uint64_t)(mapped->blocks[b].column_end - mapped->blocks[b].column_begin) *
            (uint64_t)traffic->chip->input.bits;
    free(positions);
    return true;
}

static bool count_stage_own(weft_traffic *traffic, int stage, sums *s) {
    const weft_stage *lowered = &traffic->stages->items[stage];
    uint64_t *positions = weft_traffic_positions(traffic, stage, 0);
    if (!positions) return false;
    weft_traffic_visit_partials(traffic, stage, positions, add_route, s);
    for (int i = 0; i < s->item->mvm_count; i++)
        s->item->events.n[WEFT_EVENT_BUFFER_READ_BIT] += positions[s->item->mvms[i].copy] * s->item->mvms[i].read_bits;
    free(positions);
    if (!lowered->has_matrix && !add_block_reads(traffic, stage, 0, s->item)) return false;
    for (int op = 0; op < lowered->op_count; op++)
        if (lowered->ops[op].kind == WEFT_DIGITAL_ADD && !add_block_reads(traffic, stage, op, s->item)) return false;
    return true;
}

bool weft_traffic_count_stage(weft_traffic *traffic, int stage) {
    sums s = {.traffic = traffic, .item = weft_traffic_item(traffic, stage)};
    weft_traffic_visit_output(traffic, stage, false, add_route, &s);
    if (stage >= 0 && !count_stage_own(traffic, stage, &s)) return false;
    traffic->total.packets += s.item->total.packets;
    traffic->total.flits += s.item->total.flits;
    traffic->total.flit_hops += s.item->total.flit_hops;
    return true;
}
