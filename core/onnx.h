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
/* Weights and folded constants, shared ones counted as often as they are used, have at most as many values as the file
 * has bytes, and these more. So reading takes at most 9 bytes for each of the file, 100 for each of its fields (at most
 * 2^23), 600 for each of its messages (at most 2^20), and 32 MiB; a network of a program that exports what it trained
 * some 4 bytes a weight, and little else. */
#define WEFT_ONNX_SPARE_VALUES (UINT64_C(1) << 22)

/* Reads a graph with one input, [batch, C, H, W] or [batch, features], the batch symbolic (then it is taken for 1,
 * whatever the graph computes from it) or fixed, and one output; opset 7 to 21; nodes in any order, layers in theirs
 * where it is topological; nodes that the output does not need are not looked at.
 *   layers        Conv (groups, strides, dilation, any padding), Gemm (alpha, beta, transB), MatMul (with an Add as
 *                 bias), BatchNormalization, Relu, LeakyRelu, PRelu of one slope, Clip, Sigmoid, HardSigmoid, HardSwish
 *                 (also written out: Add 3, Clip 0 to 6, Mul, Div 6; or HardSigmoid, Mul), Tanh, Softmax over channels,
 *                 MaxPool, AveragePool, GlobalMaxPool, GlobalAveragePool, ReduceMean over height and width, Pad with
 *                 zeros, Add and Sum of activations, Concat along channels
 *   AFFINE        Add, Sub, Mul, Div with a constant: one number, or one a channel; a Mul and the Add behind it are one
 *   QUANTISE      QuantizeLinear, DequantizeLinear of UINT8, INT8, UINT16, INT16 with one scale and zero point, and the
 *                 Clip before them where its bounds are among their levels. A Conv or Gemm behind them (pooling,
 *                 padding, flattening between them) gets their range as input_min and input_max, where the file is not
 *                 one of weft's
 *   THRESHOLD     as weft_onnx_write writes it
 *   no layer      Identity, Dropout, Cast between floats; Reshape, Squeeze, Unsqueeze, Flatten, Transpose that move no
 *                 value, of which those that flatten a map become FLATTEN
 *   constants     initialisers and Constant, of FLOAT, DOUBLE, FLOAT16, BFLOAT16 and integers; and what follows from
 *                 constants by Add, Sub, Mul, Div, Cast, Concat, ConstantOfShape, DequantizeLinear, Gather, Identity,
 *                 QuantizeLinear, Reshape, Shape, Slice, Squeeze, Transpose, Unsqueeze
 * Names are those of nodes; of their outputs where a node has none of its own; of the layers of a Concat or Sum of
 * three or more, NODE.1, NODE.2, ... and NODE. Anything else: UNSUPPORTED, naming operator and node. Truncated or
 * random bytes: PARSE. Shapes that do not agree, loops: INVALID, naming the node or value. No crash, no leak whatever
 * the bytes. */
weft_status weft_onnx_read(weft_network **out, const char *path, weft_error *err);
weft_status weft_onnx_parse(weft_network **out, const void *data, size_t size, const char *file, weft_error *err);
/* Nodes are named after layers, their output LAYER.out, their constants LAYER.weight, .bias, .gamma, .beta, .mean,
 * .variance, .low, .high, .scale, .zero, .threshold, .negative, .pads. A layer of several nodes has its name on the
 * last:
 *   QUANTISE    Clip, QuantizeLinear, DequantizeLinear; scale high / levels; uint8 with zero point 0, (symmetric) int8
 *               with zero point 0, else uint8 or uint16 with a zero point
 *   THRESHOLD   GreaterOrEqual, Cast; signed: also LessOrEqual, Cast, and the Sub of both
 *   AFFINE      Mul, Add
 *   DENSE       a Flatten LAYER.flatten before it where it flattens silently, which reads back as a layer of its own
 *   CONV, pools, PAD, and ADD or CONCAT of unlike inputs: an Unsqueeze LAYER.map where a vector is taken for a map
 * UNSUPPORTED, naming the layer: one that no other uses but the last. Batch norm stays its own node. Input `image`
 * [batch, C, H, W] (batch symbolic), output `logits` [batch, classes]. Opset 13 and IR 7, but for HARD_SWISH (opset
 * 14), dilated average pooling (19, IR 9), more than 255 levels (21, IR 10). Deterministic bytes. Atomic. */
weft_status weft_onnx_write(const weft_network *net, const char *path, weft_error *err);

#ifdef __cplusplus
}
#endif
#endif
