/* Clusters onto the cores of the network: flows of each part, to the placers. */
#include <stdlib.h>

#include "mapper/passes.h"

typedef struct embedding {
    weft_mapping *mapping;
    const weft_chip *chip;
    weft_placing placing;
} embedding;

static weft_status out_of_memory(weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "out of memory while placing cores");
}

/* clusters[number], ascending -> cores. */
static void renumber(weft_mapping *mapping, int part, const int *core_at) {
    for (int s = 0; s < mapping->stage_count; s++) {
        weft_mapped_stage *mapped = &mapping->stages[s];
        for (int t = 0; t < mapped->tile_count; t++)
            if (mapped->tiles[t].part == part) mapped->tiles[t].core = core_at[mapped->tiles[t].core];
        for (int b = 0; b < mapped->block_count; b++)
            if (mapped->blocks[b].part == part) mapped->blocks[b].core = core_at[mapped->blocks[b].core];
    }
}

static weft_status embed_part(embedding *e, const weft_part_flows *flows, int part, int *core_at, weft_error *err) {
    weft_status status = WEFT_OK;
    weft_place_problem problem = {.clusters = flows->core_count,
                                  .flow_count = flows->flow_count,
                                  .flows = flows->flows,
                                  .chip = e->chip,
                                  .objective = e->placing.options->objective,
                                  .seed = e->placing.options->seed};
    int *core_of = calloc((size_t)flows->core_count + 1, sizeof *core_of);
    if (!core_of) WEFT_TRY_GOTO(out_of_memory(err));
    WEFT_TRY_GOTO(weft_placing_run(&e->placing, &problem, flows, core_of, err));
    for (int i = 0; i < flows->core_count; i++) core_at[flows->cores[i]] = core_of[i];
    renumber(e->mapping, part, core_at);
cleanup:
    free(core_of);
    return status;
}

static weft_status find_flows(weft_part_flows *flows, const embedding *e, const weft_stages *stages, weft_error *err) {
    weft_status status = WEFT_OK;
    weft_traffic *traffic = NULL;
    WEFT_TRY(weft_traffic_create(&traffic, e->mapping, stages, e->chip, err));
    for (int part = 0; part < e->mapping->parts && status == WEFT_OK; part++)
        status = weft_part_flows_create(&flows[part], traffic, e->mapping, e->chip, part, err);
    weft_traffic_destroy(traffic);
    return status;
}

static weft_status embed_parts(embedding *e, const weft_stages *stages, weft_error *err) {
    weft_status status = WEFT_OK;
    int *core_at = calloc((size_t)e->chip->core_count + 1, sizeof *core_at);
    weft_part_flows *flows = calloc((size_t)e->mapping->parts, sizeof *flows);
    if (!core_at || !flows) WEFT_TRY_GOTO(out_of_memory(err));
    WEFT_TRY_GOTO(find_flows(flows, e, stages, err));
    for (int part = 0; part < e->mapping->parts; part++) WEFT_TRY_GOTO(embed_part(e, &flows[part], part, core_at, err));
cleanup:
    for (int part = 0; flows && part < e->mapping->parts; part++) weft_part_flows_free(&flows[part]);
    free(flows);
    free(core_at);
    return status;
}

weft_status weft_embed(weft_mapping *mapping, weft_map_placement **placements, int *placement_count,
                       const weft_stages *stages, const weft_chip *chip, const weft_map_options *options,
                       weft_map_log *log, weft_error *err) {
    weft_status status = WEFT_OK;
    embedding e = {.mapping = mapping, .chip = chip};
    WEFT_TRY_GOTO(weft_placing_start(&e.placing, options, err));
    WEFT_TRY_GOTO(embed_parts(&e, stages, err));
    WEFT_TRY_GOTO(weft_placing_report(&e.placing, chip, log, err));
    WEFT_TRY_GOTO(weft_placing_rows(&e.placing, placements, placement_count, err));
cleanup:
    weft_placing_free(&e.placing);
    return status;
}
