/* Trainer: recipes, Algorithm 1 of Merolla et al. 2016, and evaluation under distortion. Layers over oneDNN.
 *
 * For each minibatch: P = Proj(W) for every layer; forward and backward use that same P; dL/dP goes straight to W
 * through the optimiser; W is clipped to [-c, c], c = clip * (standard deviation of the layer's Glorot initialisation).
 * Biases are never projected. */
#ifndef WEFT_TRAINER_TRAINER_H
#define WEFT_TRAINER_TRAINER_H

#include <signal.h>
#include <stdint.h>

#include "core/dataset.h"
#include "core/schema.h"
#include "core/spikes.h"
#include "core/training.h"
#include "core/transform.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const weft_record weft_recipe_record;

/* BF16: activations and the weights multiplied are bfloat16, sums, gradients of weights and parameters float32.
 * INT8, inference only: the inputs of CONV and DENSE are integers of eight bits, all else is float32. Of the input, per
 * tensor and without offset: 0 to 255 where it is never negative, else -128 to 127. Its range is layer->input_min and
 * input_max; behind a QUANTISE layer (a FLATTEN, MAX_POOL, PAD or RELU may lie between) the integers are that layer's
 * steps where eight bits hold them. Of the weights, per output channel: -127 to 127, scaled by the largest magnitude.
 * Sums are exact on every processor; y = (float)sum * (input scale * weight scale) + bias. */
typedef enum weft_precision { WEFT_PRECISION_FP32, WEFT_PRECISION_BF16, WEFT_PRECISION_INT8 } weft_precision;
extern const char *const weft_precision_names[]; /* "fp32", "bf16", "int8"; NULL-terminated */
/* BF16 only where the processor multiplies bfloat16 itself (AVX512-BF16); the others everywhere. */
bool weft_precision_is_native(weft_precision precision);
/* --precision of `weft eval`: fp32 (also for NULL), bf16, or auto, which is bf16 where that is native. USAGE. */
weft_status weft_precision_parse(weft_precision *precision, const char *text, weft_error *err);

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
    const char *plot;       /* the same as a picture, .svg or .png by its suffix; NULL: output + ".svg" */
    int snapshots; /* also write so many networks along the training, spread evenly over its epochs, as output +
                      ".epochN.onnx"; the last one is before the final statistics */
    bool resume; /* go on from the checkpoint; IO when there is none, INVALID when it belongs to another recipe or seed
                  */
    const char *const *overrides; /* --set KEY=VALUE of the recipe */
    int override_count;
    double checkpoint_interval_s;      /* 0: 30 */
    uint64_t checkpoint_steps;         /* one after so many minibatches, too; 0: by the time alone */
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
    char warning[160]; /* what went wrong without harm to the network (no gnuplot for the plot), also after an
                          interrupt; "": nothing */
} weft_train_result;

weft_status weft_train(weft_train_result *result, const weft_train_options *options, weft_error *err);

/* ---- evaluation ---- */

typedef struct weft_eval_options {
    size_t images;      /* of the test set; 0: all */
    size_t recalibrate; /* training images on which batch-norm statistics are re-estimated for each draw, layer by layer
                           as the distorted network computes them; 0: the file's statistics; WEFT_RECALIBRATE_ALL */
    int draws;          /* K independent draws of a stochastic chain; at least 1. One that draws nothing is run once */
    uint64_t seed;
    weft_precision precision;
    const weft_dataset *test,
        *train; /* of that name, lent for as long as the evaluator is; NULL: opened where needed */
    const volatile sig_atomic_t *stop;
    void (*progress)(void *context, int draw,
                     int draws); /* after each draw, `draw` of `draws` being done; NULL: silent */
    void *context;
} weft_eval_options;

/* What a chain T does to one CONV or DENSE layer, W its latent weights; means over the draws. */
typedef struct weft_eval_layer {
    const char *name; /* the network's */
    size_t weights;
    double distance;       /* mean abs(W - T(W)) / a, a = max abs(W); Fig. 1C of Merolla et al. 2016 */
    double effective_bits; /* 0.5 log2(1 + sum W^2 / sum (W - T(W))^2) a weight; infinite where T(W) = W */
    /* Pearson's correlation of the layer's output between the network with W (T = None) and the one with T(W), over all
     * test images and output values together; both networks' statistics as the options say. Fig. 1D. The output is
     * taken behind the batch norms, poolings and the first activation that directly follow the layer. NaN when one of
     * the two is constant. */
    double correlation;
} weft_eval_layer;

