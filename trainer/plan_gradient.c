/* The backward half of a plan: which memory each gradient of an activation has, and their sums where several layers
 * read one activation. */
#include <stdlib.h>

#include "trainer/plan.h"

/* ---- blocks ---- */

/* Every block has room for any gradient; a chain needs two of them. */
static void measure_blocks(weft_plan *plan) {
    plan->block_bytes = dnnl_memory_desc_get_size(&plan->logits.md);
    for (int i = 0; i < plan->count; i++) {
        size_t bytes = dnnl_memory_desc_get_size(&plan->ops[i].dst.md);
        if (bytes > plan->block_bytes) plan->block_bytes = bytes;
    }
}

static weft_status block_add(weft_plan *plan, weft_error *err) {
    dnnl_dims_t dims = {(dnnl_dim_t)((plan->block_bytes + 3) / 4)};
    dnnl_memory_desc_t md = weft_dnn_layout(1, dims, dnnl_a);
    weft_tensor memory;
    weft_block *grown = realloc(plan->blocks, (size_t)(plan->block_count + 1) * sizeof *grown);
    if (grown == NULL) return weft_error_set(err, WEFT_E_MEMORY, "out of memory while compiling the network");
    plan->blocks = grown;
    WEFT_TRY(weft_dnn_tensor(&plan->dnn, &memory, &md, NULL, err));
    plan->blocks[plan->block_count++] = (weft_block){.data = memory.data};
    return WEFT_OK;
}

static weft_status block_take(weft_plan *plan, int *out, weft_error *err) {
    int i = 0;
    while (i < plan->block_count && plan->blocks[i].users > 0) i++;
    if (i == plan->block_count) WEFT_TRY(block_add(plan, err));
    plan->blocks[i].users = 1;
    *out = i;
    return WEFT_OK;
}

static void block_release(weft_plan *plan, int block) {
    if (block >= 0) plan->blocks[block].users--;
}

static weft_status gradient_tensor(weft_plan *plan, weft_tensor *out, const dnnl_memory_desc_t *md, int *block,
                                   weft_error *err) {
    WEFT_TRY(block_take(plan, block, err));
    return weft_dnn_tensor(&plan->dnn, out, md, plan->blocks[*block].data, err);
}

/* ---- for the layers ---- */

weft_status weft_plan_diff_new(weft_plan *plan, weft_op *op, weft_error *err) {
    return gradient_tensor(plan, &op->diff_src, &op->src.md, &op->diff_src_block, err);
}

void weft_plan_diff_pass(weft_plan *plan, weft_op *op) {
    op->diff_src = op->diff_dst;
    op->diff_src_block = op->diff_dst_block;
    plan->blocks[op->diff_src_block].users++;
}

weft_status weft_plan_diff_in_place(weft_plan *plan, weft_op *op, weft_error *err) {
    if (plan->blocks[op->diff_dst_block].users > 1) return weft_plan_diff_new(plan, op, err);
    weft_plan_diff_pass(plan, op);
    return WEFT_OK;
}

weft_status weft_plan_diff_addend_new(weft_plan *plan, weft_op *op, weft_error *err) {
    return gradient_tensor(plan, &op->diff_addend, &op->addend.md, &op->diff_addend_block, err);
}

weft_status weft_plan_diff_addend(weft_plan *plan, weft_op *op, weft_error *err) {
    if (!dnnl_memory_desc_equal(&op->addend.md, &op->diff_dst.md)) {
        WEFT_TRY(weft_plan_diff_addend_new(plan, op, err));
    } else {
        op->diff_addend = op->diff_dst;
        op->diff_addend_block = op->diff_dst_block;
        plan->blocks[op->diff_addend_block].users++;
    }
    return weft_dnn_reorder(&plan->dnn, &op->diff_addend_out, &op->diff_dst, &op->diff_addend, err);
}

/* ---- sums ---- */

typedef struct gradient {
    weft_tensor tensor;
    int block;
} gradient;

/* Where a + b goes: over one of them that nobody else reads, if there is one. That becomes a, as oneDNN wants it. */
static weft_status sum_target(weft_plan *plan, gradient *a, gradient *b, gradient *out, weft_error *err) {
    if (plan->blocks[a->block].users > 1 && plan->blocks[b->block].users == 1) {
        gradient swapped = *a;
        *a = *b;
        *b = swapped;
    }
    if (plan->blocks[a->block].users > 1) return gradient_tensor(plan, &out->tensor, &a->tensor.md, &out->block, err);
    *out = *a;
    plan->blocks[out->block].users++;
    return WEFT_OK;
}

