/* Networks of rectifiers, whose values become rates of spikes. */
#include <math.h>
#include <stdlib.h>

#include "core/snn_network_internal.h"

typedef struct rates {
    weft_snn_draft draft;
    const float *scales;
    int *nodes;       /* [layer_count + 1] that puts out layer - 1's values, the image's first; -1: none yet */
    double *gains;    /* [layer_count + 1] the value is what the node puts out times that: spikes stand for a scale */
    int *users;       /* [layer_count] layers that read it, of those needed */
    char *needed;     /* [layer_count] the output hangs on it */
    int *populations; /* [layer_count] node of the population with the layer's values, else -1 */
    int last;         /* without a softmax */
} rates;

static const weft_layer *layer_at(const rates *r, int layer) { return &r->draft.net->layers[layer]; }
static int *node_of(const rates *r, int layer) { return &r->nodes[layer + 1]; }
static double *gain_of(const rates *r, int layer) { return &r->gains[layer + 1]; }

static bool is_affine(const weft_layer *l) { return l->kind == WEFT_LAYER_BATCH_NORM || l->kind == WEFT_LAYER_AFFINE; }

static void find_needed(rates *r) {
    r->needed[r->last] = 1;
    for (int i = r->last; i >= 0; i--) {
        const weft_layer *l = layer_at(r, i);
        if (!r->needed[i]) continue;
        if (l->input >= 0) r->needed[l->input] = 1, r->users[l->input]++;
        if (weft_layer_has_input2(l) && l->input2 >= 0) r->needed[l->input2] = 1, r->users[l->input2]++;
    }
}

/* ---- matrices with what follows folded in ---- */

/* The affine layer that alone reads this one, or -1. */
static int affine_behind(const rates *r, int layer) {
    if (layer == r->last || r->users[layer] != 1) return -1;
    for (int i = layer + 1; i <= r->last; i++)
        if (r->needed[i] && weft_layer_reads(layer_at(r, i), layer)) return is_affine(layer_at(r, i)) ? i : -1;
    return -1;
}

/* y = scale x + offset of a channel. */
static void affine_of(const weft_layer *l, int channel, double *scale, double *offset) {
    const double gamma = (double)l->gamma[channel], beta = (double)l->beta[channel];
    const bool norm = l->kind == WEFT_LAYER_BATCH_NORM;
    *scale = norm ? gamma / sqrt((double)l->variance[channel] + (double)l->epsilon) : gamma;
    *offset = norm ? beta - *scale * (double)l->mean[channel] : beta;
}

/* Multiplies the rows of weight and adds to bias as the affine layers behind want it; *end is the last of them. */
static void fold(const rates *r, int layer, double *weight, double *bias, int *end) {
    const weft_layer *l = layer_at(r, layer);
    const size_t count = l->weight_count / (size_t)l->out.channels;
    *end = layer;
    for (int next; (next = affine_behind(r, *end)) >= 0; *end = next)
        for (int c = 0; c < l->out.channels; c++) {
            double scale, offset;
            affine_of(layer_at(r, next), c, &scale, &offset);
            for (size_t i = 0; i < count; i++) weight[(size_t)c * count + i] *= scale;
            bias[c] = scale * bias[c] + offset;
        }
}

static weft_status add_matrix(const rates *r, int layer) {
    const weft_layer *l = layer_at(r, layer);
    const double gain = *gain_of(r, l->input);
    double *weight = malloc((l->weight_count + (size_t)l->out.channels) * sizeof *weight);
    if (!weight) return weft_snn_draft_memory(&r->draft);
    double *bias = weight + l->weight_count;
    int end;
    for (size_t i = 0; i < l->weight_count; i++) weight[i] = (double)l->weight[i];
    for (int c = 0; c < l->out.channels; c++) bias[c] = l->bias ? (double)l->bias[c] : 0;
    fold(r, layer, weight, bias, &end);
    for (size_t i = 0; i < l->weight_count; i++) weight[i] *= gain;
    const weft_status status =
        weft_snn_draft_matrix(&r->draft, layer, weight, bias, *node_of(r, l->input), node_of(r, layer));
    free(weight);
    *node_of(r, end) = *node_of(r, layer);
    return status;
}

/* ---- other layers ---- */

