/* A recipe: everything that decides a training run. Read from YAML by the field tables of recipe.c. Internal to
 * trainer/. */
#ifndef WEFT_TRAINER_RECIPE_H
#define WEFT_TRAINER_RECIPE_H

#include "core/augment.h"
#include "core/dataset.h"
#include "core/file.h"
#include "core/network.h"
#include "core/transform.h"
#include "trainer/trainer.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_WORKERS_MAX 16

/* Where a layer stands in the network; the first member of every layer's struct. */
typedef struct weft_recipe_place {
    const char *name; /* "": the kind and a number */
    const char *from; /* the layer that it reads; "": the one before */
} weft_recipe_place;
#define WEFT_RECIPE_INPUT "input" /* the name of the network's input */

typedef enum weft_pad { WEFT_PAD_SAME, WEFT_PAD_VALID } weft_pad;
typedef enum weft_initialisation { WEFT_INIT_GLOROT, WEFT_INIT_WHITENING } weft_initialisation;

#define WEFT_WHITENING_VALUES_MAX 300 /* of a patch */

typedef struct weft_recipe_conv {
    weft_recipe_place place;
    int64_t filters, kernel[2], stride[2], groups;
    int pad; /* weft_pad */
    bool bias, frozen;
    const char *projection; /* "": the recipe's */
    int init;               /* weft_initialisation */
    double whitening_epsilon;
} weft_recipe_conv;

typedef struct weft_recipe_dense {
    weft_recipe_place place;
    int64_t units;
    bool bias, frozen;
    const char *projection;
} weft_recipe_dense;

typedef struct weft_recipe_pool {
    weft_recipe_place place;
    int64_t size[2], stride[2]; /* stride 0: size */
    int pad;
} weft_recipe_pool;

typedef enum weft_gamma { WEFT_GAMMA_TRAINED, WEFT_GAMMA_FIXED } weft_gamma;
typedef struct weft_recipe_norm {
    weft_recipe_place place;
    double momentum, epsilon;
    int gamma; /* weft_gamma */
} weft_recipe_norm;

typedef struct weft_recipe_add {
    weft_recipe_place place;
    const char *with;
} weft_recipe_add;

/* CLIP, QUANTISE, THRESHOLD: keys that a kind does not have stay 0. */
typedef struct weft_recipe_activation {
    weft_recipe_place place;
    double high, threshold, width;
    int64_t bits;
    bool with_sign;
    int surrogate; /* weft_recipe_surrogate */
} weft_recipe_activation;
typedef enum weft_recipe_surrogate { WEFT_SURROGATE_BOX, WEFT_SURROGATE_TRIANGLE } weft_recipe_surrogate;

/* A frozen DENSE layer: channel c of the input counts for class c mod classes, all with one weight. */
typedef struct weft_recipe_vote {
    weft_recipe_place place;
    int64_t classes, high;
} weft_recipe_vote;

typedef struct weft_recipe_shuffle {
    weft_recipe_place place;
    int64_t groups;
} weft_recipe_shuffle;

/* Order of recipe_layers.c's table of layer variants. */
typedef enum weft_recipe_layer {
    WEFT_RECIPE_CONV,
    WEFT_RECIPE_DENSE,
    WEFT_RECIPE_NORM,
    WEFT_RECIPE_RELU,
    WEFT_RECIPE_MAX_POOL,
    WEFT_RECIPE_AVERAGE_POOL,
    WEFT_RECIPE_FLATTEN,
    WEFT_RECIPE_ADD,
    WEFT_RECIPE_CLIP,
    WEFT_RECIPE_QUANTISE,
    WEFT_RECIPE_THRESHOLD,
    WEFT_RECIPE_VOTE,
    WEFT_RECIPE_CHANNEL_SHUFFLE,
    WEFT_RECIPE_LAYER_COUNT
} weft_recipe_layer;

typedef enum weft_optimiser_kind { WEFT_OPTIMISER_ADAM, WEFT_OPTIMISER_SGD } weft_optimiser_kind;
typedef struct weft_recipe_adam {
    double learning_rate, beta1, beta2, epsilon;
} weft_recipe_adam;
typedef struct weft_recipe_sgd {
    double learning_rate, momentum, weight_decay;
} weft_recipe_sgd;

