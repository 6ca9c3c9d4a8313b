#include <assert.h>
#include <stdlib.h>

#include "core/traffic_internal.h"

static weft_status out_of_memory(weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "out of memory for the packet tables");
}

static int64_t bits_of(const weft_chip *chip, weft_packet_kind kind) {
    return kind == WEFT_PACKET_INPUT || kind == WEFT_PACKET_ACTIVATION ? chip->input.bits : chip->io.partial_bits;
}

int weft_traffic_packet_flits(const weft_traffic *traffic, weft_packet_kind kind, int values) {
    return weft_chip_flits(traffic->chip, values, bits_of(traffic->chip, kind));
}

weft_event_counts weft_traffic_packet_events(const weft_traffic *traffic, weft_packet_kind kind, int from, int to,
                                             int values) {
    const weft_chip *chip = traffic->chip;
    weft_event_counts events = {{0}};
    uint64_t bits = (uint64_t)values * (uint64_t)bits_of(chip, kind);
    if (to != chip->host_terminal) events.n[WEFT_EVENT_BUFFER_WRITE_BIT] = bits;
    if (from == to) return events;
    uint64_t flits = (uint64_t)weft_traffic_packet_flits(traffic, kind, values);
    uint64_t hops = (uint64_t)weft_chip_hops(chip, from, to);
    events.n[WEFT_EVENT_ROUTER_FLIT] = flits * (hops + 1);
    events.n[WEFT_EVENT_LINK_FLIT] = flits * hops;
    if (from == chip->host_terminal || to == chip->host_terminal) events.n[WEFT_EVENT_IO_BIT] = bits;
    if (kind == WEFT_PACKET_PARTIAL) events.n[WEFT_EVENT_BUFFER_READ_BIT] = bits;
    return events;
}

/* `times` packets (or kept values) of one kind. */
static void add_packets(const weft_traffic *traffic, weft_stage_traffic *item, weft_packet_kind kind, int from, int to,
                        int values, uint64_t times) {
    weft_event_counts events = weft_traffic_packet_events(traffic, kind, from, to, values);
    for (int i = 0; i < WEFT_EVENT_COUNT; i++) item->events.n[i] += times * events.n[i];
    if (from == to) return;
    item->total.packets += times;
    item->total.flits += times * (uint64_t)weft_traffic_packet_flits(traffic, kind, values);
    item->total.flit_hops += times * events.n[WEFT_EVENT_LINK_FLIT];
}

static void add_route(const weft_traffic *traffic, weft_stage_traffic *item, const weft_route *route,
                      weft_packet_kind kind, int from, int values, uint64_t times) {
    for (int i = 0; i < route->core_count; i++) add_packets(traffic, item, kind, from, route->cores[i], values, times);
    if (route->local) add_packets(traffic, item, kind, from, from, values, times);
}

/* Input, activations or results of one block. */
static void count_output(const weft_traffic *traffic, weft_stage_traffic *item, int stage, int b) {
    if (stage == traffic->mapping->stage_count - 1) {
        const weft_output_block *block = &traffic->mapping->stages[stage].blocks[b];
        weft_shape out = traffic->stages->items[stage].out;
        add_route(traffic, item, &item->routes[0], WEFT_PACKET_RESULT, block->core,
                  block->column_end - block->column_begin, (uint64_t)out.height * (uint64_t)out.width);
        return;
    }
    const weft_output_block *block = stage < 0 ? NULL : &traffic->mapping->stages[stage].blocks[b];
    int from = block ? block->core : traffic->chip->host_terminal;
    int values = block ? block->column_end - block->column_begin : traffic->stages->items[0].in.channels;
    const weft_route *route = item->routes + (size_t)b * (size_t)item->y.count * (size_t)item->x.count;
    for (int cy = 0; cy < item->y.count; cy++)
        for (int cx = 0; cx < item->x.count; cx++, route++)
            add_route(traffic, item, route, block ? WEFT_PACKET_ACTIVATION : WEFT_PACKET_INPUT, from, values,
                      (uint64_t)item->y.positions[cy] * (uint64_t)item->x.positions[cx]);
}

static void count_stage(weft_traffic *traffic, int stage) {
    weft_stage_traffic *item = &traffic->items[stage + 1];
    for (int b = 0; b < item->block_count; b++) count_output(traffic, item, stage, b);
    if (stage >= 0) {
        weft_shape matrix = traffic->stages->items[stage].matrix_out;
        uint64_t positions = (uint64_t)matrix.height * (uint64_t)matrix.width;
        for (int b = 0; b < item->block_count; b++)
            for (int i = 0; i < item->partials[b].core_count; i++)
                add_packets(traffic, item, WEFT_PACKET_PARTIAL, item->partials[b].cores[i],
                            traffic->mapping->stages[stage].blocks[b].core, item->partial_values[b][i], positions);
        for (int c = 0; c < traffic->chip->core_count; c++)
            item->events.n[WEFT_EVENT_BUFFER_READ_BIT] += positions * item->mvm_read_bits[c];
    }
    traffic->total.packets += item->total.packets;
    traffic->total.flits += item->total.flits;
    traffic->total.flit_hops += item->total.flit_hops;
}

