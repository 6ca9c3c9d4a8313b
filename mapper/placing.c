/* Placers on the problems of a mapping, and what they cost. */
#include <stdlib.h>
#include <string.h>

#include "core/chip_route.h"
#include "core/clock.h"
#include "mapper/passes.h"

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

static weft_status run_placers(weft_placing *p, const weft_place_problem *problem, const weft_part_flows *flows,
                               int *core_of, int *trial, weft_error *err) {
    weft_map_placement used = {0};
    uint64_t least = 0;
    double seconds = 0.0;
    bool have = false;
    for (int i = p->placer_count - 1; i >= 0; i--) {
        const weft_placer *placer = &weft_placers[i];
        weft_map_placement row;
        uint64_t cost = 0;
        if (placer != p->chosen && !p->options->compare) continue;
        WEFT_TRY(run_placer(&row, trial, placer, problem, flows, err));
        WEFT_TRY(weft_place_cost(&cost, problem, trial, err));
        add_row(&p->rows[i], &row);
        if (placer == p->chosen) seconds = row.seconds;
        bool free_choice = !p->options->placer;
        if (free_choice ? have && cost >= least : placer != p->chosen) continue;
        have = true;
        least = cost;
        used = row;
        memcpy(core_of, trial, (size_t)problem->clusters * sizeof *core_of);
    }
    used.placer = p->chosen->name;
    used.seconds = seconds;
    add_row(&p->used, &used);
    return WEFT_OK;
}

weft_status weft_placing_run(weft_placing *p, const weft_place_problem *problem, const weft_part_flows *flows,
                             int *core_of, weft_error *err) {
    int *trial = calloc((size_t)problem->clusters + 1, sizeof *trial);
    if (!trial) return out_of_memory(err);
    const weft_status status = run_placers(p, problem, flows, core_of, trial, err);
    free(trial);
    return status;
}

weft_status weft_placing_start(weft_placing *out, const weft_map_options *options, weft_error *err) {
    *out = (weft_placing){.options = options};
    while (weft_placers[out->placer_count].name) out->placer_count++;
    out->chosen = options->placer ? weft_placer_find(options->placer) : &weft_placers[out->placer_count - 1];
    if (!out->chosen) return weft_error_set(err, WEFT_E_INVALID, "there is no placer \"%.80s\"", options->placer);
    out->rows = calloc((size_t)out->placer_count, sizeof *out->rows);
    return out->rows ? WEFT_OK : out_of_memory(err);
}

void weft_placing_free(weft_placing *p) { free(p->rows); }

weft_status weft_placing_report(const weft_placing *p, const weft_chip *chip, weft_map_log *log, weft_error *err) {
    return weft_map_log_add(log, err, "place: %s, objective %s: %llu flit-hops, %llu %s on the busiest link",
                            p->chosen->name, weft_objective_names[p->options->objective],
                            (unsigned long long)p->used.flit_hops, (unsigned long long)p->used.link_flits,
                            weft_chip_has_slow_links(chip) ? "cycles" : "flits");
}

weft_status weft_placing_rows(const weft_placing *p, weft_map_placement **out, int *count, weft_error *err) {
    *count = 0;
    *out = malloc(((size_t)p->placer_count + 1) * sizeof **out);
    if (!*out) return out_of_memory(err);
    for (int i = 0; i < p->placer_count; i++)
        if (p->rows[i].placer && &weft_placers[i] != p->chosen) (*out)[(*count)++] = p->rows[i];
    (*out)[(*count)++] = p->used;
    return WEFT_OK;
}
