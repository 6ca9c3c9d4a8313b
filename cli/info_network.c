/* weft info net.onnx */
#include <stdlib.h>
#include <string.h>

#include "cli/info.h"
#include "core/onnx.h"

static void shape_text(char *out, size_t out_size, weft_shape s) {
    if (s.height == 1 && s.width == 1)
        snprintf(out, out_size, "%d", s.channels);
    else
        snprintf(out, out_size, "%d x %d x %d", s.channels, s.height, s.width);
}

static const char *producer_name(const weft_network *net, int producer) {
    return producer < 0 ? "input" : net->layers[producer].name;
}

/* What the columns do not say: bounds, ranges and the terms of a sum; "" when nothing. */
static void details_text(char *out, size_t size, const weft_network *net, const weft_layer *l) {
    double low = (double)l->low, high = (double)l->high;
    out[0] = '\0';
    switch (l->kind) {
    case WEFT_LAYER_CONV:
    case WEFT_LAYER_DENSE:
        if (l->input_min != 0 || l->input_max != 0)
            snprintf(out, size, "  input %.4g..%.4g", (double)l->input_min, (double)l->input_max);
        break;
    case WEFT_LAYER_ADD:
        snprintf(out, size, "  %.40s + %.40s", producer_name(net, l->input), producer_name(net, l->addend));
        break;
    case WEFT_LAYER_CLIP:
        snprintf(out, size, "  %.4g..%.4g", low, high);
        break;
    case WEFT_LAYER_QUANTISE:
        snprintf(out, size, "  %.4g..%.4g in steps of %.4g", low, high, (double)weft_layer_step(l));
        break;
    case WEFT_LAYER_THRESHOLD:
        snprintf(out, size, "  %s%.4g", l->signed_spikes ? "+-1 from +-" : "1 from ", (double)l->threshold);
        break;
    default:
        break;
    }
}

static void print_layer(const weft_network *net, int index, int width, FILE *stream) {
    const weft_layer *layer = &net->layers[index];
    bool branches = layer->input != index - 1 && layer->kind != WEFT_LAYER_ADD;
    char in[48], out[48], details[128];
    shape_text(in, sizeof in, layer->in);
    shape_text(out, sizeof out, layer->out);
    details_text(details, sizeof details, net, layer);
    fprintf(stream, "%-*.*s  %-12s  %-15s  %-15s", width, width, layer->name, weft_layer_kind_names[layer->kind], in,
            out);
    if (weft_layer_has_weights(layer))
        fprintf(stream, "  %10zu  %12llu", layer->weight_count, (unsigned long long)weft_layer_macs(layer));
    else if (branches || details[0])
        fprintf(stream, "  %10s  %12s", "", "");
    if (branches) fprintf(stream, "  from %.40s", producer_name(net, layer->input));
    fprintf(stream, "%s\n", details);
}

static void print_network(const weft_network *net, const weft_sha256 *hash, FILE *stream) {
    size_t weights = 0;
    unsigned long long macs = 0;
    int width = 5;
    char shape[48];
    shape_text(shape, sizeof shape, net->input);
    for (int i = 0; i < net->layer_count; i++) {
        int length = (int)strlen(net->layers[i].name);
        if (length > width) width = length > 40 ? 40 : length;
    }
    fprintf(stream, "network  %s\ninput    %s\nsha256   %s\n\n", net->name, shape, hash->hex);
    fprintf(stream, "%-*s  %-12s  %-15s  %-15s  %10s  %12s  %s\n", width, "layer", "kind", "in", "out", "weights",
            "MACs", "details");
    for (int i = 0; i < net->layer_count; i++) {
        print_layer(net, i, width, stream);
        if (!weft_layer_has_weights(&net->layers[i])) continue;
        weights += net->layers[i].weight_count;
        macs += weft_layer_macs(&net->layers[i]);
    }
    fprintf(stream, "%-*s  %-12s  %-15s  %-15s  %10zu  %12llu\n", width, "total", "", "", "", weights, macs);
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

/* from, addend: names of layers; null for the network's input. */
static void json_layer(weft_json *json, const weft_network *net, const weft_layer *layer) {
    weft_json_object(json, NULL);
    weft_json_text(json, "name", layer->name);
    weft_json_text(json, "kind", weft_layer_kind_names[layer->kind]);
    json_shape(json, "in", layer->in);
    json_shape(json, "out", layer->out);
    json_producer(json, net, "from", layer->input);
    if (layer->kind == WEFT_LAYER_ADD) json_producer(json, net, "addend", layer->addend);
    if (layer->kind == WEFT_LAYER_CLIP || layer->kind == WEFT_LAYER_QUANTISE) {
        weft_json_number(json, "low", (double)layer->low);
        weft_json_number(json, "high", (double)layer->high);
    }
    if (layer->kind == WEFT_LAYER_QUANTISE) weft_json_count(json, "levels", (uint64_t)layer->levels);
    if (layer->kind == WEFT_LAYER_THRESHOLD) {
        weft_json_number(json, "threshold", (double)layer->threshold);
        weft_json_bool(json, "signed", layer->signed_spikes);
    }
    if (weft_layer_has_weights(layer)) {
        weft_json_count(json, "weights", layer->weight_count);
        weft_json_count(json, "macs", weft_layer_macs(layer));
        weft_json_number(json, "input_min", (double)layer->input_min);
        weft_json_number(json, "input_max", (double)layer->input_max);
        weft_json_bool(json, "latent", layer->latent != NULL);
    }
    weft_json_object_end(json);
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
