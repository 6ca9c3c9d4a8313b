/* What the files that turn nodes into layers share. Private to onnx_*.c. */
#ifndef WEFT_CORE_ONNX_IMPORT_H
#define WEFT_CORE_ONNX_IMPORT_H

#include "core/onnx_internal.h"

enum { WEFT_ONNX_EXTENT_MAX = 1 << 20 }; /* of an attribute: kernel, stride, pad, groups */

/* Appends a layer named after the node, whose output becomes the node's; *layer (may be NULL) is valid until the next
 * one. */
weft_status weft_onnx_layer_add(weft_onnx_importer *im, const weft_onnx_node *node, const weft_layer *proto,
                                bool with_bias, weft_layer **layer, weft_error *err);
/* Shape of the first activation. */
weft_shape weft_onnx_shape(const weft_onnx_importer *im);
/* INVALID unless the first activation is a feature map. */
weft_status weft_onnx_need_map(const weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err);
/* Checked constant in an input slot; *tensor NULL when the slot is empty. */
weft_status weft_onnx_constant_get(const weft_onnx_node *node, size_t slot, const Onnx__TensorProto **tensor,
                                   size_t *count, weft_error *err);
/* out[n] = scale * tensor, one value a channel: extents [n] or [1, n], or a single value for all when broadcast. */
weft_status weft_onnx_vector_copy(const weft_onnx_node *node, const Onnx__TensorProto *t, size_t count, bool broadcast,
                                  float scale, float *out, size_t n, weft_error *err);
/* Window attributes. fallback: what kernel_shape defaults to, {0, 0} when it must be given. */
weft_status weft_onnx_window_read(const weft_onnx_node *node, weft_shape in, const int fallback[2], weft_window *w,
                                  weft_error *err);

/* One function an operator. */
weft_status weft_onnx_run_add(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err);
weft_status weft_onnx_run_average_pool(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err);
weft_status weft_onnx_run_batch_norm(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err);
weft_status weft_onnx_run_cast(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err);
weft_status weft_onnx_run_clip(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err);
weft_status weft_onnx_run_conv(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err);
weft_status weft_onnx_run_dequantize(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err);
weft_status weft_onnx_run_dropout(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err);
weft_status weft_onnx_run_flatten(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err);
weft_status weft_onnx_run_gemm(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err);
weft_status weft_onnx_run_global_average_pool(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err);
weft_status weft_onnx_run_greater(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err);
weft_status weft_onnx_run_identity(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err);
weft_status weft_onnx_run_less(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err);
weft_status weft_onnx_run_matmul(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err);
weft_status weft_onnx_run_max_pool(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err);
weft_status weft_onnx_run_quantize(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err);
weft_status weft_onnx_run_relu(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err);
weft_status weft_onnx_run_reshape(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err);
weft_status weft_onnx_run_sub(weft_onnx_importer *im, const weft_onnx_node *node, weft_error *err);

#endif
