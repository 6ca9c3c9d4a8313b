/* Spikes that a layer of a network with binary activations makes of images. */
#include "core/arena.h"
#include "trainer/trainer.h"

enum { BLOCK = 256 }; /* images at a time */

static weft_status add_image(weft_spikes *out, const float *values, size_t size, uint64_t tick, weft_error *err) {
    for (size_t i = 0; i < size; i++)
        if (values[i] != 0) WEFT_TRY(weft_spikes_add(out, tick, (uint32_t)i, err));
    return WEFT_OK;
}

weft_status weft_layer_spikes(weft_spikes *out, const weft_network *net, int layer, const weft_dataset *set,
                              uint64_t images, weft_error *err) {
    const size_t size = weft_shape_size(net->layers[layer].out);
    weft_status status = WEFT_OK;
    float *x = weft_aligned_alloc(BLOCK, weft_shape_size(net->input) * sizeof *x);
    float *values = weft_aligned_alloc(BLOCK, size * sizeof *values);
    *out = (weft_spikes){.neurons = size};
    if (!x || !values) WEFT_TRY_GOTO(weft_error_set(err, WEFT_E_MEMORY, "no memory for %d images", BLOCK));
    for (size_t first = 0; first < images; first += BLOCK) {
        const size_t count = images - first < BLOCK ? (size_t)images - first : BLOCK;
        WEFT_TRY_GOTO(weft_dataset_inputs(set, &net->preprocess, first, count, x, err));
        WEFT_TRY_GOTO(weft_forward_layer(net, layer, x, count, values, err));
        for (size_t i = 0; i < count; i++) WEFT_TRY_GOTO(add_image(out, values + i * size, size, first + i, err));
    }
cleanup:
    weft_aligned_free(x);
    weft_aligned_free(values);
    return status;
}
