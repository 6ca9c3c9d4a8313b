/* Clusters onto the cores of the network: flows of each part, to the placers. */
#include <stdlib.h>
#include <string.h>

#include "core/chip_route.h"
#include "core/clock.h"
#include "mapper/passes.h"

typedef struct embedding {
    weft_mapping *mapping;
    const weft_chip *chip;
    const weft_map_options *options;
    const weft_placer *chosen;
    weft_map_placement *rows; /* of weft_placers, [placer_count]; those that ran have a name */
    weft_map_placement used;  /* what the mapping got */
    int placer_count;
} embedding;

static weft_status out_of_memory(weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "out of memory while placing cores");
}

/* Adds what a part's placement costs. */
static void add_row(weft_map_placement *row, const weft_map_placement *part) {
    row->placer = part->placer;
    row->flit_hops += part->flit_hops;
    row->link_cycles += part->link_cycles;
    row->seconds += part->seconds;
    if (part->link_flits > row->link_flits) row->link_flits = part->link_flits;
}

static weft_status run_placer(weft_map_placement *row, int *core_of, const weft_placer *placer,
                              const weft_place_problem *problem, const weft_part_flows *flows, weft_error *err) {
    double start = weft_now_s();
    WEFT_TRY(placer->run(core_of, problem, err));
    *row = (weft_map_placement){.placer = placer->name, .seconds = weft_now_s() - start};
    return weft_part_measure(row, NULL, flows, problem, core_of, err);
}

/* Runs the placers that are asked for; core_of becomes the chosen one's, or that of a better one. */
static weft_status place_clusters(embedding *e, const weft_place_problem *problem, const weft_part_flows *flows,
                                  int *core_of, int *trial, weft_error *err) {
    weft_map_placement used = {0};
    uint64_t least = 0;
    double seconds = 0.0;
    bool have = false;
    for (int i = e->placer_count - 1; i >= 0; i--) {
        const weft_placer *placer = &weft_placers[i];
        weft_map_placement row;
        uint64_t cost = 0;
        if (placer != e->chosen && !e->options->compare) continue;
        WEFT_TRY(run_placer(&row, trial, placer, problem, flows, err));
        WEFT_TRY(weft_place_cost(&cost, problem, trial, err));
        add_row(&e->rows[i], &row);
        if (placer == e->chosen) seconds = row.seconds;
        bool free_choice = !e->options->placer;
        if (free_choice ? have && cost >= least : placer != e->chosen) continue;
        have = true;
        least = cost;
        used = row;
        memcpy(core_of, trial, (size_t)problem->clusters * sizeof *core_of);
    }
    used.placer = e->chosen->name;
    used.seconds = seconds;
    add_row(&e->used, &used);
    return WEFT_OK;
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
                                  .objective = e->options->objective,
                                  .seed = e->options->seed};
    int *core_of = calloc((size_t)flows->core_count + 1, sizeof *core_of);
    int *trial = calloc((size_t)flows->core_count + 1, sizeof *trial);
    if (!core_of || !trial) WEFT_TRY_GOTO(out_of_memory(err));
    WEFT_TRY_GOTO(place_clusters(e, &problem, flows, core_of, trial, err));
    for (int i = 0; i < flows->core_count; i++) core_at[flows->cores[i]] = core_of[i];
    renumber(e->mapping, part, core_at);
cleanup:
    free(core_of);
    free(trial);
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

static weft_status collect_rows(embedding *e, weft_map_placement **out, int *count, weft_error *err) {
    *count = 0;
    *out = malloc(((size_t)e->placer_count + 1) * sizeof **out);
    if (!*out) return out_of_memory(err);
    for (int i = 0; i < e->placer_count; i++)
        if (e->rows[i].placer && &weft_placers[i] != e->chosen) (*out)[(*count)++] = e->rows[i];
    (*out)[(*count)++] = e->used;
    return WEFT_OK;
}

weft_status weft_embed(weft_mapping *mapping, weft_map_placement **placements, int *placement_count,
                       const weft_stages *stages, const weft_chip *chip, const weft_map_options *options,
                       weft_map_log *log, weft_error *err) {
    weft_status status = WEFT_OK;
    embedding e = {.mapping = mapping, .chip = chip, .options = options};
    while (weft_placers[e.placer_count].name) e.placer_count++;
    e.chosen = options->placer ? weft_placer_find(options->placer) : &weft_placers[e.placer_count - 1];
    if (!e.chosen) return weft_error_set(err, WEFT_E_INVALID, "there is no placer \"%.80s\"", options->placer);
    e.rows = calloc((size_t)e.placer_count, sizeof *e.rows);
    if (!e.rows) return out_of_memory(err);
    WEFT_TRY_GOTO(embed_parts(&e, stages, err));
    WEFT_TRY_GOTO(weft_map_log_add(log, err, "place: %s, objective %s: %llu flit-hops, %llu %s on the busiest link",
                                   e.chosen->name, weft_objective_names[options->objective],
                                   (unsigned long long)e.used.flit_hops, (unsigned long long)e.used.link_flits,
                                   weft_chip_has_slow_links(chip) ? "cycles" : "flits"));
    WEFT_TRY_GOTO(collect_rows(&e, placements, placement_count, err));
cleanup:
    free(e.rows);
    return status;
}
