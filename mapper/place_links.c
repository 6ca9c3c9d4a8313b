#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/chip_route.h"
#include "mapper/place_internal.h"

/* Annealing of the hottest link. The load of the hottest is no guide by itself, since most moves do not touch it: the
 * sum over links of (load / hottest)^POWER stands for it. Loads are kept while clusters move: a trial changes them, and
 * a journal undoes it. */
enum { BLOCKS = 128 /* a power of two */, PROBES = 300, POWER = 6, MOVE_WORK = 64, LINK_STREAMS = 256 };
static const double hot = 0.3, cold = 0.003; /* temperatures in mean losses of a move at the start */

typedef struct search {
    const weft_place_problem *problem;
    const weft_place_graph *graph;
    weft_place_layout *layout;
    weft_place_dice dice;
    uint64_t *load; /* [routers * WEFT_SIDES] cycles that the link is occupied */
    int *interval;  /* [routers * WEFT_SIDES] of each; NULL: 1 */
    uint64_t *old;  /* of the links in the journal, before the trial */
    int *journal;   /* links that the trial touched */
    uint32_t *mark; /* [links] trial that touched it last */
    uint32_t trial;
    int touched, window;
    double scale, linear_share; /* of the load; of the linear part in the cost, which is in flits of the hottest link */
    uint64_t work;
} search;

static void touch(search *s, int link, uint64_t flits) {
    if (s->mark[link] != s->trial) {
        s->mark[link] = s->trial;
        s->old[s->touched] = s->load[link];
        s->journal[s->touched++] = link;
    }
    s->load[link] += flits; /* what is taken off is added modulo 2^64 */
}

static void add_run(search *s, int link, int stride, int count, uint64_t flits) {
    if (!s->interval)
        for (int i = 0; i < count; i++) touch(s, link + i * stride, flits);
    else
        for (int i = 0; i < count; i++) touch(s, link + i * stride, flits * (uint64_t)s->interval[link + i * stride]);
}

static void add_leg(search *s, const weft_chip_leg *leg, uint64_t flits) {
    const weft_place_layout *l = s->layout;
    int length = leg->axis == 0 ? l->width : l->height, stride = WEFT_SIDES * (leg->axis == 0 ? 1 : l->width);
    int first = leg->first * WEFT_SIDES + weft_chip_leg_side(leg), steps = abs(leg->steps);
    int inside = leg->steps < 0 ? leg->at + 1 : length - leg->at; /* up to the row's end */
    int around = leg->steps < 0 ? length - 1 : 0, count = steps < inside ? steps : inside;
    add_run(s, first + leg->at * stride, leg->steps < 0 ? -stride : stride, count, flits);
    if (steps > count) add_run(s, first + around * stride, leg->steps < 0 ? -stride : stride, steps - count, flits);
}

/* Adds the flits of a flow, or takes them off. */
static void add_path(search *s, int from, int to, uint64_t flits, bool add) {
    const weft_place_layout *l = s->layout;
    const int a[2] = {l->x[from], l->y[from]}, b[2] = {l->x[to], l->y[to]};
    weft_chip_leg ways[WEFT_WAYS][WEFT_LEGS];
    int count = weft_chip_ways(ways, s->problem->chip, a, b);
    for (int w = 0; w < count; w++)
        for (int leg = 0; leg < WEFT_LEGS; leg++) {
            uint64_t share = weft_chip_way_flits(flits, w, count);
            add_leg(s, &ways[w][leg], add ? share : 0 - share);
        }
}

/* Adds, or takes off, the flits of all the cluster's pairs but the one with other. */
static void add_cluster(search *s, int cluster, int other, bool add) {
    const weft_place_graph *g = s->graph;
    for (size_t a = g->begin[cluster]; a < g->begin[cluster + 1]; a++) {
        int p = g->partner[a];
        if (p == other) continue;
        uint64_t out = g->flits_out[a], in = g->flits_in[a];
        s->work += 10 + 10 * (uint64_t)weft_place_distance(&g->metric, s->layout->x[cluster], s->layout->y[cluster],
                                                           s->layout->x[p], s->layout->y[p]);
        if (out) add_path(s, cluster, p, out, add);
        if (in) add_path(s, p, cluster, in, add);
    }
}

static double strain(const search *s, uint64_t load) {
    double share = (double)load * s->scale, square = share * share;
    return square * square * square; /* POWER */
}

/* Swaps and returns how the cost changes. */
static double try_swap(search *s, int cluster, int core) {
    weft_place_layout *l = s->layout;
    int other = l->cluster_at[core];
    double linear = (double)weft_place_swap_change(s->graph, l, cluster, core) * s->linear_share, sum = 0.0;
    s->trial++;
    s->touched = 0;
    s->work += MOVE_WORK;
    add_cluster(s, cluster, -1, false);
    if (other >= 0) add_cluster(s, other, cluster, false);
    weft_place_layout_swap(l, cluster, core);
    add_cluster(s, cluster, -1, true);
    if (other >= 0) add_cluster(s, other, cluster, true);
    for (int t = 0; t < s->touched; t++) sum += strain(s, s->load[s->journal[t]]) - strain(s, s->old[t]);
    return linear + sum / (POWER * s->scale);
}

static void undo(search *s, int cluster, int core) {
    weft_place_layout_swap(s->layout, cluster, core);
    for (int t = 0; t < s->touched; t++) s->load[s->journal[t]] = s->old[t];
}

