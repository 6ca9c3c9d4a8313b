/* weft info net.onnx */
#include <stdlib.h>
#include <string.h>

#include "cli/info.h"
#include "core/lowering.h"
#include "core/network_text.h"
#include "core/onnx.h"

enum { DETAILS_MAX = WEFT_LAYER_TEXT_MAX + 64 };

/* What the columns do not say; "" when nothing. */
static void details_text(char out[DETAILS_MAX], const weft_network *net, const weft_layer *l) {
    weft_layer_text(out, net, l);
    const size_t used = strlen(out);
    if (weft_layer_has_weights(l) && (l->input_min != 0 || l->input_max != 0))
        snprintf(out + used, DETAILS_MAX - used, "%sinput %.4g..%.4g", used ? ", " : "", (double)l->input_min,
                 (double)l->input_max);
}

static void print_layer(const weft_network *net, int index, int width, FILE *stream) {
    const weft_layer *layer = &net->layers[index];
    bool branches = layer->input != index - 1 && !weft_layer_has_input2(layer);
    char in[WEFT_SHAPE_TEXT_MAX], out[WEFT_SHAPE_TEXT_MAX], details[DETAILS_MAX], weights[24] = "", macs[24] = "";
    weft_shape_text(in, layer->in);
    weft_shape_text(out, layer->out);
    details_text(details, net, layer);
    if (weft_layer_has_weights(layer)) {
        snprintf(weights, sizeof weights, "%zu", layer->weight_count);
        snprintf(macs, sizeof macs, "%llu", (unsigned long long)weft_layer_macs(layer));
    }
    fprintf(stream, "%-*.*s  %-15s  %-15s  %-15s  %10s  %12s  ", width, width, layer->name,
            weft_layer_kind_names[layer->kind], in, out, weights, macs);
    fprintf(stream, branches || details[0] ? "%-8s" : "%s", weft_layer_runs_on(net, layer));
    if (branches) fprintf(stream, "  from %.40s", weft_layer_producer(net, layer->input));
    fprintf(stream, "%s%s\n", details[0] ? "  " : "", details);
}

static void print_totals(const weft_network *net, int width, FILE *stream) {
    unsigned long long macs = 0;
    size_t weights = 0, matrices = 0, digital = 0;
    for (int i = 0; i < net->layer_count; i++) {
        const weft_layer *l = &net->layers[i];
        weights += l->weight_count;
        macs += weft_layer_macs(l);
        matrices += weft_layer_has_weights(l);
        digital += strcmp(weft_layer_runs_on(net, l), "digital") == 0;
    }
    fprintf(stream, "%-*s  %-15s  %-15s  %-15s  %10zu  %12llu  %zu on crossbars, %zu digital\n", width, "total", "", "",
            "", weights, macs, matrices, digital);
}

/* Stages of the network on a chip, or why it cannot run on one. */
static void print_stages(const weft_network *net, FILE *stream) {
    weft_stages *stages = NULL;
    weft_error why = {0};
    if (weft_lower(&stages, net, &why) != WEFT_OK) {
        fprintf(stream, "\ncannot be mapped: %s\n", why.text);
        return;
    }
    int matrices = 0;
    for (int i = 0; i < stages->count; i++) matrices += stages->items[i].has_matrix;
    fprintf(stream, "\nstages   %d with a matrix, %d digital\n", matrices, stages->count - matrices);
    weft_stages_destroy(stages);
}

static void print_network(const weft_network *net, const weft_sha256 *hash, FILE *stream) {
    int width = 5;
    char shape[WEFT_SHAPE_TEXT_MAX];
    weft_shape_text(shape, net->input);
    for (int i = 0; i < net->layer_count; i++) {
        int length = (int)strlen(net->layers[i].name);
        if (length > width) width = length > 40 ? 40 : length;
    }
    fprintf(stream, "network  %s\ninput    %s\nsha256   %s\n\n", net->name, shape, hash->hex);
    fprintf(stream, "%-*s  %-15s  %-15s  %-15s  %10s  %12s  %-8s  %s\n", width, "layer", "kind", "in", "out", "weights",
            "MACs", "runs on", "details");
    for (int i = 0; i < net->layer_count; i++) print_layer(net, i, width, stream);
    print_totals(net, width, stream);
    print_stages(net, stream);
    if (net->metadata_count) fputs("\n", stream);
    for (int i = 0; i < net->metadata_count; i++)
        fprintf(stream, "%s: %.200s\n", net->metadata[i].key, net->metadata[i].value);
}

static void json_shape(weft_json *json, const char *key, weft_shape s) {
    uint32_t values[] = {(uint32_t)s.channels, (uint32_t)s.height, (uint32_t)s.width};
    weft_json_counts(json, key, values, 3);
}

static void json_producer(weft_json *json, const weft_network *net, const char *key, int producer) {
    if (producer < 0)
        weft_json_null(json, key);
    else
        weft_json_text(json, key, net->layers[producer].name);
}

