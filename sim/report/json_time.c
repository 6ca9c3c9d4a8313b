/* report.json: what a timed run adds, and the checks. */
#include <math.h>

#include "sim/report/tables.h"

static void json_images(weft_json *json, const weft_timing *timing) {
    weft_json_array(json, "timed_image_cycles");
    for (size_t i = 0; timing && i < timing->images; i++) {
        weft_json_object(json, NULL);
        weft_json_count(json, "start", timing->image_start[i]);
        weft_json_count(json, "end", timing->image_end[i]);
        weft_json_object_end(json);
    }
    weft_json_array_end(json);
}

static void json_timing(weft_json *json, const weft_report_tables *tables) {
    const weft_report_figures *f = &tables->figures;
    const weft_timing *timing = tables->input->timed->timing;
    const weft_run run = weft_report_run(tables);
    weft_json_object(json, "timing");
    weft_json_count(json, "images", timing->images);
    weft_json_bool(json, "steady_state", timing->images > 1);
    weft_json_count(json, "warmup_images", f->warmup_images);
    weft_json_number(json, "interval_ns", f->interval_ns);
    weft_json_number(json, "interval_std_ns", f->interval_std_ns);
    weft_json_number(json, "pace_ns", weft_run_pace(&run) * tables->input->chip->cycle_ns);
    weft_json_count(json, "program_cycles", timing->program_cycles);
    weft_json_object_end(json);
}

static void json_power(weft_json *json, const weft_report_tables *tables) {
    const weft_timing *timing = tables->input->timed->timing;
    double peak = 0, ignored[WEFT_EVENT_COUNT];
    for (int b = 0; b < timing->bin_count; b++) peak = fmax(peak, weft_report_bin_power(tables, b, ignored));
    weft_json_object(json, "power_over_time");
    weft_json_text(json, "file", "power.csv");
    weft_json_number(json, "bin_ns", (double)timing->bin_cycles * tables->input->chip->cycle_ns);
    weft_json_count(json, "bins", (uint64_t)timing->bin_count);
    weft_json_number(json, "dynamic_peak_mw", peak);
    weft_json_object_end(json);
}

static void json_resource(weft_json *json, const weft_report_tables *tables, const char *key,
                          const weft_resource *resource) {
    const weft_report_without *without = weft_report_without_of(tables, resource);
    char text[300];
    weft_resource_text(text, sizeof text, resource, tables->input->stages, tables->input->chip);
    weft_json_object(json, key);
    weft_json_text(json, "name", text);
    weft_json_text(json, "kind", weft_resource_kind_names[resource->kind]);
    weft_json_number(json, "busy_ns_per_image", resource->cycles_an_image * tables->input->chip->cycle_ns);
    weft_json_number(json, "utilisation", resource->utilisation);
    weft_json_number(json, "speedup_without", without ? without->speedup : NAN);
    text[0] = '\0';
    if (without && without->limited)
        weft_resource_text(text, sizeof text, &without->next, tables->input->stages, tables->input->chip);
    weft_json_text(json, "then", text[0] ? text : NULL);
    weft_json_object_end(json);
}

static void json_resources(weft_json *json, const weft_report_tables *tables) {
    weft_json_array(json, "resources");
    for (int i = 0; i < tables->resource_count; i++) json_resource(json, tables, NULL, &tables->resources[i]);
    weft_json_array_end(json);
    if (tables->resource_count)
        json_resource(json, tables, "critical", weft_report_critical(tables));
    else
        weft_json_null(json, "critical");
}

void weft_report_json_stalls(const weft_report_tables *tables, weft_json *json, int s) {
    if (!weft_report_is_timed(tables) || !tables->input->timed->stalls) {
        weft_json_null(json, "stalls");
        return;
    }
    weft_json_object(json, "stalls");
    for (int kind = 0; kind < WEFT_STALL_KINDS; kind++) {
        weft_json_object(json, weft_stall_names[kind]);
        weft_json_count(json, "cycles", tables->input->timed->stalls[s].cycles[kind]);
        weft_json_number(json, "share", weft_report_stall(tables, s, kind));
        weft_json_object_end(json);
    }
    weft_json_object_end(json);
}

void weft_report_json_time(const weft_report_tables *tables, weft_json *json) {
    const bool timed = weft_report_is_timed(tables);
    json_images(json, timed ? tables->input->timed->timing : NULL);
    if (timed) {
        json_timing(json, tables);
        json_power(json, tables);
    } else {
        weft_json_null(json, "timing");
        weft_json_null(json, "power_over_time");
    }
    json_resources(json, tables);
}

static void json_check(weft_json *json, const weft_report_check *check) {
    weft_json_object(json, NULL);
    weft_json_text(json, "name", check->name);
    if (check->known)
        weft_json_bool(json, "holds", check->passed);
    else
        weft_json_null(json, "holds");
    weft_json_number(json, "left", check->known ? check->left : NAN);
    weft_json_text(json, "relation", check->relation);
    weft_json_number(json, "right", check->known ? check->right : NAN);
    weft_json_text(json, "left_is", check->left_is);
    weft_json_text(json, "right_is", check->right_is);
    weft_json_object_end(json);
}

void weft_report_json_checks(const weft_report_tables *tables, weft_json *json) {
    weft_json_array(json, "checks");
    for (int i = 0; i < tables->check_count; i++) json_check(json, &tables->checks[i]);
    weft_json_array_end(json);
    weft_json_object(json, "self_checks");
    for (int i = 0; i < tables->check_count; i++) {
        const weft_report_check *check = &tables->checks[i];
        if (check->known)
            weft_json_bool(json, check->name, check->passed);
        else
            weft_json_null(json, check->name);
    }
    weft_json_object_end(json);
}
