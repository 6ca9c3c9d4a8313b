/* What becomes of the layers of a binary network, and what lies between its spikes. */
#include "core/snn_network_internal.h"

static bool is_image(const weft_snn_binary *b, int producer) {
    return producer < 0 || b->roles[producer] == WEFT_SNN_HOST;
}

static bool reads_image(const weft_snn_binary *b, int layer) {
    const weft_layer *l = weft_snn_layer(b, layer);
    return is_image(b, l->input) || (weft_layer_has_input2(l) && is_image(b, l->input2));
}

static weft_status threshold_role(weft_snn_binary *b, int layer) {
    const weft_layer *l = weft_snn_layer(b, layer);
    b->roles[layer] = WEFT_SNN_SPIKES;
    if (l->signed_spikes) return weft_snn_refuse(&b->draft, layer, "has spikes of -1; only 0 and 1 are possible");
    if (!reads_image(b, layer)) return WEFT_OK;
    if (b->input >= 0)
        return weft_snn_refuse(&b->draft, layer,
                               "makes spikes of the image, as '%.80s' does; only one layer of the network may",
                               weft_snn_layer(b, b->input)->name);
    b->input = layer;
    return WEFT_OK;
}

static weft_status find_roles(weft_snn_binary *b) {
    for (int i = 0; i < b->draft.net->layer_count; i++) {
        const weft_layer *l = weft_snn_layer(b, i);
        if (l->kind == WEFT_LAYER_THRESHOLD)
            WEFT_TRY(threshold_role(b, i));
        else if (reads_image(b, i))
            b->roles[i] = WEFT_SNN_HOST;
        else
            b->roles[i] = l->kind == WEFT_LAYER_MAX_POOL ? WEFT_SNN_SPIKES : WEFT_SNN_LINEAR;
    }
    if (b->input >= 0) return WEFT_OK;
    return weft_error_set(
        b->draft.err, WEFT_E_UNSUPPORTED,
        "network \"%.80s\" has no threshold layer; one makes spikes of the image ('weft convert' takes relu layers)",
        b->draft.net->name);
}

static weft_status need(weft_snn_binary *b, int layer, int producer) {
    if (is_image(b, producer))
        return weft_snn_refuse(&b->draft, layer,
                               "reads values of the image that are no spikes; a threshold layer has to "
                               "lie between");
    b->needed[producer] = 1;
    return WEFT_OK;
}

static weft_status find_needed(weft_snn_binary *b) {
    const int last = b->draft.net->layer_count - 1;
    if (b->roles[last] == WEFT_SNN_HOST)
        return weft_snn_refuse(&b->draft, last, "the network's output does not hang on spikes alone");
    b->needed[last] = 1;
    for (int i = last; i > b->input; i--) {
        if (!b->needed[i]) continue;
        const weft_layer *l = weft_snn_layer(b, i);
        WEFT_TRY(need(b, i, l->input));
        if (weft_layer_has_input2(l)) WEFT_TRY(need(b, i, l->input2));
    }
    return WEFT_OK;
}

/* ---- paths ---- */

static const char FOLLOWS[] =
    "a threshold layer follows conv or dense, average_pool, pad, flatten and channel_shuffle, "
    "then batch_norm and affine";

/* Whether a layer may lie in front of what was found so far, going up from the target. */
static weft_status check_step(const weft_snn_binary *b, weft_snn_path *path, int layer, bool *scaled) {
    const weft_layer *l = weft_snn_layer(b, layer);
    const weft_window *w = &l->window;
    const bool padded = w->pad_top || w->pad_left || w->pad_bottom || w->pad_right;
    switch (l->kind) {
    case WEFT_LAYER_BATCH_NORM:
    case WEFT_LAYER_AFFINE:
        if (*scaled) return weft_snn_refuse(&b->draft, layer, "lies in front of other layers; %s", FOLLOWS);
        return WEFT_OK;
    case WEFT_LAYER_CONV:
    case WEFT_LAYER_DENSE:
        if (path->matrix >= 0)
            return weft_snn_refuse(&b->draft, layer, "no spikes lie between it and '%.80s'; %s",
                                   weft_snn_layer(b, path->matrix)->name, FOLLOWS);
        if (path->shuffle >= 0)
            return weft_snn_refuse(&b->draft, path->shuffle, "has to lie in front of the weights of '%.80s'", l->name);
        path->matrix = layer;
        return *scaled = true, WEFT_OK;
    case WEFT_LAYER_AVERAGE_POOL:
        if (padded && !l->count_include_pad)
            return weft_snn_refuse(&b->draft, layer,
                                   "does not count its padding, so that its values have several scales");
        return *scaled = true, WEFT_OK;
    case WEFT_LAYER_CHANNEL_SHUFFLE:
        if (path->matrix < 0) path->shuffle = layer;
        return *scaled = true, WEFT_OK;
    case WEFT_LAYER_PAD:
    case WEFT_LAYER_FLATTEN:
        return *scaled = true, WEFT_OK;
    default:
        return weft_snn_refuse(&b->draft, layer, "is not possible between spikes; %s", FOLLOWS);
    }
}

weft_status weft_snn_path_find(const weft_snn_binary *b, int target, int last, weft_snn_path *path) {
    bool scaled = false;
    *path = (weft_snn_path){.target = target, .matrix = -1, .shuffle = -1};
    for (; b->roles[last] != WEFT_SNN_SPIKES; last = weft_snn_layer(b, last)->input) {
        WEFT_TRY(check_step(b, path, last, &scaled));
        if (path->count == WEFT_SNN_PATH_MAX)
            return weft_snn_refuse(&b->draft, last, "more than %d layers lie between spikes", WEFT_SNN_PATH_MAX);
        path->layers[path->count++] = last;
    }
    path->source = last;
    for (int i = 0, k = path->count - 1; i < k; i++, k--) {
        const int other = path->layers[i];
        path->layers[i] = path->layers[k];
        path->layers[k] = other;
    }
    return WEFT_OK;
}

weft_status weft_snn_binary_roles(weft_snn_binary *b) {
    WEFT_TRY(find_roles(b));
    return find_needed(b);
}
