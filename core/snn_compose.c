/* Chains of linear nodes between populations, each made one matrix. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/snn_internal.h"

void weft_snn_flow_free(weft_snn_flow *flow) {
    for (int i = 0; i < flow->chain_count; i++)
        if (!flow->chains[i].borrowed) weft_snn_matrix_free(&flow->chains[i].matrix);
    for (int i = 0; i < flow->bias_count; i++) free(flow->biases[i].values);
    free(flow->chains);
    free(flow->biases);
    *flow = (weft_snn_flow){0};
}

static weft_status no_memory(const weft_snn_builder *b) {
    return weft_error_set(b->err, WEFT_E_MEMORY, "no memory for a network's synapses");
}

static weft_status too_many(const weft_snn_builder *b, int node) {
    return weft_snn_fail(b, node, "the chains up to it have too many synapses");
}

/* Takes from what all matrices may have; a check before memory is. */
static weft_status budget_take(weft_snn_builder *b, int node, uint64_t wanted) {
    if (wanted > b->budget) return too_many(b, node);
    b->budget -= wanted;
    return WEFT_OK;
}

static uint64_t entries_of(const weft_snn_matrix *m) { return m->identity ? 0 : m->first[m->rows]; }

/* Takes the matrix over, also on failure. */
static weft_status chain_add(weft_snn_builder *b, weft_snn_flow *flow, const weft_snn_chain *chain) {
    if (flow->chain_count == flow->chain_room) {
        int room = flow->chain_room ? 2 * flow->chain_room : 4;
        weft_snn_chain *larger = realloc(flow->chains, (size_t)room * sizeof *larger);
        if (!larger) {
            weft_snn_matrix taken = chain->matrix;
            if (!chain->borrowed) weft_snn_matrix_free(&taken);
            return no_memory(b);
        }
        flow->chains = larger;
        flow->chain_room = room;
    }
    flow->chains[flow->chain_count++] = *chain;
    return WEFT_OK;
}

/* The bias of that delay, zeros where there was none. */
static weft_status bias_of(weft_snn_builder *b, weft_snn_flow *flow, int delay, size_t size, double **out) {
    int at = 0;
    while (at < flow->bias_count && flow->biases[at].delay < delay) at++;
    if (at < flow->bias_count && flow->biases[at].delay == delay) return *out = flow->biases[at].values, WEFT_OK;
    weft_snn_bias *larger = realloc(flow->biases, ((size_t)flow->bias_count + 1) * sizeof *larger);
    if (larger) flow->biases = larger;
    *out = larger ? calloc(size, sizeof **out) : NULL;
    if (!*out) return no_memory(b);
    memmove(larger + at + 1, larger + at, (size_t)(flow->bias_count - at) * sizeof *larger);
    larger[at] = (weft_snn_bias){delay, *out};
    flow->bias_count++;
    return WEFT_OK;
}

/* ---- what comes to a node ---- */

static int compare_chains(const void *a, const void *b) {
    const weft_snn_chain *x = a, *y = b;
    if (x->source != y->source) return x->source < y->source ? -1 : 1;
    return x->delay < y->delay ? -1 : x->delay > y->delay;
}

/* Chains first .. first + count - 1, of one source and delay, become one. */
static weft_status merge_run(weft_snn_builder *b, int node, weft_snn_chain *run, int count, weft_snn_chain *out) {
    *out = run[0];
    if (count == 1) return WEFT_OK;
    const weft_snn_matrix **items = malloc((size_t)count * sizeof *items);
    if (!items) return no_memory(b);
    for (int i = 0; i < count; i++) items[i] = &run[i].matrix;
    weft_snn_matrix sum = {0};
    weft_status status = budget_take(b, node, (uint64_t)run[0].matrix.rows + run[0].matrix.columns);
    if (status == WEFT_OK) status = weft_snn_matrix_sum(&sum, items, count, b->err);
    if (status == WEFT_OK) status = budget_take(b, node, entries_of(&sum));
    free(items);
    out->matrix = sum;
    out->borrowed = false;
    return status;
}

/* All chains gathered are borrowed, so that merging them frees none. */
static weft_status merge_chains(weft_snn_builder *b, int node, weft_snn_flow *flow) {
    weft_status status = WEFT_OK;
    const int count = flow->chain_count;
    int kept = 0;
    if (count > 1) qsort(flow->chains, (size_t)count, sizeof *flow->chains, compare_chains);
    for (int i = 0, next; i < count && status == WEFT_OK; i = next) {
        for (next = i + 1; next < count && !compare_chains(&flow->chains[i], &flow->chains[next]);) next++;
        weft_snn_chain merged;
        status = merge_run(b, node, flow->chains + i, next - i, &merged);
        flow->chains[kept++] = merged;
    }
    flow->chain_count = kept;
    return status;
}

