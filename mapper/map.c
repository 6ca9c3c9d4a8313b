#include "mapper/mapper.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/traffic.h"
#include "mapper/passes.h"

enum { OPTION_BITS = 6 };

/* Every combination of the six options, the plain one first. */
static weft_place_options options_of(int number) {
    return (weft_place_options){.keep_together = number & 1,
                                .merge_outputs = number & 2,
                                .fresh_cores = number & 4,
                                .by_columns = number & 8,
                                .from_right = number & 16,
                                .from_bottom = number & 32};
}

static weft_status hops_of(uint64_t *hops, const weft_mapping *mapping, const weft_stages *stages,
                           const weft_chip *chip, weft_error *err) {
    weft_traffic *traffic = NULL;
    WEFT_TRY(weft_traffic_create(&traffic, mapping, stages, chip, err));
    *hops = weft_traffic_total(traffic).flit_hops;
    weft_traffic_destroy(traffic);
    return WEFT_OK;
}

/* The placement with the fewest flit hops, the first of equals; *best stays NULL when none fits. */
static weft_status search_placements(weft_mapping **best, uint64_t *best_hops, const weft_grid *grids,
                                     const weft_stages *stages, const weft_chip *chip, weft_error *err) {
    for (int number = 0; number < 1 << OPTION_BITS; number++) {
        weft_place_options options = options_of(number);
        weft_mapping *mapping = NULL;
        weft_error trial;
        uint64_t hops = 0;
        weft_status status = weft_place(&mapping, grids, stages, chip, &options, &trial);
        if (status == WEFT_E_NO_FIT) continue;
        if (status == WEFT_OK) status = hops_of(&hops, mapping, stages, chip, &trial);
        if (status == WEFT_OK && (!*best || hops < *best_hops)) {
            weft_mapping_destroy(*best);
            *best = mapping;
            *best_hops = hops;
            continue;
        }
        weft_mapping_destroy(mapping);
        if (status == WEFT_OK) continue;
        if (err) *err = trial;
        return status;
    }
    return WEFT_OK;
}

static weft_status summarise(weft_map_summary *summary, const weft_mapping *mapping, const weft_chip *chip,
                             uint64_t hops, weft_error *err) {
    bool *used = calloc((size_t)chip->core_count + 1, sizeof *used);
    if (!used) return weft_error_set(err, WEFT_E_MEMORY, "out of memory while mapping");
    *summary = (weft_map_summary){.flit_hops_per_image = hops, .cores_available = chip->core_count};
    summary->arrays_available = chip->core_count * (int)chip->array.per_core;
    double weights = 0.0;
    for (int s = 0; s < mapping->stage_count; s++) {
        const weft_mapped_stage *stage = &mapping->stages[s];
        weights += (double)stage->rows * (double)stage->columns;
        summary->arrays_needed += stage->tile_count;
        for (int t = 0; t < stage->tile_count; t++) {
            summary->cores_used += !used[stage->tiles[t].core];
            used[stage->tiles[t].core] = true;
        }
    }
    double cells = (double)summary->arrays_needed * (double)chip->array.rows * (double)chip->array.columns;
    summary->cell_utilisation_percent = 100.0 * weights * chip->columns_per_weight / cells;
    free(used);
    return WEFT_OK;
}

weft_status weft_map(weft_mapping **out, weft_map_summary *summary, const weft_stages *stages, const weft_chip *chip,
                     weft_error *err) {
    assert(out && stages && stages->count > 0 && chip);
    weft_status status = WEFT_OK;
    weft_mapping *mapping = NULL;
    weft_map_summary facts;
    uint64_t hops = 0;
    *out = NULL;
    weft_grid *grids = calloc((size_t)stages->count, sizeof *grids);
    if (!grids) return weft_error_set(err, WEFT_E_MEMORY, "out of memory while mapping");
    WEFT_TRY_GOTO(weft_partition_all(grids, stages, chip, err));
    WEFT_TRY_GOTO(search_placements(&mapping, &hops, grids, stages, chip, err));
    if (!mapping) WEFT_TRY_GOTO(weft_explain_no_fit(grids, stages, chip, err));
    WEFT_TRY_GOTO(weft_mapping_check(mapping, stages, chip, err));
    WEFT_TRY_GOTO(summarise(&facts, mapping, chip, hops, err));
    if (summary) *summary = facts;
    *out = mapping;
    mapping = NULL;
cleanup:
    weft_mapping_destroy(mapping);
    free(grids);
    return status;
}
