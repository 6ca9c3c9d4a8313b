/* What follows from cycles: latency, pace, static energy, power over time, the use of resources. */
#include <math.h>
#include <string.h>

#include "sim/report/tables.h"

bool weft_report_is_timed(const weft_report_tables *tables) {
    const weft_report_timed *timed = tables->input->timed;
    return timed && timed->timing->images > 0;
}

weft_run weft_report_run(const weft_report_tables *tables) {
    const weft_mapping *mapping = tables->input->mapping;
    return (weft_run){tables->input->timed->timing, mapping->chips, mapping->parts > mapping->chips};
}

/* The first image's latency: nothing is ahead of it, but the second one may already follow. */
static void derive_latency(weft_report_figures *f, const weft_timing *timing, double cycle_ns) {
    const weft_steady steady = weft_timing_steady(timing->image_end, timing->images);
    double sum = 0;
    for (size_t i = steady.first; i < timing->images; i++)
        sum += (double)(timing->image_end[i] - timing->image_start[i]);
    f->latency_ns = (double)(timing->image_end[0] - timing->image_start[0]) * cycle_ns;
    f->latency_steady_ns = timing->images > 1 ? sum / (double)(timing->images - steady.first) * cycle_ns : NAN;
    f->interval_ns = steady.interval_cycles * cycle_ns;
    f->interval_std_ns = steady.interval_std_cycles * cycle_ns;
    f->warmup_images = steady.first;
}

static void derive_static(weft_report_tables *tables, double image_ns) {
    weft_report_figures *f = &tables->figures; /* mW x ns = pJ */
    tables->static_core_pj = tables->static_core_mw * image_ns;
    tables->static_router_pj = tables->static_router_mw * image_ns;
    tables->static_chip_pj = tables->static_chip_mw * image_ns;
    f->energy_static_pj = tables->static_core_pj + tables->static_router_pj + tables->static_chip_pj;
    f->energy_total_pj = f->energy_dynamic_pj + f->energy_static_pj;
    f->power_mw = f->energy_total_pj / image_ns;
    f->throughput_images_per_s = 1e9 / image_ns;
    tables->tops_per_watt = 2 * (double)tables->macs / f->energy_total_pj;
}

static void derive_nothing(weft_report_tables *tables) {
    weft_report_figures *f = &tables->figures;
    f->latency_ns = f->latency_steady_ns = f->interval_ns = f->interval_std_ns = NAN;
    f->throughput_images_per_s = f->energy_static_pj = f->energy_total_pj = f->power_mw = NAN;
    tables->static_core_pj = tables->static_router_pj = tables->static_chip_pj = tables->tops_per_watt = NAN;
    tables->resource_count = 0;
    for (int s = 0; s <= tables->stage_count; s++) tables->layers[s].busy_ns = NAN;
}

void weft_report_derive_time(weft_report_tables *tables) {
    const weft_chip *chip = tables->input->chip;
    const int chips = tables->input->mapping->chips;
    tables->static_core_mw = chip->static_power.core_mw.value * chip->core_count * chips;
    tables->static_router_mw = chip->static_power.router_mw.value * chip->router_count * chips;
    tables->static_chip_mw = chip->static_power.chip_mw.value * chips;
    derive_nothing(tables);
    if (!weft_report_is_timed(tables)) return;
    const weft_timing *timing = tables->input->timed->timing;
    derive_latency(&tables->figures, timing, chip->cycle_ns);
    for (int s = 0; s < tables->stage_count; s++)
        tables->layers[s].busy_ns = (double)timing->stage_busy_cycles[s] * chip->cycle_ns / (double)timing->images;
    const weft_run run = weft_report_run(tables);
    derive_static(tables, weft_run_pace(&run) * chip->cycle_ns);
    tables->resource_count = weft_resources_find(tables->resources, &run, chip);
}

uint64_t weft_report_bin_cycles(const weft_timing *timing, int b) {
    const uint64_t begin = (uint64_t)b * timing->bin_cycles, left = timing->cycles > begin ? timing->cycles - begin : 0;
    return left < timing->bin_cycles ? left : timing->bin_cycles;
}

/* pJ / ns = mW. Events of a bin that the run hardly reaches began in it, but their power has no width to lie in. */
double weft_report_bin_power(const weft_report_tables *tables, int b, double component_mw[WEFT_EVENT_COUNT]) {
    const weft_timing *timing = tables->input->timed->timing;
    const double time_ns = (double)weft_report_bin_cycles(timing, b) * tables->input->chip->cycle_ns;
    memset(component_mw, 0, WEFT_EVENT_COUNT * sizeof *component_mw);
    if (time_ns <= 0) return 0;
    const double energy = weft_report_energy(tables, &timing->bins[b], component_mw);
    for (int k = 0; k < tables->component_count; k++) component_mw[k] /= time_ns;
    return energy / time_ns;
}

double weft_report_stall(const weft_report_tables *tables, int s, int kind) {
    if (!weft_report_is_timed(tables) || !tables->input->timed->stalls) return NAN;
    const weft_timing *timing = tables->input->timed->timing;
    const weft_stalls *stalls = &tables->input->timed->stalls[s];
    uint64_t end = 0;
    for (size_t i = 0; i < timing->images; i++)
        if (timing->image_end[i] > end) end = timing->image_end[i];
    if (stalls->waiters[kind] == 0 || end == 0) return NAN;
    return (double)stalls->cycles[kind] / ((double)stalls->waiters[kind] * (double)end);
}

const weft_report_without *weft_report_without_of(const weft_report_tables *tables, const weft_resource *resource) {
    const weft_report_timed *timed = tables->input->timed;
    for (int i = 0; timed && i < timed->without_count; i++) {
        const weft_resource *other = &timed->without[i].resource;
        if (other->kind == resource->kind && other->stage == resource->stage) return &timed->without[i];
    }
    return NULL;
}

const weft_resource *weft_report_critical(const weft_report_tables *tables) {
    const weft_report_timed *timed = tables->input->timed;
    const weft_report_without *best = NULL;
    for (int i = 0; timed && i < timed->without_count; i++)
        if (!best || timed->without[i].speedup > best->speedup) best = &timed->without[i];
    if (best) return &best->resource;
    return tables->resource_count ? &tables->resources[0] : NULL;
}
