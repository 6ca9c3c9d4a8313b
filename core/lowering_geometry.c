/* Which output position a position becomes part of. */
#include <assert.h>

#include "core/lowering.h"

const char *const weft_digital_kind_names[] = {"affine",  "relu",         "max_pool",   "average_pool", "add",
                                               "pad",     "clip",         "quantise",   "threshold",    "leaky_relu",
                                               "sigmoid", "hard_sigmoid", "hard_swish", "tanh",         NULL};

static bool is_pool(const weft_digital_op *op) {
    return op->kind == WEFT_DIGITAL_MAX_POOL || op->kind == WEFT_DIGITAL_AVERAGE_POOL;
}

int weft_stage_owner(const weft_stage *stage, int op, int axis, int at) {
    assert(op >= 0 && op <= stage->op_count && (axis == 0 || axis == 1));
    for (; op < stage->op_count; op++) {
        const weft_digital_op *o = &stage->ops[op];
        if (!is_pool(o)) continue;
        int extent = axis == 0 ? o->out.height : o->out.width;
        at = axis == 0 ? (at + o->window.pad_top) / o->window.stride_h : (at + o->window.pad_left) / o->window.stride_w;
        if (at >= extent) at = extent - 1;
    }
    return at;
}

static bool overlaps(int outputs, int kernel, int stride, int dilation) {
    return outputs > 1 && stride < (int64_t)(kernel - 1) * dilation + 1;
}

bool weft_stage_is_local(const weft_stage *stage) {
    for (int i = 0; i < stage->op_count; i++) {
        const weft_digital_op *op = &stage->ops[i];
        const weft_window *w = &op->window;
        if (op->kind == WEFT_DIGITAL_PAD) return false;
        if (is_pool(op) && (overlaps(op->out.height, w->kernel_h, w->stride_h, w->dilation_h) ||
                            overlaps(op->out.width, w->kernel_w, w->stride_w, w->dilation_w)))
            return false;
    }
    return true;
}
