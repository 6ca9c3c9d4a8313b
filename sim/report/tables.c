#include "sim/report/tables.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/interval.h"

static const struct {
    int exponent;
    const char *prefix;
} si_prefixes[] = {{-15, "f"}, {-12, "p"}, {-9, "n"}, {-6, NULL}, {-3, "m"},
                   {0, ""},    {3, "k"},   {6, "M"},  {9, "G"},   {12, "T"}};

void weft_report_scaled(char *out, size_t out_size, double value, const char *unit, int exponent, const char *micro) {
    if (!isfinite(value)) {
        snprintf(out, out_size, "-");
        return;
    }
    int last = (int)(sizeof si_prefixes / sizeof si_prefixes[0]) - 1, best = 0;
    for (int i = 0; i <= last; i++)
        if (fabs(value) * pow(10, exponent - si_prefixes[i].exponent) >= 0.9995 || i == 0) best = i;
    if (value == 0) best = 5;
    double scaled = value * pow(10, exponent - si_prefixes[best].exponent), size = fabs(scaled);
    int digits = size >= 99.95 ? 1 : size >= 9.995 ? 2 : 3;
    const char *prefix = si_prefixes[best].prefix;
    snprintf(out, out_size, "%.*f %s%s", value == 0 ? 0 : digits, scaled, prefix ? prefix : micro, unit);
}

weft_status weft_report_tables_alloc(weft_report_tables *tables, const weft_report_input *input, weft_error *err) {
    memset(tables, 0, sizeof *tables);
    tables->input = input;
    tables->stage_count = input->stages->count;
    size_t cores = (size_t)input->chip->core_count;
    tables->layers = calloc((size_t)tables->stage_count + 1, sizeof *tables->layers);
    tables->core_arrays = calloc(cores, sizeof *tables->core_arrays);
    tables->core_blocks = calloc(cores, sizeof *tables->core_blocks);
    tables->core_buffer = calloc(cores, sizeof *tables->core_buffer);
    tables->part_arrays = calloc(cores, sizeof *tables->part_arrays);
    tables->resources = calloc((size_t)tables->stage_count + WEFT_RESOURCE_KINDS, sizeof *tables->resources);
    tables->link_share = calloc((size_t)input->chip->router_count * 4, sizeof *tables->link_share);
    if (tables->layers && tables->core_arrays && tables->core_blocks && tables->core_buffer && tables->part_arrays &&
        tables->resources && tables->link_share)
        return WEFT_OK;
    weft_report_tables_free(tables);
    return weft_error_set(err, WEFT_E_MEMORY, "no memory for the report's tables");
}

void weft_report_tables_free(weft_report_tables *tables) {
    free(tables->layers);
    free(tables->core_arrays);
    free(tables->core_blocks);
    free(tables->core_buffer);
    free(tables->part_arrays);
    free(tables->resources);
    free(tables->link_share);
    tables->link_share = NULL;
    tables->resources = NULL;
    tables->part_arrays = NULL;
    tables->layers = NULL;
    tables->core_arrays = NULL;
    tables->core_blocks = NULL;
    tables->core_buffer = NULL;
}

const char *weft_report_kind(const weft_stage *stage) {
    if (!stage->has_matrix) return "digital";
    return stage->is_conv ? "conv" : "dense";
}

bool weft_report_core_used(const weft_report_tables *tables, int core) {
    return tables->core_arrays[core] > 0 || tables->core_blocks[core] > 0;
}

/* Weights of one copy; what lies off the groups' blocks is none. */
static uint64_t weight_count(const weft_stage *stage) {
    return stage->has_matrix ? (uint64_t)weft_stage_group_rows(stage) * (uint64_t)stage->columns : 0;
}

/* Every copy has each weight in exactly one tile. */
static double cell_utilisation(const weft_mapped_stage *mapped, const weft_stage *stage, const weft_chip *chip) {
    double used = (double)weight_count(stage) * weft_mapped_stage_copies(mapped) * chip->columns_per_weight;
    double array = (double)chip->array.rows * (double)chip->array.columns;
    return mapped->tile_count ? 100 * used / (array * mapped->tile_count) : 0;
}

const weft_engine_stage_statistics *weft_report_statistics(const weft_report_input *input, int s) {
    return input->statistics && input->stages->items[s].has_matrix ? &input->statistics[s] : NULL;
}

double weft_report_clipped_percent(const weft_engine_stage_statistics *statistics) {
    return statistics->conversions ? 100 * (double)statistics->clipped / (double)statistics->conversions : NAN;
}

int weft_report_trials(const weft_report_input *input) { return input->trial_correct ? input->trials : 1; }

double weft_report_trial_percent(const weft_report_input *input, int trial) {
    const size_t correct = input->trial_correct ? input->trial_correct[trial] : input->correct;
    return input->images ? 100.0 * (double)correct / (double)input->images : NAN;
}

static void collect_stage(weft_report_tables *tables, int s) {
    const weft_report_input *input = tables->input;
    const weft_stage *stage = &input->stages->items[s];
    const weft_mapped_stage *mapped = &input->mapping->stages[s];
    weft_report_layer *layer = &tables->layers[s];
    layer->name = stage->name;
    layer->copies = weft_mapped_stage_copies(mapped);
    layer->tiles = mapped->tile_count;
    layer->cores = weft_mapped_stage_cores(mapped);
    layer->positions = (int64_t)stage->matrix_out.height * stage->matrix_out.width;
    layer->macs = (uint64_t)layer->positions * weight_count(stage);
    layer->cell_utilisation_percent = cell_utilisation(mapped, stage, input->chip);
    layer->info = weft_engine_stage(input->engine, s);
    layer->counts = weft_engine_events(input->engine, s);
    weft_event_counts moved = weft_traffic_events(input->traffic, s);
    weft_event_counts_add(&layer->counts, &moved);
    for (int b = 0; b < mapped->block_count; b++) tables->core_blocks[mapped->blocks[b].core]++;
}

