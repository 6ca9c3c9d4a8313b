/* What weft map shows: tables for people, JSON for programs. */
#include <string.h>

#include "cli/map.h"
#include "core/chip_route.h"

enum { NAME_MIN = 5, NAME_MAX = 40 };

static int name_width(const weft_map_work *work) {
    int width = NAME_MIN;
    for (int s = 0; s < work->mapping->stage_count; s++) {
        int length = (int)strlen(work->mapping->stages[s].name);
        if (length > width) width = length > NAME_MAX ? NAME_MAX : length;
    }
    return width;
}

static int positions_of(const weft_map_work *work, int s) {
    const weft_shape *out = &work->stages->items[s].matrix_out;
    return out->height * out->width;
}

void weft_map_print_table(const weft_map_work *work, FILE *stream) {
    int width = name_width(work);
    fprintf(stream, "%-*s %8s %8s %10s %7s %7s %6s\n", width, "stage", "rows", "columns", "positions", "copies",
            "arrays", "cores");
    for (int s = 0; s < work->mapping->stage_count; s++) {
        const weft_mapped_stage *stage = &work->mapping->stages[s];
        fprintf(stream, "%-*.*s %8d %8d %10d %7d %7d %6d\n", width, width, stage->name, stage->rows, stage->columns,
                positions_of(work, s), weft_mapped_stage_copies(stage), stage->tile_count,
                weft_mapped_stage_cores(stage));
    }
}

void weft_map_print_summary(const weft_map_work *work, FILE *stream) {
    const weft_map_report *r = &work->report;
    if (r->parts > 1)
        fprintf(stream, "%s: %d arrays in %d parts on %d chip%s of %d, %d of %d cores", work->chip->name,
                r->arrays_used, r->parts, r->chips, r->chips > 1 ? "s" : "", r->arrays_available, r->cores_used,
                r->cores_available);
    else
        fprintf(stream, "%s: %d of %d arrays, %d of %d cores", work->chip->name, r->arrays_used, r->arrays_available,
                r->cores_used, r->cores_available);
    fprintf(stream, ", %.1f %% of their cells, %llu flit-hops per image\n", r->cell_utilisation_percent,
            (unsigned long long)r->flit_hops_per_image);
}

/* ---- --explain ---- */

static double gap_percent(double value, double bound) { return bound > 0.0 ? 100.0 * (value - bound) / bound : 0.0; }

static double images_per_second(const weft_map_work *work) {
    double seconds = 1e-9 * work->chip->cycle_ns * (double)work->report.pipeline_cycles;
    return seconds > 0.0 ? 1.0 / seconds : 0.0;
}

static void print_costs(const weft_map_work *work, FILE *stream) {
    int width = name_width(work);
    fprintf(stream, "%-*s %7s %7s %6s %7s %12s %12s %12s\n", width, "stage", "copies", "arrays", "cores", "cells %",
            "array", "digital", "network");
    for (int s = 0; s < work->mapping->stage_count; s++) {
        const weft_mapped_stage *stage = &work->mapping->stages[s];
        const weft_map_stage_cost *cost = &work->report.stages[s];
        fprintf(stream, "%-*.*s %7d %7d %6d %7.1f %12llu %12llu %12llu\n", width, width, stage->name,
                weft_mapped_stage_copies(stage), stage->tile_count, weft_mapped_stage_cores(stage),
                cost->cell_utilisation_percent, (unsigned long long)cost->array_cycles,
                (unsigned long long)cost->digital_cycles, (unsigned long long)cost->network_cycles);
    }
    fputs("array, digital, network: cycles of an image on the stage's busiest array, digital unit and port\n", stream);
}

static void print_bound(FILE *stream, const char *what, double value, double bound) {
    fprintf(stream, "%-28s %14.0f %14.0f", what, value, bound);
    if (bound > 0.0)
        fprintf(stream, " %9.1f\n", gap_percent(value, bound));
    else
        fprintf(stream, " %9s\n", value > 0.0 ? "-" : "0.0");
}