static weft_status gather_flow(weft_snn_builder *b, int from, size_t size, weft_snn_flow *out) {
    const weft_snn_flow *flow = &b->flows[from];
    for (int i = 0; i < flow->chain_count; i++) {
        weft_snn_chain chain = flow->chains[i];
        chain.borrowed = true;
        WEFT_TRY(chain_add(b, out, &chain));
    }
    for (int i = 0; i < flow->bias_count; i++) {
        double *sum;
        WEFT_TRY(bias_of(b, out, flow->biases[i].delay, size, &sum));
        for (size_t k = 0; k < size; k++) sum[k] += flow->biases[i].values[k];
    }
    return WEFT_OK;
}

weft_status weft_snn_gather(weft_snn_builder *b, int node, weft_snn_flow *out) {
    const size_t size = weft_nir_shape_size(&b->shapes.in[node]);
    weft_status status = WEFT_OK;
    *out = (weft_snn_flow){0};
    for (int i = b->sources.first[node]; i < b->sources.first[node + 1]; i++) {
        const int from = b->sources.items[i], source = b->population_of[from];
        if (source < 0) {
            WEFT_TRY_GOTO(gather_flow(b, from, size, out));
            continue;
        }
        const weft_snn_chain direct = {source, 0, weft_snn_matrix_identity((uint32_t)size), true};
        WEFT_TRY_GOTO(chain_add(b, out, &direct));
    }
    WEFT_TRY_GOTO(merge_chains(b, node, out));
cleanup:
    if (status != WEFT_OK) weft_snn_flow_free(out);
    return status;
}

/* ---- what a linear node makes of it ---- */

static weft_status apply_matrix(weft_snn_builder *b, int node, const weft_snn_matrix *l, const weft_snn_flow *in,
                                weft_snn_flow *out) {
    for (int i = 0; i < in->chain_count; i++) {
        weft_snn_chain made = {in->chains[i].source, in->chains[i].delay, {0}, false};
        WEFT_TRY(budget_take(b, node, (uint64_t)l->rows + in->chains[i].matrix.columns));
        const weft_status status = weft_snn_matrix_product(&made.matrix, l, &in->chains[i].matrix, b->err);
        if (status == WEFT_E_INVALID) return too_many(b, node);
        WEFT_TRY(status);
        const uint64_t entries = entries_of(&made.matrix);
        WEFT_TRY(chain_add(b, out, &made));
        WEFT_TRY(budget_take(b, node, entries));
    }
    for (int i = 0; i < in->bias_count; i++) {
        double *sum;
        WEFT_TRY(bias_of(b, out, in->biases[i].delay, l->rows, &sum));
        weft_snn_matrix_apply(l, in->biases[i].values, sum);
    }
    return WEFT_OK;
}

/* Steps of a delay, of each value that goes through. */
static weft_status delay_steps(weft_snn_builder *b, int node, int **out, int *most) {
    const weft_nir_value *delay = weft_nir_get(&b->graph->nodes[node], "delay");
    const size_t size = weft_nir_shape_size(&b->shapes.out[node]);
    *out = malloc(size * sizeof **out);
    if (!*out) return no_memory(b);
    *most = 0;
    for (size_t i = 0; i < size; i++) {
        const double time = delay->values[delay->count > 1 ? i : 0];
        const double steps = time > 0 ? floor(time / b->dt + 0.5) : 0;
        if (!(steps <= WEFT_SNN_DELAY_MAX))
            return weft_error_set_at(b->err, WEFT_E_INVALID, b->file, 0, 0,
                                     "%s: a delay of %g s is more than %d steps of %g s", b->graph->nodes[node].name,
                                     time, WEFT_SNN_DELAY_MAX, b->dt);
        (*out)[i] = (int)steps;
        if ((*out)[i] > *most) *most = (*out)[i];
    }
    return WEFT_OK;
}

/* Values delayed by `which` steps. */
static weft_status apply_one_delay(weft_snn_builder *b, int node, const int *steps, int which, const weft_snn_flow *in,
                                   weft_snn_flow *out) {
    const size_t size = weft_nir_shape_size(&b->shapes.out[node]);
    for (int i = 0; i < in->chain_count; i++) {
        weft_snn_chain made = {in->chains[i].source, in->chains[i].delay + which, {0}, false};
        if (made.delay > WEFT_SNN_DELAY_MAX)
            return weft_snn_fail(b, node, "delays along a chain add up to too many steps");
        WEFT_TRY(budget_take(b, node, size + in->chains[i].matrix.columns));
        WEFT_TRY(weft_snn_matrix_select(&made.matrix, &in->chains[i].matrix, steps, which, b->err));
        const uint64_t entries = entries_of(&made.matrix);
        WEFT_TRY(chain_add(b, out, &made));
        WEFT_TRY(budget_take(b, node, entries));
    }
    for (int i = 0; i < in->bias_count; i++) {
        double *sum;
        WEFT_TRY(bias_of(b, out, in->biases[i].delay + which, size, &sum));
        for (size_t k = 0; k < size; k++)
            if (steps[k] == which) sum[k] += in->biases[i].values[k];
    }
    return WEFT_OK;
}

