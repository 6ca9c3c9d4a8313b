/* What convolution and inner product share: weights in two layouts, gradients, and how they run. Internal to trainer/.
 */
#ifndef WEFT_TRAINER_LAYER_WEIGHTED_H
#define WEFT_TRAINER_LAYER_WEIGHTED_H

#include "trainer/plan.h"

/* After op->forward exists: inner_src (with its reorder) unless it exists, weight, bias. plain is the layout of
 * layer->weight. */
weft_status weft_weighted_build(weft_plan *plan, weft_op *op, const dnnl_memory_desc_t *plain, weft_error *err);
/* After, where they are needed, op->backward_weights and op->backward exist: gradients, and diff_src unless
 * inner_diff_src exists. */
weft_status weft_weighted_build_backward(weft_plan *plan, weft_op *op, weft_error *err);
weft_status weft_weighted_load(weft_plan *plan, weft_op *op, const weft_share *share, weft_error *err);
weft_status weft_weighted_forward(weft_plan *plan, weft_op *op, weft_error *err);
weft_status weft_weighted_backward(weft_plan *plan, weft_op *op, weft_error *err);

#endif
