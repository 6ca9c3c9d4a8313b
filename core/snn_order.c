/* Which projections close loops, how deep populations lie, and the order of both. */
#include <stdlib.h>
#include <string.h>

#include "core/snn_internal.h"

/* Projections by source: items[first[p]] .. */
typedef struct adjacency {
    int *first, *items;
} adjacency;

static weft_status no_memory(weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "no memory for a network's order");
}

static weft_status adjacency_create(adjacency *a, const weft_snn *snn, weft_error *err) {
    a->first = calloc((size_t)snn->population_count + 2, sizeof *a->first);
    a->items = calloc((size_t)snn->projection_count + 1, sizeof *a->items);
    if (!a->first || !a->items) return no_memory(err);
    for (int i = 0; i < snn->projection_count; i++) a->first[snn->projections[i].source + 2]++;
    for (int p = 0; p < snn->population_count; p++) a->first[p + 2] += a->first[p + 1];
    for (int i = 0; i < snn->projection_count; i++) a->items[a->first[snn->projections[i].source + 1]++] = i;
    return WEFT_OK;
}

static void adjacency_free(adjacency *a) {
    free(a->first);
    free(a->items);
}

/* A depth-first search: `state` is 0 for populations not reached yet, 1 for those on the way to the present one, 2 for
 * those left behind. A projection to one on the way closes a loop. */
typedef struct search {
    weft_snn *snn;
    adjacency out;
    char *state;
    int *stack, *next; /* next: where each population's projections stand */
    int *left;         /* populations in the order in which they were left behind */
    int left_count;
} search;

static void visit(search *s, int root) {
    int depth = 0;
    s->stack[depth++] = root;
    s->state[root] = 1;
    while (depth > 0) {
        const int p = s->stack[depth - 1];
        if (s->next[p] == s->out.first[p + 1]) {
            s->state[p] = 2;
            s->left[s->left_count++] = p;
            depth--;
            continue;
        }
        weft_snn_projection *projection = &s->snn->projections[s->out.items[s->next[p]++]];
        if (s->state[projection->target] == 1) {
            projection->recurrent = true;
            if (projection->delay < 1) projection->delay = 1;
        } else if (s->state[projection->target] == 0) {
            s->state[projection->target] = 1;
            s->stack[depth++] = projection->target;
        }
    }
}

/* Against the order in which they were left behind, every population comes before those it projects to. */
static void find_depths(search *s) {
    for (int i = s->left_count - 1; i >= 0; i--) {
        const int p = s->left[i];
        for (int k = s->out.first[p]; k < s->out.first[p + 1]; k++) {
            const weft_snn_projection *projection = &s->snn->projections[s->out.items[k]];
            weft_snn_population *target = &s->snn->populations[projection->target];
            const int depth = s->snn->populations[p].depth + 1;
            if (!projection->recurrent && depth > target->depth) target->depth = depth;
        }
    }
}

static weft_status search_loops(weft_snn *snn, weft_error *err) {
    const size_t count = (size_t)snn->population_count + 1;
    search s = {.snn = snn};
    weft_status status;
    s.state = calloc(count, 1);
    s.stack = calloc(count, sizeof *s.stack);
    s.next = calloc(count, sizeof *s.next);
    s.left = calloc(count, sizeof *s.left);
    if (!s.state || !s.stack || !s.next || !s.left) WEFT_TRY_GOTO(no_memory(err));
    WEFT_TRY_GOTO(adjacency_create(&s.out, snn, err));
    memcpy(s.next, s.out.first, (size_t)snn->population_count * sizeof *s.next);
    for (int p = 0; p < snn->population_count; p++)
        if (!s.state[p]) visit(&s, p);
    find_depths(&s);
cleanup:
    adjacency_free(&s.out);
    free(s.state);
    free(s.stack);
    free(s.next);
    free(s.left);
    return status;
}

/* ---- order ---- */

typedef struct ranked {
    const weft_snn_population *population;
    int index;
} ranked;

static int compare_ranked(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    const bool x_input = x->population->model == WEFT_NIR_INPUT, y_input = y->population->model == WEFT_NIR_INPUT;
    if (x_input != y_input) return x_input ? -1 : 1;
    if (x->population->depth != y->population->depth) return x->population->depth < y->population->depth ? -1 : 1;
    return strcmp(x->population->name, y->population->name);
}

static int compare_projections(const void *a, const void *b) {
    const weft_snn_projection *x = a, *y = b;
    if (x->target != y->target) return x->target < y->target ? -1 : 1;
    if (x->source != y->source) return x->source < y->source ? -1 : 1;
    if (x->delay != y->delay) return x->delay < y->delay ? -1 : 1;
    return x->recurrent < y->recurrent ? -1 : x->recurrent > y->recurrent;
}

static weft_status sort_all(weft_snn *snn, weft_error *err) {
    const size_t count = (size_t)snn->population_count;
    weft_status status = WEFT_OK;
    ranked *order = calloc(count + 1, sizeof *order);
    weft_snn_population *sorted = calloc(count + 1, sizeof *sorted);
    int *to = calloc(count + 1, sizeof *to);
    if (!order || !sorted || !to) WEFT_TRY_GOTO(no_memory(err));
    for (size_t p = 0; p < count; p++) order[p] = (ranked){&snn->populations[p], (int)p};
    qsort(order, count, sizeof *order, compare_ranked);
    for (size_t p = 0; p < count; p++) {
        sorted[p] = snn->populations[order[p].index];
        to[order[p].index] = (int)p;
    }
    if (count) memcpy(snn->populations, sorted, count * sizeof *sorted);
    for (int i = 0; i < snn->projection_count; i++) {
        snn->projections[i].source = to[snn->projections[i].source];
        snn->projections[i].target = to[snn->projections[i].target];
    }
    if (snn->projection_count)
        qsort(snn->projections, (size_t)snn->projection_count, sizeof *snn->projections, compare_projections);
cleanup:
    free(order);
    free(sorted);
    free(to);
    return status;
}

weft_status weft_snn_order(weft_snn *snn, weft_error *err) {
    WEFT_TRY(sort_all(snn, err)); /* by name: the search goes through populations in this order */
    WEFT_TRY(search_loops(snn, err));
    return sort_all(snn, err);
}