/* ---- life and queries ---- */

static bool allocate(weft_traffic *traffic) {
    int largest = 1;
    for (int s = 0; s < traffic->mapping->stage_count; s++) {
        const weft_mapped_stage *mapped = &traffic->mapping->stages[s];
        if (mapped->rows > largest) largest = mapped->rows;
        if (mapped->columns > largest) largest = mapped->columns;
    }
    traffic->items = calloc((size_t)traffic->mapping->stage_count + 1, sizeof *traffic->items);
    traffic->seen = calloc((size_t)traffic->chip->core_count + 1, 1);
    traffic->marks = calloc((size_t)largest, 1);
    return traffic->items && traffic->seen && traffic->marks;
}

weft_status weft_traffic_create(weft_traffic **out, const weft_mapping *mapping, const weft_stages *stages,
                                const weft_chip *chip, weft_error *err) {
    assert(out && mapping && stages && chip && mapping->stage_count == stages->count);
    *out = NULL;
    weft_traffic *traffic = calloc(1, sizeof *traffic);
    if (!traffic) return out_of_memory(err);
    traffic->mapping = mapping;
    traffic->stages = stages;
    traffic->chip = chip;
    bool good = allocate(traffic);
    for (int s = -1; good && s < mapping->stage_count; s++) {
        good = weft_traffic_build_routes(traffic, s) && (s < 0 || weft_traffic_build_stage(traffic, s));
        if (good) count_stage(traffic, s);
    }
    if (!good) {
        weft_traffic_destroy(traffic);
        return out_of_memory(err);
    }
    *out = traffic;
    return WEFT_OK;
}

void weft_traffic_destroy(weft_traffic *traffic) {
    if (!traffic) return;
    int count = traffic->mapping->stage_count;
    for (int i = 0; traffic->items && i <= count; i++) weft_traffic_stage_destroy(&traffic->items[i]);
    free(traffic->items);
    free(traffic->seen);
    free(traffic->marks);
    free(traffic);
}

const weft_route *weft_traffic_route(const weft_traffic *traffic, int stage, int block, int y, int x) {
    const weft_stage_traffic *item = &traffic->items[stage + 1];
    assert(stage >= -1 && stage < traffic->mapping->stage_count && block >= 0 && block < item->block_count);
    if (stage == traffic->mapping->stage_count - 1) return &item->routes[0];
    assert(y >= 0 && y < item->y.extent && x >= 0 && x < item->x.extent);
    size_t row = (size_t)block * (size_t)item->y.count + (size_t)item->y.of_position[y];
    return &item->routes[row * (size_t)item->x.count + (size_t)item->x.of_position[x]];
}

static int compare_ints(const void *a, const void *b) {
    return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b);
}

static const int *find_core(const weft_route *route, int core) {
    return bsearch(&core, route->cores, (size_t)route->core_count, sizeof(int), compare_ints);
}

bool weft_traffic_needs(const weft_traffic *traffic, int stage, int block, int y, int x, int core) {
    const weft_route *route = weft_traffic_route(traffic, stage, block, y, x);
    if (route->local && core == traffic->mapping->stages[stage].blocks[block].core) return true;
    return find_core(route, core) != NULL;
}

const weft_route *weft_traffic_partials(const weft_traffic *traffic, int stage, int block) {
    assert(stage >= 0 && stage < traffic->mapping->stage_count && block >= 0 &&
           block < traffic->items[stage + 1].block_count);
    return &traffic->items[stage + 1].partials[block];
}

int weft_traffic_partial_values(const weft_traffic *traffic, int stage, int block, int core) {
    const weft_route *route = weft_traffic_partials(traffic, stage, block);
    const int *found = find_core(route, core);
    return found ? traffic->items[stage + 1].partial_values[block][found - route->cores] : 0;
}

uint64_t weft_traffic_mvm_read_bits(const weft_traffic *traffic, int stage, int core) {
    assert(stage >= 0 && stage < traffic->mapping->stage_count && core >= 0 && core < traffic->chip->core_count);
    return traffic->items[stage + 1].mvm_read_bits[core];
}

weft_traffic_totals weft_traffic_total(const weft_traffic *traffic) { return traffic->total; }

weft_traffic_totals weft_traffic_stage_total(const weft_traffic *traffic, int stage) {
    return traffic->items[stage + 1].total;
}

weft_event_counts weft_traffic_events(const weft_traffic *traffic, int stage) {
    return traffic->items[stage + 1].events;
}
