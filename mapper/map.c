#include "mapper/mapper.h"

#include <assert.h>
#include <stdlib.h>

#include "core/chip_route.h"
#include "mapper/passes.h"

weft_map_options weft_map_defaults(void) {
    return (weft_map_options){.objective = WEFT_OBJECTIVE_ENERGY, .seed = 1, .replicate = true, .chips = 1};
}

static double percent_above(double value, double bound) { return bound > 0.0 ? 100.0 * (value / bound - 1.0) : 0.0; }

/* The slowest arrays; of parts that take turns on a chip their sum is what was made small. */
static weft_status report_arrays(weft_map_log *log, const weft_map_report *r, const weft_stages *stages,
                                 weft_error *err) {
    char gap[160];
    bool in_turn = r->parts > r->chips;
    double cycles = (double)(in_turn ? r->rounds_cycles : r->bottleneck_cycles);
    double bound = in_turn ? r->rounds_bound_cycles : r->bottleneck_bound_cycles;
    snprintf(gap, sizeof gap, "%.1f %% above the bound of %.0f; whole copies can do no better than %llu",
             percent_above(cycles, bound), bound,
             (unsigned long long)(in_turn ? r->rounds_best_cycles : r->bottleneck_best_cycles));
    if (in_turn)
        return weft_map_log_add(log, err, "pipeline: the slowest arrays of parts in turn take %.0f cycles an image, %s",
                                cycles, gap);
    return weft_map_log_add(log, err, "pipeline: arrays of \"%s\" take longest, %.0f cycles an image, %s",
                            stages->items[r->bottleneck].name, cycles, gap);
}

static weft_status report_pipeline(weft_map_log *log, const weft_map_report *r, const weft_stages *stages,
                                   const weft_chip *chip, weft_error *err) {
    WEFT_TRY(weft_map_log_add(log, err, "memories: fullest buffer %lld of %lld bytes", (long long)r->buffer_bytes,
                              (long long)chip->core.buffer_bytes));
    const char *const routings[] = {"XY", "YX", "west-first", "adaptive"}; /* weft_chip_routing */
    const char *link = weft_chip_has_slow_links(chip) ? "cycles" : "flits";
    WEFT_TRY(weft_map_log_add(log, err,
                              "route: %s%s, every flow has its path; busiest link %llu %s, busiest core %llu flits",
                              routings[chip->noc.routing], weft_chip_is_torus(chip) ? " on a torus" : "",
                              (unsigned long long)r->placements[r->placement_count - 1].link_flits, link,
                              (unsigned long long)r->busiest_core_flits));
    WEFT_TRY(report_arrays(log, r, stages, err));
    double seconds = 1e-9 * chip->cycle_ns * (double)r->pipeline_cycles;
    return weft_map_log_add(
        log, err, "pipeline: an image every %llu cycles at best (arrays, digital units and ports), %.4g a second%s",
        (unsigned long long)r->pipeline_cycles, seconds > 0.0 ? 1.0 / seconds : 0.0,
        r->parts > r->chips ? ", without the time to reload weights" : "");
}

/* The report on the finished mapping, with the placers' table and the log. */
static weft_status fill_report(weft_map_report *report, weft_map_placement **placements, int placement_count,
                               weft_map_log *log, const weft_mapping *mapping, const weft_stages *stages,
                               const weft_chip *chip, const weft_map_options *options, weft_error *err) {
    WEFT_TRY(weft_map_examine(report, mapping, stages, chip, options, err));
    free(report->placements);
    report->placements = *placements;
    report->placement_count = placement_count;
    *placements = NULL;
    weft_status status = report_pipeline(log, report, stages, chip, err);
    if (status != WEFT_OK) {
        weft_map_report_destroy(report);
        return status;
    }
    report->log = log->text;
    log->text = NULL;
    return WEFT_OK;
}

weft_status weft_map(weft_mapping **out, weft_map_report *report, const weft_stages *stages, const weft_chip *chip,
                     const weft_map_options *options, weft_error *err) {
    assert(out && stages && stages->count > 0 && chip);
    weft_status status = WEFT_OK;
    weft_mapping *mapping = NULL;
    weft_map_options plain = weft_map_defaults();
    weft_map_log log = {NULL, 0};
    weft_map_placement *placements = NULL;
    int placement_count = 0;
    weft_shortage shortage;
    if (!options) options = &plain;
    *out = NULL;
    status = weft_layout(&mapping, stages, chip, options, &log, &shortage, err);
    if (status == WEFT_E_NO_FIT) status = weft_explain_no_fit(&shortage, stages, chip, options, err);
    if (status != WEFT_OK) goto cleanup;
    WEFT_TRY_GOTO(weft_embed(mapping, &placements, &placement_count, stages, chip, options, &log, err));
    WEFT_TRY_GOTO(weft_mapping_check(mapping, stages, chip, err));
    if (report)
        WEFT_TRY_GOTO(fill_report(report, &placements, placement_count, &log, mapping, stages, chip, options, err));
    *out = mapping;
    mapping = NULL;
cleanup:
    weft_mapping_destroy(mapping);
    free(placements);
    free(log.text);
    return status;
}
