/* Minibatches: which images, changed how, as network input. Internal to trainer/. */
#ifndef WEFT_TRAINER_BATCH_H
#define WEFT_TRAINER_BATCH_H

#include "trainer/recipe.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where minibatches come from. With a set that is prepared (weft_dataset_prepare) and nothing to augment, images are
 * copied from its inputs. */
typedef struct weft_batch_source {
    const weft_dataset *set;
    const weft_preprocess *preprocess;
    const weft_augment *augment;
    uint64_t seed;
    size_t epoch;
} weft_batch_source;
/* x [count, C, H, W] and labels [count] of images order[0..count); pixels [count, C, H, W] is room to work in. Any
 * thread, each with memory of its own. Errors: weft_preprocess_apply. */
weft_status weft_batch_input(const weft_batch_source *source, const uint32_t *order, size_t count, uint8_t *pixels,
                             uint8_t *labels, float *x, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
