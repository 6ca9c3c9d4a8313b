/* A recipe: everything that decides a training run. Read from YAML by the field tables of recipe.c. Internal to
 * trainer/. */
#ifndef WEFT_TRAINER_RECIPE_H
#define WEFT_TRAINER_RECIPE_H

#include "core/dataset.h"
#include "core/file.h"
#include "core/network.h"
#include "core/transform.h"
#include "trainer/trainer.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_WORKERS_MAX 16

typedef struct weft_recipe_conv {
    int64_t filters, kernel[2], stride[2], groups;
    int pad; /* weft_pad */
    bool bias;
    const char *projection; /* "": the recipe's */
} weft_recipe_conv;
typedef enum weft_pad { WEFT_PAD_SAME, WEFT_PAD_VALID } weft_pad;

typedef struct weft_recipe_dense {
    int64_t units;
    bool bias;
    const char *projection;
} weft_recipe_dense;

typedef struct weft_recipe_pool {
    int64_t size[2], stride[2]; /* stride 0: size */
    int pad;
} weft_recipe_pool;

typedef struct weft_recipe_norm {
    double momentum, epsilon;
} weft_recipe_norm;

typedef struct weft_recipe_empty {
    char unused;
} weft_recipe_empty;

/* Order of recipe.c's table of layer variants. */
typedef enum weft_recipe_layer {
    WEFT_RECIPE_CONV,
    WEFT_RECIPE_DENSE,
    WEFT_RECIPE_NORM,
    WEFT_RECIPE_RELU,
    WEFT_RECIPE_MAX_POOL,
    WEFT_RECIPE_AVERAGE_POOL,
    WEFT_RECIPE_FLATTEN
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

typedef struct weft_recipe_preprocess {
    weft_reals mean, std;
} weft_recipe_preprocess;
typedef struct weft_recipe_augment {
    bool flip;
    int64_t translate;
} weft_recipe_augment;

typedef struct weft_recipe {
    const char *name, *description, *dataset, *projection;
    int64_t seed, epochs, batch, workers, recalibrate;
    weft_recipe_preprocess preprocess;
    weft_recipe_augment augment;
    weft_list layers; /* of weft_variant, index is a weft_recipe_layer */
    double clip;      /* 0: no bound */
    double weight_rate;
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
/* SHA-256 over every key's resolved value: two recipes of one hash train alike. */
weft_status weft_recipe_hash(weft_sha256 *out, const weft_recipe *recipe, weft_error *err);
/* The network with zeroed weights for images of that shape. INVALID, at the layer's line, when shapes do not work out
 * or the last layer does not have one output a class. */
weft_status weft_recipe_network(weft_network **out, const weft_recipe *recipe, weft_shape input, int classes,
                                weft_error *err);
/* Projection of one CONV or DENSE layer (number in the list of layers); empty for none. */
weft_status weft_recipe_projection(weft_transform_chain *out, const weft_recipe *recipe, int layer, weft_error *err);
double weft_recipe_learning_rate(const weft_recipe *recipe); /* the optimiser's, before the schedule */
/* Learning rate of minibatch `step` of `steps`, of which `per_epoch` make an epoch. */
double weft_recipe_scheduled_rate(const weft_recipe *recipe, size_t step, size_t steps, size_t per_epoch);

#ifdef __cplusplus
}
#endif
#endif
