/* report.json: schema version 1. Keys are added, never renamed; a change of meaning raises the version. */
#include <math.h>
#include <string.h>

#include "sim/report/json.h"
#include "sim/report/tables.h"

#define REPORT_SCHEMA 1

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void json_source(weft_json *json, const weft_report_input *input) {
    weft_json_object(json, "network");
    weft_json_text(json, "name", input->network_name);
    weft_json_text(json, "file", base_name(input->mapping->network_path));
    weft_json_text(json, "sha256", input->mapping->network_sha256.hex);
    weft_json_object_end(json);
    weft_json_object(json, "chip");
    weft_json_text(json, "name", input->chip->name);
    weft_json_text(json, "file", base_name(input->chip->path));
    weft_json_text(json, "sha256", input->chip->sha256.hex);
    weft_json_array(json, "overrides");
    for (int i = 0; i < input->override_count; i++) weft_json_text(json, NULL, input->overrides[i]);
    weft_json_array_end(json);
    weft_json_count(json, "constants_without_source", (uint64_t)weft_chip_unsourced(input->chip));
    weft_json_object_end(json);
    weft_json_object(json, "mapping");
    weft_json_text(json, "file", base_name(input->mapping->path));
    weft_json_text(json, "chip_sha256", input->mapping->chip_sha256.hex);
    weft_json_count(json, "parts", (uint64_t)input->mapping->parts);
    weft_json_count(json, "chips", (uint64_t)input->mapping->chips);
    weft_json_object_end(json);
    weft_json_text(json, "dataset", input->dataset);
    weft_json_text(json, "transform", input->transform);
    weft_json_count(json, "draw", input->draw);
    weft_json_count(json, "recalibrate", input->recalibrate);
    weft_json_count(json, "seed", input->seed);
}

static void json_energy(weft_json *json, const weft_report_tables *tables) {
    weft_json_object(json, "energy_per_image_pj");
    weft_json_number(json, "total", tables->figures.energy_total_pj);
    weft_json_number(json, "dynamic", tables->figures.energy_dynamic_pj);
    weft_json_number(json, "static", tables->figures.energy_static_pj);
    for (int k = 0; k < tables->component_count; k++)
        weft_json_number(json, tables->component[k], tables->component_pj[k]);
    weft_json_object_end(json);
    weft_json_object(json, "static_energy_per_image_pj");
    weft_json_number(json, "cores", tables->static_core_pj);
    weft_json_number(json, "routers", tables->static_router_pj);
    weft_json_number(json, "chip", tables->static_chip_pj);
    weft_json_object_end(json);
    weft_json_object(json, "static_power_mw");
    weft_json_number(json, "cores", tables->static_core_mw);
    weft_json_number(json, "routers", tables->static_router_mw);
    weft_json_number(json, "chip", tables->static_chip_mw);
    weft_json_object_end(json);
}

static void json_events(weft_json *json, const weft_report_tables *tables) {
    weft_json_object(json, "events_per_image");
    for (int e = 0; e < WEFT_EVENT_COUNT; e++) weft_json_count(json, weft_events[e].id, tables->counts.n[e]);
    weft_json_object_end(json);
}

static void json_statistics(weft_json *json, const weft_report_tables *tables, int s) {
    const weft_engine_stage_statistics *of = weft_report_statistics(tables->input, s);
    if (of)
        weft_json_bool(json, "results_exact", of->signal_to_noise_db == INFINITY);
    else
        weft_json_null(json, "results_exact");
    weft_json_number(json, "signal_to_noise_db", of ? of->signal_to_noise_db : NAN);
    weft_json_number(json, "conversions_per_image",
                     of ? (double)of->conversions / (double)tables->input->statistics_images : NAN);
    weft_json_number(json, "adc_clipped_percent", of ? weft_report_clipped_percent(of) : NAN);
    weft_json_number(json, "adc_utilisation_percent", of ? 100 * of->adc_utilisation : NAN);
}

static void json_layer(weft_json *json, const weft_report_tables *tables, int s) {
    const weft_report_layer *layer = &tables->layers[s];
    const weft_stage *stage = &tables->input->stages->items[s];
    weft_json_object(json, NULL);
    weft_json_text(json, "name", layer->name);
    weft_json_text(json, "kind", weft_report_kind(stage));
    weft_json_count(json, "rows", (uint64_t)stage->rows);
    weft_json_count(json, "columns", (uint64_t)stage->columns);
    weft_json_count(json, "positions", (uint64_t)layer->positions);
    weft_json_count(json, "macs", layer->macs);
    weft_json_count(json, "copies", (uint64_t)layer->copies);
    weft_json_count(json, "arrays", (uint64_t)layer->tiles);
    weft_json_count(json, "cores", (uint64_t)layer->cores);
    weft_json_number(json, "cell_utilisation_percent", layer->cell_utilisation_percent);
    weft_json_number(json, "input_scale", layer->info.input_scale);
    weft_json_number(json, "weight_scale", layer->info.weight_scale);
    weft_json_number(json, "output_scale", layer->info.output_scale);
    if (stage->has_matrix)
        weft_json_bool(json, "adc_exact", layer->info.exact_adc);
    else
        weft_json_null(json, "adc_exact");
    weft_json_number(json, "busy_ns_per_image", layer->busy_ns);
    weft_json_number(json, "energy_dynamic_pj", layer->energy_pj);
    json_statistics(json, tables, s);
    weft_report_json_stalls(tables, json, s);
    weft_json_object_end(json);
}

