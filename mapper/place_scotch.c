/* Placement by Scotch (Pellegrini): recursive bipartitioning of graph and mesh (or torus) together. Clusters are
 * mapped onto routers; the host is a vertex without load, fixed at its router. Where links between chips take longer,
 * the target is those routers of a mesh stretched there. Scotch spreads the load over all that it is given,
 * so that a problem smaller than the mesh gets a rectangle around the host: several shapes are tried. */
#include <assert.h>
#include <scotch.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/chip_route.h"
#include "mapper/place_internal.h"

/* In place of libscotcherr's, which print: the return codes say enough. */
void SCOTCH_errorProg(const char *const name) { (void)name; }
void SCOTCH_errorPrint(const char *const text, ...) { (void)text; }
void SCOTCH_errorPrintW(const char *const text, ...) { (void)text; }

typedef struct rectangle {
    int x, y, width, height;
} rectangle;
enum { RECTANGLES_MAX = 3, ARCS_MANY = 200000 };

static int smaller(int a, int b) { return a < b ? a : b; }

/* Of that width, with enough routers, as central around the host as the mesh allows. False: too high for the mesh. */
static bool fit_rectangle(rectangle *out, const weft_place_problem *problem, int width) {
    const weft_chip *chip = problem->chip;
    int mesh_width = (int)chip->noc.mesh[0], mesh_height = (int)chip->noc.mesh[1];
    int concentration = (int)chip->noc.concentration;
    int routers = (problem->clusters + concentration - 1) / concentration;
    int height = (routers + width - 1) / width;
    if (height > mesh_height) return false;
    int x = (int)chip->io.router[0] - width / 2, y = (int)chip->io.router[1] - height / 2;
    if (x < 0) x = 0;
    if (y < 0) y = 0;
    *out = (rectangle){smaller(x, mesh_width - width), smaller(y, mesh_height - height), width, height};
    return true;
}

/* The squarest rectangle, then the flattest and the narrowest; only the first of a large problem. */
static int list_rectangles(rectangle *out, const weft_place_problem *problem, const weft_place_graph *graph) {
    const weft_chip *chip = problem->chip;
    int mesh_width = (int)chip->noc.mesh[0], square = 1, narrow = mesh_width, count = 0;
    int64_t concentration = chip->noc.concentration;
    while (square < mesh_width && (int64_t)square * square * concentration < problem->clusters) square++;
    while (!fit_rectangle(&out[0], problem, square)) square++;
    for (int width = mesh_width; width >= 1 && fit_rectangle(&out[1], problem, width); width--) narrow = width;
    count = 1;
    if (graph->begin[graph->nodes] > ARCS_MANY) return count;
    if (mesh_width != square && fit_rectangle(&out[count], problem, mesh_width)) count++;
    if (narrow != square && narrow != mesh_width && fit_rectangle(&out[count], problem, narrow)) count++;
    return count;
}

/* The graph in Scotch's numbers. */
typedef struct source {
    SCOTCH_Num *begin;  /* [nodes + 1] */
    SCOTCH_Num *load;   /* [nodes] 1, the host 0 */
    SCOTCH_Num *edge;   /* [arcs] */
    SCOTCH_Num *weight; /* [arcs] */
    SCOTCH_Num *place;  /* [nodes] terminal of the mesh, -1: to be found */
} source;

static void source_destroy(source *s) {
    free(s->begin);
    free(s->load);
    free(s->edge);
    free(s->weight);
    free(s->place);
}

/* At most the distance that Scotch sees between two routers. */
static double longest_run(const weft_chip *chip) {
    double links = (double)(chip->noc.mesh[0] + chip->noc.mesh[1]);
    double slow = (double)(chip->noc.chips[0] + chip->noc.chips[1]) * (double)(chip->noc.chip_link_interval - 1);
    return weft_chip_has_slow_links(chip) ? links + slow : links;
}