static void json_window(weft_json *json, const weft_layer *l) {
    const weft_window *w = &l->window;
    const uint32_t kernel[] = {(uint32_t)w->kernel_h, (uint32_t)w->kernel_w};
    const uint32_t stride[] = {(uint32_t)w->stride_h, (uint32_t)w->stride_w};
    const uint32_t dilation[] = {(uint32_t)w->dilation_h, (uint32_t)w->dilation_w};
    const uint32_t pads[] = {(uint32_t)w->pad_top, (uint32_t)w->pad_left, (uint32_t)w->pad_bottom,
                             (uint32_t)w->pad_right};
    if (l->kind != WEFT_LAYER_PAD) {
        weft_json_counts(json, "kernel", kernel, 2);
        weft_json_counts(json, "stride", stride, 2);
        weft_json_counts(json, "dilation", dilation, 2);
    }
    weft_json_counts(json, "padding", pads, 4); /* top, left, bottom, right */
    if (l->kind == WEFT_LAYER_CONV) weft_json_count(json, "groups", (uint64_t)l->groups);
}

static bool has_window(const weft_layer *l) {
    return l->kind == WEFT_LAYER_CONV || l->kind == WEFT_LAYER_MAX_POOL || l->kind == WEFT_LAYER_AVERAGE_POOL ||
           l->kind == WEFT_LAYER_PAD;
}

/* from, from2: names of layers; null for the network's input. */
static void json_layer(weft_json *json, const weft_network *net, const weft_layer *layer) {
    weft_json_object(json, NULL);
    weft_json_text(json, "name", layer->name);
    weft_json_text(json, "kind", weft_layer_kind_names[layer->kind]);
    json_shape(json, "in", layer->in);
    json_shape(json, "out", layer->out);
    json_producer(json, net, "from", layer->input);
    if (weft_layer_has_input2(layer)) json_producer(json, net, "from2", layer->input2);
    weft_json_text(json, "runs_on", weft_layer_runs_on(net, layer));
    if (has_window(layer)) json_window(json, layer);
    if (layer->kind == WEFT_LAYER_CLIP || layer->kind == WEFT_LAYER_QUANTISE) {
        weft_json_number(json, "low", (double)layer->low);
        weft_json_number(json, "high", (double)layer->high);
    }
    if (layer->kind == WEFT_LAYER_QUANTISE) weft_json_count(json, "levels", (uint64_t)layer->levels);
    if (layer->kind == WEFT_LAYER_THRESHOLD) {
        weft_json_number(json, "threshold", (double)layer->threshold);
        weft_json_bool(json, "signed", layer->signed_spikes);
    }
    if (layer->kind == WEFT_LAYER_LEAKY_RELU || layer->kind == WEFT_LAYER_HARD_SIGMOID)
        weft_json_number(json, "slope", (double)layer->slope);
    if (layer->kind == WEFT_LAYER_HARD_SIGMOID) weft_json_number(json, "offset", (double)layer->offset);
    if (weft_layer_has_weights(layer)) {
        weft_json_count(json, "weights", layer->weight_count);
        weft_json_count(json, "macs", weft_layer_macs(layer));
        weft_json_number(json, "input_min", (double)layer->input_min);
        weft_json_number(json, "input_max", (double)layer->input_max);
        weft_json_bool(json, "latent", layer->latent != NULL);
    }
    weft_json_object_end(json);
}

/* mappable: the number of stages, or why there are none. */
static void json_stages(weft_json *json, const weft_network *net) {
    weft_stages *stages = NULL;
    weft_error why = {0};
    bool mappable = weft_lower(&stages, net, &why) == WEFT_OK;
    weft_json_bool(json, "mappable", mappable);
    if (mappable)
        weft_json_count(json, "stages", (uint64_t)stages->count);
    else
        weft_json_text(json, "reason", why.text);
    weft_stages_destroy(stages);
}

static weft_status json_network(const weft_network *net, const weft_sha256 *hash, const char *json_path,
                                weft_error *err) {
    weft_result out;
    WEFT_TRY(weft_result_open(&out, json_path, err));
    weft_json *json = &out.json;
    weft_json_object(json, NULL);
    weft_json_text(json, "kind", "network");
    weft_json_text(json, "name", net->name);
    weft_json_text(json, "sha256", hash->hex);
    json_shape(json, "input", net->input);
    weft_json_array(json, "layers");
    for (int i = 0; i < net->layer_count; i++) json_layer(json, net, &net->layers[i]);
    weft_json_array_end(json);
    json_stages(json, net);
    weft_json_object(json, "metadata");
    for (int i = 0; i < net->metadata_count; i++) weft_json_text(json, net->metadata[i].key, net->metadata[i].value);
    weft_json_object_end(json);
    weft_json_object_end(json);
    return weft_result_commit(&out, err);
}

weft_status weft_info_network(const char *path, const char *json_path, FILE *stream, weft_error *err) {
    weft_network *net = NULL;
    weft_sha256 hash;
    WEFT_TRY(weft_onnx_read(&net, path, err));
    weft_status status = weft_sha256_file(&hash, path, err);
    if (status == WEFT_OK) print_network(net, &hash, stream);
    if (status == WEFT_OK && json_path) status = json_network(net, &hash, json_path, err);
    weft_network_destroy(net);
    return status;
}