/* A node that puts out the producer's values themselves. */
static weft_status add_values(const rates *r, int layer, const char *suffix, int producer, int *at) {
    *at = *node_of(r, producer);
    if (*gain_of(r, producer) == 1) return WEFT_OK;
    WEFT_TRY(weft_snn_draft_add(&r->draft, WEFT_NIR_SCALE, layer, suffix, *at, at));
    return weft_snn_draft_set_one(&r->draft, *at, "scale", *gain_of(r, producer));
}

static weft_status add_sum(const rates *r, int layer) {
    const weft_layer *l = layer_at(r, layer);
    int first, second, *at = node_of(r, layer);
    WEFT_TRY(add_values(r, layer, ".first", l->input, &first));
    WEFT_TRY(add_values(r, layer, ".second", l->input2, &second));
    WEFT_TRY(weft_snn_draft_add(&r->draft, WEFT_NIR_SCALE, layer, "", first, at));
    WEFT_TRY(weft_snn_draft_set_one(&r->draft, *at, "scale", first == second ? 2 : 1));
    return first == second ? WEFT_OK : weft_snn_draft_edge(&r->draft, second, *at);
}

static weft_status add_relu(const rates *r, int layer) {
    const weft_layer *l = layer_at(r, layer);
    const weft_nir_shape shape = weft_snn_draft_shape(l->out);
    const double scale = (double)r->scales[layer];
    int at, *node = node_of(r, layer);
    if (!(scale > 0 && isfinite(scale)))
        return weft_snn_refuse(&r->draft, layer, "a scale of %g is not possible; it has to be above 0", scale);
    WEFT_TRY(add_values(r, layer, ".scale", l->input, &at));
    WEFT_TRY(weft_snn_draft_add(&r->draft, WEFT_NIR_IF, layer, "", at, node));
    WEFT_TRY(weft_snn_draft_set_all(&r->draft, *node, "r", &shape, 1 / r->draft.dt));
    WEFT_TRY(weft_snn_draft_set_all(&r->draft, *node, "v_threshold", &shape, scale));
    *gain_of(r, layer) = scale;
    r->populations[layer] = *node;
    return WEFT_OK;
}

static weft_status add_average(const rates *r, int layer) {
    const weft_layer *l = layer_at(r, layer);
    const weft_window *w = &l->window;
    const bool padded = w->pad_top || w->pad_left || w->pad_bottom || w->pad_right;
    if (padded && !l->count_include_pad)
        return weft_snn_refuse(&r->draft, layer, "does not count its padding, which NIR's poolings do");
    return weft_snn_draft_average(&r->draft, layer, *node_of(r, l->input), node_of(r, layer));
}

static weft_status add_layer(const rates *r, int layer) {
    const weft_layer *l = layer_at(r, layer);
    const int from = *node_of(r, l->input);
    *gain_of(r, layer) = *gain_of(r, l->input);
    switch (l->kind) {
    case WEFT_LAYER_CONV:
    case WEFT_LAYER_DENSE:
        *gain_of(r, layer) = 1;
        return add_matrix(r, layer);
    case WEFT_LAYER_BATCH_NORM:
    case WEFT_LAYER_AFFINE:
        if (*node_of(r, layer) >= 0) return WEFT_OK;
        return weft_snn_refuse(&r->draft, layer, "has to read a conv or dense layer that no other layer reads");
    case WEFT_LAYER_ADD:
        *gain_of(r, layer) = 1;
        return add_sum(r, layer);
    case WEFT_LAYER_RELU:
        return add_relu(r, layer);
    case WEFT_LAYER_AVERAGE_POOL:
        return add_average(r, layer);
    case WEFT_LAYER_PAD:
        return weft_snn_draft_pool(&r->draft, layer, 1, from, node_of(r, layer));
    case WEFT_LAYER_CHANNEL_SHUFFLE:
        return weft_snn_draft_shuffle(&r->draft, layer, from, node_of(r, layer));
    case WEFT_LAYER_FLATTEN:
        return weft_snn_draft_flatten(&r->draft, layer, from, node_of(r, layer));
    case WEFT_LAYER_MAX_POOL:
        return weft_snn_refuse(&r->draft, layer,
                               "the largest of several rates is not the rate of a neuron; train the "
                               "network with average_pool in its place");
    default:
        return weft_snn_refuse(&r->draft, layer,
                               "has no form with rates; only conv, dense, batch_norm, affine, relu, "
                               "average_pool, pad, channel_shuffle, flatten and add have one");
    }
}

/* ---- the whole ---- */

