#include <assert.h>
#include <stdlib.h>

#include "core/traffic_internal.h"

static weft_status out_of_memory(weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "out of memory for the packet tables");
}

/* ---- life ---- */

static bool allocate(weft_traffic *traffic) {
    size_t terminals = (size_t)traffic->chip->core_count + 1;
    int width = (int)traffic->chip->noc.mesh[0];
    traffic->arena = weft_arena_create();
    if (!traffic->arena) return false;
    traffic->items =
        weft_arena_alloc(traffic->arena, ((size_t)traffic->mapping->stage_count + 1) * sizeof *traffic->items);
    traffic->router_x = weft_arena_alloc(traffic->arena, terminals * sizeof(int));
    traffic->router_y = weft_arena_alloc(traffic->arena, terminals * sizeof(int));
    traffic->to_host.cores = weft_arena_alloc(traffic->arena, sizeof(int));
    if (!traffic->items || !traffic->router_x || !traffic->router_y || !traffic->to_host.cores) return false;
    for (int t = 0; t < (int)terminals; t++) {
        traffic->router_x[t] = weft_chip_router(traffic->chip, t) % width;
        traffic->router_y[t] = weft_chip_router(traffic->chip, t) / width;
    }
    traffic->to_host.cores[0] = traffic->chip->host_terminal;
    traffic->to_host.core_count = 1;
    return true;
}

static bool build(weft_traffic *traffic) {
    int count = traffic->mapping->stage_count;
    if (!allocate(traffic)) return false;
    for (int s = -1; s < count; s++)
        weft_traffic_item(traffic, s)->block_count = s < 0 ? 1 : traffic->mapping->stages[s].block_count;
    for (int s = 0; s < count; s++)
        if (!weft_traffic_build_index(traffic, s)) return false;
    if (!weft_traffic_build_links(traffic)) return false;
    for (int s = -1; s < count - 1; s++)
        if (!weft_traffic_build_routes(traffic, s)) return false;
    for (int s = -1; s < count; s++)
        if (!weft_traffic_count_stage(traffic, s)) return false;
    return true;
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
    if (!build(traffic)) {
        weft_traffic_destroy(traffic);
        return out_of_memory(err);
    }
    *out = traffic;
    return WEFT_OK;
}

void weft_traffic_destroy(weft_traffic *traffic) {
    if (!traffic) return;
    weft_arena_destroy(traffic->arena);
    free(traffic);
}

/* ---- routes ---- */

weft_output_block weft_traffic_block(const weft_traffic *traffic, int stage, int block) {
    if (stage >= 0) return traffic->mapping->stages[stage].blocks[block];
    return (weft_output_block){
        .part = -1, .core = traffic->chip->host_terminal, .column_end = traffic->stages->input.channels};
}

void weft_traffic_copy_rows(const weft_traffic *traffic, int stage, int copy, int *begin, int *end) {
    const weft_axis *y = &weft_traffic_item(traffic, stage)->y;
    int across = stage < 0 ? 1 : traffic->mapping->stages[stage].copies_x, first = copy - copy % across;
    *begin = y->first[first];
    *end = y->first[first + across];
}

void weft_traffic_copy_columns(const weft_traffic *traffic, int stage, int copy, int cy, int *begin, int *end) {
    const weft_stage_traffic *item = weft_traffic_item(traffic, stage);
    int column = stage < 0 ? 0 : weft_mapped_stage_column(&traffic->mapping->stages[stage], copy, item->y.phase[cy]);
    *begin = item->x.first[column];
    *end = item->x.first[column + 1];
}

weft_route *weft_traffic_class_route(const weft_traffic *traffic, int stage, int slot, int block, int cy, int cx) {
    const weft_stage_traffic *item = weft_traffic_item(traffic, stage);
    int copy = weft_traffic_block(traffic, stage, block).copy, y[2], x[2];
    weft_traffic_copy_rows(traffic, stage, copy, &y[0], &y[1]);
    assert(cy >= y[0] && cy < y[1]);
    weft_traffic_copy_columns(traffic, stage, copy, cy, &x[0], &x[1]);
    assert(cx >= x[0] && cx < x[1]);
    return item->routes + (size_t)slot * (size_t)item->first_route[item->block_count] +
           (size_t)(item->first_route[block] + item->row_routes[copy][cy - y[0]] + cx - x[0]);
}

const weft_route *weft_traffic_route(const weft_traffic *traffic, int part, int stage, int block, int y, int x) {
    const weft_stage_traffic *item = weft_traffic_item(traffic, stage);
    assert(part >= 0 && part < traffic->mapping->parts && stage >= -1 && stage < traffic->mapping->stage_count);
    assert(block >= 0 && block < item->block_count);
    if (stage == traffic->mapping->stage_count - 1)
        return traffic->mapping->stages[stage].blocks[block].part == part ? &traffic->to_host : &traffic->to_none;
    assert(y >= 0 && y < item->y.extent && x >= 0 && x < item->x.extent);
    int slot = item->slot_of_part[part];
    if (slot < 0) return &traffic->to_none;
    return weft_traffic_class_route(traffic, stage, slot, block, item->y.of_position[y], item->x.of_position[x]);
}

/* ---- readers ---- */

