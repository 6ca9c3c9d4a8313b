/* Binary networks. */
#include <stdlib.h>

#include "core/snn_network_internal.h"

void weft_snn_coding_free(weft_snn_coding *coding) {
    free(coding->class_of);
    free(coding->layers);
    *coding = (weft_snn_coding){0};
}

void weft_snn_failed(weft_snn **snn, weft_snn_coding *coding) {
    weft_snn_destroy(*snn);
    *snn = NULL;
    weft_snn_coding_free(coding);
}

int weft_snn_vote(const weft_snn_coding *coding, const uint32_t *counts) {
    int best = 0;
    uint64_t most = 0;
    for (int k = 0; k < coding->classes; k++) {
        uint64_t votes = 0;
        for (uint32_t n = 0; n < coding->size; n++)
            if (coding->class_of[n] == k) votes += counts[n];
        if (votes > most) most = votes, best = k;
    }
    return best;
}

/* Weights as they are, or their signs, negated where a unit says so. */
static weft_status add_matrix(const weft_snn_draft *d, int layer, const weft_snn_unit *units, int from, int *at) {
    const weft_layer *l = &d->net->layers[layer];
    const size_t count = l->weight_count / (size_t)l->out.channels;
    double *weight = malloc((l->weight_count + 1) * sizeof *weight);
    if (!weight) return weft_snn_draft_memory(d);
    for (size_t i = 0; i < l->weight_count; i++) {
        const double value = (double)l->weight[i], sign = value > 0 ? 1 : value < 0 ? -1 : 0;
        weight[i] = !units ? value : units[i / count].negated ? -sign : sign;
    }
    const weft_status status = weft_snn_draft_matrix(d, layer, weight, NULL, from, at);
    free(weight);
    return status;
}

weft_status weft_snn_path_add(const weft_snn_draft *d, const weft_snn_path *path, const weft_snn_unit *units, int from,
                              int *at) {
    *at = from;
    for (int i = 0; i < path->count; i++) {
        const int layer = path->layers[i];
        const weft_layer *l = &d->net->layers[layer];
        const double area = (double)l->window.kernel_h * (double)l->window.kernel_w;
        if (weft_layer_has_weights(l))
            WEFT_TRY(add_matrix(d, layer, units, *at, at));
        else if (l->kind == WEFT_LAYER_FLATTEN)
            WEFT_TRY(weft_snn_draft_flatten(d, layer, *at, at));
        else if (l->kind == WEFT_LAYER_AVERAGE_POOL)
            WEFT_TRY(weft_snn_draft_pool(d, layer, units ? 1 : 1 / area, *at, at));
        else if (l->kind == WEFT_LAYER_CHANNEL_SHUFFLE)
            WEFT_TRY(weft_snn_draft_shuffle(d, layer, *at, at));
        else if (l->kind == WEFT_LAYER_PAD)
            WEFT_TRY(weft_snn_draft_pool(d, layer, 1, *at, at));
    }
    return WEFT_OK;
}

/* Fires above that, where the layer does from its least sum on. */
static double threshold_of(const weft_snn_unit *unit) { return unit->least - 1; }
static double sign_of(const weft_snn_unit *unit) { return unit->negated ? -1 : 1; }

/* A node with a value a channel. */
static weft_status add_channels(const weft_snn_binary *b, weft_nir_type type, int layer, const weft_snn_unit *units,
                                int from, int *at) {
    const bool fires = type == WEFT_NIR_THRESHOLD;
    const weft_snn_draft *d = &b->draft;
    const weft_shape out = weft_snn_layer(b, layer)->out;
    const weft_nir_shape shape = weft_snn_draft_shape(out);
    const size_t size = weft_shape_size(out), map = size / (size_t)out.channels;
    double *values = malloc(size * sizeof *values);
    if (!values) return weft_snn_draft_memory(d);
    for (size_t i = 0; i < size; i++) values[i] = fires ? threshold_of(&units[i / map]) : sign_of(&units[i / map]);
    weft_status status = weft_snn_draft_add(d, type, layer, fires ? "" : ".sign", from, at);
    if (status == WEFT_OK) status = weft_snn_draft_set(d, *at, fires ? "threshold" : "scale", &shape, values);
    free(values);
    return status;
}