static void json_network_on_chip(weft_json *json, const weft_report_tables *tables) {
    const weft_timing *timing = weft_report_is_timed(tables) ? tables->input->timed->timing : NULL;
    weft_json_object(json, "noc");
    weft_json_count(json, "packets_per_image", tables->traffic.packets);
    weft_json_count(json, "flits_per_image", tables->traffic.flits);
    weft_json_count(json, "flit_hops_per_image", tables->traffic.flit_hops);
    double cycle = tables->input->chip->cycle_ns;
    weft_json_number(json, "packet_latency_mean_ns",
                     timing && timing->packets ? (double)timing->latency_sum_cycles / (double)timing->packets * cycle
                                               : NAN);
    weft_json_number(json, "packet_latency_zero_load_ns",
                     timing && timing->packets ? (double)timing->zero_load_sum_cycles / (double)timing->packets * cycle
                                               : NAN);
    weft_json_number(json, "packet_latency_max_ns", timing ? (double)timing->latency_max_cycles * cycle : NAN);
    weft_json_object_end(json);
}

static void json_confusion(weft_json *json, const weft_report_input *input) {
    size_t classes = (size_t)input->stages->classes;
    weft_json_array(json, "confusion");
    for (size_t i = 0; i < classes; i++) weft_json_counts(json, NULL, input->confusion + i * classes, classes);
    weft_json_array_end(json);
}

static void json_trials(weft_json *json, const weft_report_tables *tables) {
    const weft_report_figures *f = &tables->figures;
    const int trials = weft_report_trials(tables->input);
    weft_json_object(json, "trials");
    weft_json_count(json, "count", (uint64_t)trials);
    weft_json_number(json, "mean_percent", f->trials_mean_percent);
    weft_json_number(json, "std_percent", trials > 1 ? f->trials_std_percent : NAN);
    weft_json_number(json, "worst_percent", f->trials_worst_percent);
    weft_json_array(json, "accuracy_percent");
    for (int t = 0; t < trials; t++) weft_json_number(json, NULL, weft_report_trial_percent(tables->input, t));
    weft_json_array_end(json);
    weft_json_object_end(json);
}

static void json_programming(weft_json *json, const weft_program_cost *cost) {
    weft_json_object(json, "programming");
    weft_json_count(json, "cells", cost->cells);
    weft_json_count(json, "arrays", cost->arrays);
    weft_json_number(json, "time_ns", cost->time_ns);
    weft_json_number(json, "energy_pj", cost->energy_pj);
    weft_json_object_end(json);
}

static void json_results(weft_json *json, const weft_report_tables *tables) {
    const weft_report_input *input = tables->input;
    const weft_report_figures *f = &tables->figures;
    const weft_timing *timing = weft_report_is_timed(tables) ? input->timed->timing : NULL;
    weft_json_number(json, "accuracy_percent", f->accuracy_percent);
    weft_json_number(json, "accuracy_low_percent", f->accuracy_low_percent);
    weft_json_number(json, "accuracy_high_percent", f->accuracy_high_percent);
    weft_json_count(json, "images", input->images);
    weft_json_count(json, "correct", input->correct);
    json_trials(json, tables);
    weft_json_count(json, "statistics_images", input->statistics ? input->statistics_images : 0);
    weft_json_count(json, "timed_images", timing ? timing->images : 0);
    weft_json_number(json, "latency_ns", f->latency_ns);
    weft_json_number(json, "latency_first_ns", f->latency_ns);
    weft_json_number(json, "latency_steady_ns", f->latency_steady_ns);
    weft_json_number(json, "throughput_images_per_s", f->throughput_images_per_s);
    if (timing)
        weft_json_count(json, "cycles", timing->cycles);
    else
        weft_json_null(json, "cycles");
    weft_json_number(json, "cycle_ns", input->chip->cycle_ns);
    weft_json_number(json, "power_mw", f->power_mw);
    weft_json_number(json, "tops_per_watt", tables->tops_per_watt);
    weft_json_count(json, "macs", tables->macs);
    weft_json_count(json, "cores_used", (uint64_t)f->cores_used);
    weft_json_count(json, "cores_available", (uint64_t)input->chip->core_count);
    weft_json_count(json, "arrays_used", (uint64_t)f->arrays_used);
    weft_json_count(json, "arrays_available", (uint64_t)(input->chip->core_count * input->chip->array.per_core));
}

void weft_report_json(const weft_report_tables *tables, FILE *stream) {
    weft_json json = {.stream = stream};
    const weft_report_input *input = tables->input;
    weft_json_object(&json, NULL);
    weft_json_count(&json, "schema", REPORT_SCHEMA);
    weft_json_object(&json, "versions");
    weft_json_text(&json, "weft", WEFT_VERSION);
    weft_json_text(&json, "systemc", input->timed ? input->timed->systemc_version : NULL);
    weft_json_object_end(&json);
    json_results(&json, tables);
    json_energy(&json, tables);
    json_source(&json, input);
    weft_json_array(&json, "layers");
    for (int s = 0; s < tables->stage_count; s++) json_layer(&json, tables, s);
    weft_json_array_end(&json);
    json_programming(&json, &tables->figures.programming);
    json_events(&json, tables);
    json_network_on_chip(&json, tables);
    weft_report_json_time(tables, &json);
    json_confusion(&json, input);
    weft_report_json_checks(tables, &json);
    weft_json_object_end(&json);
}
