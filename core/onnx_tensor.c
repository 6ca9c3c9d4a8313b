/* Attributes and tensors of ONNX nodes. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/onnx_internal.h"

enum { RANK_MAX = 8 };

/* ---- nodes ---- */

const char *weft_onnx_input(const weft_onnx_node *node, size_t slot) {
    return slot < node->proto->n_input ? weft_onnx_text(node->proto->input[slot]) : "";
}

const char *weft_onnx_node_name(const weft_onnx_node *node, char buffer[16]) {
    size_t count = 0;
    const char *name = weft_onnx_text(node->proto->name);
    if (name[0]) {
        weft_onnx_find(&node->graph->names, name, &count);
        if (count <= 1) return name;
    }
    if (node->proto->n_output && weft_onnx_text(node->proto->output[0])[0]) return node->proto->output[0];
    snprintf(buffer, 16, "#%d", node->index);
    return buffer;
}

static void make_printable(char *text) {
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f) *text = '?';
}

weft_status weft_onnx_fail(const weft_onnx_node *node, weft_status status, weft_error *err, const char *format, ...) {
    char buffer[16], text[700];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    weft_error_set_at(err, status, node->graph->file, 0, 0, "node \"%.100s\" (%.60s): %s",
                      weft_onnx_node_name(node, buffer), weft_onnx_text(node->proto->op_type), text);
    if (err) make_printable(err->text);
    return status;
}

/* ---- attributes ---- */

static weft_status attribute_find(const weft_onnx_node *node, const char *name, int type,
                                  const Onnx__AttributeProto **out, weft_error *err) {
    *out = NULL;
    for (size_t i = 0; i < node->proto->n_attribute; i++) {
        const Onnx__AttributeProto *a = node->proto->attribute[i];
        if (strcmp(weft_onnx_text(a->name), name) != 0) continue;
        if (*out) return weft_onnx_fail(node, WEFT_E_INVALID, err, "attribute %s is given twice", name);
        if (a->ref_attr_name && a->ref_attr_name[0])
            return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "attribute %s refers to a function's attribute", name);
        if ((int)a->type != type)
            return weft_onnx_fail(node, WEFT_E_INVALID, err, "attribute %s has a wrong type", name);
        *out = a;
    }
    return WEFT_OK;
}

static weft_status range_check(const weft_onnx_node *node, const char *name, int64_t value, int64_t min, int64_t max,
                               weft_error *err) {
    if (value >= min && value <= max) return WEFT_OK;
    return weft_onnx_fail(node, WEFT_E_INVALID, err,
                          "attribute %s: %" PRId64 " is not between %" PRId64 " and %" PRId64, name, value, min, max);
}

weft_status weft_onnx_int(const weft_onnx_node *node, const char *name, int64_t fallback, int64_t min, int64_t max,
                          int64_t *out, weft_error *err) {
    const Onnx__AttributeProto *a;
    WEFT_TRY(attribute_find(node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT, &a, err));
    *out = a ? a->i : fallback;
    return range_check(node, name, *out, min, max, err);
}

weft_status weft_onnx_float(const weft_onnx_node *node, const char *name, float fallback, float *out, weft_error *err) {
    const Onnx__AttributeProto *a;
    WEFT_TRY(attribute_find(node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT, &a, err));
    *out = a ? a->f : fallback;
    if (isfinite(*out)) return WEFT_OK;
    return weft_onnx_fail(node, WEFT_E_INVALID, err, "attribute %s is not a finite number", name);
}

weft_status weft_onnx_ints(const weft_onnx_node *node, const char *name, size_t count, int64_t min, int64_t max,
                           int *out, bool *present, weft_error *err) {
    const Onnx__AttributeProto *a;
    WEFT_TRY(attribute_find(node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS, &a, err));
    *present = a != NULL;
    if (!a) return WEFT_OK;
    if (a->n_ints != count)
        return weft_onnx_fail(node, a->n_ints == count / 2 || a->n_ints > count ? WEFT_E_UNSUPPORTED : WEFT_E_INVALID,
                              err, "attribute %s has %zu values; two-dimensional windows have %zu", name, a->n_ints,
                              count);
    for (size_t i = 0; i < count; i++) {
        WEFT_TRY(range_check(node, name, a->ints[i], min, max, err));
        out[i] = (int)a->ints[i];
    }
    return WEFT_OK;
}

weft_status weft_onnx_string(const weft_onnx_node *node, const char *name, const char *fallback, char *out, size_t size,
                             weft_error *err) {
    const Onnx__AttributeProto *a;
    WEFT_TRY(attribute_find(node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING, &a, err));
    snprintf(out, size, "%s", fallback);
    if (!a) return WEFT_OK;
    if (a->s.len >= size) return weft_onnx_fail(node, WEFT_E_INVALID, err, "attribute %s is too long", name);
    if (a->s.len) memcpy(out, a->s.data, a->s.len);
    out[a->s.len] = '\0';
    return WEFT_OK;
}

