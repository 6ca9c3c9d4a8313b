#include "core/network.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/network_internal.h"
#include "core/transform.h"
#include "core/zca.h"

const char *const weft_layer_kind_names[] = {
    "conv", "dense",    "batch_norm",      "relu",       "max_pool", "average_pool", "flatten",    "add",  "concat",
    "clip", "quantise", "threshold",       "leaky_relu", "sigmoid",  "hard_sigmoid", "hard_swish", "tanh", "affine",
    "pad",  "softmax",  "channel_shuffle", NULL};

static char *text_copy(const char *text) {
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    if (copy) memcpy(copy, text, size);
    return copy;
}

static weft_status out_of_memory(weft_error *err) { return weft_error_set(err, WEFT_E_MEMORY, "out of memory"); }

/* ---- memory ---- */

static void layer_release(weft_layer *l) {
    free(l->name);
    weft_aligned_free(l->weight);
    weft_aligned_free(l->latent);
    weft_aligned_free(l->bias);
    weft_aligned_free(l->gamma);
    weft_aligned_free(l->beta);
    weft_aligned_free(l->mean);
    weft_aligned_free(l->variance);
}

static void layer_forget_arrays(weft_layer *l) {
    l->name = NULL;
    l->weight = l->latent = l->bias = l->gamma = l->beta = l->mean = l->variance = NULL;
}

static bool array_new(float **out, size_t count) {
    *out = weft_aligned_alloc(count, sizeof(float));
    return *out != NULL;
}

static bool layer_allocate(weft_layer *l, bool with_bias) {
    size_t channels = (size_t)l->out.channels;
    if (weft_layer_has_weights(l)) {
        if (!array_new(&l->weight, l->weight_count)) return false;
        return !with_bias || array_new(&l->bias, channels);
    }
    if (l->kind != WEFT_LAYER_BATCH_NORM && l->kind != WEFT_LAYER_AFFINE) return true;
    if (!array_new(&l->gamma, channels) || !array_new(&l->beta, channels)) return false;
    for (size_t c = 0; c < channels; c++) l->gamma[c] = 1.0f;
    if (l->kind == WEFT_LAYER_AFFINE) return true;
    if (!array_new(&l->mean, channels) || !array_new(&l->variance, channels)) return false;
    for (size_t c = 0; c < channels; c++) l->variance[c] = 1.0f;
    return true;
}

static bool array_copy(float **out, const float *from, size_t count) {
    if (!from) return true;
    if (!array_new(out, count)) return false;
    memcpy(*out, from, count * sizeof(float));
    return true;
}

static bool layer_clone(weft_layer *to, const weft_layer *from) {
    size_t channels = (size_t)from->out.channels;
    *to = *from;
    layer_forget_arrays(to);
    to->name = text_copy(from->name);
    return to->name && array_copy(&to->weight, from->weight, from->weight_count) &&
           array_copy(&to->latent, from->latent, from->weight_count) && array_copy(&to->bias, from->bias, channels) &&
           array_copy(&to->gamma, from->gamma, channels) && array_copy(&to->beta, from->beta, channels) &&
           array_copy(&to->mean, from->mean, channels) && array_copy(&to->variance, from->variance, channels);
}

/* ---- network ---- */

static weft_status shape_check(weft_shape s, const char *layer, const char *what, weft_error *err) {
    if (weft_shape_is_allowed(s)) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID,
                          "layer \"%s\": %s of %d x %d x %d (channels x height x width) is not allowed: extents are at "
                          "least 1, at most %d values together",
                          layer, what, s.channels, s.height, s.width, WEFT_NETWORK_VALUES_MAX);
}

weft_status weft_network_create(weft_network **out, const char *name, weft_shape input, weft_error *err) {
    *out = NULL;
    if (!weft_shape_is_allowed(input))
        return weft_error_set(
            err, WEFT_E_INVALID,
            "network input of %d x %d x %d (channels x height x width) is not allowed: extents are at "
            "least 1, at most %d values together",
            input.channels, input.height, input.width, WEFT_NETWORK_VALUES_MAX);
    weft_network *net = calloc(1, sizeof *net);
    if (!net) return out_of_memory(err);
    net->name = text_copy(name);
    net->input = input;
    if (!net->name) {
        free(net);
        return out_of_memory(err);
    }
    *out = net;
    return WEFT_OK;
}