static uint64_t hottest(const search *s) {
    uint64_t most = 0;
    for (int l = 0; l < s->layout->width * s->layout->height * WEFT_SIDES; l++)
        if (s->load[l] > most) most = s->load[l];
    return most;
}

/* A cluster, and a core within the window around it. */
static int draw_move(search *s, int *core) {
    const weft_place_layout *l = s->layout;
    int cluster = weft_place_draw_below(&s->dice, l->clusters), side = 2 * s->window + 1;
    int x = l->x[cluster] - s->window + weft_place_draw_below(&s->dice, side);
    int y = l->y[cluster] - s->window + weft_place_draw_below(&s->dice, side);
    x = weft_place_within(&s->graph->metric, x, l->width);
    y = weft_place_within(&s->graph->metric, y, l->height);
    int slot = l->concentration > 1 ? weft_place_draw_below(&s->dice, l->concentration) : 0;
    *core = (y * l->width + x) * l->concentration + slot;
    return cluster;
}

static bool is_move(const search *s, int cluster, int core) {
    return core / s->layout->concentration != s->layout->core_of[cluster] / s->layout->concentration;
}

static double mean_loss(search *s) {
    double sum = 0.0;
    int losses = 0, core;
    for (int i = 0; i < PROBES; i++) {
        int cluster = draw_move(s, &core), back = s->layout->core_of[cluster];
        if (!is_move(s, cluster, core)) continue;
        double change = try_swap(s, cluster, core);
        undo(s, cluster, back);
        if (change <= 0.0) continue;
        sum += change;
        losses++;
    }
    return losses ? sum / losses : 0.0;
}

static void run_block(search *s, double temperature, uint64_t work) {
    int core;
    while (s->work < work) {
        int cluster = draw_move(s, &core), back = s->layout->core_of[cluster];
        s->work++;
        if (!is_move(s, cluster, core)) continue;
        double threshold = weft_place_draw_threshold(&s->dice, temperature);
        if (try_swap(s, cluster, core) > threshold) undo(s, cluster, back);
    }
}

static void set_scale(search *s) {
    uint64_t most = hottest(s);
    s->scale = most ? 1.0 / (double)most : 1.0;
    s->linear_share = s->problem->objective == WEFT_OBJECTIVE_LATENCY
                          ? 1.0 / (1 << WEFT_PLACE_LATENCY_BITS)
                          : 0.25 / ((double)s->layout->width * s->layout->height * WEFT_SIDES);
}

static weft_status cool(search *s, int *best, uint64_t work, weft_error *err) {
    weft_place_layout *l = s->layout;
    weft_place_score best_score, score;
    size_t bytes = (size_t)l->clusters * sizeof *best;
    int window_max = (l->width > l->height ? l->width : l->height) / 2;
    double ratio = cold / hot;
    for (int blocks = BLOCKS; blocks > 1; blocks /= 2) ratio = sqrt(ratio);
    s->window = window_max > 0 ? window_max : 1;
    set_scale(s);
    double temperature = mean_loss(s) * hot;
    memcpy(best, l->core_of, bytes);
    WEFT_TRY(weft_place_score_of(&best_score, s->problem, s->graph, best, err));
    s->work = 0;
    for (int b = 0; b < BLOCKS && temperature > 0.0; b++, temperature *= ratio) {
        s->window = 1 + window_max * (BLOCKS - 1 - b) / BLOCKS;
        run_block(s, temperature, work / BLOCKS * (uint64_t)(b + 1));
        set_scale(s);
        if (b + 1 < BLOCKS / 2) continue;
        WEFT_TRY(weft_place_score_of(&score, s->problem, s->graph, l->core_of, err));
        if (!weft_place_better(&score, &best_score)) continue;
        best_score = score;
        memcpy(best, l->core_of, bytes);
    }
    weft_place_layout_restore(l, best);
    return WEFT_OK;
}

weft_status weft_place_anneal_links(weft_place_layout *layout, const weft_place_problem *problem,
                                    const weft_place_graph *graph, int stream, uint64_t work, weft_error *err) {
    weft_status status = WEFT_OK;
    size_t links = (size_t)layout->width * (size_t)layout->height * WEFT_SIDES;
    bool slow = weft_chip_has_slow_links(problem->chip);
    if (layout->clusters == 0 || links <= WEFT_SIDES) return WEFT_OK;
    search s = {.problem = problem, .graph = graph, .layout = layout};
    weft_place_dice_init(&s.dice, problem->seed, LINK_STREAMS + stream);
    s.load = malloc(links * sizeof *s.load);
    s.old = malloc(links * sizeof *s.old);
    s.journal = malloc(links * sizeof *s.journal);
    s.mark = calloc(links, sizeof *s.mark);
    if (slow) s.interval = malloc(links * sizeof *s.interval);
    int *best = malloc((size_t)layout->clusters * sizeof *best);
    if (!s.load || !s.old || !s.journal || !s.mark || !best || (slow && !s.interval))
        WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_MEMORY, "out of memory while placing"));
    weft_place_link_flits(problem, layout->core_of, s.load);
    for (size_t l = 0; slow && l < links; l++) {
        s.interval[l] = weft_chip_link_interval(problem->chip, (int)(l / WEFT_SIDES), (int)(l % WEFT_SIDES));
        s.load[l] *= (uint64_t)s.interval[l];
    }
    WEFT_TRY_GOTO(cool(&s, best, work, err));
cleanup:
    free(s.load);
    free(s.interval);
    free(s.old);
    free(s.journal);
    free(s.mark);
    free(best);
    return status;
}