/* Scotch adds up weights and weight x distance in 32 bits: weights are scaled so that the sums stay far below. */
static weft_status source_create(source *s, const weft_place_problem *problem, const weft_place_graph *graph,
                                 weft_error *err) {
    size_t nodes = (size_t)graph->nodes, arcs = graph->begin[nodes];
    *s = (source){0};
    s->begin = malloc((nodes + 1) * sizeof *s->begin);
    s->load = malloc(nodes * sizeof *s->load);
    s->edge = malloc((arcs + 1) * sizeof *s->edge);
    s->weight = malloc((arcs + 1) * sizeof *s->weight);
    s->place = malloc(nodes * sizeof *s->place);
    if (!s->begin || !s->load || !s->edge || !s->weight || !s->place)
        return weft_error_set(err, WEFT_E_MEMORY, "out of memory while placing");
    double sum = 0.0, limit = INT32_MAX / 4 / longest_run(problem->chip);
    for (size_t a = 0; a < arcs; a++) sum += (double)graph->weight[a];
    double scale = sum > limit ? limit / sum : 1.0;
    for (size_t n = 0; n <= nodes; n++) s->begin[n] = (SCOTCH_Num)graph->begin[n];
    for (size_t n = 0; n < nodes; n++) s->load[n] = n + 1 < nodes;
    for (size_t a = 0; a < arcs; a++) {
        s->edge[a] = graph->partner[a];
        s->weight[a] = 1 + (SCOTCH_Num)((double)graph->weight[a] * scale);
    }
    return WEFT_OK;
}

/* Scotch's objects; each has its own flag since they cannot be told apart from garbage. */
typedef struct session {
    SCOTCH_Context context;
    SCOTCH_Graph graph, bound;
    SCOTCH_Arch mesh, routers; /* routers: those of a stretched mesh */
    SCOTCH_Strat strategy;
    bool has_context, has_graph, has_bound, has_mesh, has_routers, has_strategy;
} session;

static void session_close(session *s) {
    if (s->has_strategy) SCOTCH_stratExit(&s->strategy);
    if (s->has_routers) SCOTCH_archExit(&s->routers);
    if (s->has_mesh) SCOTCH_archExit(&s->mesh);
    if (s->has_bound) SCOTCH_graphExit(&s->bound);
    if (s->has_graph) SCOTCH_graphExit(&s->graph);
    if (s->has_context) SCOTCH_contextExit(&s->context);
}

/* One thread and random numbers of its own: nothing global, the same result every time. */
static bool open_context(session *s, uint64_t seed) {
    if (SCOTCH_contextInit(&s->context) != 0) return false;
    s->has_context = true;
    if (SCOTCH_contextThreadSpawn(&s->context, 1, NULL) != 0) return false;
    if (SCOTCH_contextOptionSetNum(&s->context, SCOTCH_OPTIONNUMDETERMINISTIC, 1) != 0) return false;
    if (SCOTCH_contextRandomClone(&s->context) != 0) return false;
    SCOTCH_contextRandomSeed(&s->context, (SCOTCH_Num)(seed % INT32_MAX));
    SCOTCH_contextRandomReset(&s->context);
    return true;
}

static bool open_graph(session *s, const source *from, int nodes) {
    if (SCOTCH_graphInit(&s->graph) != 0) return false;
    s->has_graph = true;
    if (SCOTCH_graphBuild(&s->graph, 0, nodes, from->begin, NULL, from->load, NULL, from->begin[nodes], from->edge,
                          from->weight) != 0)
        return false;
    if (SCOTCH_graphInit(&s->bound) != 0) return false;
    s->has_bound = true;
    return SCOTCH_contextBindGraph(&s->context, &s->graph, &s->bound) == 0;
}

/* Where the columns (rows) of the rectangle lie on a line on which a link is as long as a flit occupies it; *length:
 * of the line, round to its beginning on a torus. Returns them, [count], or NULL. */
static int *stretch(int *length, const weft_chip *chip, int axis, int begin, int count) {
    int router = axis == 0 ? begin : begin * (int)chip->noc.mesh[0], side = axis == 0 ? WEFT_EAST : WEFT_SOUTH;
    int *at = malloc((size_t)count * sizeof *at), place = 0;
    for (int i = 0; at && i < count; i++, router += axis == 0 ? 1 : (int)chip->noc.mesh[0]) {
        at[i] = place;
        *length = place + 1;
        place += weft_chip_link_interval(chip, router, side);
    }
    if (at && weft_chip_is_torus(chip)) *length = place;
    return at;
}

/* A torus where the rectangle goes all the way round. */
static bool open_mesh(session *s, const weft_chip *chip, const rectangle *r, int width, int height) {
    bool round = weft_chip_is_torus(chip) && r->width == chip->noc.mesh[0] && r->height == chip->noc.mesh[1];
    if (SCOTCH_archInit(&s->mesh) != 0) return false;
    s->has_mesh = true;
    return (round ? SCOTCH_archTorus2(&s->mesh, width, height) : SCOTCH_archMesh2(&s->mesh, width, height)) == 0;
}