static weft_status add_gradient(weft_plan *plan, weft_op *producer, gradient b, weft_sum *sum, weft_error *err) {
    gradient a = {producer->diff_dst, producer->diff_dst_block}, out;
    dnnl_binary_desc_t desc;
    WEFT_TRY(sum_target(plan, &a, &b, &out, err));
    WEFT_TRY(weft_dnn_check(dnnl_binary_desc_init(&desc, dnnl_binary_add, &a.tensor.md, &b.tensor.md, &out.tensor.md),
                            producer->what, err));
    WEFT_TRY(weft_dnn_primitive(&plan->dnn, &sum->primitive, &desc, NULL, producer->what, err));
    sum->a = a.tensor.memory;
    sum->b = b.tensor.memory;
    sum->out = out.tensor.memory;
    producer->diff_dst = out.tensor;
    producer->diff_dst_block = out.block;
    block_release(plan, a.block);
    block_release(plan, b.block);
    return WEFT_OK;
}

/* The gradient that a consumer of operation `number` computes. */
static weft_status deliver(weft_plan *plan, int number, gradient g, weft_sum *sum, weft_error *err) {
    weft_op *producer = &plan->ops[number];
    if (producer->diff_dst.memory) return add_gradient(plan, producer, g, sum, err);
    producer->diff_dst = g.tensor;
    producer->diff_dst_block = g.block;
    return WEFT_OK;
}

/* ---- build and run ---- */

static weft_status build_logits_gradient(weft_plan *plan, weft_error *err) {
    weft_op *last = &plan->ops[plan->count - 1];
    WEFT_TRY(gradient_tensor(plan, &last->diff_dst, &last->dst.md, &last->diff_dst_block, err));
    plan->logits_gradient = last->diff_dst;
    if (!dnnl_memory_desc_equal(&plan->logits.md, &last->dst.md))
        WEFT_TRY(weft_dnn_tensor(&plan->dnn, &plan->logits_gradient, &plan->logits.md, NULL, err));
    return weft_dnn_reorder(&plan->dnn, &plan->logits_gradient_in, &plan->logits_gradient, &last->diff_dst, err);
}

weft_status weft_plan_build_backward(weft_plan *plan, weft_error *err) {
    if (plan->count == 0) return WEFT_OK;
    measure_blocks(plan);
    WEFT_TRY(build_logits_gradient(plan, err));
    for (int i = plan->count - 1; i >= 0; i--) {
        weft_op *op = &plan->ops[i];
        if (!op->needs_diff_dst) continue;
        WEFT_TRY(op->kind->build_backward(plan, op, err));
        block_release(plan, op->diff_dst_block);
        gradient src = {op->diff_src, op->diff_src_block}, addend = {op->diff_addend, op->diff_addend_block};
        if (op->needs_diff_src) WEFT_TRY(deliver(plan, op->layer->input, src, &op->diff_src_sum, err));
        if (op->needs_diff_addend) WEFT_TRY(deliver(plan, op->layer->input2, addend, &op->diff_addend_sum, err));
    }
    return WEFT_OK;
}

static weft_status run_sum(weft_plan *plan, const weft_sum *sum, weft_error *err) {
    if (sum->primitive.handle == NULL) return WEFT_OK;
    dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC_0, sum->a}, {DNNL_ARG_SRC_1, sum->b}, {DNNL_ARG_DST, sum->out}};
    return weft_dnn_execute(&plan->dnn, &sum->primitive, args, 3, "sum of gradients", err);
}

weft_status weft_plan_backward(weft_plan *plan, weft_error *err) {
    WEFT_TRY(weft_dnn_run_reorder(&plan->dnn, &plan->logits_gradient_in, err));
    for (int i = plan->count - 1; i >= 0; i--) {
        weft_op *op = &plan->ops[i];
        if (!op->needs_diff_dst) continue;
        WEFT_TRY(op->kind->backward(plan, op, err));
        WEFT_TRY(run_sum(plan, &op->diff_src_sum, err));
        WEFT_TRY(run_sum(plan, &op->diff_addend_sum, err));
    }
    return WEFT_OK;
}
