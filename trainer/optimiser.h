/* Optimisers: one step from the workers' gradients to new values. Internal to trainer/. */
#ifndef WEFT_TRAINER_OPTIMISER_H
#define WEFT_TRAINER_OPTIMISER_H

#include "trainer/recipe.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One array that is trained. Arrays are borrowed. */
typedef struct weft_parameter {
    float *value;
    float *first, *second;                   /* moments (SGD uses first, its velocity); zero at the start */
    const float *gradient[WEFT_WORKERS_MAX]; /* one a worker; their sum, in this order, is the gradient */
    int gradient_count;
    size_t count;
    float bound;    /* value is kept in [-bound, bound] after the step; INFINITY: no bound */
    bool decayed;   /* weight decay applies */
    double rate;    /* the step's learning rate is multiplied by this */
    float *average; /* moving average of value, or NULL: average += average_gain * (value - average) after the step */
    float average_gain;
} weft_parameter;

/* Minibatch number `step`, from 0, at the given learning rate. In parallel over chunks of all arrays; the result does
 * not depend on the number of threads. */
void weft_optimiser_step(const weft_variant *optimiser, weft_parameter *parameters, int count, size_t step,
                         double learning_rate);

#ifdef __cplusplus
}
#endif
#endif