static void print_bounds(const weft_map_work *work, FILE *stream) {
    const weft_map_report *r = &work->report;
    const weft_map_placement *used = &r->placements[r->placement_count - 1];
    fprintf(stream, "%-28s %14s %14s %9s\n", "", "here", "lower bound", "gap %");
    print_bound(stream, "arrays, one copy", r->arrays_needed, (double)r->arrays_bound);
    print_bound(stream, "bottleneck, cycles", (double)r->bottleneck_cycles, r->bottleneck_bound_cycles);
    print_bound(stream, "  with whole copies", (double)r->bottleneck_cycles, (double)r->bottleneck_best_cycles);
    if (r->parts > r->chips) {
        print_bound(stream, "parts in turn, cycles", (double)r->rounds_cycles, r->rounds_bound_cycles);
        print_bound(stream, "  with whole copies", (double)r->rounds_cycles, (double)r->rounds_best_cycles);
    }
    print_bound(stream, "flit-hops", (double)used->flit_hops, (double)r->bounds.flit_hops);
    bool slow = weft_chip_has_slow_links(work->chip);
    if (slow) print_bound(stream, "cycles of all links", (double)used->link_cycles, (double)r->bounds.flit_hops);
    print_bound(stream, slow ? "cycles of the busiest link" : "flits on the busiest link", (double)used->link_flits,
                (double)r->bounds.link_flits);
}

static void print_placers(const weft_map_work *work, FILE *stream) {
    const weft_map_report *r = &work->report;
    bool slow = weft_chip_has_slow_links(work->chip);
    fprintf(stream, "%-12s %14s %14s %9s\n", "placer", slow ? "link cycles" : "flit-hops", "busiest link", "seconds");
    for (int i = 0; i < r->placement_count; i++) {
        const weft_map_placement *p = &r->placements[i];
        fprintf(stream, "%-12s %14llu %14llu %9.2f\n", p->placer,
                (unsigned long long)(slow ? p->link_cycles : p->flit_hops), (unsigned long long)p->link_flits,
                p->seconds);
    }
}

void weft_map_print_explanation(const weft_map_work *work, FILE *stream) {
    if (work->report.log) {
        fprintf(stream, "objective: %s\n%s\n", weft_objective_names[work->options.objective], work->report.log);
        print_costs(work, stream);
    } else {
        print_costs(work, stream);
        fprintf(stream, "an image every %llu cycles at best, %.4g a second\n",
                (unsigned long long)work->report.pipeline_cycles, images_per_second(work));
    }
    fputc('\n', stream);
    print_bounds(work, stream);
    if (!work->report.log) return;
    fputc('\n', stream);
    print_placers(work, stream);
}

/* ---- --json ---- */

static void json_stages(weft_json *json, const weft_map_work *work) {
    weft_json_array(json, "stages");
    for (int s = 0; s < work->mapping->stage_count; s++) {
        const weft_mapped_stage *stage = &work->mapping->stages[s];
        const weft_map_stage_cost *cost = &work->report.stages[s];
        weft_json_object(json, NULL);
        weft_json_text(json, "name", stage->name);
        weft_json_count(json, "rows", (uint64_t)stage->rows);
        weft_json_count(json, "columns", (uint64_t)stage->columns);
        weft_json_count(json, "positions", (uint64_t)positions_of(work, s));
        weft_json_count(json, "copies", (uint64_t)weft_mapped_stage_copies(stage));
        weft_json_count(json, "arrays", (uint64_t)stage->tile_count);
        weft_json_count(json, "cores", (uint64_t)weft_mapped_stage_cores(stage));
        weft_json_number(json, "cell_utilisation_percent", cost->cell_utilisation_percent);
        weft_json_count(json, "array_cycles", cost->array_cycles);
        weft_json_count(json, "digital_cycles", cost->digital_cycles);
        weft_json_count(json, "network_cycles", cost->network_cycles);
        weft_json_object_end(json);
    }
    weft_json_array_end(json);
}

