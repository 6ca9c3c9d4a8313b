/* The best cut of a network into parts on paper: arrays alone count. */
#include <math.h>
#include <stdlib.h>

#include "mapper/passes.h"

enum { INTERVALS_MAX = 200000, HALVINGS = 60, TIGHTER_MAX = 200 };

#define SPLIT 1e-6 /* positions: of equal cuts the one that splits fewer stages */

/* Places where a part may end: after 0, 1, ... strips of the whole network. */
typedef struct cuts {
    const weft_cut_problem *problem;
    weft_cut_kind kind;
    int count;          /* of strips */
    weft_cut_end *ends; /* [count + 1] */
    double *arrays;     /* [count + 1] of the strips before */
    double *cost;       /* [parts, count + 1] positions of parts 0 to p that end there; HUGE_VAL: they cannot */
    int *before;        /* [parts, count + 1] where the one before ends then */
    double *known;      /* costs of the parts looked at, in the order of find_optimum; negative: not yet */
    double most;        /* parts that cost more are left out */
} cuts;

/* ---- one part ---- */

weft_cut_stage weft_cut_stage_of(const weft_load *load, double arrays, int strips) {
    uint64_t unit = 1;
    for (int axis = 0; axis < 2; axis++) {
        int least = load->counts[axis][0];
        for (int i = 1; i < load->extent[axis]; i++)
            if (load->counts[axis][i] < least) least = load->counts[axis][i];
        unit *= (uint64_t)least;
    }
    return (weft_cut_stage){.arrays = arrays,
                            .strips = strips,
                            .alone = weft_load_alone(load),
                            .least = weft_load_least(load),
                            .outputs = (uint64_t)load->extent[0] * (uint64_t)load->extent[1],
                            .unit = unit};
}

/* A stage's strips within a part. */
typedef struct share {
    const weft_cut_stage *stage;
    double arrays, alone, least;
} share;

static share share_of(const cuts *c, int stage, weft_cut_end begin, weft_cut_end end) {
    const weft_cut_stage *s = &c->problem->stages[stage];
    int first = stage == begin.stage ? begin.strip : 0, last = stage == end.stage ? end.strip : s->strips;
    share out = {s, s->arrays * (last - first), (double)s->alone, (double)s->least};
    if (c->kind == WEFT_CUT_PIECES && last - first < s->strips) out.least = out.alone;
    return out;
}

/* Copies of which none computes more than `positions`; whole ones share out whole outputs. */
static double copies_for(const cuts *c, const share *of, double positions) {
    if (of->least >= of->alone) return 1.0;
    double copies = of->alone / positions;
    if (c->kind == WEFT_CUT_RELAXED) return copies > 1.0 ? copies : 1.0;
    double most = of->stage->unit > 0 ? floor(positions / (double)of->stage->unit) : 0.0; /* outputs of a copy */
    if (most >= 1.0) copies = fmax(copies, (double)of->stage->outputs / most);
    return copies > 1.0 ? ceil(copies) : 1.0;
}

/* Arrays of the part when no copy computes more than `positions`. */
static double arrays_for(const cuts *c, weft_cut_end begin, weft_cut_end end, double positions) {
    double sum = 0.0;
    for (int s = begin.stage; s <= end.stage && s < c->problem->count; s++) {
        share of = share_of(c, s, begin, end);
        sum += of.arrays * copies_for(c, &of, positions);
    }
    return sum;
}

