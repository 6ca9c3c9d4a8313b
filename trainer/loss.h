/* Losses and their gradients. Internal to trainer/. */
#ifndef WEFT_TRAINER_LOSS_H
#define WEFT_TRAINER_LOSS_H

#include <stddef.h>
#include <stdint.h>

#include "trainer/recipe.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_loss_sum {
    double loss;   /* sum of the images' losses */
    size_t errors; /* images whose largest logit is not the label's */
} weft_loss_sum;

/* Adds count images to *sum and writes gradient[count, classes] = scale * d(sum of the images' losses) / d(logits).
 * logits [count, classes] row-major. SQUARE_HINGE: an image's loss is the mean over its classes. */
void weft_loss_apply(weft_loss_kind kind, double label_smoothing, const float *logits, const uint8_t *labels,
                     size_t count, int classes, double scale, float *gradient, weft_loss_sum *sum);
/* Index of the largest value, the first of equals; NaN never wins. */
int weft_logits_top(const float *logits, int classes);

#ifdef __cplusplus
}
#endif
#endif
