/* Values of ONNX tensors, of whatever type and wherever they are stored. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/onnx_internal.h"

enum { PART_VALUES = 1 << 20 }; /* of a mapped file, copied at a time */

#define TYPE(name) ONNX__TENSOR_PROTO__DATA_TYPE__##name

const char *weft_onnx_type_name(int type) {
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(&onnx__tensor_proto__data_type__descriptor, type);
    return value ? value->name : "an unknown type";
}

/* ---- checks ---- */

/* Bytes of a value in raw_data; 0: not a type of this kind. */
static size_t value_bytes(int type, weft_onnx_numbers kind) {
    bool real = kind != WEFT_ONNX_INTEGERS, integer = kind != WEFT_ONNX_REALS;
    switch (type) {
    case TYPE(FLOAT):
        return real ? 4 : 0;
    case TYPE(DOUBLE):
        return real ? 8 : 0;
    case TYPE(FLOAT16):
    case TYPE(BFLOAT16):
        return real ? 2 : 0;
    case TYPE(BOOL):
    case TYPE(INT8):
    case TYPE(UINT8):
        return integer ? 1 : 0;
    case TYPE(INT16):
    case TYPE(UINT16):
        return integer ? 2 : 0;
    case TYPE(INT32):
        return integer ? 4 : 0;
    case TYPE(INT64):
        return integer ? 8 : 0;
    default:
        return 0;
    }
}

bool weft_onnx_tensor_is_real(const Onnx__TensorProto *t) { return value_bytes(t->data_type, WEFT_ONNX_REALS) != 0; }

/* Values in the list that the type has besides raw_data. */
static size_t listed_count(const Onnx__TensorProto *t) {
    switch (t->data_type) {
    case TYPE(FLOAT):
        return t->n_float_data;
    case TYPE(DOUBLE):
        return t->n_double_data;
    case TYPE(INT64):
        return t->n_int64_data;
    default:
        return t->n_int32_data;
    }
}

static weft_status form_check(const weft_onnx_node *node, const Onnx__TensorProto *t, weft_onnx_numbers kind,
                              weft_error *err) {
    static const char *const allowed[] = {"FLOAT, DOUBLE, FLOAT16 and BFLOAT16",
                                          "BOOL, INT8 to INT64, UINT8 and UINT16",
                                          "real numbers and integers of at most 64 bits"};
    const char *name = weft_onnx_text(t->name);
    if (!value_bytes(t->data_type, kind))
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "tensor \"%.100s\" is %s; not supported, only %s", name,
                              weft_onnx_type_name(t->data_type), allowed[kind]);
    if (t->n_external_data || t->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                              "tensor \"%.100s\" lies in another file (external_data): not supported", name);
    if (t->segment)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "tensor \"%.100s\" is a segment: not supported", name);
    return WEFT_OK;
}

weft_status weft_onnx_tensor_check(const weft_onnx_node *node, const Onnx__TensorProto *t, weft_onnx_numbers kind,
                                   size_t *count, weft_error *err) {
    const char *name = weft_onnx_text(t->name);
    uint64_t product = 1;
    WEFT_TRY(form_check(node, t, kind, err));
    if (t->n_dims > WEFT_ONNX_RANK_MAX)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "tensor \"%.100s\" has %zu extents: not supported", name,
                              t->n_dims);
    for (size_t i = 0; i < t->n_dims; i++) {
        if (t->dims[i] < 1 || (uint64_t)t->dims[i] > WEFT_NETWORK_VALUES_MAX / product)
            return weft_onnx_fail(node, WEFT_E_INVALID, err,
                                  "tensor \"%.100s\": extent %" PRId64
                                  " is not allowed (at least 1, at most %d values)",
                                  name, t->dims[i], WEFT_NETWORK_VALUES_MAX);
        product *= (uint64_t)t->dims[i];
    }
    size_t raw = weft_onnx_raw(t).len, listed = listed_count(t);
    if (raw && listed) return weft_onnx_fail(node, WEFT_E_INVALID, err, "tensor \"%.100s\" has its values twice", name);
    if (listed ? listed != product : raw != product * value_bytes(t->data_type, kind))
        return weft_onnx_fail(node, WEFT_E_INVALID, err,
                              "tensor \"%.100s\": its extents ask for %" PRIu64 " values, but it holds %zu%s", name,
                              product, listed ? listed : raw, listed ? "" : " bytes");
    *count = (size_t)product;
    return WEFT_OK;
}

/* ---- single values ---- */

/* Little-endian, whatever the machine. */
static uint64_t bits_at(const uint8_t *data, size_t bytes) {
    uint64_t bits = 0;
    for (size_t b = 0; b < bytes; b++) bits |= (uint64_t)data[b] << 8 * b;
    return bits;
}

static float float_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* IEEE 754 binary16. */
static float half_of(uint32_t bits) {
    uint32_t sign = (bits & 0x8000) << 16, exponent = bits >> 10 & 31, mantissa = bits & 1023;
    if (exponent == 31) return float_of(sign | 0x7f800000 | mantissa << 13);
    if (exponent) return float_of(sign | (exponent + 112) << 23 | mantissa << 13);
    return (sign ? -0x1p-24f : 0x1p-24f) * (float)mantissa;
}

static double raw_real(int type, const uint8_t *data, size_t i) {
    double wide;
    uint64_t bits;
    switch (type) {
    case TYPE(DOUBLE):
        bits = bits_at(data + 8 * i, 8);
        memcpy(&wide, &bits, sizeof wide);
        return wide;
    case TYPE(FLOAT16):
        return (double)half_of((uint32_t)bits_at(data + 2 * i, 2));
    case TYPE(BFLOAT16):
        return (double)float_of((uint32_t)bits_at(data + 2 * i, 2) << 16);
    default:
        return (double)float_of((uint32_t)bits_at(data + 4 * i, 4));
    }
}

