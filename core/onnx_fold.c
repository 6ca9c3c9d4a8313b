/* Operators of constants: what exporters leave behind for shapes, and weights that are stored in another order or type.
 * Results are tensors of the importer's arena, in raw_data: FLOAT, INT64, or the integers of a QuantizeLinear. */
#include <inttypes.h>
#include <string.h>

#include "core/onnx_import.h"

#define TYPE(name) ONNX__TENSOR_PROTO__DATA_TYPE__##name

/* ---- results ---- */

static size_t type_bytes(int type) {
    return type == TYPE(INT64) ? 8 : type == TYPE(FLOAT) ? 4 : type == TYPE(INT16) || type == TYPE(UINT16) ? 2 : 1;
}

weft_status weft_onnx_tensor_new(weft_onnx_importer *im, const weft_onnx_node *node, int type, int rank,
                                 const int64_t *extent, Onnx__TensorProto **out, size_t *count, weft_error *err) {
    uint64_t product = 1;
    for (int i = 0; i < rank; i++) {
        if (extent[i] < 1 || (uint64_t)extent[i] > WEFT_NETWORK_VALUES_MAX / product)
            return weft_onnx_fail(node, WEFT_E_INVALID, err,
                                  "its result has an extent of %" PRId64
                                  ": not allowed (at least 1, at most %d values)",
                                  extent[i], WEFT_NETWORK_VALUES_MAX);
        product *= (uint64_t)extent[i];
    }
    WEFT_TRY(weft_onnx_spend(im, node, product, err));
    Onnx__TensorProto *t = weft_arena_alloc(im->arena, sizeof *t);
    int64_t *dims = weft_arena_alloc(im->arena, ((size_t)rank + 1) * sizeof *dims);
    uint8_t *data = weft_arena_alloc(im->arena, (size_t)product * type_bytes(type));
    if (!t || !dims || !data) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
    onnx__tensor_proto__init(t);
    if (rank) memcpy(dims, extent, (size_t)rank * sizeof *dims);
    t->name = node->proto->output[0];
    t->data_type = type;
    t->n_dims = (size_t)rank;
    t->dims = dims;
    t->raw_data.data = data;
    t->raw_data.len = (size_t)product * type_bytes(type);
    *out = t;
    *count = (size_t)product;
    return WEFT_OK;
}

/* Little-endian, as in a file. */
static void bits_set(Onnx__TensorProto *t, size_t i, uint64_t bits) {
    size_t bytes = type_bytes(t->data_type);
    for (size_t b = 0; b < bytes; b++) t->raw_data.data[i * bytes + b] = (uint8_t)(bits >> 8 * b);
}

void weft_onnx_tensor_set_real(Onnx__TensorProto *t, size_t i, double value) {
    float single = (float)value;
    uint32_t bits;
    memcpy(&bits, &single, sizeof bits);
    bits_set(t, i, bits);
}

void weft_onnx_tensor_set_integer(Onnx__TensorProto *t, size_t i, int64_t value) { bits_set(t, i, (uint64_t)value); }

void weft_onnx_out_constant(weft_onnx_importer *im, const Onnx__TensorProto *tensor) {
    im->out = (weft_onnx_value){.form = WEFT_ONNX_CONSTANT, .tensor = tensor};
}

/* ---- operands ---- */

typedef struct operand {
    const Onnx__TensorProto *tensor;
    size_t count;
    int rank;
    int64_t extent[WEFT_ONNX_RANK_MAX];
} operand;

static weft_status operand_get(const weft_onnx_importer *im, const weft_onnx_node *node, size_t slot, operand *out,
                               weft_error *err) {
    out->tensor = weft_onnx_constant(im, slot);
    WEFT_TRY(weft_onnx_tensor_check(node, out->tensor, WEFT_ONNX_ANY, &out->count, err));
    out->rank = (int)out->tensor->n_dims;
    for (int i = 0; i < out->rank; i++) out->extent[i] = out->tensor->dims[i];
    return WEFT_OK;
}

/* Type of the result: small integers become INT64, but for those of weights where they merely move. */
static int wide_type(const Onnx__TensorProto *t) { return weft_onnx_tensor_is_real(t) ? TYPE(FLOAT) : TYPE(INT64); }

static void value_copy(Onnx__TensorProto *to, size_t i, const Onnx__TensorProto *from, size_t k) {
    if (to->data_type == TYPE(FLOAT))
        weft_onnx_tensor_set_real(to, i, weft_onnx_tensor_real(from, k));
    else
        weft_onnx_tensor_set_integer(to, i, weft_onnx_tensor_integer(from, k));
}

