/* The evaluator's inside. Internal to trainer/. */
#ifndef WEFT_TRAINER_EVALUATE_H
#define WEFT_TRAINER_EVALUATE_H

#include <stdint.h>

#include "core/file.h"
#include "trainer/forward.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { WEFT_EVAL_BATCH = 50 };

/* Weights that were evaluated, and the wrong answers. */
typedef struct weft_eval_seen {
    weft_sha256 weights;
    size_t errors;
    uint8_t *wrong; /* [images] 0 or 1 */
} weft_eval_seen;

struct weft_evaluator {
    const weft_network *source;
    weft_network *net; /* the draw's */
    weft_forward *forward;
    weft_network *plain; /* the network with W, for correlations; NULL until they are asked for */
    weft_eval_options options;
    const weft_dataset *set; /* test */
    weft_dataset *opened;    /* the same, where nobody lent it */
    float *test, *calibration, *logits;
    size_t images, calibration_count;
    weft_eval_seen *seen;
    size_t seen_count;
    uint32_t *wrong;      /* [images] draws of the last run that were wrong */
    float *share, *first; /* [images] scratch; share of the first run's draws that were wrong, NULL before it */
    double first_percent; /* error of the first run */
    double first_half;    /* half width of its interval over draws, as a rate */
};

/* For each CONV and DENSE layer in order: adds this draw's distance, effective bits and, when correlate, correlation to
 * layers[]. */
weft_status weft_evaluator_layers(weft_evaluator *evaluator, bool correlate, weft_eval_layer *layers, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