static double listed_real(const Onnx__TensorProto *t, size_t i) {
    switch (t->data_type) {
    case TYPE(DOUBLE):
        return t->double_data[i];
    case TYPE(FLOAT16):
        return (double)half_of((uint32_t)t->int32_data[i] & 0xffff);
    case TYPE(BFLOAT16):
        return (double)float_of((uint32_t)t->int32_data[i] << 16);
    default:
        return (double)t->float_data[i];
    }
}

static int64_t listed_integer(const Onnx__TensorProto *t, size_t i) {
    return t->data_type == TYPE(INT64) ? t->int64_data[i] : t->int32_data[i];
}

static int64_t raw_integer(int type, const uint8_t *data, size_t i) {
    switch (type) {
    case TYPE(BOOL):
    case TYPE(UINT8):
        return data[i];
    case TYPE(INT8):
        return (int8_t)data[i];
    case TYPE(UINT16):
        return (uint16_t)bits_at(data + 2 * i, 2);
    case TYPE(INT16):
        return (int16_t)bits_at(data + 2 * i, 2);
    case TYPE(INT32):
        return (int32_t)bits_at(data + 4 * i, 4);
    default:
        return (int64_t)bits_at(data + 8 * i, 8);
    }
}

int64_t weft_onnx_tensor_integer(const Onnx__TensorProto *t, size_t i) {
    return listed_count(t) ? listed_integer(t, i) : raw_integer(t->data_type, weft_onnx_raw(t).data, i);
}

double weft_onnx_tensor_real(const Onnx__TensorProto *t, size_t i) {
    if (!weft_onnx_tensor_is_real(t)) return (double)weft_onnx_tensor_integer(t, i);
    return listed_count(t) ? listed_real(t, i) : raw_real(t->data_type, weft_onnx_raw(t).data, i);
}

/* ---- all values ---- */

/* Values from `begin` on. Plain floats are copied as they lie; the others one by one. */
static void floats_copy(const Onnx__TensorProto *t, size_t begin, size_t count, float *out) {
    ProtobufCBinaryData raw = weft_onnx_raw(t);
    const uint8_t *plain = raw.data ? raw.data + begin * sizeof *out : NULL;
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
    plain = NULL;
#endif
    if (t->n_float_data) plain = (const uint8_t *)(t->float_data + begin);
    if (t->data_type == TYPE(FLOAT) && plain)
        memcpy(out, plain, count * sizeof *out);
    else if (listed_count(t))
        for (size_t i = 0; i < count; i++) out[i] = (float)listed_real(t, begin + i);
    else
        for (size_t i = 0; i < count; i++) out[i] = (float)raw_real(t->data_type, raw.data, begin + i);
}

/* Pages of the file go as soon as they are copied, so that a large tensor never lies in memory twice. */
static void floats_move(const weft_onnx_node *node, const Onnx__TensorProto *t, size_t count, float *out) {
    ProtobufCBinaryData raw = weft_onnx_raw(t);
    bool mapped = node->graph->is_mapped && t->base.n_unknown_fields && raw.len / count > 0;
    size_t part = mapped ? PART_VALUES : count, bytes = raw.len / count;
    for (size_t begin = 0; begin < count; begin += part) {
        size_t length = count - begin < part ? count - begin : part;
        floats_copy(t, begin, length, out + begin);
        if (mapped && count >= PART_VALUES) weft_file_forget(raw.data + begin * bytes, length * bytes);
    }
}

/* By the exponents, in blocks that the compiler can turn into vectors. */
static bool all_finite(const float *values, size_t count) {
    for (size_t begin = 0; begin < count; begin += 4096) {
        size_t end = count - begin < 4096 ? count : begin + 4096;
        uint32_t largest = 0;
        for (size_t i = begin; i < end; i++) {
            uint32_t bits;
            memcpy(&bits, &values[i], sizeof bits);
            bits &= 0x7fffffff;
            largest = bits > largest ? bits : largest;
        }
        if (largest >= 0x7f800000) return false;
    }
    return true;
}

weft_status weft_onnx_tensor_floats(const weft_onnx_node *node, const Onnx__TensorProto *t, size_t count, float *out,
                                    weft_error *err) {
    floats_move(node, t, count, out);
    if (all_finite(out, count)) return WEFT_OK;
    size_t bad = 0;
    while (isfinite(out[bad])) bad++;
    return weft_onnx_fail(node, WEFT_E_INVALID, err, "tensor \"%.100s\": value %zu is not a finite number",
                          weft_onnx_text(t->name), bad);
}

weft_status weft_onnx_tensor_scalar(const weft_onnx_node *node, const Onnx__TensorProto *t, float *out,
                                    weft_error *err) {
    size_t count = 0;
    WEFT_TRY(weft_onnx_tensor_check(node, t, WEFT_ONNX_REALS, &count, err));
    if (count != 1)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                              "tensor \"%.100s\" holds %zu values; only one for all elements is supported",
                              weft_onnx_text(t->name), count);
    return weft_onnx_tensor_floats(node, t, 1, out, err);
}

weft_status weft_onnx_tensor_ints(const weft_onnx_node *node, const Onnx__TensorProto *t, int64_t *out, size_t max,
                                  size_t *count, weft_error *err) {
    WEFT_TRY(weft_onnx_tensor_check(node, t, WEFT_ONNX_INTEGERS, count, err));
    if (t->n_dims > 1 || *count > max)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                              "tensor \"%.100s\": a list of at most %zu numbers is supported", weft_onnx_text(t->name),
                              max);
    for (size_t i = 0; i < *count; i++) out[i] = weft_onnx_tensor_integer(t, i);
    return WEFT_OK;
}