void weft_map_json_placers(weft_json *json, const weft_map_placement *placements, int count) {
    weft_json_array(json, "placers");
    for (int i = 0; i < count; i++) {
        weft_json_object(json, NULL);
        weft_json_text(json, "name", placements[i].placer);
        weft_json_count(json, "flit_hops", placements[i].flit_hops);
        weft_json_count(json, "link_cycles", placements[i].link_cycles);
        weft_json_count(json, "link_flits", placements[i].link_flits);
        weft_json_object_end(json);
    }
    weft_json_array_end(json);
}

static void json_bounds(weft_json *json, const weft_map_work *work) {
    const weft_map_report *r = &work->report;
    weft_json_object(json, "bounds");
    weft_json_count(json, "arrays", (uint64_t)r->arrays_bound);
    weft_json_number(json, "bottleneck_cycles", r->bottleneck_bound_cycles);
    weft_json_count(json, "bottleneck_cycles_whole_copies", r->bottleneck_best_cycles);
    weft_json_number(json, "rounds_cycles", r->rounds_bound_cycles);
    weft_json_count(json, "rounds_cycles_whole_copies", r->rounds_best_cycles);
    weft_json_count(json, "flit_hops", r->bounds.flit_hops);
    weft_json_count(json, "link_flits", r->bounds.link_flits);
    weft_json_object_end(json);
    weft_map_json_placers(json, r->placements, r->placement_count);
}

static void json_totals(weft_json *json, const weft_map_work *work) {
    const weft_map_report *r = &work->report;
    weft_json_count(json, "arrays_needed", (uint64_t)r->arrays_needed);
    weft_json_count(json, "arrays_used", (uint64_t)r->arrays_used);
    weft_json_count(json, "arrays_available", (uint64_t)r->arrays_available);
    weft_json_count(json, "cores_used", (uint64_t)r->cores_used);
    weft_json_count(json, "cores_available", (uint64_t)r->cores_available);
    weft_json_count(json, "parts", (uint64_t)r->parts);
    weft_json_count(json, "chips", (uint64_t)r->chips);
    weft_json_number(json, "cell_utilisation_percent", r->cell_utilisation_percent);
    weft_json_text(json, "bottleneck", work->mapping->stages[r->bottleneck].name);
    weft_json_count(json, "bottleneck_cycles", r->bottleneck_cycles);
    weft_json_count(json, "rounds_cycles", r->rounds_cycles);
    weft_json_count(json, "host_cycles", r->host_cycles);
    weft_json_count(json, "pipeline_cycles", r->pipeline_cycles);
    weft_json_number(json, "images_per_second", images_per_second(work));
    weft_json_count(json, "buffer_bytes", (uint64_t)r->buffer_bytes);
    weft_json_count(json, "busiest_core_flits", r->busiest_core_flits);
    weft_json_count(json, "flit_hops_per_image", r->flit_hops_per_image);
    weft_json_count(json, "link_flits_per_image", r->placements[r->placement_count - 1].link_flits);
}

weft_status weft_map_write_json(const weft_map_work *work, const char *name, const char *path, weft_error *err) {
    weft_result out;
    WEFT_TRY(weft_result_open(&out, path, err));
    weft_json *json = &out.json;
    weft_json_object(json, NULL);
    weft_json_text(json, "mapping", name);
    weft_json_text(json, "network_sha256", work->mapping->network_sha256.hex);
    weft_json_text(json, "chip", work->chip->name);
    weft_json_text(json, "chip_sha256", work->chip->sha256.hex);
    if (work->report.log) weft_json_text(json, "objective", weft_objective_names[work->options.objective]);
    json_stages(json, work);
    json_totals(json, work);
    json_bounds(json, work);
    weft_json_text(json, "log", work->report.log);
    weft_json_text(json, "version", WEFT_VERSION);
    weft_json_object_end(json);
    return weft_result_commit(&out, err);
}
