#include <stdlib.h>

#include "mapper/report_internal.h"

static weft_status out_of_memory(weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "out of memory for the mapper's report");
}

/* a->sent becomes what the part's cores send. */
static weft_status count_links(weft_account *a, const weft_place_problem *problem, const weft_part_flows *flows,
                               weft_map_placement *given, weft_error *err) {
    weft_map_placement part = {0};
    WEFT_TRY(weft_part_measure(&part, a->sent, flows, problem, flows->cores, err));
    given->link_flits = weft_larger(given->link_flits, part.link_flits);
    given->flit_hops += part.flit_hops;
    given->link_cycles += part.link_cycles;
    return WEFT_OK;
}

/* Flits into or out of the busiest core; the host's port counts for the pipeline too. */
static void count_ports(weft_account *a, int part, const weft_part_flows *flows) {
    uint64_t host[2] = {0, 0}, most = 0;
    for (size_t i = 0; i < flows->flow_count; i++) a->received[flows->flows[i].to] += flows->flows[i].flits;
    host[0] = a->sent[flows->core_count];
    host[1] = a->received[flows->core_count];
    for (int c = 0; c <= flows->core_count; c++) {
        if (c < flows->core_count) most = weft_larger(most, weft_larger(a->sent[c], a->received[c]));
        a->sent[c] = a->received[c] = 0;
    }
    a->report->busiest_core_flits = weft_larger(a->report->busiest_core_flits, most);
    a->part_cycles[part] = weft_larger(a->part_cycles[part], weft_larger(most, weft_larger(host[0], host[1])));
}

static weft_status count_part(weft_account *a, int part, weft_map_placement *given, weft_error *err) {
    weft_status status = WEFT_OK;
    weft_part_flows flows;
    weft_place_bounds bounds = {0, 0};
    WEFT_TRY(weft_part_flows_create(&flows, a->traffic, a->mapping, a->chip, part, err));
    weft_place_problem problem = {.clusters = flows.core_count,
                                  .flow_count = flows.flow_count,
                                  .flows = flows.flows,
                                  .chip = a->chip,
                                  .objective = a->options->objective,
                                  .seed = a->options->seed};
    WEFT_TRY_GOTO(count_links(a, &problem, &flows, given, err));
    WEFT_TRY_GOTO(weft_part_bound(&bounds, &flows, &problem, err));
    a->report->bounds.flit_hops += bounds.flit_hops;
    a->report->bounds.link_flits = weft_larger(a->report->bounds.link_flits, bounds.link_flits);
    if (flows.core_count > a->report->cores_used) a->report->cores_used = flows.core_count;
    count_ports(a, part, &flows);
    for (int i = 0; i < flows.core_count; i++) {
        uint64_t events = a->digital[(size_t)part * (size_t)a->chip->core_count + (size_t)flows.cores[i]];
        a->part_cycles[part] =
            weft_larger(a->part_cycles[part], weft_divide_up(events, (uint64_t)a->chip->core.digital_lanes));
    }
cleanup:
    weft_part_flows_free(&flows);
    return status;
}

/* Cycles of the part's slowest arrays. */
static uint64_t slowest_arrays(const weft_account *a, int part) {
    uint64_t most = 0;
    for (int s = 0; s < a->stages->count; s++) {
        const weft_mapped_stage *mapped = &a->mapping->stages[s];
        bool here = false;
        for (int t = 0; t < mapped->tile_count && !here; t++) here = mapped->tiles[t].part == part;
        if (here) most = weft_larger(most, a->report->stages[s].array_cycles);
    }
    return most;
}

/* Parts on the same chip come one after the other. */
static uint64_t count_rounds(const weft_account *a, const uint64_t *cycles) {
    uint64_t most = 0;
    for (int chip = 0; chip < a->mapping->chips; chip++) {
        uint64_t sum = 0;
        for (int part = chip; part < a->mapping->parts; part += a->mapping->chips) sum += cycles[part];
        most = weft_larger(most, sum);
    }
    return most;
}

weft_status weft_account_parts(weft_account *a, weft_error *err) {
    weft_map_report *r = a->report;
    weft_map_placement given = {.placer = "as given"};
    for (int part = 0; part < a->mapping->parts; part++) a->part_cycles[part] = slowest_arrays(a, part);
    r->rounds_cycles = count_rounds(a, a->part_cycles);
    for (int part = 0; part < a->mapping->parts; part++) WEFT_TRY(count_part(a, part, &given, err));
    r->host_cycles = weft_host_flits(a->stages, a->chip);
    WEFT_TRY(weft_account_bounds(a, err));
    r->flit_hops_per_image = given.flit_hops;
    r->pipeline_cycles = count_rounds(a, a->part_cycles);
    r->placements = malloc(sizeof *r->placements);
    if (!r->placements) return out_of_memory(err);
    r->placements[r->placement_count++] = given;
    return WEFT_OK;
}
