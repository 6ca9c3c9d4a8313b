/* Pixels to network input. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/dataset.h"
#include "core/zca.h"

/* ---- apply ---- */

static void scale_planes(const weft_preprocess *p, weft_shape shape, const uint8_t *pixels, size_t count, float *out) {
    float table[4][256]; /* a pixel has 256 values: divide once for each */
    assert(p->channels == 0 || p->channels >= shape.channels);
    assert(p->channels <= 4);
    int tables = p->channels ? p->channels : 1;
    for (int c = 0; c < tables; c++)
        for (int v = 0; v < 256; v++) {
            float x = (float)v / 255.0f;
            table[c][v] = p->channels ? (x - p->mean[c]) / p->std[c] : x;
        }
    size_t plane = (size_t)shape.height * (size_t)shape.width;
    size_t channels = (size_t)shape.channels;
    int64_t planes = (int64_t)(count * channels);
#pragma omp parallel for schedule(static) if (planes > 64)
    for (int64_t i = 0; i < planes; i++) {
        const float *row = table[p->channels ? (size_t)i % channels : 0];
        const uint8_t *from = pixels + (size_t)i * plane;
        float *to = out + (size_t)i * plane;
        for (size_t k = 0; k < plane; k++) to[k] = row[from[k]];
    }
}

static weft_status check_zca(const weft_preprocess *p, weft_shape shape, weft_error *err) {
    if (!p->zca)
        return weft_error_set(err, WEFT_E_INVALID,
                              "the network's GCN and ZCA preprocessing is not bound to a data set's training images");
    if (weft_zca_values(p->zca) == weft_shape_size(shape)) return WEFT_OK;
    return weft_error_set(err, WEFT_E_INVALID, "the ZCA was fitted on images of %zu values, these have %zu",
                          weft_zca_values(p->zca), weft_shape_size(shape));
}

weft_status weft_preprocess_apply(const weft_preprocess *p, weft_shape shape, const uint8_t *pixels, size_t count,
                                  float *out, weft_error *err) {
    if (!p->gcn_zca) {
        scale_planes(p, shape, pixels, count, out);
        return WEFT_OK;
    }
    WEFT_TRY(check_zca(p, shape, err));
    return weft_zca_apply(p->zca, pixels, count, out, err);
}

/* ---- bind ---- */

static bool needs_binding(const weft_network *net) { return net->preprocess.gcn_zca && !net->preprocess.zca; }

static weft_status other_images(const weft_network *net, const weft_dataset *train, weft_error *err) {
    const char *name = weft_network_get(net, "weft.dataset");
    return weft_error_set(err, WEFT_E_INVALID,
                          "network %.100s: its GCN and ZCA preprocessing was fitted on other training images (%.100s) "
                          "than those of %.100s",
                          net->name, name ? name : "of a data set that it does not name", train->name);
}

weft_status weft_network_bind(weft_network *net, const weft_dataset *train, weft_error *err) {
    weft_preprocess *p = &net->preprocess;
    weft_sha256 key;
    if (!needs_binding(net)) return WEFT_OK;
    WEFT_TRY(weft_zca_key(&key, train, p->norm, p->epsilon, err));
    if (p->fit.hex[0] && strcmp(p->fit.hex, key.hex) != 0) return other_images(net, train, err);
    WEFT_TRY(weft_zca_open(&p->zca, train, &key, p->norm, p->epsilon, err));
    p->fit = key;
    return WEFT_OK;
}

weft_status weft_network_bind_named(weft_network *net, const char *dataset, weft_error *err) {
    weft_dataset *train = NULL;
    if (!needs_binding(net)) return WEFT_OK;
    WEFT_TRY(weft_dataset_open(&train, dataset, WEFT_SPLIT_TRAIN, err));
    weft_status status = weft_network_bind(net, train, err);
    weft_dataset_destroy(train);
    return status;
}

/* ---- prepared data sets ---- */

/* Bytes that can be had without swapping, by Linux's estimate; SIZE_MAX where it is not known. */
static size_t memory_available(void) {
    char line[128];
    unsigned long long kib = 0;
    bool known = false;
    FILE *file = fopen("/proc/meminfo", "r");
    if (!file) return SIZE_MAX;
    while (!known && fgets(line, sizeof line, file)) known = sscanf(line, "MemAvailable: %llu kB", &kib) == 1;
    fclose(file);
    return known && kib < SIZE_MAX / 1024 ? (size_t)kib * 1024 : SIZE_MAX;
}

bool weft_dataset_is_prepared(const weft_dataset *set, const weft_preprocess *p) {
    return p->gcn_zca && set->inputs && set->inputs_zca == p->zca;
}

weft_status weft_dataset_prepare(weft_dataset *set, const weft_preprocess *p, weft_error *err) {
    size_t values = set->count * weft_shape_size(set->shape);
    if (!p->gcn_zca || weft_dataset_is_prepared(set, p)) return WEFT_OK;
    WEFT_TRY(check_zca(p, set->shape, err));
    weft_aligned_free(set->inputs);
    weft_zca_release(set->inputs_zca);
    set->inputs_zca = NULL;
    set->inputs = memory_available() / 2 / sizeof(float) < values ? NULL : weft_aligned_alloc(values, sizeof(float));
    if (!set->inputs) return WEFT_OK;
    weft_status status = weft_zca_apply(p->zca, set->pixels, set->count, set->inputs, err);
    if (status == WEFT_OK) {
        set->inputs_zca = weft_zca_share(p->zca);
    } else {
        weft_aligned_free(set->inputs);
        set->inputs = NULL;
    }
    return status;
}

weft_status weft_dataset_inputs(const weft_dataset *set, const weft_preprocess *p, size_t first, size_t count,
                                float *out, weft_error *err) {
    size_t size = weft_shape_size(set->shape);
    if (!weft_dataset_is_prepared(set, p))
        return weft_preprocess_apply(p, set->shape, set->pixels + first * size, count, out, err);
    memcpy(out, set->inputs + first * size, count * size * sizeof *out);
    return WEFT_OK;
}