/* An axis of `rank`, non-negative. */
static weft_status axis_get(const weft_onnx_node *node, int64_t fallback, int rank, int *out, weft_error *err) {
    int64_t axis;
    WEFT_TRY(weft_onnx_int(node, "axis", fallback, -rank, rank - 1, &axis, err));
    *out = (int)(axis < 0 ? axis + rank : axis);
    return WEFT_OK;
}

/* ---- sources ---- */

weft_status weft_onnx_fold_identity(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    (void)node;
    (void)err;
    weft_onnx_out_constant(im, im->input[0]->tensor);
    return WEFT_OK;
}

static weft_status scalar_out(weft_onnx_importer *im, const weft_onnx_node *node, const Onnx__AttributeProto *a,
                              weft_error *err) {
    Onnx__TensorProto *t;
    size_t count;
    bool real = a->type == ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT ||
                a->type == ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS;
    bool list = a->type == ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS ||
                a->type == ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
    int64_t length = (int64_t)(real ? a->n_floats : a->n_ints);
    WEFT_TRY(weft_onnx_tensor_new(im, node, real ? TYPE(FLOAT) : TYPE(INT64), list ? 1 : 0, &length, &t, &count, err));
    for (size_t i = 0; i < count; i++) {
        if (real)
            weft_onnx_tensor_set_real(t, i, (double)(list ? a->floats[i] : a->f));
        else
            weft_onnx_tensor_set_integer(t, i, list ? a->ints[i] : a->i);
    }
    weft_onnx_out_constant(im, t);
    return WEFT_OK;
}

weft_status weft_onnx_fold_constant(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    const Onnx__AttributeProto *a = node->proto->n_attribute == 1 ? node->proto->attribute[0] : NULL;
    if (!a) return weft_onnx_fail(node, WEFT_E_INVALID, err, "one attribute with its value is needed");
    switch (a->type) {
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR:
        if (!a->t) break;
        weft_onnx_out_constant(im, a->t);
        return WEFT_OK;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT:
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS:
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT:
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS:
        return scalar_out(im, node, a, err);
    default:
        break;
    }
    return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "only a tensor or numbers as its value are supported");
}

static weft_status fill_value(const weft_onnx_node *node, operand *out, weft_error *err) {
    const Onnx__AttributeProto *a = node->proto->n_attribute ? node->proto->attribute[0] : NULL;
    out->tensor = a ? a->t : NULL;
    if (!a) return WEFT_OK;
    if (!out->tensor) return weft_onnx_fail(node, WEFT_E_INVALID, err, "attribute value is no tensor");
    WEFT_TRY(weft_onnx_tensor_check(node, out->tensor, WEFT_ONNX_ANY, &out->count, err));
    if (out->count == 1) return WEFT_OK;
    return weft_onnx_fail(node, WEFT_E_INVALID, err, "attribute value has %zu values, not 1", out->count);
}

weft_status weft_onnx_fold_constant_of_shape(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    int64_t extent[WEFT_ONNX_RANK_MAX];
    size_t rank, count;
    operand value;
    Onnx__TensorProto *t;
    WEFT_TRY(weft_onnx_tensor_ints(node, weft_onnx_constant(im, 0), extent, WEFT_ONNX_RANK_MAX, &rank, err));
    WEFT_TRY(fill_value(node, &value, err));
    int type = value.tensor ? wide_type(value.tensor) : TYPE(FLOAT);
    WEFT_TRY(weft_onnx_tensor_new(im, node, type, (int)rank, extent, &t, &count, err));
    if (value.tensor) value_copy(t, 0, value.tensor, 0);
    size_t bytes = type_bytes(type);
    for (size_t i = 1; value.tensor && i < count; i++) memcpy(t->raw_data.data + i * bytes, t->raw_data.data, bytes);
    weft_onnx_out_constant(im, t);
    return WEFT_OK;
}

/* ---- other extents, same values ---- */

