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
    if (tables->layers && tables->core_arrays && tables->core_blocks && tables->core_buffer && tables->part_arrays)
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

void weft_report_collect(weft_report_tables *tables) {
    const weft_report_input *input = tables->input;
    for (int s = 0; s < tables->stage_count; s++) collect_stage(tables, s);
    weft_report_layer *host = &tables->layers[tables->stage_count];
    host->name = "input";
    host->counts = weft_traffic_events(input->traffic, -1);
    tables->traffic = weft_traffic_total(input->traffic);
    tables->figures.programming = weft_engine_program_cost(input->engine);
    for (int p = 0; p < input->mapping->parts; p++) collect_part(tables, p);
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

/* Energy is counts x cost, here and nowhere else. */
static void derive_energy(weft_report_tables *tables) {
    const weft_cited *cost = tables->input->chip->cost_pj;
    name_components(tables);
    for (int l = 0; l <= tables->stage_count; l++) {
        weft_report_layer *layer = &tables->layers[l];
        for (int e = 0; e < WEFT_EVENT_COUNT; e++)
            layer->component_pj[weft_report_component(tables, e)] += (double)layer->counts.n[e] * cost[e].value;
        for (int k = 0; k < tables->component_count; k++) layer->energy_pj += layer->component_pj[k];
        weft_event_counts_add(&tables->counts, &layer->counts);
        tables->macs += layer->macs;
    }
    for (int e = 0; e < WEFT_EVENT_COUNT; e++) {
        tables->event_pj[e] = (double)tables->counts.n[e] * cost[e].value;
        tables->component_pj[weft_report_component(tables, e)] += tables->event_pj[e];
    }
    for (int k = 0; k < tables->component_count; k++) tables->figures.energy_dynamic_pj += tables->component_pj[k];
}

/* Time an image at the chip's pace: between the ends of the timed images, but never below the busy time of the slowest
 * stage, since a few ends may come close together while queues drain. One image: its latency, not pipelined. */
static double image_interval_ns(const weft_report_tables *tables, const weft_report_timed *timed) {
    size_t m = timed->images;
    if (m == 1) return tables->figures.latency_ns;
    double cycle_ns = tables->input->chip->cycle_ns;
    double interval = (double)(timed->image_end[m - 1] - timed->image_end[0]) * cycle_ns / (double)(m - 1);
    for (int s = 0; s < tables->stage_count; s++)
        if (tables->layers[s].busy_ns > interval) interval = tables->layers[s].busy_ns;
    return interval;
}

/* Latency is the first image's: nothing is ahead of it, but the second image may already follow. */
static void derive_time(weft_report_tables *tables) {
    const weft_chip *chip = tables->input->chip;
    const weft_report_timed *timed = tables->input->timed;
    weft_report_figures *f = &tables->figures;
    f->latency_ns = f->throughput_images_per_s = f->energy_static_pj = f->energy_total_pj = f->power_mw = NAN;
    tables->tops_per_watt = NAN;
    tables->static_core_mw = chip->static_power.core_mw.value * chip->core_count;
    tables->static_router_mw = chip->static_power.router_mw.value * chip->router_count;
    tables->static_chip_mw = chip->static_power.chip_mw.value;
    for (int s = 0; s <= tables->stage_count; s++) tables->layers[s].busy_ns = NAN;
    if (!timed || timed->images == 0) return;
    size_t m = timed->images;
    f->latency_ns = (double)(timed->image_end[0] - timed->image_start[0]) * chip->cycle_ns;
    for (int s = 0; s < tables->stage_count; s++)
        tables->layers[s].busy_ns = (double)timed->stage_busy_cycles[s] * chip->cycle_ns / (double)m;
    double image_ns = image_interval_ns(tables, timed);
    f->throughput_images_per_s = 1e9 / image_ns;
    f->energy_static_pj =
        (tables->static_core_mw + tables->static_router_mw + tables->static_chip_mw) * image_ns; /* mW x ns = pJ */
    f->energy_total_pj = f->energy_dynamic_pj + f->energy_static_pj;
    f->power_mw = f->energy_total_pj / image_ns;
    tables->tops_per_watt = 2 * (double)tables->macs / f->energy_total_pj;
}

static void add_check(weft_report_tables *tables, const char *name, bool known, bool passed) {
    tables->checks[tables->check_count++] = (weft_report_check){name, known, passed};
    if (known && !passed && !tables->figures.failed_check) tables->figures.failed_check = name;
}

static bool events_agree(const weft_report_tables *tables, const weft_report_timed *timed) {
    for (int s = 0; s <= tables->stage_count; s++)
        for (int e = 0; e < WEFT_EVENT_COUNT; e++)
            if (timed->stage_events[s].n[e] != timed->images * tables->layers[s].counts.n[e]) return false;
    return true;
}

static bool links_agree(const weft_report_tables *tables, const weft_report_timed *timed) {
    uint64_t sum = 0;
    for (int i = 0; i < tables->input->chip->router_count * 4; i++) sum += timed->link_flits[i];
    return sum == timed->flit_hops;
}

static bool confusion_agrees(const weft_report_input *input) {
    uint64_t sum = 0, diagonal = 0;
    for (int i = 0; i < input->stages->classes * input->stages->classes; i++) sum += input->confusion[i];
    for (int i = 0; i < input->stages->classes; i++) diagonal += input->confusion[i * input->stages->classes + i];
    return sum == input->images && diagonal == input->correct;
}

static void derive_checks(weft_report_tables *tables) {
    const weft_report_timed *timed = tables->input->timed;
    uint64_t m = timed ? timed->images : 0;
    bool known = timed && m > 0;
    add_check(tables, "timed_equals_functional", known, known && timed->outputs_identical);
    add_check(tables, "events_counted_equal_closed_form", known, known && events_agree(tables, timed));
    add_check(tables, "packets_delivered_equal_closed_form", known,
              known && timed->packets == m * tables->traffic.packets);
    add_check(tables, "flits_delivered_equal_closed_form", known, known && timed->flits == m * tables->traffic.flits);
    add_check(tables, "flit_hops_equal_closed_form", known, known && timed->flit_hops == m * tables->traffic.flit_hops);
    add_check(tables, "link_flits_sum_to_flit_hops", known, known && links_agree(tables, timed));
    add_check(tables, "confusion_sums_to_images", true, confusion_agrees(tables->input));
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
    derive_time(tables);
    derive_checks(tables);
}
