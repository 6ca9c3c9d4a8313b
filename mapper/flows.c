#include <stdlib.h>
#include <string.h>

#include "core/chip_route.h"
#include "core/tree.h"
#include "mapper/passes.h"

static weft_status out_of_memory(weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "out of memory for the flows between cores");
}

/* used[core]: the core holds something of the part. */
static void mark_cores(unsigned char *used, const weft_mapping *mapping, int part) {
    for (int s = 0; s < mapping->stage_count; s++) {
        const weft_mapped_stage *mapped = &mapping->stages[s];
        for (int t = 0; t < mapped->tile_count; t++)
            if (mapped->tiles[t].part == part) used[mapped->tiles[t].core] = 1;
        for (int b = 0; b < mapped->block_count; b++)
            if (mapped->blocks[b].part == part) used[mapped->blocks[b].core] = 1;
    }
}

weft_status weft_part_flows_create(weft_part_flows *out, const weft_traffic *traffic, const weft_mapping *mapping,
                                   const weft_chip *chip, int part, weft_error *err) {
    weft_status status = WEFT_OK;
    *out = (weft_part_flows){0};
    unsigned char *used = calloc((size_t)chip->core_count, 1);
    int *number = calloc((size_t)chip->core_count + 1, sizeof *number);
    out->cores = malloc((size_t)chip->core_count * sizeof *out->cores);
    if (!used || !number || !out->cores) WEFT_TRY_GOTO(out_of_memory(err));
    mark_cores(used, mapping, part);
    for (int c = 0; c < chip->core_count; c++) {
        number[c] = out->core_count;
        if (used[c]) out->cores[out->core_count++] = c;
    }
    number[chip->host_terminal] = out->core_count;
    WEFT_TRY_GOTO(weft_traffic_flows(traffic, part, &out->flows, &out->flow_count, err));
    for (size_t i = 0; i < out->flow_count; i++) {
        out->flows[i].from = number[out->flows[i].from];
        out->flows[i].to = number[out->flows[i].to];
    }
    if (!chip->noc.multicast) goto cleanup;
    WEFT_TRY_GOTO(weft_traffic_trees(&out->trees, traffic, part, err));
    for (size_t i = 0; i < out->trees.count; i++) out->trees.items[i].from = number[out->trees.items[i].from];
    for (size_t i = 0; i < out->trees.to_count; i++) out->trees.to[i] = number[out->trees.to[i]];
cleanup:
    free(used);
    free(number);
    if (status != WEFT_OK) weft_part_flows_free(out);
    return status;
}

void weft_part_flows_free(weft_part_flows *flows) {
    free(flows->cores);
    free(flows->flows);
    weft_tree_flows_free(&flows->trees);
    *flows = (weft_part_flows){0};
}

/* ---- what a placement costs ---- */

/* to: scratch. */
static void add_tree(uint64_t *link_flits, uint64_t *sent, const weft_part_flows *flows, const weft_tree_flow *flow,
                     const weft_chip *chip, const int *core_of, int *to) {
    const int host = flows->core_count, *numbers = flows->trees.to + flow->first;
    const int from = flow->from == host ? chip->host_terminal : core_of[flow->from];
    weft_tree tree;
    for (int i = 0; i < flow->count; i++) to[i] = numbers[i] == host ? chip->host_terminal : core_of[numbers[i]];
    if (flow->in_tree) weft_tree_make(&tree, chip, from, to, flow->count);
    if (flow->in_tree && weft_tree_pays(&tree, chip, from, to, flow->count, flow->in_tree, flow->flits)) {
        weft_tree_add_flits(&tree, flow->in_tree, link_flits);
        if (sent) sent[flow->from] += flow->in_tree;
        return;
    }
    for (int i = 0; i < flow->count; i++) {
        weft_tree_make(&tree, chip, from, &to[i], 1);
        weft_tree_add_flits(&tree, flow->flits, link_flits);
    }
    if (sent) sent[flow->from] += flow->flits * (uint64_t)flow->count;
}

