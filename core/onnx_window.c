/* Windows: attributes of convolutions and pools, and the pools. */
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
    weft_shape in = weft_onnx_shape(im);
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

weft_status weft_onnx_run_global_average_pool(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err) {
    weft_shape in = weft_onnx_shape(im);
    weft_layer proto = {.kind = WEFT_LAYER_AVERAGE_POOL, .window = {.kernel_h = in.height, .kernel_w = in.width}};
    WEFT_TRY(weft_onnx_need_map(im, node, err));
    return weft_onnx_layer_add(im, node, &proto, false, NULL, err);
}