static void collect_part(weft_report_tables *tables, int part) {
    const weft_report_input *input = tables->input;
    const size_t cores = (size_t)input->chip->core_count;
    memset(tables->part_arrays, 0, cores * sizeof *tables->part_arrays);
    for (int s = 0; s < tables->stage_count; s++) {
        const weft_mapped_stage *mapped = &input->mapping->stages[s];
        for (int t = 0; t < mapped->tile_count; t++)
            if (mapped->tiles[t].part == part) tables->part_arrays[mapped->tiles[t].core]++;
    }
    for (size_t c = 0; c < cores; c++) {
        int64_t bytes = weft_mapping_buffer_bytes(input->mapping, input->stages, input->chip, part, (int)c);
        if (tables->part_arrays[c] > tables->core_arrays[c]) tables->core_arrays[c] = tables->part_arrays[c];
        if (bytes > tables->core_buffer[c]) tables->core_buffer[c] = bytes;
    }
}

weft_status weft_report_collect(weft_report_tables *tables, weft_error *err) {
    const weft_report_input *input = tables->input;
    for (int s = 0; s < tables->stage_count; s++) collect_stage(tables, s);
    weft_report_layer *host = &tables->layers[tables->stage_count];
    host->name = "input";
    host->counts = weft_traffic_events(input->traffic, -1);
    tables->traffic = weft_traffic_total(input->traffic);
    tables->figures.programming = weft_engine_program_cost(input->engine);
    for (int p = 0; p < input->mapping->parts; p++) collect_part(tables, p);
    return weft_report_collect_network(tables, err);
}

int weft_report_component(const weft_report_tables *tables, int event) {
    int k = 0;
    while (strcmp(tables->component[k], weft_events[event].component) != 0) k++;
    return k;
}

static void name_components(weft_report_tables *tables) {
    tables->component_count = 0;
    for (int e = 0; e < WEFT_EVENT_COUNT; e++) {
        bool known = false;
        for (int k = 0; k < tables->component_count; k++)
            known |= !strcmp(tables->component[k], weft_events[e].component);
        if (!known) tables->component[tables->component_count++] = weft_events[e].component;
    }
}

double weft_report_energy(const weft_report_tables *tables, const weft_event_counts *counts,
                          double component_pj[WEFT_EVENT_COUNT]) {
    double sum = 0;
    for (int e = 0; e < WEFT_EVENT_COUNT; e++) {
        const double energy = (double)counts->n[e] * tables->input->chip->cost_pj[e].value;
        component_pj[weft_report_component(tables, e)] += energy;
        sum += energy;
    }
    return sum;
}

static void derive_energy(weft_report_tables *tables) {
    const weft_cited *cost = tables->input->chip->cost_pj;
    name_components(tables);
    for (int l = 0; l <= tables->stage_count; l++) {
        weft_report_layer *layer = &tables->layers[l];
        layer->energy_pj = weft_report_energy(tables, &layer->counts, layer->component_pj);
        weft_event_counts_add(&tables->counts, &layer->counts);
        tables->macs += layer->macs;
    }
    for (int e = 0; e < WEFT_EVENT_COUNT; e++) tables->event_pj[e] = (double)tables->counts.n[e] * cost[e].value;
    tables->figures.energy_dynamic_pj = weft_report_energy(tables, &tables->counts, tables->component_pj);
}

static void derive_trials(weft_report_tables *tables) {
    const weft_report_input *input = tables->input;
    weft_report_figures *f = &tables->figures;
    const int trials = weft_report_trials(input);
    double sum = 0, squares = 0, low = 0, high = 0;
    f->trials_worst_percent = weft_report_trial_percent(input, 0);
    for (int t = 0; t < trials; t++) {
        const double percent = weft_report_trial_percent(input, t);
        sum += percent;
        if (percent < f->trials_worst_percent) f->trials_worst_percent = percent;
    }
    f->trials_mean_percent = sum / trials;
    for (int t = 0; t < trials; t++) squares += pow(weft_report_trial_percent(input, t) - f->trials_mean_percent, 2);
    f->trials_std_percent = trials > 1 ? sqrt(squares / (trials - 1)) : 0;
    f->accuracy_low_percent = f->accuracy_high_percent = NAN;
    if (!input->images) return;
    weft_error_interval(&low, &high, 1 - f->trials_mean_percent / 100, f->trials_std_percent / 100, trials,
                        input->images);
    f->accuracy_low_percent = 100 * (1 - high);
    f->accuracy_high_percent = 100 * (1 - low);
}

void weft_report_derive(weft_report_tables *tables) {
    const weft_report_input *input = tables->input;
    weft_report_figures *f = &tables->figures;
    f->accuracy_percent = input->images ? 100.0 * (double)input->correct / (double)input->images : NAN;
    derive_trials(tables);
    for (int c = 0; c < input->chip->core_count; c++) {
        f->cores_used += weft_report_core_used(tables, c);
        f->arrays_used += tables->core_arrays[c];
    }
    derive_energy(tables);
    weft_report_derive_time(tables);
    weft_report_derive_checks(tables);
}
