/* Minibatches: which images, changed how, as network input. Internal to trainer/. */
#ifndef WEFT_TRAINER_BATCH_H
#define WEFT_TRAINER_BATCH_H

#include "trainer/recipe.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Copies images order[0..count) of the set to pixels [count, C, H, W] and labels [count]. Flip and translation of an
 * image are draws for (seed, epoch, its number in the set), so they do not depend on where in the epoch it stands. */
void weft_batch_gather(const weft_dataset *set, const uint32_t *order, size_t count, const weft_recipe_augment *augment,
                       uint64_t seed, size_t epoch, uint8_t *pixels, uint8_t *labels);

#ifdef __cplusplus
}
#endif
#endif
