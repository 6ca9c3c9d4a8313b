/* Linear nodes as matrices. */
#include "core/snn_matrix.h"

/* out = weight in, for each leading index of the weight. */
static weft_status dense_matrix(weft_snn_matrix *m, const weft_nir_value *weight, weft_error *err) {
    const uint32_t inputs = (uint32_t)weight->shape.size[weight->shape.rank - 1];
    const uint32_t outputs = (uint32_t)weight->shape.size[weight->shape.rank - 2];
    for (uint32_t row = 0; row < m->rows; row++) {
        for (uint32_t i = 0; i < inputs; i++)
            WEFT_TRY(weft_snn_matrix_put(m, row / outputs * inputs + i, weight->values[(size_t)row * inputs + i], err));
        weft_snn_matrix_end_row(m, row);
    }
    return WEFT_OK;
}

static weft_status diagonal_matrix(weft_snn_matrix *m, const weft_nir_value *scale, weft_error *err) {
    for (uint32_t row = 0; row < m->rows; row++) {
        WEFT_TRY(weft_snn_matrix_put(m, row, scale->values[scale->count > 1 ? row : 0], err));
        weft_snn_matrix_end_row(m, row);
    }
    return WEFT_OK;
}

/* A convolution or pooling seen as one: channels, y, x; a Conv1d has y = 1. */
typedef struct geometry {
    weft_nir_window w;
    int in[3], out[3];
    const weft_nir_value *weight; /* NULL: pooling, each channel by itself */
    double pool_weight;
} geometry;

static geometry geometry_of(const weft_nir_node *node, const weft_nir_shape *in, const weft_nir_shape *out) {
    geometry g = {.w = weft_nir_window_of(node), .weight = weft_nir_get(node, "weight")};
    const bool line = node->type == WEFT_NIR_CONV1D;
    const double area = (double)g.w.kernel[0] * g.w.kernel[1];
    for (int i = 0; i < 3; i++) {
        g.in[i] = line && i ? i == 1 ? 1 : in->size[1] : in->size[i];
        g.out[i] = line && i ? i == 1 ? 1 : out->size[1] : out->size[i];
    }
    g.pool_weight = node->type == WEFT_NIR_AVG_POOL2D ? 1 / area : 1;
    return g;
}

/* Entries of one output and one of its input channels. k: the channel's place in the weight. */
static weft_status window_entries(weft_snn_matrix *m, const geometry *g, const int at[3], int channel, size_t k,
                                  weft_error *err) {
    const weft_nir_window *w = &g->w;
    const size_t kernel = (size_t)w->kernel[0] * (size_t)w->kernel[1];
    for (int ky = 0; ky < w->kernel[0]; ky++) {
        const int64_t y = (int64_t)at[1] * w->stride[0] - w->before[0] + (int64_t)ky * w->dilation[0];
        if (y < 0 || y >= g->in[1]) continue;
        for (int kx = 0; kx < w->kernel[1]; kx++) {
            const int64_t x = (int64_t)at[2] * w->stride[1] - w->before[1] + (int64_t)kx * w->dilation[1];
            if (x < 0 || x >= g->in[2]) continue;
            const size_t tap = (size_t)ky * (size_t)w->kernel[1] + (size_t)kx;
            const double value = g->weight ? g->weight->values[k * kernel + tap] : g->pool_weight;
            const int64_t column = ((int64_t)channel * g->in[1] + y) * g->in[2] + x;
            WEFT_TRY(weft_snn_matrix_put(m, (uint32_t)column, value, err));
        }
    }
    return WEFT_OK;
}

static weft_status window_row(weft_snn_matrix *m, const geometry *g, const int at[3], weft_error *err) {
    if (!g->weight) return window_entries(m, g, at, at[0], 0, err);
    const int inputs = g->weight->shape.size[1], group = at[0] / (g->out[0] / g->w.groups);
    for (int i = 0; i < inputs; i++)
        WEFT_TRY(window_entries(m, g, at, group * inputs + i, (size_t)at[0] * (size_t)inputs + (size_t)i, err));
    return WEFT_OK;
}

static weft_status window_matrix(weft_snn_matrix *m, const geometry *g, weft_error *err) {
    uint32_t row = 0;
    int at[3];
    for (at[0] = 0; at[0] < g->out[0]; at[0]++)
        for (at[1] = 0; at[1] < g->out[1]; at[1]++)
            for (at[2] = 0; at[2] < g->out[2]; at[2]++) {
                WEFT_TRY(window_row(m, g, at, err));
                weft_snn_matrix_end_row(m, row++);
            }
    return WEFT_OK;
}

weft_status weft_snn_linear_matrix(weft_snn_matrix *out, const weft_nir_node *node, const weft_nir_shape *in,
                                   const weft_nir_shape *shape, weft_error *err) {
    const uint32_t rows = (uint32_t)weft_nir_shape_size(shape), columns = (uint32_t)weft_nir_shape_size(in);
    weft_status status;
    if (node->type == WEFT_NIR_FLATTEN || node->type == WEFT_NIR_DELAY)
        return *out = weft_snn_matrix_identity(rows), WEFT_OK;
    WEFT_TRY_GOTO(weft_snn_matrix_create(out, rows, columns, err));
    if (node->type == WEFT_NIR_AFFINE || node->type == WEFT_NIR_LINEAR) {
        WEFT_TRY_GOTO(dense_matrix(out, weft_nir_get(node, "weight"), err));
    } else if (node->type == WEFT_NIR_SCALE) {
        WEFT_TRY_GOTO(diagonal_matrix(out, weft_nir_get(node, "scale"), err));
    } else {
        const geometry g = geometry_of(node, in, shape);
        WEFT_TRY_GOTO(window_matrix(out, &g, err));
    }
cleanup:
    if (status != WEFT_OK) weft_snn_matrix_free(out);
    return status;
}

uint64_t weft_snn_linear_entries(const weft_nir_node *node, const weft_nir_shape *shape) {
    const uint64_t rows = weft_nir_shape_size(shape);
    const weft_nir_value *weight = weft_nir_get(node, "weight");
    if (node->type == WEFT_NIR_FLATTEN || node->type == WEFT_NIR_DELAY) return 0;
    if (node->type == WEFT_NIR_AFFINE || node->type == WEFT_NIR_LINEAR) return weight->count;
    if (node->type == WEFT_NIR_SCALE) return rows;
    const weft_nir_window w = weft_nir_window_of(node);
    if (weight) return rows * (weight->count / (uint64_t)weight->shape.size[0]);
    return rows * ((uint64_t)w.kernel[0] * (uint64_t)w.kernel[1]);
}

bool weft_snn_linear_has_bias(const weft_nir_node *node) { return weft_nir_get(node, "bias") != NULL; }

/* One a channel of a map, one an output of a vector; a list of the last dimension stands for all before it. */
void weft_snn_linear_bias(const weft_nir_node *node, const weft_nir_shape *shape, double *out) {
    const weft_nir_value *bias = weft_nir_get(node, "bias");
    const size_t size = weft_nir_shape_size(shape);
    const size_t map = node->type == WEFT_NIR_AFFINE ? 1 : size / (size_t)shape->size[0];
    for (size_t i = 0; i < size; i++) out[i] += bias->values[i / map % bias->count];
}