/* Positions of the busiest copy in a part of strips [from, to), which fit once. */
static double cost_of(const cuts *c, int from, int to) {
    weft_cut_end begin = c->ends[from], end = c->ends[to];
    double low = 0.0, high = 0.0, limit = c->problem->array_limit;
    for (int s = begin.stage; s <= end.stage && s < c->problem->count; s++) {
        share of = share_of(c, s, begin, end);
        if (of.arrays <= 0.0) continue;
        if (of.least > low) low = of.least;
        if (of.alone > high) high = of.alone;
    }
    if (low <= 0.0 || arrays_for(c, begin, end, low) <= limit) return low;
    for (int i = 0; i < HALVINGS && high > low; i++) { /* low does not fit, high does */
        double middle = low + (high - low) / 2.0;
        if (c->kind != WEFT_CUT_RELAXED) middle = floor(middle);
        if (middle <= low) break;
        if (arrays_for(c, begin, end, middle) > limit)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* ---- all parts ---- */

/* Can parts 0 to part end there, with room for what is left in the others? */
static bool is_within(const cuts *c, int part, int end) {
    const weft_cut_problem *p = c->problem;
    double total = c->arrays[c->count];
    return c->arrays[end] <= (part + 1) * p->array_limit &&
           total - c->arrays[end] <= (p->parts - 1 - part) * p->array_limit;
}

/* The range of ends of that part; an empty one where there is none. */
static void window(const cuts *c, int part, int *begin, int *end) {
    *begin = part == c->problem->parts - 1 ? c->count : part + 1;
    while (*begin <= c->count && !is_within(c, part, *begin)) ++*begin;
    *end = *begin;
    while (*end <= c->count && is_within(c, part, *end)) ++*end;
}

/* known: from part starts begin_first to begin_last. */
static void end_part(cuts *c, int part, int end, int begin_first, int begin_last, double *known) {
    size_t row = (size_t)part * (size_t)(c->count + 1);
    const double *cost_before = part == 0 ? NULL : c->cost + row - (c->count + 1);
    double best = HUGE_VAL;
    for (int from = begin_last; from >= begin_first; from--) {
        double before = cost_before ? cost_before[from] : 0.0;
        if (c->arrays[end] - c->arrays[from] > c->problem->array_limit) break;
        if (before >= best) continue;
        double own = known[from - begin_first];
        if (own < 0.0) own = known[from - begin_first] = cost_of(c, from, end);
        if (own > c->most) continue;
        double cost = c->problem->sum ? before + own : fmax(before, own);
        if (c->kind == WEFT_CUT_PIECES && c->ends[from].strip > 0) cost += SPLIT;
        if (cost >= best) continue;
        best = cost;
        c->before[row + (size_t)end] = from;
    }
    c->cost[row + (size_t)end] = best;
}

/* How many parts would be looked at. */
static double count_intervals(const cuts *c) {
    double sum = 0.0, last = 1.0;
    for (int p = 0; p < c->problem->parts; p++) {
        int begin = 0, end = 0;
        window(c, p, &begin, &end);
        sum += last * (end - begin);
        last = end - begin;
    }
    return sum;
}

static void find_optimum(cuts *c) {
    int first = 0, last = 0; /* where the part before may end */
    double *known = c->known;
    for (int p = 0; p < c->problem->parts; p++) {
        int begin = 0, end = 0;
        window(c, p, &begin, &end);
        for (int i = begin; i < end; i++, known += last - first + 1)
            end_part(c, p, i, first, last < i ? last : i - 1, known);
        first = begin;
        last = end - 1;
    }
}

/* ---- tables ---- */

static bool list_ends(cuts *c) {
    const weft_cut_problem *p = c->problem;
    for (int s = 0; s < p->count; s++) c->count += p->stages[s].strips;
    size_t places = (size_t)c->count + 1, slots = places * (size_t)p->parts;
    c->ends = malloc(places * sizeof *c->ends);
    c->arrays = malloc(places * sizeof *c->arrays);
    c->cost = malloc(slots * sizeof *c->cost);
    c->before = calloc(slots, sizeof *c->before);
    if (!c->ends || !c->arrays || !c->cost || !c->before) return false;
    for (size_t i = 0; i < slots; i++) c->cost[i] = HUGE_VAL;
    double arrays = 0.0;
    int at = 0;
    for (int s = 0; s < p->count; s++)
        for (int t = 0; t < p->stages[s].strips; t++, arrays += p->stages[s].arrays) {
            c->ends[at] = (weft_cut_end){s, t};
            c->arrays[at++] = arrays;
        }
    c->ends[at] = (weft_cut_end){p->count, 0};
    c->arrays[at] = arrays;
    return true;
}

static void trace_back(weft_cut_end *out, const cuts *c) {
    int end = c->count;
    for (int p = c->problem->parts - 1; p >= 0; p--) {
        out[p] = c->ends[end];
        end = c->before[(size_t)p * (size_t)(c->count + 1) + (size_t)end];
    }
}

static double total_of(const cuts *c) { return c->cost[(size_t)c->problem->parts * (size_t)(c->count + 1) - 1]; }

static bool solve(cuts *c) {
    double intervals = count_intervals(c);
    if (c->count < c->problem->parts || intervals > INTERVALS_MAX) return true;
    c->known = malloc(((size_t)intervals + 1) * sizeof *c->known);
    if (!c->known) return false;
    for (size_t i = 0; i < (size_t)intervals; i++) c->known[i] = -1.0;
    c->most = HUGE_VAL;
    find_optimum(c);
    return true;
}

static double largest_part(const cuts *c, const weft_cut_end *ends) {
    double most = 0.0;
    for (int p = 0, at = 0; p < c->problem->parts; p++) {
        int from = at;
        while (at < c->count && (c->ends[at].stage != ends[p].stage || c->ends[at].strip != ends[p].strip)) at++;
        most = fmax(most, cost_of(c, from, at));
    }
    return most;
}

/* Ends of the optimum, or within the tolerance of one whose largest part is smaller. */
static void choose(weft_cut_end *ends, cuts *c) {
    double limit = total_of(c) * (1.0 + c->problem->tolerance);
    trace_back(ends, c);
    for (int i = 0; c->problem->sum && c->problem->tolerance > 0.0 && i < TIGHTER_MAX; i++) {
        size_t slots = (size_t)(c->count + 1) * (size_t)c->problem->parts;
        c->most = largest_part(c, ends) * (1.0 - 1e-9);
        for (size_t k = 0; k < slots; k++) c->cost[k] = HUGE_VAL;
        find_optimum(c);
        if (total_of(c) > limit) break;
        trace_back(ends, c);
    }
}

weft_status weft_cut_optimum(double *positions, weft_cut_end *ends, const weft_cut_problem *problem, weft_cut_kind kind,
                             weft_error *err) {
    cuts c = {.problem = problem, .kind = kind};
    weft_status status = WEFT_OK;
    *positions = HUGE_VAL;
    if (!list_ends(&c) || !solve(&c)) {
        status = weft_error_set(err, WEFT_E_MEMORY, "out of memory while cutting the network into parts");
    } else {
        *positions = total_of(&c);
        if (ends && *positions < HUGE_VAL) choose(ends, &c);
    }
    free(c.ends);
    free(c.arrays);
    free(c.cost);
    free(c.before);
    free(c.known);
    return status;
}
