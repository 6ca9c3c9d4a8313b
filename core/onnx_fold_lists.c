/* Folding, continued: Concat and Slice of lists, Cast, arithmetic, and the integers of quantised weights. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/onnx_import.h"

#define TYPE(name) ONNX__TENSOR_PROTO__DATA_TYPE__##name

static weft_status any_check(const weft_onnx_importer *im, const weft_onnx_node *node, size_t slot,
                             const Onnx__TensorProto **t, size_t *count, weft_error *err) {
    *t = weft_onnx_constant(im, slot);
    return weft_onnx_tensor_check(node, *t, WEFT_ONNX_ANY, count, err);
}

static void value_set(Onnx__TensorProto *to, size_t i, double real, int64_t integer) {
    if (to->data_type == TYPE(FLOAT))
        weft_onnx_tensor_set_real(to, i, real);
    else
        weft_onnx_tensor_set_integer(to, i, integer);
}

static int64_t integer_of(const Onnx__TensorProto *t, size_t i) {
    return weft_onnx_tensor_is_real(t) ? 0 : weft_onnx_tensor_integer(t, i);
}

/* ---- lists ---- */

/* Along the first axis, all others being equal. */
weft_status weft_onnx_fold_concat(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    const Onnx__TensorProto *first, *part;
    int64_t axis, extent[WEFT_ONNX_RANK_MAX] = {0}, total = 0;
    size_t count, values, at = 0;
    Onnx__TensorProto *t;
    WEFT_TRY(any_check(im, node, 0, &first, &count, err));
    WEFT_TRY(weft_onnx_int(node, "axis", 0, -WEFT_ONNX_RANK_MAX, WEFT_ONNX_RANK_MAX, &axis, err));
    for (size_t i = 0; i < im->input_count; i++) {
        if (!im->input[i]) return weft_onnx_fail(node, WEFT_E_INVALID, err, "its input %zu is missing", i);
        WEFT_TRY(any_check(im, node, i, &part, &count, err));
        bool fits = part->n_dims == first->n_dims && part->n_dims && (axis == 0 || axis == -(int64_t)first->n_dims) &&
                    weft_onnx_tensor_is_real(part) == weft_onnx_tensor_is_real(first);
        for (size_t k = 1; fits && k < part->n_dims; k++) fits = part->dims[k] == first->dims[k];
        if (!fits)
            return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                                  "constants are concatenated along axis 0 only, all others being equal");
        total += part->dims[0];
    }
    for (size_t k = 1; k < first->n_dims; k++) extent[k] = first->dims[k];
    extent[0] = total;
    int type = weft_onnx_tensor_is_real(first) ? TYPE(FLOAT) : TYPE(INT64);
    WEFT_TRY(weft_onnx_tensor_new(im, node, type, (int)first->n_dims, extent, &t, &values, err));
    for (size_t i = 0; i < im->input_count; i++) {
        WEFT_TRY(any_check(im, node, i, &part, &count, err));
        for (size_t k = 0; k < count; k++, at++) value_set(t, at, weft_onnx_tensor_real(part, k), integer_of(part, k));
    }
    weft_onnx_out_constant(im, t);
    return WEFT_OK;
}

/* One of starts, ends, axes, steps; fallback where it is absent. */
static weft_status slice_number(const weft_onnx_importer *im, const weft_onnx_node *node, size_t slot, int64_t fallback,
                                int64_t *out, weft_error *err) {
    size_t count;
    const Onnx__TensorProto *t = weft_onnx_constant(im, slot);
    *out = fallback;
    return t ? weft_onnx_tensor_ints(node, t, out, 1, &count, err) : WEFT_OK;
}

static int64_t clamp(int64_t value, int64_t low, int64_t high) {
    return value < low ? low : value > high ? high : value;
}