static bool open_stretched(session *s, const weft_chip *chip, const rectangle *r) {
    int width = 0, height = 0;
    int *x = stretch(&width, chip, 0, r->x, r->width), *y = stretch(&height, chip, 1, r->y, r->height);
    SCOTCH_Num *routers = malloc((size_t)r->width * (size_t)r->height * sizeof *routers);
    bool good = x && y && routers && (int64_t)width * height <= INT32_MAX && open_mesh(s, chip, r, width, height);
    for (int i = 0; good && i < r->width * r->height; i++) routers[i] = y[i / r->width] * width + x[i % r->width];
    if (good) good = s->has_routers = SCOTCH_archInit(&s->routers) == 0;
    good = good && SCOTCH_archSub(&s->routers, &s->mesh, (SCOTCH_Num)r->width * r->height, routers) == 0;
    free(x);
    free(y);
    free(routers);
    return good;
}

static bool map_graph(session *s, source *from, const weft_chip *chip, const rectangle *r) {
    bool slow = weft_chip_has_slow_links(chip);
    if (!(slow ? open_stretched(s, chip, r) : open_mesh(s, chip, r, r->width, r->height))) return false;
    if (SCOTCH_stratInit(&s->strategy) != 0) return false;
    s->has_strategy = true;
    if (SCOTCH_stratGraphMapBuild(&s->strategy, SCOTCH_STRATDEFAULT, (SCOTCH_Num)r->width * r->height, 0.01) != 0)
        return false;
    return SCOTCH_graphMapFixed(&s->bound, slow ? &s->routers : &s->mesh, &s->strategy, from->place) == 0;
}

static weft_status map_rectangle(int *router_of, source *from, const weft_place_problem *problem, const rectangle *r,
                                 weft_error *err) {
    const weft_chip *chip = problem->chip;
    int nodes = problem->clusters + 1;
    session s = {.has_context = false};
    for (int n = 0; n < nodes; n++) from->place[n] = -1;
    from->place[nodes - 1] =
        (SCOTCH_Num)((chip->io.router[1] - r->y) * r->width + (chip->io.router[0] - r->x)); /* x runs fastest */
    bool done = open_context(&s, problem->seed) && open_graph(&s, from, nodes) && map_graph(&s, from, chip, r);
    session_close(&s);
    for (int n = 0; done && n + 1 < nodes; n++) {
        int at = (int)from->place[n];
        assert(at >= 0 && at < r->width * r->height);
        router_of[n] = (r->y + at / r->width) * (int)chip->noc.mesh[0] + r->x + at % r->width;
    }
    if (done) return WEFT_OK;
    return weft_error_set(err, WEFT_E_LIBRARY, "Scotch could not map %d clusters onto %d x %d routers",
                          problem->clusters, r->width, r->height);
}

weft_status weft_place_scotch(int *core_of, const weft_place_problem *problem, const weft_place_graph *graph,
                              weft_error *err) {
    weft_status status = WEFT_OK;
    rectangle shapes[RECTANGLES_MAX];
    weft_place_score best = {UINT64_MAX, UINT64_MAX}, score;
    size_t clusters = (size_t)problem->clusters;
    if (clusters == 0) return WEFT_OK;
    source from = {0};
    int *router_of = malloc(clusters * sizeof *router_of), *trial = malloc(clusters * sizeof *trial);
    if (!router_of || !trial) WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_MEMORY, "out of memory while placing"));
    WEFT_TRY_GOTO(source_create(&from, problem, graph, err));
    int count = list_rectangles(shapes, problem, graph);
    for (int r = 0; r < count; r++) {
        WEFT_TRY_GOTO(map_rectangle(router_of, &from, problem, &shapes[r], err));
        WEFT_TRY_GOTO(weft_place_seat(trial, router_of, problem, graph, err));
        WEFT_TRY_GOTO(weft_place_score_of(&score, problem, graph, trial, err));
        if (r > 0 && !weft_place_better(&score, &best)) continue;
        best = score;
        for (size_t c = 0; c < clusters; c++) core_of[c] = trial[c];
    }
cleanup:
    source_destroy(&from);
    free(router_of);
    free(trial);
    return status;
}
