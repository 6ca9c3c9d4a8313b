/* The table of weight transforms (Merolla et al. 2016): one kind of function serves as projection in training, as
 * distortion in evaluation and as device error in the simulator. Written `name:param=value,param=value` everywhere.
 *
 * Every parameter may be a range `lo..hi`: then one value is drawn uniformly per application (per minibatch in
 * training), as Tr-Power-C does with power:beta=0..2.
 *
 * Adding a transform: one row and one function in transform_table.c (devices: transform_device.c); the conformance
 * tests pick it up. */
#ifndef WEFT_CORE_TRANSFORM_H
#define WEFT_CORE_TRANSFORM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/rng.h"
#include "core/status.h"
#include "core/text.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_TRANSFORM_PARAMS_MAX 4
#define WEFT_TRANSFORM_CHAIN_MAX 8

/* What apply sees: resolved parameters, alpha = max |w| over the whole layer (of the chain's input; never negative, and
 * 0 only for a layer of zeros), and the stream for random draws (draw number of weight i: use 2 * i and 2 * i + 1 when
 * two are needed, 4 * i and on when three or four, i when one). */
typedef struct weft_transform_scope {
    double param[WEFT_TRANSFORM_PARAMS_MAX];
    float alpha;
    float low;    /* what a cell stuck off holds; 0 for weights */
    float middle; /* abs(w) below this is StochM3's middle; filled by prepare when the row has one */
    weft_rng rng;
} weft_transform_scope;

typedef struct weft_transform_param {
    const char *name;
    double min, max, default_value;
    const char *doc;
    bool integer; /* only whole numbers */
} weft_transform_param;

enum {
    WEFT_TRANSFORM_STOCHASTIC = 1, /* draws random numbers */
    WEFT_TRANSFORM_IDEMPOTENT = 2, /* T(T(w)) = T(w), alpha taken again from T(w) */
    WEFT_TRANSFORM_ODD = 4,        /* T(-w) = -T(w) for w != 0, in distribution when stochastic */
    WEFT_TRANSFORM_TRAIN = 8,      /* used as projection in the paper */
    WEFT_TRANSFORM_TEST = 16       /* used as distortion in the paper */
};

typedef struct weft_transform_op {
    const char *name, *summary, *formula, *source;
    unsigned flags;
    int param_count;
    weft_transform_param params[WEFT_TRANSFORM_PARAMS_MAX];
    /* Optional: whole-layer statistics into scope (called once, before apply). w: the layer, count values. MEMORY. */
    weft_status (*prepare)(weft_transform_scope *scope, const float *w, size_t count, weft_error *err);
    /* out[i] = T(w[i]) for i in [0, count); element numbers for draws start at `first`. w == out is allowed. Pure:
     * called from several threads on disjoint parts. */
    void (*apply)(const weft_transform_scope *scope, const float *w, float *out, uint64_t first, size_t count);
} weft_transform_op;

extern const weft_transform_op *const weft_transform_table[]; /* NULL-terminated */

typedef struct weft_transform {
    const weft_transform_op *op;
    double lo[WEFT_TRANSFORM_PARAMS_MAX], hi[WEFT_TRANSFORM_PARAMS_MAX]; /* equal where fixed */
} weft_transform;

/* T1 then T2 then ...; empty is the identity. */
typedef struct weft_transform_chain {
    int count;
    weft_transform items[WEFT_TRANSFORM_CHAIN_MAX];
    float low; /* of cells: the lowest conductance, where those that are stuck off lie; 0 for weights */
} weft_transform_chain;

/* Which draw this is. Every link of a chain gets its own stream: link k draws with purpose + 256 k. A parameter that is
 * a range is drawn from the stream (seed, step, layer 0, WEFT_PURPOSE_PARAMETER + 256 k), element
 * WEFT_TRANSFORM_PARAMS_MAX * purpose + its number: so all layers of a minibatch share one value, as Tr-Power-C shares
 * one beta. */
typedef struct weft_transform_draw {
    uint64_t seed;
    uint64_t step; /* minibatch or draw number */
    uint16_t layer;
    weft_purpose purpose; /* PROJECT, DISTORT or PROGRAM */
} weft_transform_draw;

/* INVALID for an unknown name (nearest named), parameter, or a value out of range or not a number. */
weft_status weft_transform_parse(weft_transform *out, const char *text, weft_error *err);
/* "sign", or "sign|addnorm:sigma=0.2": links joined by '|'. Appends to *chain; INVALID when the chain is full. */
weft_status weft_transform_chain_parse(weft_transform_chain *chain, const char *text, weft_error *err);
/* Canonical text, as parse reads it; "none" for an empty chain. */
void weft_transform_chain_format(const weft_transform_chain *chain, char *out, size_t out_size);
/* The texts of --transform as one chain. */
weft_status weft_chain_from_texts(weft_transform_chain *chain, const weft_texts *texts, weft_error *err);
/* Its canonical text, or "as deployed" when none was given. */
void weft_chain_text(char *out, size_t out_size, const weft_transform_chain *chain, bool given);
bool weft_transform_chain_is_stochastic(const weft_transform_chain *chain); /* also when a parameter is a range */

/* out[0..count) = chain(w). OpenMP over elements; the same bytes for any number of threads. w == out is allowed, other
 * overlap is not; count up to 2^32. A layer of zeros gives zeros. INVALID when a weight is not finite; MEMORY. */
weft_status weft_transform_chain_apply(const weft_transform_chain *chain, const float *w, float *out, size_t count,
                                       const weft_transform_draw *draw, weft_error *err);
/* The same with a given alpha > 0 in place of max |w|, at every link: conductances over g_max, alpha = 1. Draws:
 * element first_element + i, so that parts of one layer can be made one after the other; first_element + count up to
 * 2^32. Zeros are transformed like other weights. */
weft_status weft_transform_chain_apply_to(const weft_transform_chain *chain, float alpha, const float *w, float *out,
                                          uint64_t first_element, size_t count, const weft_transform_draw *draw,
                                          weft_error *err);
float weft_weights_alpha(const float *w, size_t count); /* max |w|; 0 for count 0, NaN when one of them is */

/* Table of transforms as text, for `weft describe transforms`. */
void weft_transform_describe(FILE *stream);

#ifdef __cplusplus
}
#endif
#endif
