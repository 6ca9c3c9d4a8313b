/* Names, messages and attributes of ONNX nodes. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/onnx_internal.h"

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

weft_status weft_onnx_list(const weft_onnx_node *node, const char *name, int64_t *out, int max, int *count,
                           weft_error *err) {
    const Onnx__AttributeProto *a;
    *count = -1;
    WEFT_TRY(attribute_find(node, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS, &a, err));
    if (!a) return WEFT_OK;
    if (a->n_ints > (size_t)max)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "attribute %s has %zu values; at most %d are supported",
                              name, a->n_ints, max);
    *count = (int)a->n_ints;
    for (int i = 0; i < *count; i++) out[i] = a->ints[i];
    return WEFT_OK;
}