typedef struct weft_eval_result {
    double error_percent, error_percent_std; /* mean and sample standard deviation over the draws (0 for one) */
    double low_percent, high_percent;        /* 95 % confidence interval: weft_error_interval of interval.h */
    /* Error less that of the evaluator's first run, on the same images, with weft_paired_interval (draws of both taken
     * as independent); 0 for the first run itself. */
    double difference_percent, difference_low_percent, difference_high_percent;
    double effective_bits;      /* mean over all weights of their layers' */
    size_t images, recalibrate; /* used */
    int draws;
    double seconds;
} weft_eval_result;

/* Evaluates one network on one data set under any number of chains: images are read and preprocessed once, the network
 * is compiled once. */
typedef struct weft_evaluator weft_evaluator;
/* The network is borrowed and not changed. */
weft_status weft_evaluator_create(weft_evaluator **out, const weft_network *net, const char *dataset,
                                  const weft_eval_options *options, weft_error *err);
void weft_evaluator_destroy(weft_evaluator *evaluator); /* NULL is allowed */
/* Other draws from now on. */
void weft_evaluator_set_draws(weft_evaluator *evaluator, int draws, uint64_t seed);
/* Another listener; while it is called, weft_evaluator_wrong has the draws that are done. */
void weft_evaluator_set_progress(weft_evaluator *evaluator, void (*progress)(void *context, int draw, int draws),
                                 void *context);
int weft_evaluator_layer_count(const weft_evaluator *evaluator); /* CONV and DENSE layers */
/* Test images used; their labels; and of each the draws of the last run that got it wrong. The arrays are the
 * evaluator's, [weft_evaluator_images]. */
size_t weft_evaluator_images(const weft_evaluator *evaluator);
const uint8_t *weft_evaluator_labels(const weft_evaluator *evaluator);
const uint32_t *weft_evaluator_wrong(const weft_evaluator *evaluator);
/* chain: NULL for the deployed weights as the file has them; else chain(W). layers: [weft_evaluator_layer_count],
 * filled in (which takes several times as long), or NULL. The result depends on network, data, options and chain only,
 * and its differences on the first run's chain. INTERRUPTED when *options.stop becomes non-zero. */
weft_status weft_evaluator_run(weft_evaluator *evaluator, const weft_transform_chain *chain, weft_eval_result *result,
                               weft_eval_layer *layers, weft_error *err);

/* ---- forward executor (oneDNN inference of any weft_network) ---- */

typedef struct weft_forward weft_forward;
/* batch: images per call. The network is borrowed and read at every run, so its weights and statistics may change in
 * between. UNSUPPORTED for a precision that the processor lacks. */
weft_status weft_forward_create(weft_forward **out, const weft_network *net, int batch, weft_precision precision,
                                weft_error *err);
void weft_forward_destroy(weft_forward *forward);
/* logits [count, classes] from x [count, C, H, W]; any count. In INT8, INVALID for a layer whose input range is
 * unknown: weft_forward_reestimate of an executor in FP32 finds it. */
weft_status weft_forward_run(weft_forward *forward, const float *x, size_t count, float *logits, weft_error *err);
/* Re-estimates mean and variance of every batch norm of `net` (the network it was created with, passed again because it
 * is changed) on x, in order, each from the distorted network's own activations over all count images (population
 * variance); when ranges, also sets input_min and input_max of every CONV and DENSE layer. Deterministic. */
weft_status weft_forward_reestimate(weft_forward *forward, weft_network *net, const float *x, size_t count,
                                    bool statistics, bool ranges, weft_error *err);

/* What layer `layer` puts out, [count, c, h, w], for x as above: the layers up to it by themselves. So the host
 * computes the spikes that a chip takes in (core/snn_network.h: layer coding.input). */
weft_status weft_forward_layer(const weft_network *net, int layer, const float *x, size_t count, float *values,
                               weft_error *err);
/* The same for the first `images` of a set, to which the network's preprocessing is bound: what layer `layer`, of
 * binary activations, says to image s are the spikes of tick s. Caller frees. */
weft_status weft_layer_spikes(weft_spikes *out, const weft_network *net, int layer, const weft_dataset *set,
                              uint64_t images, weft_error *err);
/* scales [layer_count]: of each RELU layer the value that `percent` (above 0, to 100) of all that it puts out for x are
 * not above, or its largest where that is 0, or 1 where that is, too; of other layers 0. Takes 4 bytes a value of the
 * largest layer and image. progress: after each RELU layer, `done` of `layers`; NULL: silent. */
weft_status weft_forward_scales(const weft_network *net, const float *x, size_t count, double percent, float *scales,
                                void (*progress)(void *context, int done, int layers), void *context, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
