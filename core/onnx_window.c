/* Windows: attributes of convolutions and pools, the pools, and padding. */
#include <inttypes.h>
#include <string.h>

#include "core/onnx_import.h"

/* auto_pad SAME: output = ceil(input / stride); the odd one at the end (UPPER) or at the beginning (LOWER). */
static void pad_same(int in, int kernel, int stride, int dilation, bool upper, int *begin, int *end) {
    int64_t out = ((int64_t)in + stride - 1) / stride;
    int64_t total = (out - 1) * stride + (int64_t)dilation * (kernel - 1) + 1 - in;
    if (total < 0) total = 0;
    int64_t small = total / 2, large = total - small;
    *begin = (int)(upper ? small : large);
    *end = (int)(upper ? large : small);
}

static weft_status pads_read(const weft_onnx_node *node, weft_shape in, weft_window *w, weft_error *err) {
    char mode[16];
    int pads[4] = {0};
    bool present = false;
    WEFT_TRY(weft_onnx_string(node, "auto_pad", "NOTSET", mode, sizeof mode, err));
    WEFT_TRY(weft_onnx_ints(node, "pads", 4, 0, WEFT_ONNX_EXTENT_MAX, pads, &present, err));
    bool same = strcmp(mode, "SAME_UPPER") == 0 || strcmp(mode, "SAME_LOWER") == 0;
    bool notset = strcmp(mode, "NOTSET") == 0 || !mode[0];
    if (!same && !notset && strcmp(mode, "VALID") != 0)
        return weft_onnx_fail(node, WEFT_E_INVALID, err,
                              "auto_pad \"%s\" is none of NOTSET, SAME_UPPER, SAME_LOWER, VALID", mode);
    if (!notset && (pads[0] | pads[1] | pads[2] | pads[3]))
        return weft_onnx_fail(node, WEFT_E_INVALID, err, "has both auto_pad and pads");
    w->pad_top = pads[0];
    w->pad_left = pads[1];
    w->pad_bottom = pads[2];
    w->pad_right = pads[3];
    if (same) {
        bool upper = mode[5] == 'U';
        pad_same(in.height, w->kernel_h, w->stride_h, w->dilation_h, upper, &w->pad_top, &w->pad_bottom);
        pad_same(in.width, w->kernel_w, w->stride_w, w->dilation_w, upper, &w->pad_left, &w->pad_right);
    }
    return WEFT_OK;
}

weft_status weft_onnx_window_read(const weft_onnx_node *node, weft_shape in, const int fallback[2], weft_window *w,
                                  weft_error *err) {
    int kernel[2] = {fallback[0], fallback[1]}, stride[2] = {1, 1}, dilation[2] = {1, 1};
    bool present = false;
    WEFT_TRY(weft_onnx_ints(node, "kernel_shape", 2, 1, WEFT_ONNX_EXTENT_MAX, kernel, &present, err));
    if (!present && !fallback[0]) return weft_onnx_fail(node, WEFT_E_INVALID, err, "attribute kernel_shape is missing");
    WEFT_TRY(weft_onnx_ints(node, "strides", 2, 1, WEFT_ONNX_EXTENT_MAX, stride, &present, err));
    WEFT_TRY(weft_onnx_ints(node, "dilations", 2, 1, WEFT_ONNX_EXTENT_MAX, dilation, &present, err));
    *w = (weft_window){.kernel_h = kernel[0],
                       .kernel_w = kernel[1],
                       .stride_h = stride[0],
                       .stride_w = stride[1],
                       .dilation_h = dilation[0],
                       .dilation_w = dilation[1]};
    return pads_read(node, in, w, err);
}

/* ceil_mode as extra padding at the end, where a last window that still starts inside the input and its first padding
 * fits. */
static int pad_ceil(int in, int kernel, int stride, int dilation, int begin, int end) {
    int64_t room = (int64_t)in + begin + end - ((int64_t)dilation * (kernel - 1) + 1);
    if (room < 0 || room % stride == 0) return 0;
    int64_t start = (room / stride + 1) * stride;
    return start < (int64_t)in + begin ? (int)(stride - room % stride) : 0;
}

static weft_status pool_add(weft_onnx_importer *im, const weft_onnx_node *node, weft_layer *proto, weft_error *err) {
    static const int needed[2] = {0, 0};
    int64_t ceil_mode;
    weft_shape in = weft_onnx_shape(im, im->input[0]);
    weft_window *w = &proto->window;
    WEFT_TRY(weft_onnx_need_map(im, node, err));
    WEFT_TRY(weft_onnx_window_read(node, in, needed, w, err));
    WEFT_TRY(weft_onnx_int(node, "ceil_mode", 0, 0, 1, &ceil_mode, err));
    if (ceil_mode) {
        int bottom = pad_ceil(in.height, w->kernel_h, w->stride_h, w->dilation_h, w->pad_top, w->pad_bottom);
        int right = pad_ceil(in.width, w->kernel_w, w->stride_w, w->dilation_w, w->pad_left, w->pad_right);
        if ((bottom || right) && proto->count_include_pad)
            return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "ceil_mode with count_include_pad is not supported");
        w->pad_bottom += bottom;
        w->pad_right += right;
    }
    return weft_onnx_layer_add(im, node, proto, false, NULL, err);
}

weft_status weft_onnx_run_max_pool(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    weft_layer proto = {.kind = WEFT_LAYER_MAX_POOL};
    return pool_add(im, node, &proto, err);
}