/* Number of indices start, start + step, ... before end on an axis of that length; start is made one of them. */
static int64_t slice_count(int64_t length, int64_t *start, int64_t end, int64_t step) {
    bool forwards = step > 0;
    if (*start < 0) *start += length;
    if (end < 0) end += length;
    *start = clamp(*start, 0, forwards ? length : length - 1);
    end = forwards ? clamp(end, 0, length) : clamp(end, -1, length - 1);
    int64_t distance = forwards ? end - *start : *start - end;
    return distance > 0 ? (distance - 1) / (forwards ? step : -step) + 1 : 0;
}

/* Along one axis, forwards or backwards. */
weft_status weft_onnx_fold_slice(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    const Onnx__TensorProto *x;
    int64_t start, end, axis, step, extent[WEFT_ONNX_RANK_MAX];
    size_t count, values, inner = 1;
    Onnx__TensorProto *t;
    WEFT_TRY(any_check(im, node, 0, &x, &count, err));
    WEFT_TRY(slice_number(im, node, 1, 0, &start, err));
    WEFT_TRY(slice_number(im, node, 2, INT64_MAX, &end, err));
    WEFT_TRY(slice_number(im, node, 3, 0, &axis, err));
    WEFT_TRY(slice_number(im, node, 4, 1, &step, err));
    int64_t rank = (int64_t)x->n_dims;
    if (axis < 0) axis += rank;
    if (axis < 0 || axis >= rank || step == 0 || step < -WEFT_NETWORK_VALUES_MAX || step > WEFT_NETWORK_VALUES_MAX)
        return weft_onnx_fail(node, WEFT_E_INVALID, err, "axis %" PRId64 " of %" PRId64 ", step %" PRId64, axis, rank,
                              step);
    for (int64_t i = 0; i < rank; i++) extent[i] = x->dims[i];
    for (int64_t i = axis + 1; i < rank; i++) inner *= (size_t)extent[i];
    size_t length = (size_t)extent[axis];
    extent[axis] = slice_count(extent[axis], &start, end, step);
    int type = weft_onnx_tensor_is_real(x) ? TYPE(FLOAT) : TYPE(INT64);
    WEFT_TRY(weft_onnx_tensor_new(im, node, type, (int)rank, extent, &t, &values, err));
    for (size_t i = 0; i < values; i++) {
        size_t index = i / inner % (size_t)extent[axis], outer = i / inner / (size_t)extent[axis];
        size_t at = (outer * length + (size_t)(start + (int64_t)index * step)) * inner + i % inner;
        value_set(t, i, weft_onnx_tensor_real(x, at), integer_of(x, at));
    }
    weft_onnx_out_constant(im, t);
    return WEFT_OK;
}

/* ---- numbers ---- */

/* To integers values are cut off; those that no INT64 holds become 0. */
weft_status weft_onnx_fold_cast(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    const Onnx__TensorProto *x;
    int64_t to;
    size_t count;
    Onnx__TensorProto *t;
    WEFT_TRY(any_check(im, node, 0, &x, &count, err));
    WEFT_TRY(weft_onnx_int(node, "to", 0, 0, WEFT_ONNX_EXTENT_MAX, &to, err));
    bool real = to == TYPE(FLOAT) || to == TYPE(DOUBLE) || to == TYPE(FLOAT16) || to == TYPE(BFLOAT16);
    if (!real && to != TYPE(INT64) && to != TYPE(INT32))
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "a cast of constants to %s is not supported",
                              weft_onnx_type_name((int)to));
    if (real && x->data_type == TYPE(FLOAT)) {
        weft_onnx_out_constant(im, x);
        return WEFT_OK;
    }
    WEFT_TRY(
        weft_onnx_tensor_new(im, node, real ? TYPE(FLOAT) : TYPE(INT64), (int)x->n_dims, x->dims, &t, &count, err));
    for (size_t i = 0; i < count; i++) {
        double value = weft_onnx_tensor_real(x, i);
        bool fits = value > -9.2e18 && value < 9.2e18;
        value_set(t, i, value, weft_onnx_tensor_is_real(x) ? (fits ? (int64_t)value : 0) : integer_of(x, i));
    }
    weft_onnx_out_constant(im, t);
    return WEFT_OK;
}