/* A tile of the reader has a row of the tap and of channels [begin, end). */
static bool has_rows(const weft_traffic *traffic, const weft_reader *reader, int tap, int begin, int end) {
    const weft_stage *stage = &traffic->stages->items[reader->stage];
    const weft_stage_traffic *item = weft_traffic_item(traffic, reader->stage);
    int rows = weft_stage_group_rows(stage), channels = stage->in.channels / stage->groups;
    for (int group = begin / channels; group * channels < end; group++) {
        int low = begin > group * channels ? begin - group * channels : 0;
        int high = end < (group + 1) * channels ? end - group * channels : channels;
        int first = group * rows + tap * channels + low, last = first + high - low;
        for (int i = weft_traffic_find_span(item, reader->part, reader->copy, first); i < item->span_count; i++) {
            const weft_span *span = &item->spans[i];
            if (!weft_span_is(span, reader->part, reader->copy) || span->begin >= last) break;
            if (span->end > first && span->core == reader->core) return true;
        }
    }
    return false;
}

static bool tiles_read(const weft_traffic *traffic, const weft_reader *reader, int begin, int end, int y, int x) {
    const weft_stage *stage = &traffic->stages->items[reader->stage];
    const weft_mapped_stage *mapped = &traffic->mapping->stages[reader->stage];
    weft_taps down = weft_traffic_taps(stage, 0), across = weft_traffic_taps(stage, 1);
    for (int ky = 0; ky < down.taps; ky++) {
        int oy = weft_taps_output(&down, y, ky);
        if (oy < 0) continue;
        int phase_y = weft_traffic_phase_at(traffic, reader->stage, 0, 0, oy);
        for (int kx = 0; kx < across.taps; kx++) {
            int ox = weft_taps_output(&across, x, kx);
            if (ox < 0) continue;
            int copy = weft_mapped_stage_join(mapped, phase_y, weft_traffic_phase_at(traffic, reader->stage, 0, 1, ox));
            if (copy == reader->copy && has_rows(traffic, reader, ky * across.taps + kx, begin, end)) return true;
        }
    }
    return false;
}

static bool blocks_read(const weft_traffic *traffic, const weft_reader *reader, int begin, int end, int y, int x) {
    const weft_mapped_stage *mapped = &traffic->mapping->stages[reader->stage];
    int port_op = traffic->stages->items[reader->stage].ports[reader->port].op, op = port_op < 0 ? 0 : port_op;
    int copy = weft_mapped_stage_join(mapped, weft_traffic_phase_at(traffic, reader->stage, op, 0, y),
                                      weft_traffic_phase_at(traffic, reader->stage, op, 1, x));
    if (copy != reader->copy) return false;
    for (int b = weft_mapped_stage_block(mapped, copy, begin); b < mapped->block_count; b++) {
        const weft_output_block *block = &mapped->blocks[b];
        if (block->copy != copy || block->column_begin >= end) break;
        if (block->part == reader->part && block->core == reader->core) return true;
    }
    return false;
}

bool weft_traffic_needs(const weft_traffic *traffic, const weft_reader *reader, int stage, int block, int y, int x) {
    const weft_stage *reading = &traffic->stages->items[reader->stage];
    const weft_port *port = &reading->ports[reader->port];
    weft_output_block from = weft_traffic_block(traffic, stage, block);
    for (int i = 0; i < port->source_count; i++) {
        const weft_source *source = &port->sources[i];
        if (source->stage != stage) continue;
        int begin = source->begin + from.column_begin, end = source->begin + from.column_end;
        if (weft_traffic_reads_rows(reading, reader->port) ? tiles_read(traffic, reader, begin, end, y, x)
                                                           : blocks_read(traffic, reader, begin, end, y, x))
            return true;
    }
    return false;
}

/* ---- sums ---- */

const weft_route *weft_traffic_partials(const weft_traffic *traffic, int stage, int block) {
    assert(stage >= 0 && stage < traffic->mapping->stage_count && block >= 0 &&
           block < weft_traffic_item(traffic, stage)->block_count);
    return &weft_traffic_item(traffic, stage)->partials[block];
}

static int compare_ints(const void *a, const void *b) {
    return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b);
}

int weft_traffic_partial_values(const weft_traffic *traffic, int stage, int block, int core) {
    const weft_route *route = weft_traffic_partials(traffic, stage, block);
    const int *found =
        route->core_count ? bsearch(&core, route->cores, (size_t)route->core_count, sizeof core, compare_ints) : NULL;
    return found ? weft_traffic_item(traffic, stage)->partial_values[block][found - route->cores] : 0;
}

static int compare_mvms(const void *a, const void *b) {
    const weft_mvm *p = a, *q = b;
    if (p->part != q->part) return p->part < q->part ? -1 : 1;
    if (p->copy != q->copy) return p->copy < q->copy ? -1 : 1;
    return (p->core > q->core) - (p->core < q->core);
}

uint64_t weft_traffic_mvm_read_bits(const weft_traffic *traffic, int part, int stage, int copy, int core) {
    assert(stage >= 0 && stage < traffic->mapping->stage_count);
    const weft_stage_traffic *item = weft_traffic_item(traffic, stage);
    weft_mvm key = {.part = part, .copy = copy, .core = core};
    const weft_mvm *found =
        item->mvm_count ? bsearch(&key, item->mvms, (size_t)item->mvm_count, sizeof key, compare_mvms) : NULL;
    return found ? found->read_bits : 0;
}

weft_traffic_totals weft_traffic_total(const weft_traffic *traffic) { return traffic->total; }

weft_traffic_totals weft_traffic_stage_total(const weft_traffic *traffic, int stage) {
    return weft_traffic_item(traffic, stage)->total;
}

weft_event_counts weft_traffic_events(const weft_traffic *traffic, int stage) {
    return weft_traffic_item(traffic, stage)->events;
}
