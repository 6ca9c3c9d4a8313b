/* Trainer: recipes, Algorithm 1 of Merolla et al. 2016, and evaluation under distortion. Layers over oneDNN.
 *
 * For each minibatch: P = Proj(W) for every layer; forward and backward use that same P; dL/dP goes straight to W
 * through the optimiser; W is clipped to [-c, c], c = clip * (standard deviation of the layer's Glorot initialisation).
 * Biases are never projected. */
#ifndef WEFT_TRAINER_TRAINER_H
#define WEFT_TRAINER_TRAINER_H

#include <signal.h>

#include "core/dataset.h"
#include "core/schema.h"
#include "core/transform.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const weft_record weft_recipe_record;

typedef struct weft_train_progress {
    int epoch, epochs;
    size_t step, steps;                             /* of the whole training */
    double loss;                                    /* running mean of this epoch */
    double train_error_percent, test_error_percent; /* NaN until known */
    double learning_rate, elapsed_s, remaining_s, images_per_s;
    bool epoch_end;
} weft_train_progress;

typedef struct weft_train_options {
    const char *recipe;     /* file, or a name of trainer/recipes */
    const char *output;     /* net.onnx */
    const char *dataset;    /* overrides the recipe's, or NULL */
    const char *checkpoint; /* NULL: output + ".checkpoint"; removed when the output has been written. Unless resume,
                               one that exists is renamed to checkpoint + ".old" before the first step */
    const char *curve;      /* CSV of the learning curve; NULL: output + ".csv" */
    bool resume; /* go on from the checkpoint; IO when there is none, INVALID when it belongs to another recipe or seed
                  */
    const char *const *overrides; /* --set KEY=VALUE of the recipe */
    int override_count;
    double checkpoint_interval_s;      /* 0: 30 */
    const volatile sig_atomic_t *stop; /* non-zero: write a checkpoint and return INTERRUPTED; NULL: never */
    void (*progress)(
        void *context,
        const weft_train_progress *progress); /* about once a second and at each epoch's end; NULL: silent */
    void *context;
} weft_train_options;

typedef struct weft_train_result {
    double test_error_percent; /* deployed weights, statistics as the recipe says */
    double seconds;
    size_t weights;
} weft_train_result;

weft_status weft_train(weft_train_result *result, const weft_train_options *options, weft_error *err);

/* ---- evaluation ---- */

typedef struct weft_eval_options {
    const weft_transform_chain
        *chain;         /* NULL: the deployed weights as the file has them; else chain(W), W the latent weights */
    size_t images;      /* of the test set; 0: all */
    size_t recalibrate; /* training images on which batch-norm statistics are re-estimated for each draw, layer by layer
                           as the distorted network computes them; 0: the file's */
    int draws;          /* K independent draws of a stochastic chain; at least 1 */
    uint64_t seed;
    const volatile sig_atomic_t *stop;
} weft_eval_options;
typedef struct weft_eval_result {
    double error_percent, error_percent_std; /* mean and sample standard deviation over the draws (0 for one) */
    size_t images;
    int draws;
    double seconds;
} weft_eval_result;
weft_status weft_evaluate(weft_eval_result *result, const weft_network *net, const char *dataset,
                          const weft_eval_options *options, weft_error *err);

/* ---- forward executor (oneDNN inference of any weft_network) ---- */

typedef struct weft_forward weft_forward;
/* batch: images per call. The network is borrowed and read at every run, so its weights and statistics may change in
 * between. */
weft_status weft_forward_create(weft_forward **out, const weft_network *net, int batch, weft_error *err);
void weft_forward_destroy(weft_forward *forward);
/* logits [count, classes] from x [count, C, H, W]; any count. */
weft_status weft_forward_run(weft_forward *forward, const float *x, size_t count, float *logits, weft_error *err);
/* Re-estimates mean and variance of every batch norm of `net` (the network it was created with, passed again because it
 * is changed) on x, in order, each from the distorted network's own activations over all count images (population
 * variance); when ranges, also sets input_min and input_max of every CONV and DENSE layer. Deterministic. */
weft_status weft_forward_reestimate(weft_forward *forward, weft_network *net, const float *x, size_t count,
                                    bool statistics, bool ranges, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