static void add_flows(uint64_t *link_flits, uint64_t *sent, const weft_part_flows *flows, const weft_chip *chip,
                      const int *core_of) {
    const weft_place_problem problem = {
        .clusters = flows->core_count, .flow_count = flows->flow_count, .flows = flows->flows, .chip = chip};
    weft_place_link_flits(&problem, core_of, link_flits);
    for (size_t i = 0; sent && i < flows->flow_count; i++) sent[flows->flows[i].from] += flows->flows[i].flits;
}

weft_status weft_part_links(uint64_t *link_flits, uint64_t *sent, const weft_part_flows *flows, const weft_chip *chip,
                            const int *core_of, weft_error *err) {
    if (sent) memset(sent, 0, ((size_t)flows->core_count + 1) * sizeof *sent);
    if (!flows->trees.count) {
        add_flows(link_flits, sent, flows, chip, core_of);
        return WEFT_OK;
    }
    int *to = malloc(((size_t)flows->core_count + 1) * sizeof *to);
    if (!to) return out_of_memory(err);
    memset(link_flits, 0, (size_t)chip->router_count * 4 * sizeof *link_flits);
    for (size_t i = 0; i < flows->trees.count; i++)
        add_tree(link_flits, sent, flows, &flows->trees.items[i], chip, core_of, to);
    free(to);
    return WEFT_OK;
}

weft_status weft_part_measure(weft_map_placement *out, uint64_t *sent, const weft_part_flows *flows,
                              const weft_place_problem *problem, const int *core_of, weft_error *err) {
    const weft_chip *chip = problem->chip;
    const size_t count = (size_t)chip->router_count * WEFT_SIDES;
    uint64_t *links = calloc(count, sizeof *links);
    if (!links) return out_of_memory(err);
    const weft_status status = weft_part_links(links, sent, flows, chip, core_of, err);
    out->link_flits = weft_place_busiest(chip, links);
    out->flit_hops = out->link_cycles = 0;
    for (size_t i = 0; flows->trees.count && i < count; i++) {
        out->flit_hops += links[i];
        if (links[i])
            out->link_cycles +=
                links[i] * (uint64_t)weft_chip_link_interval(chip, (int)(i / WEFT_SIDES), (int)(i % WEFT_SIDES));
    }
    if (!flows->trees.count) {
        out->flit_hops = weft_place_flit_hops(problem, core_of);
        out->link_cycles = weft_place_link_cycles(problem, core_of);
    }
    free(links);
    return status;
}

/* As many links as a tree's terminals need routers beside the first. */
static uint64_t least_links(const weft_part_flows *flows, const weft_tree_flow *flow, const weft_chip *chip) {
    const bool to_host = flows->trees.to[flow->first + (size_t)flow->count - 1] == flows->core_count;
    const int cores = flow->count - to_host + (flow->from != flows->core_count);
    return (uint64_t)((cores - 1) / (int)chip->noc.concentration);
}

/* No tree is shorter than the way to any one of its terminals, nor does a link of that way carry less. */
weft_status weft_part_bound(weft_place_bounds *out, const weft_part_flows *flows, const weft_place_problem *problem,
                            weft_error *err) {
    if (!flows->trees.count) return weft_place_bound(out, problem, err);
    weft_flow *ways = malloc(flows->trees.count * sizeof *ways);
    if (!ways) return out_of_memory(err);
    uint64_t spread = 0;
    for (size_t i = 0; i < flows->trees.count; i++) {
        const weft_tree_flow *flow = &flows->trees.items[i];
        ways[i] = (weft_flow){flow->from, flows->trees.to[flow->first], 1, flow->flits};
        spread += flow->flits * least_links(flows, flow, problem->chip);
    }
    weft_place_problem single = *problem;
    single.flows = ways;
    single.flow_count = flows->trees.count;
    const weft_status status = weft_place_bound(out, &single, err);
    if (status == WEFT_OK && spread > out->flit_hops) out->flit_hops = spread;
    free(ways);
    return status;
}
