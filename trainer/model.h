/* The network in training: W, its projection P, what the optimiser keeps, and how they meet. Internal to trainer/.
 *
 * net->layers[i].latent is W where the layer has a projection, and weight is P, the sample that forward and backward
 * use. Without a projection weight is W and latent NULL. */
#ifndef WEFT_TRAINER_MODEL_H
#define WEFT_TRAINER_MODEL_H

#include "trainer/optimiser.h"
#include "trainer/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a parameter is in the network. */
typedef enum weft_slot_kind { WEFT_SLOT_WEIGHT, WEFT_SLOT_BIAS, WEFT_SLOT_GAMMA, WEFT_SLOT_BETA } weft_slot_kind;
typedef struct weft_slot {
    int layer;
    weft_slot_kind kind;
    double sigma; /* WEIGHT: of the Glorot initialisation */
} weft_slot;

typedef struct weft_model {
    weft_network *net;
    weft_transform_chain *chains; /* one a layer; empty where the layer has no weights or no projection */
    float *momentum;              /* of batch norm's running statistics, one a layer */
    weft_parameter *parameters;   /* none of frozen layers */
    weft_slot *slots;             /* of the parameters */
    int parameter_count;
    uint64_t seed;
} weft_model;

/* Builds the network with Glorot-uniform weights and zeroed moments. */
weft_status weft_model_create(weft_model *model, const weft_recipe *recipe, weft_shape input, int classes,
                              weft_error *err);
void weft_model_destroy(weft_model *model); /* safe on a zeroed one */
/* Standard deviation of the Glorot initialisation of a CONV or DENSE layer, sqrt(2 / (fan_in + fan_out)). */
double weft_glorot_sigma(const weft_layer *layer);
/* Layers with init: whitening get their filters, from the first images of the set. */
weft_status weft_model_whiten(weft_model *model, const weft_recipe *recipe, const weft_dataset *set, weft_error *err);
/* Bounds and averaging as they are at minibatch `step`. */
void weft_model_schedule(weft_model *model, const weft_recipe *recipe, size_t step);
/* Exchanges all parameters with their moving averages; nothing where there are none. */
void weft_model_swap_averages(weft_model *model);
/* Points the parameters at the gradients of the workers' plans, in that order. */
void weft_model_attach(weft_model *model, weft_plan *const *plans, int count);
/* P = Proj(W) of every layer, for minibatch `step`. */
weft_status weft_model_project(weft_model *model, size_t step, weft_error *err);
/* The weights that would be deployed: P where the projection is deterministic, else W. */
weft_status weft_model_deploy(weft_model *model, weft_error *err);
/* Takes the minibatch's batch-norm statistics, those of all workers' images together, into the running ones. */
void weft_model_track(weft_model *model, weft_plan *const *plans, int count);
/* Number of weights (biases and batch norm not counted). */
size_t weft_model_weights(const weft_model *model);

#ifdef __cplusplus
}
#endif
#endif
