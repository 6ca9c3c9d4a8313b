#include "trainer/batch.h"

#include <string.h>

bool weft_augment_is_on(const weft_recipe_augment *augment) { return augment->flip || augment->translate != 0; }

/* out[y, x] = in[y + dy, x + dx], mirrored first when flip; 0 outside. */
static void shift_plane(const uint8_t *in, uint8_t *out, int height, int width, int dy, int dx, bool flip) {
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            int from_y = y + dy, from_x = x + dx;
            bool inside = from_y >= 0 && from_y < height && from_x >= 0 && from_x < width;
            int column = flip ? width - 1 - from_x : from_x;
            out[y * width + x] = inside ? in[from_y * width + column] : 0;
        }
    }
}

/* Uniform in -range..range. */
static int draw_shift(const weft_rng *rng, uint64_t element, int64_t range) {
    uint64_t values = 2 * (uint64_t)range + 1;
    return (int)((weft_rng_u32(rng, element) * values) >> 32) - (int)range;
}

static void copy_image(const uint8_t *in, uint8_t *out, weft_shape s, const weft_recipe_augment *augment,
                       const weft_rng *rng, uint64_t image) {
    if (!weft_augment_is_on(augment)) {
        memcpy(out, in, weft_shape_size(s));
        return;
    }
    bool flip = augment->flip && (weft_rng_u32(rng, 4 * image) & 1u);
    int dy = draw_shift(rng, 4 * image + 1, augment->translate);
    int dx = draw_shift(rng, 4 * image + 2, augment->translate);
    for (int c = 0; c < s.channels; c++) {
        size_t plane = (size_t)c * (size_t)s.height * (size_t)s.width;
        shift_plane(in + plane, out + plane, s.height, s.width, dy, dx, flip);
    }
}

void weft_batch_gather(const weft_dataset *set, const uint32_t *order, size_t count, const weft_recipe_augment *augment,
                       uint64_t seed, size_t epoch, uint8_t *pixels, uint8_t *labels) {
    weft_rng rng = {.seed = seed, .step = epoch, .purpose = WEFT_PURPOSE_AUGMENT};
    size_t size = weft_shape_size(set->shape);
    for (size_t i = 0; i < count; i++) {
        size_t image = order[i];
        copy_image(set->pixels + image * size, pixels + i * size, set->shape, augment, &rng, image);
        labels[i] = set->labels[image];
    }
}

weft_status weft_batch_input(const weft_batch_source *source, const uint32_t *order, size_t count, uint8_t *pixels,
                             uint8_t *labels, float *x, weft_error *err) {
    const weft_dataset *set = source->set;
    size_t size = weft_shape_size(set->shape);
    if (weft_augment_is_on(source->augment) || !weft_dataset_is_prepared(set, source->preprocess)) {
        weft_batch_gather(set, order, count, source->augment, source->seed, source->epoch, pixels, labels);
        return weft_preprocess_apply(source->preprocess, set->shape, pixels, count, x, err);
    }
    for (size_t i = 0; i < count; i++) {
        memcpy(x + i * size, set->inputs + order[i] * size, size * sizeof *x);
        labels[i] = set->labels[order[i]];
    }
    return WEFT_OK;
}
