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

/* A mapping with its places. */
typedef struct candidate {
    weft_mapping *mapping;
    weft_map_placement *placements;
    int placement_count;
    weft_map_log log;
    uint64_t cycles; /* between two images: of arrays, digital units, ports and the busiest link */
} candidate;

static void candidate_free(candidate *c) {
    weft_mapping_destroy(c->mapping);
    free(c->placements);
    free(c->log.text);
    *c = (candidate){0};
}

static weft_status make(candidate *out, const weft_stages *stages, const weft_chip *chip,
                        const weft_map_options *options, bool spread, weft_error *err) {
    weft_shortage shortage;
    *out = (candidate){0};
    weft_status status = weft_layout(&out->mapping, stages, chip, options, spread, &out->log, &shortage, err);
    if (status == WEFT_E_NO_FIT) status = weft_explain_no_fit(&shortage, stages, chip, options, err);
    WEFT_TRY(status);
    return weft_embed(out->mapping, &out->placements, &out->placement_count, stages, chip, options, &out->log, err);
}

static weft_status find_cycles(candidate *c, const weft_stages *stages, const weft_chip *chip,
                               const weft_map_options *options, weft_error *err) {
    weft_map_report report = {0};
    WEFT_TRY(weft_map_examine(&report, c->mapping, stages, chip, options, err));
    const uint64_t link = c->placements[c->placement_count - 1].link_flits;
    c->cycles = report.pipeline_cycles > link ? report.pipeline_cycles : link;
    weft_map_report_destroy(&report);
    return WEFT_OK;
}

/* The faster of the two; the log tells what the other one would have been. */
static weft_status choose(candidate *best, candidate *other, const weft_stages *stages, const weft_chip *chip,
                          const weft_map_options *options, weft_error *err) {
    WEFT_TRY(find_cycles(best, stages, chip, options, err));
    WEFT_TRY(find_cycles(other, stages, chip, options, err));
    const bool swap = other->cycles < best->cycles;
    if (swap) {
        const candidate kept = *best;
        *best = *other;
        *other = kept;
    }
    return weft_map_log_add(&best->log, err, "pipeline: %s copies chosen, %llu cycles with the busiest link; %s, %llu",
                            swap ? "close" : "spread", (unsigned long long)best->cycles, swap ? "spread" : "close",
                            (unsigned long long)other->cycles);
}

/* Copies that are spread use more arrays and send more flits: where parts have chips of their own, what is faster
 * depends on the network. */
static weft_status make_best(candidate *out, const weft_stages *stages, const weft_chip *chip,
                             const weft_map_options *options, weft_error *err) {
    candidate other = {0};
    WEFT_TRY(make(out, stages, chip, options, true, err));
    if (!options->replicate || out->mapping->parts == 1 || out->mapping->chips < out->mapping->parts) return WEFT_OK;
    weft_status status = make(&other, stages, chip, options, false, err);
    if (status == WEFT_OK) status = choose(out, &other, stages, chip, options, err);
    candidate_free(&other);
    return status;
}

weft_status weft_map(weft_mapping **out, weft_map_report *report, const weft_stages *stages, const weft_chip *chip,
                     const weft_map_options *options, weft_error *err) {
    assert(out && stages && stages->count > 0 && chip);
    weft_status status = WEFT_OK;
    weft_map_options plain = weft_map_defaults();
    candidate best = {0};
    if (!options) options = &plain;
    *out = NULL;
    WEFT_TRY_GOTO(make_best(&best, stages, chip, options, err));
    WEFT_TRY_GOTO(weft_mapping_check(best.mapping, stages, chip, err));
    if (report)
        WEFT_TRY_GOTO(fill_report(report, &best.placements, best.placement_count, &best.log, best.mapping, stages, chip,
                                  options, err));
    *out = best.mapping;
    best.mapping = NULL;
cleanup:
    candidate_free(&best);
    return status;
}
