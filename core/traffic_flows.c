/* Flits between pairs of terminals. */
#include <assert.h>
#include <stdlib.h>

#include "core/traffic_internal.h"

/* Flows by pair: open addressing, a free place has no packets. */
typedef struct flow_table {
    const weft_traffic *traffic;
    int part;
    weft_flow *places;
    size_t size, used; /* size: a power of two */
    bool failed;
} flow_table;

static weft_flow *find_place(const flow_table *table, int from, int to) {
    uint64_t hash = ((uint64_t)(uint32_t)from << 32 | (uint32_t)to) * UINT64_C(0x9E3779B97F4A7C15);
    size_t place = (size_t)(hash >> 32) & (table->size - 1);
    while (table->places[place].packets && (table->places[place].from != from || table->places[place].to != to))
        place = (place + 1) & (table->size - 1);
    return &table->places[place];
}

static bool grow(flow_table *table) {
    if (table->used * 2 < table->size) return true;
    flow_table larger = *table;
    larger.size = table->size ? table->size * 2 : 1024;
    larger.places = calloc(larger.size, sizeof *larger.places);
    if (!larger.places) return false;
    for (size_t i = 0; i < table->size; i++)
        if (table->places[i].packets)
            *find_place(&larger, table->places[i].from, table->places[i].to) = table->places[i];
    free(table->places);
    *table = larger;
    return true;
}

static void add_flows(void *user, int part, weft_packet_kind kind, int from, const weft_route *route, int values,
                      uint64_t times) {
    flow_table *table = user;
    if (part != table->part || times == 0) return;
    uint64_t flits = times * (uint64_t)weft_traffic_packet_flits(table->traffic, kind, values);
    for (int i = 0; i < route->core_count && !table->failed; i++) {
        table->failed = !grow(table);
        if (table->failed) return;
        weft_flow *flow = find_place(table, from, route->cores[i]);
        table->used += flow->packets == 0;
        flow->from = from;
        flow->to = route->cores[i];
        flow->packets += times;
        flow->flits += flits;
    }
}

bool weft_traffic_visit_stage(const weft_traffic *traffic, int stage, bool whole, weft_traffic_visit *visit,
                              void *user) {
    weft_traffic_visit_output(traffic, stage, whole, visit, user);
    if (stage < 0 || !traffic->stages->items[stage].has_matrix) return true;
    uint64_t *positions = weft_traffic_positions(traffic, stage, 0);
    if (positions) weft_traffic_visit_partials(traffic, stage, positions, visit, user);
    free(positions);
    return positions != NULL;
}

weft_status weft_traffic_visit_packets(const weft_traffic *traffic, weft_traffic_visit *visit, void *user,
                                       weft_error *err) {
    for (int s = -1; s < traffic->mapping->stage_count; s++)
        if (!weft_traffic_visit_stage(traffic, s, false, visit, user))
            return weft_error_set(err, WEFT_E_MEMORY, "out of memory for the packets between cores");
    return WEFT_OK;
}

static int compare_flows(const void *a, const void *b) {
    const weft_flow *p = a, *q = b;
    if (p->from != q->from) return p->from < q->from ? -1 : 1;
    return (p->to > q->to) - (p->to < q->to);
}

weft_status weft_traffic_flows(const weft_traffic *traffic, int part, weft_flow **out, size_t *count, weft_error *err) {
    assert(part >= 0 && part < traffic->mapping->parts);
    flow_table table = {.traffic = traffic, .part = part};
    *out = NULL;
    *count = 0;
    table.failed = !grow(&table);
    for (int s = -1; s < traffic->mapping->stage_count && !table.failed; s++)
        if (!weft_traffic_visit_stage(traffic, s, false, add_flows, &table)) table.failed = true;
    if (table.failed) {
        free(table.places);
        return weft_error_set(err, WEFT_E_MEMORY, "out of memory for the flows between cores");
    }
    size_t used = 0;
    for (size_t i = 0; i < table.size; i++)
        if (table.places[i].packets) table.places[used++] = table.places[i];
    qsort(table.places, used, sizeof *table.places, compare_flows);
    *out = table.places;
    *count = used;
    return WEFT_OK;
}