static weft_status delayed(const weft_snn_binary *b, int layer, int source, int *at) {
    *at = b->nodes[source];
    b->depth[layer] = b->depth[source] + 1;
    if (b->delay == 0) return WEFT_OK;
    return weft_snn_draft_delay(&b->draft, layer, b->delay * b->draft.dt, *at, at);
}

static weft_status check_channels(const weft_snn_binary *b, const weft_snn_path *path) {
    const int from = path->matrix >= 0 ? path->matrix : path->source;
    if (weft_snn_layer(b, from)->out.channels == weft_snn_layer(b, path->target)->out.channels) return WEFT_OK;
    return weft_snn_refuse(&b->draft, path->target, "a flatten makes its channels others than those of '%.80s'",
                           weft_snn_layer(b, from)->name);
}

static weft_status population_of_threshold(const weft_snn_binary *b, int layer) {
    weft_snn_path path;
    weft_status status;
    int at;
    WEFT_TRY(weft_snn_path_find(b, layer, weft_snn_layer(b, layer)->input, &path));
    WEFT_TRY(check_channels(b, &path));
    weft_snn_unit *units = calloc((size_t)weft_snn_layer(b, layer)->out.channels, sizeof *units);
    if (!units) return weft_snn_draft_memory(&b->draft);
    WEFT_TRY_GOTO(weft_snn_units_find(&b->draft, &path, units));
    WEFT_TRY_GOTO(delayed(b, layer, path.source, &at));
    WEFT_TRY_GOTO(weft_snn_path_add(&b->draft, &path, units, at, &at));
    /* Where no weights have the signs of the units. */
    if (path.matrix < 0) WEFT_TRY_GOTO(add_channels(b, WEFT_NIR_SCALE, layer, units, at, &at));
    WEFT_TRY_GOTO(add_channels(b, WEFT_NIR_THRESHOLD, layer, units, at, &b->nodes[layer]));
cleanup:
    free(units);
    return status;
}

static weft_status population_of_pool(const weft_snn_binary *b, int layer) {
    const weft_snn_draft *d = &b->draft;
    const weft_nir_shape shape = weft_snn_draft_shape(weft_snn_layer(b, layer)->out);
    int at, source = weft_snn_layer(b, layer)->input;
    if (b->roles[source] != WEFT_SNN_SPIKES)
        return weft_snn_refuse(d, layer, "pools sums; behind their threshold layer it is an OR of spikes");
    WEFT_TRY(delayed(b, layer, source, &at));
    WEFT_TRY(weft_snn_draft_pool(d, layer, 1, at, &at));
    WEFT_TRY(weft_snn_draft_add(d, WEFT_NIR_THRESHOLD, layer, "", at, &b->nodes[layer]));
    return weft_snn_draft_set_all(d, b->nodes[layer], "threshold", &shape, 0);
}

static weft_status add_populations(weft_snn_binary *b) {
    const weft_layer *input = weft_snn_layer(b, b->input);
    WEFT_TRY(weft_snn_draft_end(&b->draft, WEFT_NIR_INPUT, input->name, input->out, -1, &b->nodes[b->input]));
    for (int i = b->input + 1; i < b->draft.net->layer_count; i++) {
        if (!b->needed[i] || b->roles[i] != WEFT_SNN_SPIKES) continue;
        WEFT_TRY(weft_snn_layer(b, i)->kind == WEFT_LAYER_THRESHOLD ? population_of_threshold(b, i)
                                                                    : population_of_pool(b, i));
    }
    return WEFT_OK;
}

/* ---- the whole ---- */

static void binary_free(weft_snn_binary *b) {
    free(b->roles);
    free(b->needed);
    free(b->nodes);
    free(b->depth);
}