void weft_network_destroy(weft_network *net) {
    if (!net) return;
    for (int i = 0; i < net->layer_count; i++) layer_release(&net->layers[i]);
    for (int i = 0; i < net->metadata_count; i++) {
        free(net->metadata[i].key);
        free(net->metadata[i].value);
    }
    weft_zca_release(net->preprocess.zca);
    free(net->layers);
    free(net->name_slots);
    free(net->metadata);
    free(net->name);
    free(net);
}

static weft_status clone_layers(weft_network *to, const weft_network *from, weft_error *err) {
    if (!from->layer_count) return WEFT_OK;
    to->layers = calloc((size_t)from->layer_count, sizeof *to->layers);
    if (!to->layers) return out_of_memory(err);
    for (int i = 0; i < from->layer_count; i++) {
        to->layer_count = i + 1; /* destroy releases a half-copied layer too */
        if (!layer_clone(&to->layers[i], &from->layers[i])) return out_of_memory(err);
    }
    return weft_names_build(to, err);
}

weft_status weft_network_clone(weft_network **out, const weft_network *net, weft_error *err) {
    weft_network *copy = NULL;
    *out = NULL;
    weft_status status = weft_network_create(&copy, net->name, net->input, err);
    if (status != WEFT_OK) return status;
    copy->preprocess = net->preprocess;
    weft_zca_share(copy->preprocess.zca);
    WEFT_TRY_GOTO(clone_layers(copy, net, err));
    for (int i = 0; i < net->metadata_count; i++)
        WEFT_TRY_GOTO(weft_network_set(copy, net->metadata[i].key, net->metadata[i].value, err));
    *out = copy;
    copy = NULL;
cleanup:
    weft_network_destroy(copy);
    return status;
}

static weft_status name_check(const weft_network *net, const char *name, weft_error *err) {
    if (net->layer_count >= WEFT_NETWORK_LAYERS_MAX)
        return weft_error_set(err, WEFT_E_INVALID, "layer \"%s\": more than %d layers", name, WEFT_NETWORK_LAYERS_MAX);
    if (!name[0]) return weft_error_set(err, WEFT_E_INVALID, "layer %d has an empty name", net->layer_count);
    if (weft_network_find(net, name) < 0) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID, "layer \"%s\": two layers have this name", name);
}

/* Room for one more layer; capacity is the next power of two, so that it need not be stored. */
static weft_status layers_grow(weft_network *net, weft_error *err) {
    int count = net->layer_count;
    if (count & (count - 1)) return WEFT_OK;
    size_t capacity = count ? (size_t)count * 2 : 1;
    weft_layer *grown = realloc(net->layers, capacity * sizeof *grown);
    if (!grown) return out_of_memory(err);
    net->layers = grown;
    return WEFT_OK;
}

static const char *producer_name(const weft_network *net, int producer) {
    return producer < 0 ? "the network's input" : net->layers[producer].name;
}

/* Shapes of a layer of two inputs. */
static weft_status join(const weft_network *net, weft_layer *l, weft_error *err) {
    if (l->input2 < -1 || l->input2 >= net->layer_count)
        return weft_error_set(err, WEFT_E_INVALID, "layer \"%s\": second input %d is not an earlier layer (-1 to %d)",
                              l->name, l->input2, net->layer_count - 1);
    const char *const names[2] = {producer_name(net, l->input), producer_name(net, l->input2)};
    return weft_layer_join(l, l->input2 < 0 ? net->input : net->layers[l->input2].out, names, err);
}

weft_status weft_network_add(weft_network *net, const weft_layer *proto, const char *name, int input, bool with_bias,
                             int *index, weft_error *err) {
    WEFT_TRY(name_check(net, name, err));
    if (input < -1 || input >= net->layer_count)
        return weft_error_set(err, WEFT_E_INVALID, "layer \"%s\": input %d is not an earlier layer (-1 to %d)", name,
                              input, net->layer_count - 1);
    weft_layer layer = *proto;
    layer_forget_arrays(&layer);
    layer.input = input;
    if (!weft_layer_has_input2(&layer)) layer.input2 = -1;
    layer.in = input < 0 ? net->input : net->layers[input].out;
    weft_status status = WEFT_OK;
    layer.name = text_copy(name);
    if (!layer.name) return out_of_memory(err);
    WEFT_TRY_GOTO(weft_layer_resolve(&layer, err));
    if (weft_layer_has_input2(&layer)) WEFT_TRY_GOTO(join(net, &layer, err));
    WEFT_TRY_GOTO(shape_check(layer.out, name, "output", err));
    if (!layer_allocate(&layer, with_bias)) {
        status = out_of_memory(err);
        goto cleanup;
    }
    WEFT_TRY_GOTO(layers_grow(net, err));
    net->layers[net->layer_count++] = layer;
    status = weft_names_add(net, err);
    if (status == WEFT_OK && index) *index = net->layer_count - 1;
    if (status != WEFT_OK) net->layer_count--;
cleanup:
    if (status != WEFT_OK) layer_release(&layer);
    return status;
}

