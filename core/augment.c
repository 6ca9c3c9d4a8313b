#include "core/augment.h"

#include <stdlib.h>
#include <string.h>

#include "core/rng.h"

#define AUGMENT_KEY "weft.augment"
enum { CHUNK_IMAGES = 500 };

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

void weft_augment_image(const weft_augment *augment, weft_shape shape, const uint8_t *pixels, uint64_t seed,
                        uint64_t step, size_t number, uint8_t *out) {
    weft_rng rng = {.seed = seed, .step = step, .purpose = WEFT_PURPOSE_AUGMENT};
    size_t plane = (size_t)shape.height * (size_t)shape.width;
    if (!weft_augment_is_on(augment)) {
        memcpy(out, pixels, weft_shape_size(shape));
        return;
    }
    bool flip = augment->flip && (weft_rng_u32(&rng, 4 * number) & 1u);
    int dy = draw_shift(&rng, 4 * number + 1, augment->translate);
    int dx = draw_shift(&rng, 4 * number + 2, augment->translate);
    for (size_t c = 0; c < (size_t)shape.channels; c++)
        shift_plane(pixels + c * plane, out + c * plane, shape.height, shape.width, dy, dx, flip);
}

weft_status weft_network_set_augment(weft_network *net, const weft_augment *augment, weft_error *err) {
    char text[64];
    if (!weft_augment_is_on(augment)) return WEFT_OK;
    snprintf(text, sizeof text, "flip=%d translate=%d", augment->flip, (int)augment->translate);
    return weft_network_set(net, AUGMENT_KEY, text, err);
}

weft_status weft_network_get_augment(const weft_network *net, weft_augment *augment, weft_error *err) {
    const char *text = weft_network_get(net, AUGMENT_KEY);
    int flip = 0, translate = 0, end = 0;
    *augment = (weft_augment){0};
    if (!text) return WEFT_OK;
    if (sscanf(text, "flip=%1d translate=%2d%n", &flip, &translate, &end) != 2 || text[end] || flip < 0 || flip > 1 ||
        translate < 0 || translate > WEFT_AUGMENT_TRANSLATE_MAX)
        return weft_error_set(err, WEFT_E_INVALID,
                              "network \"%s\": " AUGMENT_KEY " is \"%.80s\", not \"flip=F translate=T\" with F 0 or 1 "
                              "and T 0 to %d",
                              net->name, text, WEFT_AUGMENT_TRANSLATE_MAX);
    *augment = (weft_augment){flip, translate};
    return WEFT_OK;
}

static weft_status changed_inputs(const weft_dataset *set, const weft_network *net, const weft_augment *augment,
                                  size_t count, float *out, weft_error *err) {
    size_t size = weft_shape_size(set->shape);
    uint8_t *pixels = malloc(CHUNK_IMAGES * size);
    if (!pixels) return weft_error_set(err, WEFT_E_MEMORY, "out of memory for %d images", CHUNK_IMAGES);
    weft_status status = WEFT_OK;
    for (size_t first = 0; first < count && status == WEFT_OK; first += CHUNK_IMAGES) {
        size_t part = count - first < CHUNK_IMAGES ? count - first : CHUNK_IMAGES;
        for (size_t i = 0; i < part; i++)
            weft_augment_image(augment, set->shape, set->pixels + (first + i) * size, 0, 0, first + i,
                               pixels + i * size);
        status = weft_preprocess_apply(&net->preprocess, set->shape, pixels, part, out + first * size, err);
    }
    free(pixels);
    return status;
}

weft_status weft_dataset_training_inputs(const weft_dataset *set, const weft_network *net, size_t count, float *out,
                                         weft_error *err) {
    weft_augment augment;
    WEFT_TRY(weft_network_get_augment(net, &augment, err));
    if (weft_augment_is_on(&augment)) return changed_inputs(set, net, &augment, count, out, err);
    return weft_dataset_inputs(set, &net->preprocess, 0, count, out, err);
}
