#include <stdlib.h>
#include <string.h>

#include "mapper/place_internal.h"

/* Work of all searches, about a ns each: so much for each node and arc, within bounds. Where it lasts, it is shared out
 * over searches from every start, since what starts apart ends apart; else all of it starts from the best. */
enum { WORK_PER_ARC = 24000, WORK_PER_ARC_LEAST = 4000, STARTS = 3 };
static const uint64_t work_min = 4000000, work_max = 1000000000;

/* The best so far, and where the searches start. */
typedef struct refinement {
    const weft_place_problem *problem;
    const weft_place_graph *graph;
    int *core_of, *starts; /* [clusters], [STARTS, clusters] */
    weft_place_score best;
    bool from_each; /* also from every start; the last search is from the best so far */
    uint64_t work;  /* of one search */
} refinement;

static int *start_of(const refinement *r, int start) {
    return r->starts + (size_t)start * (size_t)r->problem->clusters;
}

static weft_status keep_better(refinement *r, const int *candidate, weft_error *err) {
    weft_place_score score;
    WEFT_TRY(weft_place_score_of(&score, r->problem, r->graph, candidate, err));
    if (!weft_place_better(&score, &r->best)) return WEFT_OK;
    r->best = score;
    memcpy(r->core_of, candidate, (size_t)r->problem->clusters * sizeof *r->core_of);
    return WEFT_OK;
}

static weft_status make_starts(refinement *r, weft_error *err) {
    weft_place_row_major(start_of(r, 0), r->problem);
    WEFT_TRY(weft_place_greedy(start_of(r, 1), r->problem, r->graph, err));
    WEFT_TRY(weft_place_scotch(start_of(r, 2), r->problem, r->graph, err));
    for (int s = 0; s < STARTS; s++) WEFT_TRY(keep_better(r, start_of(r, s), err));
    return WEFT_OK;
}

static weft_status search_from(refinement *r, const int *start, int stream, weft_error *err) {
    weft_status status = WEFT_OK;
    weft_place_layout layout;
    WEFT_TRY(weft_place_layout_create(&layout, r->problem, start, err));
    WEFT_TRY_GOTO(weft_place_anneal(&layout, r->graph, r->problem->seed, stream, r->work, err));
    WEFT_TRY_GOTO(weft_place_descend(&layout, r->graph, r->work / 4, err));
    WEFT_TRY_GOTO(keep_better(r, layout.core_of, err));
    if (r->problem->objective == WEFT_OBJECTIVE_ENERGY) goto cleanup;
    WEFT_TRY_GOTO(weft_place_anneal_links(&layout, r->problem, r->graph, stream, r->work, err));
    WEFT_TRY_GOTO(keep_better(r, layout.core_of, err));
cleanup:
    weft_place_layout_destroy(&layout);
    return status;
}

static void share_work(refinement *r) {
    uint64_t size = (uint64_t)r->graph->begin[r->graph->nodes] + (uint64_t)r->graph->nodes, work = size * WORK_PER_ARC;
    work = work < work_min ? work_min : work > work_max ? work_max : work;
    r->from_each = work / (STARTS + 1) >= size * WORK_PER_ARC_LEAST;
    r->work = r->from_each ? work / (STARTS + 1) : work;
}

static weft_status search_all(refinement *r, weft_error *err) {
    WEFT_TRY(make_starts(r, err));
    for (int s = 0; r->from_each && s < STARTS; s++) WEFT_TRY(search_from(r, start_of(r, s), s + 1, err));
    memcpy(r->starts, r->core_of, (size_t)r->problem->clusters * sizeof *r->starts);
    return search_from(r, r->starts, 0, err);
}

weft_status weft_place_refined(int *core_of, const weft_place_problem *problem, const weft_place_graph *graph,
                               weft_error *err) {
    if (problem->clusters == 0) return WEFT_OK;
    refinement r = {.problem = problem, .graph = graph, .core_of = core_of, .best = {UINT64_MAX, UINT64_MAX}};
    share_work(&r);
    r.starts = malloc(STARTS * (size_t)problem->clusters * sizeof *r.starts);
    if (!r.starts) return weft_error_set(err, WEFT_E_MEMORY, "out of memory while placing");
    weft_status status = search_all(&r, err);
    free(r.starts);
    return status;
}