/* Wrapping, as integers of ONNX do; a division by 0 is refused before. */
static int64_t integer_result(char op, int64_t a, int64_t b) {
    uint64_t x = (uint64_t)a, y = (uint64_t)b;
    if (op == 'D') return a == INT64_MIN && b == -1 ? INT64_MIN : a / b;
    return (int64_t)(op == 'A' ? x + y : op == 'S' ? x - y : x * y);
}

static double real_result(char op, double a, double b) {
    return op == 'A' ? a + b : op == 'S' ? a - b : op == 'M' ? a * b : a / b;
}

/* Add, Sub, Mul, Div of constants of equal extents, or one of them a single value. */
weft_status weft_onnx_fold_arithmetic(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    const Onnx__TensorProto *a, *b;
    size_t count_a, count_b, count;
    Onnx__TensorProto *t;
    char op = node->proto->op_type[0];
    WEFT_TRY(any_check(im, node, 0, &a, &count_a, err));
    WEFT_TRY(any_check(im, node, 1, &b, &count_b, err));
    const Onnx__TensorProto *shape = count_a > count_b || (count_a == count_b && a->n_dims > b->n_dims) ? a : b;
    bool same = a->n_dims == b->n_dims;
    for (size_t i = 0; same && i < a->n_dims; i++) same = a->dims[i] == b->dims[i];
    bool real = weft_onnx_tensor_is_real(a);
    if ((!same && count_a != 1 && count_b != 1) || real != weft_onnx_tensor_is_real(b))
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                              "constants must be of one type and equal extents, or one a single value");
    WEFT_TRY(weft_onnx_tensor_new(im, node, real ? TYPE(FLOAT) : TYPE(INT64), (int)shape->n_dims, shape->dims, &t,
                                  &count, err));
    for (size_t i = 0; i < count; i++) {
        size_t ia = count_a == 1 ? 0 : i, ib = count_b == 1 ? 0 : i;
        if (!real && op == 'D' && integer_of(b, ib) == 0)
            return weft_onnx_fail(node, WEFT_E_INVALID, err, "divides by 0");
        if (real)
            weft_onnx_tensor_set_real(t, i,
                                      real_result(op, weft_onnx_tensor_real(a, ia), weft_onnx_tensor_real(b, ib)));
        else
            weft_onnx_tensor_set_integer(t, i, integer_result(op, integer_of(a, ia), integer_of(b, ib)));
    }
    weft_onnx_out_constant(im, t);
    return WEFT_OK;
}

/* ---- quantised weights ---- */

/* Which scale belongs to value i: one for all, or one for each index of an axis. */
typedef struct scales {
    const Onnx__TensorProto *scale, *zero;
    size_t count, inner; /* of scales; of values behind the axis */
} scales;

static weft_status scales_get(const weft_onnx_importer *im, const weft_onnx_node *node, const Onnx__TensorProto *x,
                              scales *out, weft_error *err) {
    int64_t axis, block;
    size_t zeros = 0;
    WEFT_TRY(weft_onnx_int(node, "axis", 1, -WEFT_ONNX_RANK_MAX, WEFT_ONNX_RANK_MAX - 1, &axis, err));
    WEFT_TRY(weft_onnx_int(node, "block_size", 0, 0, 0, &block, err));
    WEFT_TRY(weft_onnx_reals(im, node, 1, &out->scale, &out->count, err));
    out->zero = weft_onnx_constant(im, 2);
    out->inner = 1;
    if (out->zero) WEFT_TRY(weft_onnx_tensor_check(node, out->zero, WEFT_ONNX_INTEGERS, &zeros, err));
    if (axis < 0) axis += (int64_t)x->n_dims;
    bool one = out->count == 1;
    if ((out->zero && zeros != out->count) ||
        (!one && (axis < 0 || axis >= (int64_t)x->n_dims || x->dims[axis] != (int64_t)out->count)))
        return weft_onnx_fail(
            node, WEFT_E_INVALID, err,
            "%zu scales and %zu zero points: one of each is needed, or one for each index of its axis", out->count,
            zeros);
    for (size_t i = (size_t)(one ? 0 : axis) + 1; !one && i < x->n_dims; i++) out->inner *= (size_t)x->dims[i];
    for (size_t i = 0; i < out->count; i++)
        if (!(weft_onnx_tensor_real(out->scale, i) > 0))
            return weft_onnx_fail(node, WEFT_E_INVALID, err, "scale %g is not above 0",
                                  weft_onnx_tensor_real(out->scale, i));
    return WEFT_OK;
}

