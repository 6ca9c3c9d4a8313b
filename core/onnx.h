/* ONNX files, read and written with protobuf-c from the schema that libonnx-dev ships.
 *
 * Graph initializers hold the deployed weights; latent weights lie in training_info (ONNX's place for training state),
 * under the same initializer names, so that any other runtime runs the deployed net and ignores them. metadata_props
 * hold `weft.*`: weft.preprocess, "mean=M,... std=S,..." with one number a channel, or "gcn_zca norm=N epsilon=E
 * fit=SHA-256" (network.preprocess; the ZCA's matrix is not stored: weft_network_bind); weft.range.LAYER, "MIN MAX"
 * (input_min, input_max of a CONV or DENSE layer); and the network's metadata under their own keys: projection, recipe,
 * seed. Numbers are written so that they read back equal. */
#ifndef WEFT_CORE_ONNX_H
#define WEFT_CORE_ONNX_H

#include <stdio.h>

#include "core/network.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_ONNX_BYTES_MAX (2047u << 20)

/* Reads Conv, Gemm (any transA = 0, transB, alpha, beta), MatMul (+ Add of a constant as bias), BatchNormalization,
 * Relu, MaxPool, AveragePool, GlobalAveragePool, Flatten, Reshape that flattens, Identity, Dropout, Add of two
 * activations, Clip, and the patterns that QUANTISE and THRESHOLD are written as; any acyclic graph with one input and
 * one output, to which every node leads; nodes in any order, layers in theirs where it is topological. Opset 7 to 21,
 * float32. Initialisers or Constant nodes; raw_data or float_data. Anything else: UNSUPPORTED, naming operator and
 * node. Truncated or random bytes: PARSE. Shapes that do not agree, loops, values that nobody uses: INVALID, naming the
 * node or value. No crash, no leak whatever the bytes. */
weft_status weft_onnx_read(weft_network **out, const char *path, weft_error *err);
weft_status weft_onnx_parse(weft_network **out, const void *data, size_t size, const char *file, weft_error *err);
/* Nodes are named after layers, their output LAYER.out, their constants LAYER.weight, .bias, .gamma, .beta, .mean,
 * .variance, .low, .high, .scale, .zero, .threshold, .negative. A layer of several nodes has its name on the last:
 *   QUANTISE    Clip, QuantizeLinear, DequantizeLinear; scale high / levels, zero point 0, uint8 or (signed) int8
 *   THRESHOLD   GreaterOrEqual, Cast; signed: also LessOrEqual, Cast, and the Sub of both
 *   DENSE       a Flatten LAYER.flatten before it where it flattens silently, which reads back as a layer of its own
 * UNSUPPORTED, naming the layer, for what could not be read back: a layer that no other uses but the last, windows
 * after a flatten, dilated average pooling. Batch norm stays its own node. Input `image` [batch, C, H, W] (batch
 * symbolic), output `logits` [batch, classes]. Opset 13, IR 7. Deterministic bytes. Atomic. */
weft_status weft_onnx_write(const weft_network *net, const char *path, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
