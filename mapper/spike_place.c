/* Flows of a layout, and its cores onto the network's. */
#include <math.h>
#include <stdlib.h>

#include "mapper/spike_internal.h"

static weft_status out_of_memory(weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "out of memory for the flows between cores");
}

/* Sums what one terminal sends to the others. */
typedef struct flow_counter {
    weft_part_flows *out;
    const int *number; /* [core_count] of cores in use */
    double *sum;       /* [cores in use] all 0 between uses */
    uint64_t *packets; /* likewise */
    const double *rates;
    size_t room;
} flow_counter;

static void count(flow_counter *f, uint32_t core, int population) {
    f->sum[f->number[core]] += f->rates ? f->rates[population] : 1;
    f->packets[f->number[core]]++;
}

/* Appends the flows from `from`, but to itself. */
static weft_status append(flow_counter *f, int from, weft_error *err) {
    for (int to = 0; to < f->out->core_count; to++) {
        const uint64_t packets = f->packets[to];
        const double sum = f->sum[to];
        f->packets[to] = 0;
        f->sum[to] = 0;
        if (!packets || to == from) continue;
        if (f->out->flow_count == f->room) {
            f->room = f->room ? 2 * f->room : 1024;
            weft_flow *grown = realloc(f->out->flows, f->room * sizeof *grown);
            if (!grown) return out_of_memory(err);
            f->out->flows = grown;
        }
        const uint64_t flits = f->rates ? (uint64_t)ceil(1000 * sum) : packets;
        f->out->flows[f->out->flow_count++] = (weft_flow){from, to, packets, flits};
    }
    return WEFT_OK;
}

static weft_status count_flows(flow_counter *f, const weft_spike_layout *layout, const weft_snn *snn, weft_error *err) {
    for (int i = 0; i < f->out->core_count; i++) {
        const weft_laid_core *core = &layout->cores[f->out->cores[i]];
        for (int s = 0; s < core->slot_count; s++)
            for (uint64_t r = core->first[s]; r < core->first[s + 1]; r++)
                count(f, core->routes[r].core, core->slots[s].population);
        WEFT_TRY(append(f, i, err));
    }
    uint64_t value = 0;
    for (int p = 0; p < snn->population_count; p++)
        for (uint32_t n = 0; snn->populations[p].model == WEFT_NIR_INPUT && n < snn->populations[p].size; n++, value++)
            for (uint64_t r = layout->input_first[value]; r < layout->input_first[value + 1]; r++)
                count(f, layout->input_routes[r].core, p);
    return append(f, f->out->core_count, err);
}

weft_status weft_spike_flows(weft_part_flows *out, const weft_spike_layout *layout, const weft_snn *snn,
                             const weft_chip *chip, const double *rates, weft_error *err) {
    weft_status status = WEFT_OK;
    *out = (weft_part_flows){0};
    int *number = calloc((size_t)chip->core_count, sizeof *number);
    flow_counter f = {.out = out, .number = number, .rates = rates};
    out->cores = malloc((size_t)chip->core_count * sizeof *out->cores);
    f.sum = calloc((size_t)layout->cores_used + 1, sizeof *f.sum);
    f.packets = calloc((size_t)layout->cores_used + 1, sizeof *f.packets);
    if (!number || !out->cores || !f.sum || !f.packets) WEFT_TRY_GOTO(out_of_memory(err));
    for (int c = 0; c < layout->core_count; c++) {
        number[c] = out->core_count;
        if (layout->cores[c].slot_count) out->cores[out->core_count++] = c;
    }
    WEFT_TRY_GOTO(count_flows(&f, layout, snn, err));
cleanup:
    free(number);
    free(f.sum);
    free(f.packets);
    if (status != WEFT_OK) weft_part_flows_free(out);
    return status;
}

weft_status weft_spike_place(int *core_of, weft_map_placement **placements, int *placement_count, weft_spike_work *w,
                             const weft_spike_layout *layout) {
    const weft_map_options options = {.objective = w->options->objective,
                                      .placer = w->options->placer,
                                      .seed = w->options->seed,
                                      .compare = w->options->compare};
    weft_part_flows flows = {0};
    weft_placing placing = {0};
    weft_status status = WEFT_OK;
    WEFT_TRY_GOTO(weft_placing_start(&placing, &options, w->err));
    WEFT_TRY_GOTO(weft_spike_flows(&flows, layout, w->snn, w->chip, w->options->rates, w->err));
    const weft_place_problem problem = {.clusters = flows.core_count,
                                        .flow_count = flows.flow_count,
                                        .flows = flows.flows,
                                        .chip = w->chip,
                                        .objective = options.objective,
                                        .seed = options.seed};
    WEFT_TRY_GOTO(weft_placing_run(&placing, &problem, &flows, core_of, w->err));
    WEFT_TRY_GOTO(weft_placing_report(&placing, w->chip, &w->log, w->err));
    WEFT_TRY_GOTO(weft_placing_rows(&placing, placements, placement_count, w->err));
cleanup:
    weft_part_flows_free(&flows);
    weft_placing_free(&placing);
    return status;
}
