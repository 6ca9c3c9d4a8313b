/* Lowering: a network becomes stages. A stage is one matrix (a convolution or dense layer, to be tiled onto crossbars)
 * followed by the digital operations up to the next matrix. Mapper, functional engine and timed chip all work on
 * stages, so they agree.
 *
 * Activations are vectors of channels per position, (height, width, channel) order. Matrix rows of a convolution are
 * ordered (kernel_y, kernel_x, input channel), so a window is a run of whole pixels; rows of a dense layer after a
 * flatten are permuted from ONNX's (c, h, w) to (h, w, c) here, once. */
#ifndef WEFT_CORE_LOWERING_H
#define WEFT_CORE_LOWERING_H

#include "core/network.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weft_digital_kind {
    WEFT_DIGITAL_AFFINE, /* y = scale[c] * x + offset[c]: bias and folded batch norm */
    WEFT_DIGITAL_RELU,
    WEFT_DIGITAL_MAX_POOL,
    WEFT_DIGITAL_AVERAGE_POOL,
    WEFT_DIGITAL_CLIP, /* CLIP, QUANTISE, THRESHOLD: as the layers of those names (network.h), one activation a value */
    WEFT_DIGITAL_QUANTISE,
    WEFT_DIGITAL_THRESHOLD
} weft_digital_kind;

typedef struct weft_digital_op {
    weft_digital_kind kind;
    weft_shape in, out;
    weft_window window;     /* pools */
    bool count_include_pad; /* average pool */
    /* AFFINE: y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, folded. batch_norm: the network layer it came
     * from (its statistics can be re-estimated), or -1 for a bare bias (scale 1, offset bias). */
    float *scale, *offset; /* [in.channels] */
    int batch_norm;
    float *gamma, *beta; /* [in.channels], batch norm only */
    float epsilon;
    float low, high;    /* CLIP, QUANTISE */
    float step;         /* QUANTISE: distance of two values */
    float threshold;    /* THRESHOLD */
    bool signed_spikes; /* THRESHOLD */
} weft_digital_op;

typedef struct weft_stage {
    const char *name; /* the matrix layer's name */
    int layer;        /* index in the network */
    int producer;     /* stage whose output is the input, -1 for the network's input. Here: the stage before */
    bool is_conv;
    weft_shape in;         /* of the matrix: feature map, or (h, w, c) extent that is flattened for a dense layer */
    weft_shape matrix_out; /* channels = columns; positions = height * width (1 x 1 for dense) */
    weft_window window;    /* conv; dense: the kernel is the whole input, no padding: a conv with one position */
    int groups;
    int rows;      /* matrix rows per group = kernel_h * kernel_w * in.channels / groups */
    int columns;   /* = out channels (all groups) */
    float *weight; /* [rows, columns] row-major, in real units (deployed or distorted weights); groups > 1: the rows of
                      a column are those of its group */
    float input_min, input_max; /* calibrated range of the stage's input; 0, 0 when unknown */
    int op_count;
    weft_digital_op *ops; /* in network order; a bias comes first */
    weft_shape out;       /* after the ops */
} weft_stage;

typedef struct weft_stages {
    int count;
    weft_stage *items;
    weft_shape input; /* the network's */
    int classes;      /* channels of the last stage's output */
} weft_stages;

/* UNSUPPORTED, naming the layer: operations before the first matrix, groups > 1 (until the mapper splits them),
 * residual additions and other branches. net must outlive *out (names). */
weft_status weft_lower(weft_stages **out, const weft_network *net, weft_error *err);
void weft_stages_destroy(weft_stages *stages); /* NULL is allowed */

#ifdef __cplusplus
}
#endif
#endif