typedef enum weft_schedule_kind {
    WEFT_SCHEDULE_CONSTANT,
    WEFT_SCHEDULE_EXPONENTIAL,
    WEFT_SCHEDULE_ONE_CYCLE,
    WEFT_SCHEDULE_COSINE
} weft_schedule_kind;
/* Every schedule's keys; those that a kind does not have stay 0. */
typedef struct weft_recipe_schedule {
    double end, warm_up;
} weft_recipe_schedule;

typedef enum weft_loss_kind { WEFT_LOSS_SQUARE_HINGE, WEFT_LOSS_CROSS_ENTROPY } weft_loss_kind;

typedef struct weft_recipe_gcn_zca {
    double norm, epsilon; /* norm 0: not wanted */
} weft_recipe_gcn_zca;
typedef struct weft_recipe_preprocess {
    weft_reals mean, std;
    weft_recipe_gcn_zca gcn_zca;
} weft_recipe_preprocess;

typedef struct weft_recipe_growth {
    double factor;
    weft_reals at; /* steps, ascending */
} weft_recipe_growth;

typedef enum weft_recipe_precision {
    WEFT_RECIPE_PRECISION_AUTO,
    WEFT_RECIPE_PRECISION_FP32,
    WEFT_RECIPE_PRECISION_BF16
} weft_recipe_precision;

typedef struct weft_recipe {
    const char *name, *description, *dataset, *projection;
    int64_t seed, epochs, batch, workers, recalibrate;
    int precision; /* weft_recipe_precision */
    weft_recipe_preprocess preprocess;
    weft_augment augment;
    weft_list layers; /* of weft_variant, index is a weft_recipe_layer */
    double clip;      /* 0: no bound */
    weft_recipe_growth clip_growth;
    double weight_rate, bias_rate, norm_rate;
    double ema; /* 0: off */
    weft_variant optimiser, schedule;
    int loss;
    double label_smoothing;
    weft_yaml yaml; /* owns all texts and lists; not a key */
} weft_recipe;

/* Reads the file (or the recipe of that name that ships with weft), applies overrides and the data set's, checks
 * everything that does not need the data. Errors carry file, line and column. Destroy with weft_recipe_destroy, also
 * after a failure. */
weft_status weft_recipe_load(weft_recipe *out, const char *name, const char *const *overrides, int override_count,
                             const char *dataset, weft_error *err);
void weft_recipe_destroy(weft_recipe *recipe); /* safe on a zeroed one */
/* Name and producers of one layer. */
typedef struct weft_recipe_link {
    char name[64];
    int input, addend; /* numbers in the list of layers, -1: the network's input; addend of ADD only */
} weft_recipe_link;
/* *out: one a layer; caller frees. INVALID, at the key's line in yaml (the recipe's own file), for a name that is
 * taken, unknown or not yet defined, and for a layer whose output nothing reads. */
weft_status weft_recipe_links(weft_recipe_link **out, const weft_recipe *recipe, const weft_yaml *yaml,
                              weft_error *err);
/* SHA-256 over every key's resolved value but the description's: two recipes of one hash train alike. */
weft_status weft_recipe_hash(weft_sha256 *out, const weft_recipe *recipe, weft_error *err);
/* The network with zeroed weights for images of that shape. INVALID, at the layer's line, when shapes do not work out
 * or the last layer does not have one output a class. */
weft_status weft_recipe_network(weft_network **out, const weft_recipe *recipe, weft_shape input, int classes,
                                weft_error *err);
/* Projection of one CONV or DENSE layer (number in the list of layers); empty for none. */
weft_status weft_recipe_projection(weft_transform_chain *out, const weft_recipe *recipe, int layer, weft_error *err);
/* Bound of W at minibatch `step`, in standard deviations of the Glorot initialisation; 0: none. */
double weft_recipe_clip(const weft_recipe *recipe, size_t step);
double weft_recipe_learning_rate(const weft_recipe *recipe); /* the optimiser's, before the schedule */
/* Learning rate of minibatch `step` of `steps`, of which `per_epoch` make an epoch. */
double weft_recipe_scheduled_rate(const weft_recipe *recipe, size_t step, size_t steps, size_t per_epoch);

#ifdef __cplusplus
}
#endif
#endif
