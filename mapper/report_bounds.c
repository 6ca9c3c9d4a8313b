/* What no mapping of the network into as many parts of as many arrays can do with less: of the slowest arrays, and of
 * those of all parts in turn. */
#include <math.h>
#include <stdlib.h>

#include "mapper/report_internal.h"

/* Strips of a stage as it is mapped: columns that the tiles of a copy begin at. Tiles come by copy, then column. */
static int strips_of(const weft_mapped_stage *mapped) {
    int strips = 0;
    for (int t = 0; t < mapped->tile_count && mapped->tiles[t].copy == 0; t++)
        strips += t == 0 || mapped->tiles[t].column_begin != mapped->tiles[t - 1].column_begin;
    return strips;
}

static void list_stages(weft_cut_stage *list, const weft_account *a) {
    for (int s = 0; s < a->stages->count; s++) {
        const weft_mapped_stage *mapped = &a->mapping->stages[s];
        int strips = strips_of(mapped);
        if (strips == 0) continue;
        double arrays = (double)mapped->tile_count / weft_mapped_stage_copies(mapped);
        list[s] = weft_cut_stage_of(&a->loads[s], arrays / strips, strips);
    }
}

/* Cycles of the best cut. Where there are too many ways to cut: as if the parts' arrays were all there at once. */
static weft_status best_cycles(double *cycles, const weft_account *a, const weft_cut_stage *list, weft_cut_kind kind,
                               bool sum, weft_error *err) {
    weft_cut_problem problem = {.count = a->stages->count, .stages = list, .parts = a->mapping->parts, .sum = sum};
    problem.array_limit = (double)weft_array_limit(a->chip, a->options);
    WEFT_TRY(weft_cut_optimum(cycles, NULL, &problem, kind, err));
    if (*cycles >= HUGE_VAL) {
        problem.array_limit *= problem.parts;
        problem.parts = 1;
        WEFT_TRY(weft_cut_optimum(cycles, NULL, &problem, kind, err));
    }
    *cycles = *cycles < HUGE_VAL ? *cycles * (double)a->chip->mvm_interval_cycles : 0.0;
    return WEFT_OK;
}

/* A bound is at least what the host's port needs, below which no copies are made, and at most what there is. */
static double within(double bound, uint64_t least, uint64_t here) {
    return fmin(fmax(bound, (double)least), (double)here);
}

weft_status weft_account_bounds(weft_account *a, weft_error *err) {
    weft_map_report *r = a->report;
    weft_status status = WEFT_OK;
    weft_cut_stage *list = calloc((size_t)a->stages->count, sizeof *list);
    if (!list) return weft_error_set(err, WEFT_E_MEMORY, "out of memory for the bounds of the mapper's report");
    list_stages(list, a);
    for (int whole = 0; whole < 2; whole++) {
        weft_cut_kind kind = whole ? WEFT_CUT_WHOLE : WEFT_CUT_RELAXED;
        double largest = 0.0, sum = 0.0;
        WEFT_TRY_GOTO(best_cycles(&largest, a, list, kind, false, err));
        WEFT_TRY_GOTO(best_cycles(&sum, a, list, kind, true, err));
        double rounds = within(fmax(largest, sum / a->mapping->chips), r->host_cycles, r->rounds_cycles);
        largest = within(largest, r->host_cycles, r->bottleneck_cycles);
        if (whole) {
            r->bottleneck_best_cycles = (uint64_t)ceil(largest);
            r->rounds_best_cycles = (uint64_t)ceil(rounds);
        } else {
            r->bottleneck_bound_cycles = largest;
            r->rounds_bound_cycles = rounds;
        }
    }
cleanup:
    free(list);
    return status;
}
