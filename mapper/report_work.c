#include "mapper/report_internal.h"

/* ---- the digital units ---- */

/* Additions of partial sums: every tile's results at its block's core, but for the first of each column of a group.
 * Tiles and blocks come by copy, then column. */
static void add_partial_sums(weft_account *a, int s) {
    const weft_mapped_stage *mapped = &a->mapping->stages[s];
    uint64_t positions = weft_account_positions(a, s);
    int b = 0;
    for (int t = 0; t < mapped->tile_count; t++) {
        const weft_tile *tile = &mapped->tiles[t];
        while (b + 1 < mapped->block_count &&
               (mapped->blocks[b].copy < tile->copy || mapped->blocks[b].column_end <= tile->column_begin))
            b++;
        if (tile->row_begin % weft_stage_group_rows(&a->stages->items[s]) == 0) continue;
        a->stage_digital[mapped->blocks[b].core] += positions * (uint64_t)(tile->column_end - tile->column_begin);
    }
}

void weft_account_digital(weft_account *a, int s) {
    const weft_mapped_stage *mapped = &a->mapping->stages[s];
    uint64_t copies = (uint64_t)weft_mapped_stage_copies(mapped), most = 0;
    uint64_t work = weft_stage_digital_work(&a->stages->items[s]);
    add_partial_sums(a, s);
    for (int b = 0; b < mapped->block_count; b++) {
        const weft_output_block *block = &mapped->blocks[b];
        a->stage_digital[block->core] +=
            weft_divide_up(work * (uint64_t)(block->column_end - block->column_begin), copies);
    }
    for (int b = 0; b < mapped->block_count; b++) {
        const weft_output_block *block = &mapped->blocks[b];
        most = weft_larger(most, a->stage_digital[block->core]);
        a->digital[(size_t)block->part * (size_t)a->chip->core_count + (size_t)block->core] +=
            a->stage_digital[block->core];
        a->stage_digital[block->core] = 0; /* also where a core has several blocks: counted once */
    }
    a->report->stages[s].digital_cycles = weft_divide_up(most, (uint64_t)a->chip->core.digital_lanes);
}

/* ---- the network ---- */

/* One position's values to all of a route. */
static void send(weft_account *a, int from, const weft_route *route, weft_packet_kind kind, int values) {
    uint64_t flits = 0;
    for (int i = 0; i < route->pieces; i++)
        flits +=
            (uint64_t)weft_traffic_packet_flits(a->traffic, kind, weft_traffic_piece(a->traffic, route, i, values));
    if (!route->pieces) flits = (uint64_t)weft_traffic_packet_flits(a->traffic, kind, values);
    a->sent[from] += route->pieces ? flits : flits * (uint64_t)route->core_count;
    for (int i = 0; i < route->core_count; i++) a->received[route->cores[i]] += flits;
}

static void count_block(weft_account *a, int s, int b) {
    const weft_mapped_stage *mapped = &a->mapping->stages[s];
    const weft_output_block *block = &mapped->blocks[b];
    weft_shape out = a->stages->items[s].out;
    weft_packet_kind kind = s == a->stages->count - 1 ? WEFT_PACKET_RESULT : WEFT_PACKET_ACTIVATION;
    for (int y = block->copy / mapped->copies_x; y < out.height; y += mapped->copies_y)
        for (int x = weft_mapped_stage_column(mapped, block->copy, weft_mapped_stage_phase(mapped, 0, y));
             x < out.width; x += mapped->copies_x)
            send(a, block->core, weft_traffic_route(a->traffic, block->part, s, b, y, x), kind,
                 block->column_end - block->column_begin);
    const weft_route *partials = weft_traffic_partials(a->traffic, s, b);
    for (int i = 0; i < partials->core_count; i++) {
        int values = weft_traffic_partial_values(a->traffic, s, b, partials->cores[i]);
        uint64_t sum =
            weft_account_positions(a, s) * (uint64_t)weft_traffic_packet_flits(a->traffic, WEFT_PACKET_PARTIAL, values);
        a->sent[partials->cores[i]] += sum;
        a->received[block->core] += sum;
    }
}

void weft_account_network(weft_account *a, int s) {
    uint64_t most = 0;
    for (int b = 0; b < a->mapping->stages[s].block_count; b++) count_block(a, s, b);
    for (int c = 0; c < a->chip->core_count; c++) {
        most = weft_larger(most, weft_larger(a->sent[c], a->received[c]));
        a->sent[c] = a->received[c] = 0;
    }
    a->sent[a->chip->core_count] = a->received[a->chip->core_count] = 0;
    a->report->stages[s].network_cycles = most;
}
