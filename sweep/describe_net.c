/* A network as a row of `nets`, its layers as rows of `layers`. */
#include <stdlib.h>
#include <string.h>

#include "core/network_text.h"
#include "core/onnx.h"
#include "sweep/describe_row.h"

static void describe_sums(weft_row *row, const weft_network *net) {
    uint64_t matrices = 0, weights = 0, macs = 0;
    for (int i = 0; i < net->layer_count; i++) {
        matrices += weft_layer_has_weights(&net->layers[i]);
        weights += net->layers[i].weight_count;
        macs += weft_layer_macs(&net->layers[i]);
    }
    weft_row_count(row, WEFT_NETS_LAYERS, (uint64_t)net->layer_count);
    weft_row_count(row, WEFT_NETS_MATRICES, matrices);
    weft_row_count(row, WEFT_NETS_WEIGHTS, weights);
    weft_row_count(row, WEFT_NETS_MACS, macs);
}

/* What stands in a column of its own, or in `points`. */
static bool said_elsewhere(const char *key) {
    return !strcmp(key, "weft.recipe") || !strcmp(key, "weft.recipe_sha256") || !strcmp(key, "weft.version");
}

static void describe_training(weft_row *row, const weft_network *net, const weft_experiment_net *of) {
    const char *recipe = weft_network_get(net, "weft.recipe");
    const char **facts = weft_arena_alloc(row->arena, ((size_t)net->metadata_count + 1) * sizeof *facts);
    size_t count = 0;
    for (int i = 0; facts && i < net->metadata_count; i++) {
        const weft_metadata *m = &net->metadata[i];
        const size_t prefix = strncmp(m->key, "weft.", 5) == 0 ? 5 : 0;
        if (said_elsewhere(m->key)) continue;
        facts[count] = weft_arena_printf(row->arena, "%s=%s", m->key + prefix, m->value);
        if (!facts[count++]) row->lost = true;
    }
    row->lost |= !facts;
    if (!row->lost) weft_row_list(row, WEFT_NETS_TRAINING, facts, count);
    weft_row_file(row, WEFT_NETS_RECIPE, recipe ? recipe : of->recipe);
    if (of->recipe[0]) weft_row_list(row, WEFT_NETS_RECIPE_SET, of->set, (size_t)of->set_count);
    weft_row_text(row, WEFT_NETS_RECIPE_SHA256, weft_network_get(net, "weft.recipe_sha256"));
}

static void describe_layer(weft_row *row, const weft_network *net, int number) {
    const weft_layer *layer = &net->layers[number];
    char in[WEFT_SHAPE_TEXT_MAX], out[WEFT_SHAPE_TEXT_MAX], details[WEFT_LAYER_TEXT_MAX];
    weft_shape_text(in, layer->in);
    weft_shape_text(out, layer->out);
    weft_layer_text(details, net, layer);
    weft_row_count(row, WEFT_LAYERS_POSITION, (uint64_t)number);
    weft_row_text(row, WEFT_LAYERS_NAME, layer->name);
    weft_row_text(row, WEFT_LAYERS_KIND, weft_layer_kind_names[layer->kind]);
    weft_row_text(row, WEFT_LAYERS_INPUT, in);
    weft_row_text(row, WEFT_LAYERS_OUTPUT, out);
    if (weft_layer_has_weights(layer)) {
        weft_row_count(row, WEFT_LAYERS_WEIGHTS, layer->weight_count);
        weft_row_count(row, WEFT_LAYERS_MACS, weft_layer_macs(layer));
    }
    weft_row_text(row, WEFT_LAYERS_RUNS_ON, weft_layer_runs_on(net, layer));
    weft_row_text(row, WEFT_LAYERS_DETAILS, details);
}

static weft_status describe_layers(weft_description_rows *out, weft_arena *arena, const weft_network *net,
                                   const char *sha256, weft_error *err) {
    WEFT_TRY(weft_rows_begin(out, arena, WEFT_LAYERS, (size_t)net->layer_count, err));
    for (int i = 0; i < net->layer_count; i++) {
        weft_row row = weft_rows_at(out, arena, WEFT_LAYERS, (size_t)i);
        weft_row_text(&row, WEFT_LAYERS_SHA256, sha256);
        describe_layer(&row, net, i);
        WEFT_TRY(weft_row_end(&row, err));
    }
    return WEFT_OK;
}

static weft_status describe_net(weft_description_rows *out, weft_arena *arena, const weft_network *net,
                                const weft_experiment_net *of, const char *sha256, weft_error *err) {
    char input[WEFT_SHAPE_TEXT_MAX];
    WEFT_TRY(weft_rows_begin(out, arena, WEFT_NETS, 1, err));
    weft_row row = weft_rows_at(out, arena, WEFT_NETS, 0);
    weft_shape_text(input, net->input);
    weft_row_text(&row, WEFT_NETS_SHA256, sha256);
    weft_row_text(&row, WEFT_NETS_NAME, net->name);
    weft_row_file(&row, WEFT_NETS_FILE, of->path);
    weft_row_text(&row, WEFT_NETS_INPUT, input);
    describe_sums(&row, net);
    describe_training(&row, net, of);
    return weft_row_end(&row, err);
}

weft_status weft_describe_net(weft_description_rows *net_row, weft_description_rows *layers, weft_arena *arena,
                              const weft_experiment_net *net, const char *sha256, weft_error *err) {
    weft_network *read = NULL;
    if (weft_path_ends(net->path, ".nir")) return weft_describe_nir(net_row, layers, arena, net, sha256, err);
    WEFT_TRY(weft_onnx_read(&read, net->path, err));
    weft_status status = describe_net(net_row, arena, read, net, sha256, err);
    if (status == WEFT_OK) status = describe_layers(layers, arena, read, sha256, err);
    weft_network_destroy(read);
    return status;
}