static weft_status apply_delay(weft_snn_builder *b, int node, const weft_snn_flow *in, weft_snn_flow *out) {
    const size_t size = weft_nir_shape_size(&b->shapes.out[node]);
    weft_status status;
    int *steps = NULL, most = 0;
    char *there = NULL;
    weft_snn_flow split = {0};
    WEFT_TRY_GOTO(delay_steps(b, node, &steps, &most));
    there = calloc((size_t)most + 1, 1);
    if (!there) WEFT_TRY_GOTO(no_memory(b));
    for (size_t i = 0; i < size; i++) there[steps[i]] = 1;
    for (int d = 0; d <= most; d++)
        if (there[d]) WEFT_TRY_GOTO(apply_one_delay(b, node, steps, d, in, &split));
    /* Delays of the chains that came may meet again. */
    for (int i = 0; i < split.chain_count; i++) split.chains[i].borrowed = true;
    *out = (weft_snn_flow){.bias_count = split.bias_count, .biases = split.biases};
    split.bias_count = 0;
    split.biases = NULL;
    for (int i = 0; i < split.chain_count; i++) WEFT_TRY_GOTO(chain_add(b, out, &split.chains[i]));
    WEFT_TRY_GOTO(merge_chains(b, node, out));
    for (int i = 0; i < split.chain_count; i++) split.chains[i].borrowed = false;
    for (int i = 0; i < out->chain_count; i++) { /* what was not merged is handed over */
        for (int k = 0; out->chains[i].borrowed && k < split.chain_count; k++)
            if (!compare_chains(&split.chains[k], &out->chains[i])) split.chains[k].borrowed = true;
        out->chains[i].borrowed = false;
    }
cleanup:
    for (int i = 0; status != WEFT_OK && i < split.chain_count; i++) split.chains[i].borrowed = false;
    free(steps);
    free(there);
    weft_snn_flow_free(&split);
    return status;
}

static weft_status compose_node(weft_snn_builder *b, int node) {
    const weft_nir_node *n = &b->graph->nodes[node];
    const weft_nir_shape *shape = &b->shapes.out[node];
    weft_snn_flow in = {0};
    weft_snn_matrix l = {0};
    weft_status status;
    double *sum;
    WEFT_TRY_GOTO(weft_snn_gather(b, node, &in));
    if (n->type == WEFT_NIR_DELAY) {
        WEFT_TRY_GOTO(apply_delay(b, node, &in, &b->flows[node]));
    } else {
        WEFT_TRY_GOTO(budget_take(b, node, weft_nir_shape_size(shape) + weft_nir_shape_size(&b->shapes.in[node])));
        const uint64_t entries = weft_snn_linear_entries(n, shape);
        WEFT_TRY_GOTO(budget_take(b, node, entries));
        WEFT_TRY_GOTO(weft_snn_linear_matrix(&l, n, &b->shapes.in[node], shape, b->err));
        WEFT_TRY_GOTO(apply_matrix(b, node, &l, &in, &b->flows[node]));
        b->budget += entries;
    }
    if (weft_snn_linear_has_bias(n)) {
        WEFT_TRY_GOTO(bias_of(b, &b->flows[node], 0, weft_nir_shape_size(shape), &sum));
        weft_snn_linear_bias(n, shape, sum);
    }
cleanup:
    weft_snn_flow_free(&in);
    weft_snn_matrix_free(&l);
    return status;
}

/* Linear nodes after those that they take from. */
weft_status weft_snn_compose(weft_snn_builder *b) {
    const int count = b->graph->node_count;
    weft_nir_links targets = {NULL, NULL};
    weft_status status;
    int head = 0, tail = 0, *queue = calloc((size_t)count + 1, sizeof *queue);
    int *waiting = calloc((size_t)count + 1, sizeof *waiting);
    if (!queue || !waiting) WEFT_TRY_GOTO(no_memory(b));
    WEFT_TRY_GOTO(weft_nir_links_create(&targets, b->graph, true, b->err));
    for (int n = 0; n < count; n++) {
        for (int i = b->sources.first[n]; i < b->sources.first[n + 1]; i++)
            waiting[n] += weft_snn_is_linear(b->graph->nodes[b->sources.items[i]].type);
        if (!waiting[n] && weft_snn_is_linear(b->graph->nodes[n].type)) queue[tail++] = n;
    }
    while (head < tail) {
        const int n = queue[head++];
        WEFT_TRY_GOTO(compose_node(b, n));
        for (int i = targets.first[n]; i < targets.first[n + 1]; i++) {
            const int to = targets.items[i];
            if (--waiting[to] == 0 && weft_snn_is_linear(b->graph->nodes[to].type)) queue[tail++] = to;
        }
    }
    for (int n = 0; n < count; n++)
        if (waiting[n] > 0 && weft_snn_is_linear(b->graph->nodes[n].type))
            WEFT_TRY_GOTO(weft_snn_fail(b, n, "is in or behind a loop without a neuron"));
cleanup:
    weft_nir_links_free(&targets);
    free(queue);
    free(waiting);
    return status;
}