/* number[1 + old] = new index of a layer that stays, -1 of one that goes and of the network's input. */
static void layers_remove(weft_network *net, const bool *needed, int *number) {
    int kept = 0;
    number[0] = -1;
    for (int i = 0; i < net->layer_count; i++) {
        number[i + 1] = needed[i] ? kept : -1;
        if (!needed[i]) {
            layer_release(&net->layers[i]);
            continue;
        }
        weft_layer *l = &net->layers[kept++];
        *l = net->layers[i];
        l->input = number[l->input + 1];
        l->input2 = number[l->input2 + 1];
    }
    net->layer_count = kept;
}

weft_status weft_network_keep(weft_network *net, int last, weft_error *err) {
    size_t count = (size_t)net->layer_count;
    bool *needed = calloc(count + 1, sizeof *needed);
    int *number = malloc((count + 1) * sizeof *number);
    weft_status status = needed && number ? WEFT_OK : out_of_memory(err);
    if (status != WEFT_OK) goto cleanup;
    if (last >= 0) needed[last] = true;
    for (int i = last; i >= 0; i--) {
        const weft_layer *l = &net->layers[i];
        if (needed[i] && l->input >= 0) needed[l->input] = true;
        if (needed[i] && l->input2 >= 0) needed[l->input2] = true;
    }
    layers_remove(net, needed, number);
    status = weft_names_build(net, err);
cleanup:
    free(needed);
    free(number);
    return status;
}

/* ---- metadata ---- */

static weft_metadata *metadata_find(const weft_network *net, const char *key) {
    for (int i = 0; i < net->metadata_count; i++)
        if (strcmp(net->metadata[i].key, key) == 0) return &net->metadata[i];
    return NULL;
}

const char *weft_network_get(const weft_network *net, const char *key) {
    const weft_metadata *entry = metadata_find(net, key);
    return entry ? entry->value : NULL;
}

static weft_status metadata_append(weft_network *net, const char *key, char *value, weft_error *err) {
    weft_metadata *grown = realloc(net->metadata, ((size_t)net->metadata_count + 1) * sizeof *grown);
    if (!grown) return out_of_memory(err);
    net->metadata = grown;
    char *own_key = text_copy(key);
    if (!own_key) return out_of_memory(err);
    net->metadata[net->metadata_count++] = (weft_metadata){own_key, value};
    return WEFT_OK;
}

weft_status weft_network_set(weft_network *net, const char *key, const char *value, weft_error *err) {
    if (!key[0]) return weft_error_set(err, WEFT_E_INVALID, "metadata with an empty key");
    char *own_value = text_copy(value);
    if (!own_value) return out_of_memory(err);
    weft_metadata *entry = metadata_find(net, key);
    if (entry) {
        free(entry->value);
        entry->value = own_value;
        return WEFT_OK;
    }
    weft_status status = metadata_append(net, key, own_value, err);
    if (status != WEFT_OK) free(own_value);
    return status;
}

/* ---- weights ---- */

weft_status weft_network_distort(weft_network *net, const weft_transform_chain *chain, uint64_t seed, uint64_t draw,
                                 weft_error *err) {
    for (int i = 0; i < net->layer_count; i++) {
        weft_layer *l = &net->layers[i];
        if (!weft_layer_has_weights(l)) continue;
        if (chain) {
            weft_transform_draw which = {
                .seed = seed, .step = draw, .layer = (uint16_t)i, .purpose = WEFT_PURPOSE_DISTORT};
            WEFT_TRY(weft_transform_chain_apply(chain, weft_layer_latent(l), l->weight, l->weight_count, &which, err));
        }
        weft_aligned_free(l->latent);
        l->latent = NULL;
    }
    return WEFT_OK;
}
