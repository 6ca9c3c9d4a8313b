/* Lowering: a network becomes a graph of stages. A stage is one matrix (a convolution or dense layer, to be tiled onto
 * crossbars), or none (a digital stage), followed by digital operations. A stage ends where its value has more than one
 * user, and before pooling windows that overlap or that leave a single position: so its output positions can be shared
 * out over copies of it. Mapper, functional engine and timed chip all work on stages, so they agree.
 *
 * Activations are vectors of channels per position, (height, width, channel) order. Matrix rows of a convolution are
 * ordered (group, kernel_y, kernel_x, input channel of the group), so that a window is a run of whole pixels where
 * there is one group, and the weights of a group a contiguous block of rows and columns where there are several; what
 * lies off these blocks is 0 and needs no cell. Rows of a dense layer after a flatten are permuted from ONNX's (c, h,
 * w) to (h, w, c) here, once.
 *
 * What becomes of the layers: CONV and DENSE a matrix; BATCH_NORM and AFFINE one affine operation; ADD an operation
 * with a port of its own, in the stage of its producer that ends last; CONCAT the sources of a port; PAD merged into
 * the windows of its users, or an operation; SOFTMAX at the output is the host's. A layer that comes before any matrix,
 * or whose input has several users, starts a digital stage. */
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
    WEFT_DIGITAL_ADD, /* + port's value at the position */
    WEFT_DIGITAL_PAD, /* window.pad_*: zeros around the map */
    /* As the layers of those names (network.h), one activation a value. */
    WEFT_DIGITAL_CLIP,
    WEFT_DIGITAL_QUANTISE,
    WEFT_DIGITAL_THRESHOLD,
    WEFT_DIGITAL_LEAKY_RELU,
    WEFT_DIGITAL_SIGMOID,
    WEFT_DIGITAL_HARD_SIGMOID,
    WEFT_DIGITAL_HARD_SWISH,
    WEFT_DIGITAL_TANH,
    WEFT_DIGITAL_KIND_COUNT
} weft_digital_kind;
extern const char *const weft_digital_kind_names[]; /* "affine", "relu", ... NULL-terminated */

typedef struct weft_digital_op {
    weft_digital_kind kind;
    weft_shape in, out;
    weft_window window;     /* pools, PAD */
    int port;               /* ADD: index into the stage's ports */
    bool count_include_pad; /* average pool */
    /* AFFINE: y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, folded. batch_norm: the network layer it came
     * from (its statistics can be re-estimated), or -1 for constants: a bias (scale 1) or the layer AFFINE. */
    float *scale, *offset; /* [in.channels] */
    int batch_norm;
    float *gamma, *beta; /* [in.channels], batch norm only */
    float epsilon;
    float low, high;           /* CLIP, QUANTISE */
    float slope, slope_offset; /* LEAKY_RELU, HARD_SIGMOID */
    float step;                /* QUANTISE: distance of two values */
    float threshold;           /* THRESHOLD */
    bool signed_spikes;        /* THRESHOLD */
} weft_digital_op;

/* Channels [0, channels) of the output of stage (-1: the network's input) are channels [begin, begin + channels) of a
 * port's map. */
typedef struct weft_source {
    int stage, begin, channels;
} weft_source;
/* What a stage reads. Port 0 is the input of its matrix (of its first operation where there is none), each further one
 * the second term of an ADD: op. */
typedef struct weft_port {
    weft_shape shape;
    int op;           /* -1 for port 0 */
    int source_count; /* several: the port's map is their concatenation */
    weft_source *sources;
    int lag; /* rows, see weft_stages_lag (mapping.h) */
} weft_port;

typedef struct weft_stage {
    const char *name; /* of the layer it starts with */
    int layer;        /* index of that in the network */
    bool has_matrix;  /* else a digital stage: rows 0, columns in.channels, matrix_out = in, no weights */
    bool is_conv;
    int port_count;
    weft_port *ports;
    weft_shape in;         /* ports[0].shape: feature map, or (h, w, c) extent that is flattened for a dense layer */
    weft_shape matrix_out; /* channels = columns; positions = height * width (1 x 1 for dense) */
    weft_window window;    /* conv; dense: the kernel is the whole input, no padding: a conv with one position; digital
                              stage: 1 x 1 */
    int groups;
    int rows;      /* of all groups = kernel_h * kernel_w * in.channels */
    int columns;   /* = out channels (all groups) */
    float *weight; /* [rows / groups, columns] row-major, in real units (deployed or distorted weights): the rows of a
                      column are those of its group */
    float input_min, input_max; /* range of port 0 as the network's file knows it; 0, 0 when unknown */
    int op_count;
    weft_digital_op *ops; /* in network order; a bias comes first */
    weft_shape out;       /* after the ops */
} weft_stage;

typedef struct weft_stages {
    int count;
    weft_stage *items; /* topological order; the last one's output is the network's, and no stage reads it */
    weft_shape input;  /* the network's */
    int classes;       /* channels of the last stage's output */
    /* Outputs that one port of a matrix concatenates must share a scale: range_of[1 + stage] (0: the network's input)
     * is the smallest such index of the outputs that it shares one with. [count + 1] */
    int *range_of;
    bool host_softmax; /* the network ends with a softmax, which the host computes */
} weft_stages;

/* Rows of one group. */
static inline int weft_stage_group_rows(const weft_stage *s) { return s->rows / s->groups; }
static inline int weft_stage_group_columns(const weft_stage *s) { return s->columns / s->groups; }
/* Kernel tap (ky * kernel_w + kx) and input channel of a matrix row. */
static inline int weft_stage_row_tap(const weft_stage *s, int row) {
    return row % weft_stage_group_rows(s) / (s->in.channels / s->groups);
}
static inline int weft_stage_row_channel(const weft_stage *s, int row) {
    int channels = s->in.channels / s->groups;
    return row / weft_stage_group_rows(s) * channels + row % channels;
}
/* False where row and column are of different groups: no cell needed. */
static inline bool weft_stage_has_weight(const weft_stage *s, int row, int column) {
    return row / weft_stage_group_rows(s) == column / weft_stage_group_columns(s);
}
/* Row (axis 0) or column (axis 1) of the stage's output that position `at` along this axis, in front of operation op,
 * becomes part of; those that a pooling skips count to the window before them. Only where weft_stage_is_local. */
int weft_stage_owner(const weft_stage *stage, int op, int axis, int at);
/* Every position is part of one output position at most: no pooling window overlaps another, no PAD. Then copies of the
 * stage can share out its output positions. */
bool weft_stage_is_local(const weft_stage *stage);

#define WEFT_LOWERING_ROWS_MAX (1 << 24) /* heights of all layers' maps added up: 64 MiB of memory */
/* UNSUPPORTED, naming the layer: a network without a matrix, an output that is a map, a softmax that is not the last
 * layer, a convolution, pooling or batch norm after the flatten of a map, more than WEFT_LOWERING_ROWS_MAX rows. Layers
 * that the output does not depend on are left out. net must outlive *out (names). */
weft_status weft_lower(weft_stages **out, const weft_network *net, weft_error *err);
/* The same without weights (weight is NULL): enough to map, to check and to count packets, in little memory. */
weft_status weft_lower_shapes(weft_stages **out, const weft_network *net, weft_error *err);
void weft_stages_destroy(weft_stages *stages); /* NULL is allowed */

#ifdef __cplusplus
}
#endif
#endif
