#include "trainer/batch.h"

#include <string.h>

/* Copies images order[0..count) of the set to pixels [count, C, H, W] and labels [count]. Flip and translation of an
 * image are draws for (seed, epoch, its number in the set), so they do not depend on where in the epoch it stands. */
static void gather(const weft_dataset *set, const uint32_t *order, size_t count, const weft_augment *augment,
                   uint64_t seed, size_t epoch, uint8_t *pixels, uint8_t *labels) {
    size_t size = weft_shape_size(set->shape);
    for (size_t i = 0; i < count; i++) {
        size_t image = order[i];
        weft_augment_image(augment, set->shape, set->pixels + image * size, seed, epoch, image, pixels + i * size);
        labels[i] = set->labels[image];
    }
}

weft_status weft_batch_input(const weft_batch_source *source, const uint32_t *order, size_t count, uint8_t *pixels,
                             uint8_t *labels, float *x, weft_error *err) {
    const weft_dataset *set = source->set;
    size_t size = weft_shape_size(set->shape);
    if (weft_augment_is_on(source->augment) || !weft_dataset_is_prepared(set, source->preprocess)) {
        gather(set, order, count, source->augment, source->seed, source->epoch, pixels, labels);
        return weft_preprocess_apply(source->preprocess, set->shape, pixels, count, x, err);
    }
    for (size_t i = 0; i < count; i++) {
        memcpy(x + i * size, set->inputs + order[i] * size, size * sizeof *x);
        labels[i] = set->labels[order[i]];
    }
    return WEFT_OK;
}
