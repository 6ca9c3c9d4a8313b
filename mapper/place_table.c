#include <assert.h>
#include <string.h>

#include "mapper/place_internal.h"

static weft_status run_row_major(int *core_of, const weft_place_problem *problem, weft_error *err) {
    (void)err;
    assert(problem->clusters <= problem->chip->core_count);
    weft_place_row_major(core_of, problem);
    return WEFT_OK;
}

typedef weft_status on_graph(int *core_of, const weft_place_problem *problem, const weft_place_graph *graph,
                             weft_error *err);

static weft_status run_on_graph(on_graph *run, int *core_of, const weft_place_problem *problem, weft_error *err) {
    weft_place_graph *graph = NULL;
    WEFT_TRY(weft_place_graph_create(&graph, problem, err));
    weft_status status = run(core_of, problem, graph, err);
    weft_place_graph_destroy(graph);
    return status;
}

static weft_status run_greedy(int *core_of, const weft_place_problem *problem, weft_error *err) {
    return run_on_graph(weft_place_greedy, core_of, problem, err);
}
static weft_status run_scotch(int *core_of, const weft_place_problem *problem, weft_error *err) {
    return run_on_graph(weft_place_scotch, core_of, problem, err);
}
static weft_status run_refined(int *core_of, const weft_place_problem *problem, weft_error *err) {
    return run_on_graph(weft_place_refined, core_of, problem, err);
}

const weft_placer weft_placers[] = {
    {"row_major", "cluster after cluster, core after core", run_row_major},
    {"greedy", "heaviest traffic first, each onto the free core that adds least", run_greedy},
    {"scotch", "Scotch's static mapping of the clusters onto the network", run_scotch},
    {"refined", "the best of the others, then annealing, swaps and moves", run_refined},
    {NULL, NULL, NULL},
};

const weft_placer *weft_placer_find(const char *name) {
    for (const weft_placer *p = weft_placers; p->name; p++)
        if (strcmp(p->name, name) == 0) return p;
    return NULL;
}