/* ---- tensors ---- */

static const char *type_name(int type) {
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(&onnx__tensor_proto__data_type__descriptor, type);
    return value ? value->name : "an unknown type";
}

static weft_status tensor_form_check(const weft_onnx_node *node, const Onnx__TensorProto *t, int type,
                                     weft_error *err) {
    const char *name = weft_onnx_text(t->name);
    if (t->data_type != type)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "tensor \"%.100s\" is %s; not supported, only %s", name,
                              type_name(t->data_type), type_name(type));
    if (t->n_external_data || t->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "tensor \"%.100s\" lies in another file: not supported",
                              name);
    if (t->segment)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "tensor \"%.100s\" is a segment: not supported", name);
    return WEFT_OK;
}

static weft_status tensor_count(const weft_onnx_node *node, const Onnx__TensorProto *t, size_t value_size,
                                size_t listed, size_t *count, weft_error *err) {
    const char *name = weft_onnx_text(t->name);
    uint64_t product = 1;
    if (t->n_dims > RANK_MAX)
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
    if (t->raw_data.len && listed)
        return weft_onnx_fail(node, WEFT_E_INVALID, err, "tensor \"%.100s\" has its values twice", name);
    if (listed ? listed != product : t->raw_data.len != product * value_size)
        return weft_onnx_fail(node, WEFT_E_INVALID, err,
                              "tensor \"%.100s\": its extents ask for %" PRIu64 " values, but it holds %zu%s", name,
                              product, listed ? listed : t->raw_data.len, listed ? "" : " bytes");
    *count = (size_t)product;
    return WEFT_OK;
}

float weft_onnx_tensor_at(const Onnx__TensorProto *t, size_t i) {
    if (t->n_float_data) return t->float_data[i];
    const uint8_t *b = t->raw_data.data + 4 * i; /* little-endian, whatever the machine */
    uint32_t bits = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

weft_status weft_onnx_tensor_check(const weft_onnx_node *node, const Onnx__TensorProto *t, size_t *count,
                                   weft_error *err) {
    WEFT_TRY(tensor_form_check(node, t, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, err));
    WEFT_TRY(tensor_count(node, t, sizeof(float), t->n_float_data, count, err));
    for (size_t i = 0; i < *count; i++)
        if (!isfinite(weft_onnx_tensor_at(t, i)))
            return weft_onnx_fail(node, WEFT_E_INVALID, err, "tensor \"%.100s\": value %zu is not a finite number",
                                  weft_onnx_text(t->name), i);
    return WEFT_OK;
}

weft_status weft_onnx_tensor_scalar(const weft_onnx_node *node, const Onnx__TensorProto *t, float *out,
                                    weft_error *err) {
    size_t count = 0;
    WEFT_TRY(weft_onnx_tensor_check(node, t, &count, err));
    if (count != 1)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                              "tensor \"%.100s\" holds %zu values; only one for all elements is supported",
                              weft_onnx_text(t->name), count);
    *out = weft_onnx_tensor_at(t, 0);
    return WEFT_OK;
}

weft_status weft_onnx_tensor_zero(const weft_onnx_node *node, const Onnx__TensorProto *t, bool *is_signed,
                                  weft_error *err) {
    size_t count = 0;
    *is_signed = t->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__INT8;
    int type = *is_signed ? ONNX__TENSOR_PROTO__DATA_TYPE__INT8 : ONNX__TENSOR_PROTO__DATA_TYPE__UINT8;
    WEFT_TRY(tensor_form_check(node, t, type, err));
    WEFT_TRY(tensor_count(node, t, 1, t->n_int32_data, &count, err));
    if (count == 1 && (t->n_int32_data ? t->int32_data[0] : t->raw_data.data[0]) == 0) return WEFT_OK;
    return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "tensor \"%.100s\": only a zero point of 0 is supported",
                          weft_onnx_text(t->name));
}

static int64_t int_at(const Onnx__TensorProto *t, size_t i) {
    if (t->n_int64_data) return t->int64_data[i];
    uint64_t bits = 0;
    for (int b = 0; b < 8; b++) bits |= (uint64_t)t->raw_data.data[8 * i + (size_t)b] << 8 * b;
    int64_t value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

weft_status weft_onnx_tensor_ints(const weft_onnx_node *node, const Onnx__TensorProto *t, int64_t *out, size_t max,
                                  size_t *count, weft_error *err) {
    WEFT_TRY(tensor_form_check(node, t, ONNX__TENSOR_PROTO__DATA_TYPE__INT64, err));
    WEFT_TRY(tensor_count(node, t, sizeof(int64_t), t->n_int64_data, count, err));
    if (t->n_dims != 1 || *count > max)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                              "tensor \"%.100s\": a list of at most %zu numbers is supported", weft_onnx_text(t->name),
                              max);
    for (size_t i = 0; i < *count; i++) out[i] = int_at(t, i);
    return WEFT_OK;
}