weft_status weft_onnx_run_average_pool(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    int64_t include;
    weft_layer proto = {.kind = WEFT_LAYER_AVERAGE_POOL};
    WEFT_TRY(weft_onnx_int(node, "count_include_pad", 0, 0, 1, &include, err));
    proto.count_include_pad = include != 0;
    return pool_add(im, node, &proto, err);
}

/* ---- over the whole map ---- */

static weft_status global_add(weft_onnx_importer *im, const weft_onnx_node *node, weft_layer_kind kind,
                              weft_error *err) {
    weft_shape in = weft_onnx_shape(im, im->input[0]);
    weft_layer proto = {.kind = kind, .window = {.kernel_h = in.height, .kernel_w = in.width}};
    WEFT_TRY(weft_onnx_need_map(im, node, err));
    return weft_onnx_layer_add(im, node, &proto, false, NULL, err);
}

weft_status weft_onnx_run_global_average_pool(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    return global_add(im, node, WEFT_LAYER_AVERAGE_POOL, err);
}

weft_status weft_onnx_run_global_max_pool(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    return global_add(im, node, WEFT_LAYER_MAX_POOL, err);
}

/* A mean over height and width is a global pooling, keepdims = 0 makes a vector of it. */
weft_status weft_onnx_run_reduce_mean(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    int64_t keep, axes[WEFT_ONNX_RANK_MAX], noop;
    int count, seen = 0;
    WEFT_TRY(weft_onnx_need_map(im, node, err));
    WEFT_TRY(weft_onnx_axes(im, node, 1, 4, axes, &count, err));
    WEFT_TRY(weft_onnx_int(node, "keepdims", 1, 0, 1, &keep, err));
    WEFT_TRY(weft_onnx_int(node, "noop_with_empty_axes", 0, 0, 1, &noop, err));
    for (int i = 0; i < count; i++) seen |= 1 << axes[i];
    if (count != 2 || seen != (1 << 2 | 1 << 3))
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                              "a mean is supported over height and width only (axes 2 and 3 of [batch, C, H, W])");
    WEFT_TRY(global_add(im, node, WEFT_LAYER_AVERAGE_POOL, err));
    if (!keep) im->out.rank = 2;
    return WEFT_OK;
}

/* ---- padding ---- */

/* begin and end of every axis, [2 * rank], from the attribute or the constant in slot 1, for all axes or those of slot
 * 3. */
static weft_status pad_amounts(const weft_onnx_importer *im, const weft_onnx_node *node, int64_t out[8],
                               weft_error *err) {
    int64_t listed[WEFT_ONNX_RANK_MAX], axes[WEFT_ONNX_RANK_MAX] = {0, 1, 2, 3};
    int count = -1, axis_count = 4;
    const Onnx__TensorProto *t = weft_onnx_constant(im, 1);
    WEFT_TRY(weft_onnx_list(node, "pads", listed, WEFT_ONNX_RANK_MAX, &count, err));
    if (t) {
        size_t values = 0;
        WEFT_TRY(weft_onnx_tensor_ints(node, t, listed, WEFT_ONNX_RANK_MAX, &values, err));
        count = (int)values;
    }
    if (weft_onnx_constant(im, 3)) WEFT_TRY(weft_onnx_axes(im, node, 3, 4, axes, &axis_count, err));
    if (count != 2 * axis_count || axis_count > 4)
        return weft_onnx_fail(node, WEFT_E_INVALID, err, "%d pads for %d axes; two for each are needed",
                              count < 0 ? 0 : count, axis_count);
    memset(out, 0, 8 * sizeof *out);
    for (int i = 0; i < axis_count; i++) {
        out[axes[i]] = listed[i];
        out[axes[i] + 4] = listed[axis_count + i];
    }
    return WEFT_OK;
}

static weft_status pad_value_check(const weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    char mode[16];
    float value;
    const Onnx__TensorProto *t = weft_onnx_constant(im, 2);
    WEFT_TRY(weft_onnx_string(node, "mode", "constant", mode, sizeof mode, err));
    WEFT_TRY(weft_onnx_float(node, "value", 0, &value, err));
    if (t) WEFT_TRY(weft_onnx_tensor_scalar(node, t, &value, err));
    if (strcmp(mode, "constant") != 0)
        return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "mode \"%s\" is not supported, only constant", mode);
    if (value == 0) return WEFT_OK;
    return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err, "padding with %g is not supported, only with 0",
                          (double)value);
}

weft_status weft_onnx_run_pad(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    int64_t pads[8];
    bool none = true;
    WEFT_TRY(weft_onnx_need_map(im, node, err));
    WEFT_TRY(pad_value_check(im, node, err));
    WEFT_TRY(pad_amounts(im, node, pads, err));
    for (int i = 0; i < 8; i++) {
        none = none && pads[i] == 0;
        if (pads[i] < 0 || pads[i] > WEFT_ONNX_EXTENT_MAX || (pads[i] && i % 4 < 2))
            return weft_onnx_fail(node, WEFT_E_UNSUPPORTED, err,
                                  "%" PRId64 " %s axis %d are not supported, only zeros around height and width",
                                  pads[i], i < 4 ? "before" : "behind", i % 4);
    }
    if (none) return WEFT_OK;
    weft_layer proto = {
        .kind = WEFT_LAYER_PAD,
        .window = {
            .pad_top = (int)pads[2], .pad_left = (int)pads[3], .pad_bottom = (int)pads[6], .pad_right = (int)pads[7]}};
    return weft_onnx_layer_add(im, node, &proto, false, NULL, err);
}