static size_t scale_index(const scales *s, size_t i) { return s->count == 1 ? 0 : i / s->inner % s->count; }

weft_status weft_onnx_fold_dequantize(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    const Onnx__TensorProto *x = weft_onnx_constant(im, 0);
    scales s;
    size_t count;
    Onnx__TensorProto *t;
    if (!im->input[1]) return weft_onnx_fail(node, WEFT_E_INVALID, err, "its input 1 is missing");
    WEFT_TRY(weft_onnx_tensor_check(node, x, WEFT_ONNX_INTEGERS, &count, err));
    WEFT_TRY(scales_get(im, node, x, &s, err));
    WEFT_TRY(weft_onnx_tensor_new(im, node, TYPE(FLOAT), (int)x->n_dims, x->dims, &t, &count, err));
    for (size_t i = 0; i < count; i++) {
        size_t k = scale_index(&s, i);
        int64_t zero = s.zero ? weft_onnx_tensor_integer(s.zero, k) : 0;
        double steps = (double)weft_onnx_tensor_integer(x, i) - (double)zero;
        weft_onnx_tensor_set_real(t, i, steps * weft_onnx_tensor_real(s.scale, k));
    }
    weft_onnx_out_constant(im, t);
    return WEFT_OK;
}

/* Ties to even, clipped to the type. */
weft_status weft_onnx_fold_quantize(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    const Onnx__TensorProto *x;
    scales s;
    size_t count;
    Onnx__TensorProto *t;
    if (!im->input[1]) return weft_onnx_fail(node, WEFT_E_INVALID, err, "its input 1 is missing");
    WEFT_TRY(weft_onnx_reals(im, node, 0, &x, &count, err));
    WEFT_TRY(scales_get(im, node, x, &s, err));
    int type = s.zero ? (int)s.zero->data_type : TYPE(UINT8);
    if (type != TYPE(UINT8) && type != TYPE(INT8) && type != TYPE(UINT16) && type != TYPE(INT16))
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                              "quantises to %s; supported are UINT8, INT8, UINT16 and INT16",
                              weft_onnx_type_name(type));
    bool wide = type == TYPE(UINT16) || type == TYPE(INT16), is_signed = type == TYPE(INT8) || type == TYPE(INT16);
    double span = wide ? 65536 : 256, low = is_signed ? -span / 2 : 0, high = low + span - 1;
    WEFT_TRY(weft_onnx_tensor_new(im, node, type, (int)x->n_dims, x->dims, &t, &count, err));
    for (size_t i = 0; i < count; i++) {
        size_t k = scale_index(&s, i);
        double zero = s.zero ? (double)weft_onnx_tensor_integer(s.zero, k) : 0;
        float quotient = (float)weft_onnx_tensor_real(x, i) / (float)weft_onnx_tensor_real(s.scale, k);
        double value = (double)rintf(quotient) + zero;
        weft_onnx_tensor_set_integer(t, i, (int64_t)(value > low ? value < high ? value : high : low)); /* NaN: low */
    }
    weft_onnx_out_constant(im, t);
    return WEFT_OK;
}
