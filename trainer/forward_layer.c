/* What layers inside a network put out. */
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "trainer/trainer.h"

enum { BATCH_MAX = 50 };

static weft_status no_memory(weft_error *err) {
    return weft_error_set(err, WEFT_E_MEMORY, "out of memory for the values of a layer");
}

weft_status weft_forward_layer(const weft_network *net, int layer, const float *x, size_t count, float *values,
                               weft_error *err) {
    weft_network *part = NULL;
    weft_forward *forward = NULL;
    weft_status status;
    const int batch = count < BATCH_MAX ? (int)count : BATCH_MAX;
    if (count == 0) return WEFT_OK;
    WEFT_TRY_GOTO(weft_network_clone(&part, net, err));
    WEFT_TRY_GOTO(weft_network_keep(part, layer, err));
    WEFT_TRY_GOTO(weft_forward_create(&forward, part, batch, WEFT_PRECISION_FP32, err));
    WEFT_TRY_GOTO(weft_forward_run(forward, x, count, values, err));
cleanup:
    weft_forward_destroy(forward);
    weft_network_destroy(part);
    return status;
}

static int compare(const void *a, const void *b) {
    const float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

/* The least of the values that so many percent are not above. Only those above 0 need to be in order. */
static float percentile_of(float *values, size_t count, double percent) {
    size_t positive = 0, rank = (size_t)(percent / 100 * (double)(count - 1) + 0.5);
    for (size_t i = 0; i < count; i++)
        if (values[i] > 0) values[positive++] = values[i];
    if (positive == 0) return 1;
    qsort(values, positive, sizeof *values, compare);
    return rank < count - positive ? values[positive - 1] : values[rank - (count - positive)];
}

weft_status weft_forward_scales(const weft_network *net, const float *x, size_t count, double percent, float *scales,
                                void (*progress)(void *context, int done, int layers), void *context, weft_error *err) {
    weft_status status = WEFT_OK;
    float *values = NULL;
    int layers = 0, done = 0;
    for (int i = 0; i < net->layer_count; i++) layers += net->layers[i].kind == WEFT_LAYER_RELU;
    if (count == 0 || !(percent > 0 && percent <= 100))
        return weft_error_set(err, WEFT_E_INVALID, "a percentile of %g on %zu images is not possible", percent, count);
    for (int i = 0; i < net->layer_count; i++) {
        scales[i] = 0;
        if (net->layers[i].kind != WEFT_LAYER_RELU) continue;
        const size_t size = count * weft_shape_size(net->layers[i].out);
        weft_aligned_free(values);
        values = weft_aligned_alloc(size, sizeof *values);
        if (!values) WEFT_TRY_GOTO(no_memory(err));
        WEFT_TRY_GOTO(weft_forward_layer(net, i, x, count, values, err));
        scales[i] = percentile_of(values, size, percent);
        if (progress) progress(context, ++done, layers);
    }
cleanup:
    weft_aligned_free(values);
    return status;
}