static weft_status binary_create(weft_snn_binary *b) {
    const size_t count = (size_t)b->draft.net->layer_count + 1;
    if (b->delay < 0 || b->delay > WEFT_SNN_DELAY_MAX || !(b->draft.dt > 0))
        return weft_error_set(b->draft.err, WEFT_E_INVALID, "a delay of %d steps of %g s is not possible", b->delay,
                              b->draft.dt);
    if (b->draft.net->layer_count == 0)
        return weft_error_set(b->draft.err, WEFT_E_INVALID, "network \"%.80s\" has no layers", b->draft.net->name);
    b->roles = calloc(count, sizeof *b->roles);
    b->needed = calloc(count, sizeof *b->needed);
    b->nodes = malloc(count * sizeof *b->nodes);
    b->depth = calloc(count, sizeof *b->depth);
    if (!b->roles || !b->needed || !b->nodes || !b->depth) return weft_snn_draft_memory(&b->draft);
    for (size_t i = 0; i < count; i++) b->nodes[i] = -1;
    WEFT_TRY(weft_snn_binary_roles(b));
    return weft_nir_create(&b->draft.nir, b->draft.err);
}

/* *source: the layer whose spikes are the votes. */
static weft_status build(weft_snn_binary *b, weft_snn_coding *coding, int *source) {
    int at;
    WEFT_TRY(binary_create(b));
    WEFT_TRY(weft_snn_votes_find(b, coding, source));
    WEFT_TRY(add_populations(b));
    return weft_snn_draft_end(&b->draft, WEFT_NIR_OUTPUT, NULL, weft_snn_layer(b, *source)->out, b->nodes[*source],
                              &at);
}

weft_status weft_snn_binary_nir(weft_nir **out, const weft_network *net, double dt, int delay, weft_error *err) {
    weft_snn_binary b = {.draft = {.net = net, .dt = dt, .err = err}, .input = -1, .delay = delay};
    weft_snn_coding coding = {0};
    int source;
    const weft_status status = build(&b, &coding, &source);
    *out = status == WEFT_OK ? b.draft.nir : NULL;
    if (status != WEFT_OK) weft_nir_destroy(b.draft.nir);
    weft_snn_coding_free(&coding);
    binary_free(&b);
    return status;
}

weft_status weft_snn_coding_layers(weft_snn_coding *coding, const weft_snn *snn, const weft_snn_draft *d,
                                   const int *nodes) {
    coding->layers = malloc(((size_t)snn->population_count + 1) * sizeof *coding->layers);
    if (!coding->layers) return weft_snn_draft_memory(d);
    for (int p = 0; p < snn->population_count; p++) coding->layers[p] = -1;
    for (int i = 0; i < d->net->layer_count; i++)
        if (nodes[i] >= 0) coding->layers[weft_snn_find(snn, d->nir->graph->nodes[nodes[i]].name)] = i;
    return WEFT_OK;
}

weft_status weft_snn_from_binary(weft_snn **out, weft_snn_coding *coding, const weft_network *net, double dt, int delay,
                                 weft_error *err) {
    weft_snn_binary b = {.draft = {.net = net, .dt = dt, .err = err}, .input = -1, .delay = delay};
    weft_status status;
    int source = -1;
    *out = NULL;
    *coding = (weft_snn_coding){0};
    WEFT_TRY_GOTO(build(&b, coding, &source));
    WEFT_TRY_GOTO(weft_snn_create(out, b.draft.nir->graph, dt, NULL, err));
    WEFT_TRY_GOTO(weft_snn_coding_layers(coding, *out, &b.draft, b.nodes));
    coding->input = b.input;
    coding->steps = b.depth[source] * delay;
    coding->output = weft_snn_find(*out, b.draft.nir->graph->nodes[b.nodes[source]].name);
cleanup:
    weft_nir_destroy(b.draft.nir);
    binary_free(&b);
    if (status != WEFT_OK) weft_snn_failed(out, coding);
    return status;
}