static weft_status relabel(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    operand x;
    int64_t extent[WEFT_ONNX_RANK_MAX];
    int rank;
    WEFT_TRY(operand_get(im, node, 0, &x, err));
    WEFT_TRY(weft_onnx_reshaped(im, node, x.rank, x.extent, &rank, extent, err));
    Onnx__TensorProto *t = weft_arena_alloc(im->arena, sizeof *t);
    int64_t *dims = weft_arena_alloc(im->arena, sizeof extent);
    if (!t || !dims) return weft_error_set(err, WEFT_E_MEMORY, "out of memory");
    memcpy(dims, extent, (size_t)rank * sizeof *dims);
    *t = *x.tensor; /* values and all */
    t->dims = dims;
    t->n_dims = (size_t)rank;
    weft_onnx_out_constant(im, t);
    return WEFT_OK;
}

weft_status weft_onnx_fold_reshape(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    return relabel(im, node, err);
}
weft_status weft_onnx_fold_squeeze(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    return relabel(im, node, err);
}
weft_status weft_onnx_fold_unsqueeze(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    return relabel(im, node, err);
}

/* ---- other places ---- */

weft_status weft_onnx_fold_transpose(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    operand x;
    int64_t perm[WEFT_ONNX_RANK_MAX], extent[WEFT_ONNX_RANK_MAX], stride[WEFT_ONNX_RANK_MAX + 1],
        from[WEFT_ONNX_RANK_MAX];
    int count;
    unsigned seen = 0;
    WEFT_TRY(operand_get(im, node, 0, &x, err));
    WEFT_TRY(weft_onnx_list(node, "perm", perm, WEFT_ONNX_RANK_MAX, &count, err));
    stride[x.rank] = 1; /* of the source; [i + 1] of axis i */
    for (int i = x.rank; i-- > 0;) stride[i] = stride[i + 1] * x.extent[i];
    for (int i = 0; i < x.rank; i++) {
        if (count < 0) perm[i] = x.rank - 1 - i;
        if ((count >= 0 && count != x.rank) || perm[i] < 0 || perm[i] >= x.rank || seen >> perm[i] & 1)
            return weft_onnx_fail(node, WEFT_E_INVALID, err, "perm is no permutation of %d axes", x.rank);
        seen |= 1u << perm[i];
        extent[i] = x.extent[perm[i]];
        from[i] = stride[perm[i] + 1];
    }
    Onnx__TensorProto *t;
    size_t values;
    WEFT_TRY(weft_onnx_tensor_new(im, node, wide_type(x.tensor), x.rank, extent, &t, &values, err));
    int64_t at[WEFT_ONNX_RANK_MAX] = {0}, source = 0;
    for (size_t i = 0; i < values; i++) {
        value_copy(t, i, x.tensor, (size_t)source);
        for (int a = x.rank; a-- > 0;) { /* the next position, last axis first */
            source += from[a];
            if (++at[a] < extent[a]) break;
            source -= from[a] * extent[a];
            at[a] = 0;
        }
    }
    weft_onnx_out_constant(im, t);
    return WEFT_OK;
}

weft_status weft_onnx_fold_gather(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    operand x, index;
    int axis, rank = 0;
    int64_t extent[2 * WEFT_ONNX_RANK_MAX];
    WEFT_TRY(operand_get(im, node, 0, &x, err));
    WEFT_TRY(operand_get(im, node, 1, &index, err));
    WEFT_TRY(axis_get(node, 0, x.rank, &axis, err));
    if (weft_onnx_tensor_is_real(index.tensor) || x.rank + index.rank > WEFT_ONNX_RANK_MAX)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "its indices are no integers, or of too many extents");
    for (int i = 0; i < axis; i++) extent[rank++] = x.extent[i];
    for (int i = 0; i < index.rank; i++) extent[rank++] = index.extent[i];
    size_t inner = 1, values, length = (size_t)x.extent[axis];
    for (int i = axis + 1; i < x.rank; i++) inner *= (size_t)(extent[rank++] = x.extent[i]);
    Onnx__TensorProto *t;
    WEFT_TRY(weft_onnx_tensor_new(im, node, wide_type(x.tensor), rank, extent, &t, &values, err));
    for (size_t i = 0; i < values; i++) {
        size_t outer = i / inner / index.count;
        int64_t at = weft_onnx_tensor_integer(index.tensor, i / inner % index.count);
        if (at < 0) at += (int64_t)length;
        if (at < 0 || at >= (int64_t)length)
            return weft_onnx_fail(node, WEFT_E_INVALID, err, "index %" PRId64 " of an axis with %zu values", at,
                                  length);
        value_copy(t, i, x.tensor, (outer * length + (size_t)at) * inner + i % inner);
    }
    weft_onnx_out_constant(im, t);
    return WEFT_OK;
}