static void rates_free(rates *r) {
    free(r->nodes);
    free(r->gains);
    free(r->users);
    free(r->needed);
    free(r->populations);
}

static weft_status rates_create(rates *r) {
    const int layers = r->draft.net->layer_count;
    const size_t count = (size_t)layers + 1;
    if (!(r->draft.dt > 0 && isfinite(r->draft.dt)))
        return weft_error_set(r->draft.err, WEFT_E_INVALID, "a step of %g s is not above 0", r->draft.dt);
    if (layers == 0)
        return weft_error_set(r->draft.err, WEFT_E_INVALID, "network \"%.80s\" has no layers", r->draft.net->name);
    r->nodes = malloc(count * sizeof *r->nodes);
    r->gains = malloc(count * sizeof *r->gains);
    r->users = calloc(count, sizeof *r->users);
    r->needed = calloc(count, 1);
    r->populations = malloc(count * sizeof *r->populations);
    if (!r->nodes || !r->gains || !r->users || !r->needed || !r->populations) return weft_snn_draft_memory(&r->draft);
    for (size_t i = 0; i < count; i++) r->nodes[i] = r->populations[i] = -1, r->gains[i] = 1;
    r->last = layers - 1;
    if (layer_at(r, r->last)->kind == WEFT_LAYER_SOFTMAX && layers > 1) r->last = layer_at(r, r->last)->input;
    find_needed(r);
    return weft_nir_create(&r->draft.nir, r->draft.err);
}

/* Integrators of the network's outputs, and the Output. */
static weft_status add_output(const rates *r, int *integrators) {
    const weft_shape shape = layer_at(r, r->last)->out;
    const weft_nir_shape size = weft_snn_draft_shape(shape);
    int at;
    WEFT_TRY(add_values(r, r->last, ".value", r->last, &at));
    WEFT_TRY(weft_snn_draft_add(&r->draft, WEFT_NIR_I, r->last, ".sum", at, integrators));
    WEFT_TRY(weft_snn_draft_set_all(&r->draft, *integrators, "r", &size, 1 / r->draft.dt));
    return weft_snn_draft_end(&r->draft, WEFT_NIR_OUTPUT, NULL, shape, *integrators, &at);
}

static weft_status build(rates *r, int *integrators) {
    WEFT_TRY(rates_create(r));
    WEFT_TRY(weft_snn_draft_end(&r->draft, WEFT_NIR_INPUT, NULL, r->draft.net->input, -1, node_of(r, -1)));
    WEFT_TRY(weft_snn_draft_pixels(&r->draft, *node_of(r, -1), node_of(r, -1)));
    for (int i = 0; i <= r->last; i++)
        if (r->needed[i]) WEFT_TRY(add_layer(r, i));
    return add_output(r, integrators);
}

weft_status weft_snn_rate_nir(weft_nir **out, const weft_network *net, const float *scales, double dt,
                              weft_error *err) {
    rates r = {.draft = {.net = net, .dt = dt, .err = err}, .scales = scales};
    int integrators;
    const weft_status status = build(&r, &integrators);
    *out = status == WEFT_OK ? r.draft.nir : NULL;
    if (status != WEFT_OK) weft_nir_destroy(r.draft.nir);
    rates_free(&r);
    return status;
}

weft_status weft_snn_from_rates(weft_snn **out, weft_snn_coding *coding, const weft_network *net, const float *scales,
                                double dt, weft_error *err) {
    rates r = {.draft = {.net = net, .dt = dt, .err = err}, .scales = scales};
    weft_status status;
    int integrators = -1;
    *out = NULL;
    *coding = (weft_snn_coding){0};
    WEFT_TRY_GOTO(build(&r, &integrators));
    WEFT_TRY_GOTO(weft_snn_create(out, r.draft.nir->graph, dt, NULL, err));
    r.populations[r.last] = integrators;
    WEFT_TRY_GOTO(weft_snn_coding_layers(coding, *out, &r.draft, r.populations));
    WEFT_TRY_GOTO(weft_snn_coding_plain(coding, &r.draft, (int)weft_shape_size(layer_at(&r, r.last)->out)));
    coding->input = -1;
    coding->output = weft_snn_find(*out, r.draft.nir->graph->nodes[integrators].name);
cleanup:
    weft_nir_destroy(r.draft.nir);
    rates_free(&r);
    if (status != WEFT_OK) weft_snn_failed(out, coding);
    return status;
}
