/* What a mapping costs: the report of weft_map, and of weft_map_examine on a mapping that somebody else made. */
#include <stdlib.h>
#include <string.h>

#include "mapper/report_internal.h"

static weft_status out_of_memory(weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "out of memory for the mapper's report");
}

uint64_t weft_account_positions(const weft_account *a, int stage) {
    const weft_mapped_stage *mapped = &a->mapping->stages[stage];
    weft_copies copies = {mapped->copies_y, mapped->copies_x, mapped->shift};
    return weft_load_positions(&a->loads[stage], copies);
}

/* ---- arrays ---- */

static void count_arrays(weft_account *a) {
    weft_map_report *r = a->report;
    double cells = (double)a->chip->array.rows * (double)a->chip->array.columns, weights = 0.0;
    for (int s = 0; s < a->stages->count; s++) {
        const weft_stage *stage = &a->stages->items[s];
        const weft_mapped_stage *mapped = &a->mapping->stages[s];
        if (!stage->has_matrix) continue;
        int copies = weft_mapped_stage_copies(mapped);
        double used = (double)weft_stage_group_rows(stage) * stage->columns * a->chip->columns_per_weight * copies;
        r->arrays_needed += mapped->tile_count / copies;
        r->arrays_bound += (int64_t)weft_divide_up((uint64_t)(used / copies), (uint64_t)cells);
        r->arrays_used += mapped->tile_count;
        weights += used;
        r->stages[s].cell_utilisation_percent = mapped->tile_count ? 100.0 * used / (cells * mapped->tile_count) : 0.0;
        r->stages[s].array_cycles = weft_account_positions(a, s) * (uint64_t)a->chip->mvm_interval_cycles;
        if (r->stages[s].array_cycles > r->bottleneck_cycles) {
            r->bottleneck_cycles = r->stages[s].array_cycles;
            r->bottleneck = s;
        }
    }
    r->cell_utilisation_percent = r->arrays_used ? 100.0 * weights / (cells * r->arrays_used) : 0.0;
    r->arrays_available = a->chip->core_count * (int)a->chip->array.per_core;
    r->cores_available = a->chip->core_count;
}

/* ---- buffers ---- */

static int compare_places(const void *a, const void *b) {
    const weft_tile *p = a, *q = b;
    if (p->part != q->part) return p->part < q->part ? -1 : 1;
    return (p->core > q->core) - (p->core < q->core);
}

static int64_t *slot(const weft_account *a, int64_t *bytes, int part, int core) {
    return &bytes[(size_t)part * (size_t)a->chip->core_count + (size_t)core];
}

/* bytes[parts, core_count] += what stage s needs. tiles: room for its tiles. */
static void add_bytes(const weft_account *a, int s, int64_t *bytes, weft_tile *tiles) {
    const weft_mapped_stage *mapped = &a->mapping->stages[s];
    size_t count = (size_t)mapped->tile_count;
    if (count) memcpy(tiles, mapped->tiles, count * sizeof *tiles);
    qsort(tiles, count, sizeof *tiles, compare_places);
    for (size_t first = 0, end; first < count; first = end) {
        for (end = first + 1; end < count && compare_places(&tiles[first], &tiles[end]) == 0;) end++;
        *slot(a, bytes, tiles[first].part, tiles[first].core) +=
            weft_mapping_input_bytes(&a->stages->items[s], a->chip, tiles + first, (int)(end - first));
    }
    for (int b = 0; b < mapped->block_count; b++) {
        const weft_output_block *block = &mapped->blocks[b];
        *slot(a, bytes, block->part, block->core) +=
            weft_mapping_block_bytes(a->stages, s, a->chip, block->column_end - block->column_begin, mapped->copies_x);
    }
}

static weft_status count_buffers(weft_account *a, weft_error *err) {
    size_t most = 0, slots = (size_t)a->mapping->parts * (size_t)a->chip->core_count;
    for (int s = 0; s < a->stages->count; s++)
        if ((size_t)a->mapping->stages[s].tile_count > most) most = (size_t)a->mapping->stages[s].tile_count;
    int64_t *bytes = calloc(slots, sizeof *bytes);
    weft_tile *tiles = malloc((most + 1) * sizeof *tiles);
    for (int s = 0; bytes && tiles && s < a->stages->count; s++) add_bytes(a, s, bytes, tiles);
    for (size_t i = 0; bytes && i < slots; i++)
        if (bytes[i] > a->report->buffer_bytes) a->report->buffer_bytes = bytes[i];
    bool good = bytes && tiles;
    free(bytes);
    free(tiles);
    return good ? WEFT_OK : out_of_memory(err);
}

/* ---- all of it ---- */

static weft_status account_create(weft_account *a, weft_error *err) {
    size_t cores = (size_t)a->chip->core_count + 1, parts = (size_t)a->mapping->parts;
    a->digital = calloc(cores * parts, sizeof *a->digital);
    a->stage_digital = calloc(cores, sizeof *a->stage_digital);
    a->sent = calloc(cores, sizeof *a->sent);
    a->received = calloc(cores, sizeof *a->received);
    a->part_cycles = calloc(parts, sizeof *a->part_cycles);
    a->report->stages = calloc((size_t)a->stages->count, sizeof *a->report->stages);
    if (!a->digital || !a->stage_digital || !a->sent || !a->received || !a->part_cycles || !a->report->stages)
        return out_of_memory(err);
    WEFT_TRY(weft_loads_create(&a->loads, a->stages, err));
    return weft_traffic_create(&a->traffic, a->mapping, a->stages, a->chip, err);
}

static void account_free(weft_account *a) {
    weft_traffic_destroy(a->traffic);
    weft_loads_destroy(a->loads, a->stages->count);
    free(a->digital);
    free(a->stage_digital);
    free(a->sent);
    free(a->received);
    free(a->part_cycles);
}

weft_status weft_map_examine(weft_map_report *report, const weft_mapping *mapping, const weft_stages *stages,
                             const weft_chip *chip, const weft_map_options *options, weft_error *err) {
    weft_status status = WEFT_OK;
    weft_map_options plain = weft_map_defaults();
    weft_account a = {.report = report, .mapping = mapping, .stages = stages, .chip = chip, .options = options};
    if (!options) a.options = &plain;
    *report = (weft_map_report){.stage_count = stages->count, .parts = mapping->parts, .chips = mapping->chips};
    WEFT_TRY_GOTO(account_create(&a, err));
    count_arrays(&a);
    WEFT_TRY_GOTO(count_buffers(&a, err));
    for (int s = 0; s < stages->count; s++) {
        weft_account_digital(&a, s);
        weft_account_network(&a, s);
    }
    WEFT_TRY_GOTO(weft_account_parts(&a, err));
cleanup:
    account_free(&a);
    if (status != WEFT_OK) weft_map_report_destroy(report);
    return status;
}

void weft_map_report_destroy(weft_map_report *report) {
    if (!report) return;
    free(report->stages);
    free(report->placements);
    free(report->log);
    memset(report, 0, sizeof *report);
}
