#!/usr/bin/python3
"""Writes well-known networks as ONNX files, with the structure of their papers and random weights of a fixed seed.

    export_networks.py FOLDER [--small] [--list] [NAME ...]

Full size: 224 x 224 images and 1000 classes. --small: the same graphs on 32 x 32 images (AlexNet: 64 x 64) with an
eighth of the channels and 10 classes. Without a NAME, all of them. Needs python3-onnx and python3-numpy only.

Weights are drawn so that activations keep their size through the layers (He et al. 2015, "Delving deep into
rectifiers"); batch norms have statistics and parameters other than 0 and 1.
"""
import argparse
import os
import sys
import zlib

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save


class Graph:
    """A graph that grows: every method appends nodes and returns the name of a tensor whose shape it knows."""

    def __init__(self, name, size, opset, divisor, classes):
        self.name, self.opset, self.divisor, self.classes = name, opset, divisor, classes
        self.random = np.random.default_rng(zlib.crc32(name.encode()))
        self.nodes, self.initialisers, self.shapes, self.count = [], [], {}, {}
        self.input = 'input'
        self.size = size
        self.shapes[self.input] = (3, size, size)

    def width(self, channels):
        """Channels of the small variant."""
        return max(1, channels // self.divisor)

    def normal(self, shape, deviation):
        return self.random.standard_normal(shape, dtype=np.float32) * np.float32(deviation)

    def uniform(self, low, high, count):
        return self.random.uniform(low, high, count).astype(np.float32)

    def constant(self, name, values):
        self.initialisers.append(numpy_helper.from_array(values, name))
        return name

    def unique(self, operator):
        self.count[operator] = self.count.get(operator, 0) + 1
        return '%s_%d' % (operator, self.count[operator])

    def node(self, operator, inputs, shape, name=None, **attributes):
        name = name or self.unique(operator)
        output = name + '_out'
        self.nodes.append(helper.make_node(operator, inputs, [output], name=name, **attributes))
        self.shapes[output] = shape
        return output

    # ---- layers ----

    def conv_shape(self, x, out, kernel, stride, pad):
        _, height, width = self.shapes[x]
        return (out, (height + 2 * pad - kernel) // stride + 1, (width + 2 * pad - kernel) // stride + 1)

    def conv(self, x, out, kernel, stride=1, pad=0, groups=1, bias=True):
        name, ins = self.unique('Conv'), self.shapes[x][0]
        fan_in = ins // groups * kernel * kernel
        inputs = [x, self.constant(name + '_w', self.normal((out, ins // groups, kernel, kernel),
                                                            np.sqrt(2.0 / fan_in)))]
        if bias:
            inputs.append(self.constant(name + '_b', self.normal(out, 0.1)))
        return self.node('Conv', inputs, self.conv_shape(x, out, kernel, stride, pad), name, group=groups,
                         kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4, dilations=[1, 1])

    def norm(self, x, gain=1.0):
        name, channels = self.unique('BatchNormalization'), self.shapes[x][0]
        inputs = [x, self.constant(name + '_gamma', self.uniform(0.8 * gain, 1.2 * gain, channels)),
                  self.constant(name + '_beta', self.normal(channels, 0.1)),
                  self.constant(name + '_mean', self.normal(channels, 0.1)),
                  self.constant(name + '_variance', self.uniform(0.5, 1.5, channels))]
        return self.node('BatchNormalization', inputs, self.shapes[x], name, epsilon=1e-5, momentum=0.9)

    def elementwise(self, operator, x, **attributes):
        return self.node(operator, [x], self.shapes[x], **attributes)

    def relu(self, x):
        return self.elementwise('Relu', x)

    def relu6(self, x):
        name = self.unique('Clip')
        bounds = [self.constant('%s_%s' % (name, end), np.array(value, np.float32))
                  for end, value in (('min', 0), ('max', 6))]
        return self.node('Clip', [x] + bounds, self.shapes[x], name)

    def max_pool(self, x, kernel, stride, pad=0, ceil=False):
        channels, height, width = self.shapes[x]
        up = stride - 1 if ceil else 0
        extent = [(n + 2 * pad - kernel + up) // stride + 1 for n in (height, width)]
        return self.node('MaxPool', [x], (channels, *extent), kernel_shape=[kernel] * 2, strides=[stride] * 2,
                         pads=[pad] * 4, ceil_mode=int(ceil))

    def global_pool(self, x):
        return self.node('GlobalAveragePool', [x], (self.shapes[x][0], 1, 1))

    def flatten(self, x):
        return self.node('Flatten', [x], (int(np.prod(self.shapes[x])), 1, 1), axis=1)

    def dense(self, x, out):
        name, ins = self.unique('Gemm'), self.shapes[x][0]
        inputs = [x, self.constant(name + '_w', self.normal((out, ins), np.sqrt(2.0 / ins))),
                  self.constant(name + '_b', self.normal(out, 0.1))]
        return self.node('Gemm', inputs, (out, 1, 1), name, transB=1)

    def add(self, a, b):
        return self.node('Add', [a, b], self.shapes[a])

    def concat(self, a, b):
        channels, height, width = self.shapes[a]
        return self.node('Concat', [a, b], (channels + self.shapes[b][0], height, width), axis=1)

    def classifier(self, x):
        return self.dense(self.flatten(self.global_pool(x)), self.classes)

    # ---- file ----

    def model(self, output):
        batch = lambda shape: ['N'] + list(shape)
        dims = self.shapes[output]
        dims = dims[:1] if dims[1:] == (1, 1) else dims
        graph = helper.make_graph(
            self.nodes, self.name,
            [helper.make_tensor_value_info(self.input, TensorProto.FLOAT, batch(self.shapes[self.input]))],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, batch(dims))], self.initialisers)
        # The file format of the years in which the operator set came out, so that old readers take it.
        return helper.make_model(graph, opset_imports=[helper.make_opsetid('', self.opset)],
                                 ir_version=6 if self.opset < 12 else 8 if self.opset > 14 else 7, producer_name='weft export_networks')


# ---- the networks ----


def vgg16(g):
    """Simonyan and Zisserman 2015, table 1, D."""
    x = g.input
    for channels, repeats in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(repeats):
            x = g.relu(g.conv(x, g.width(channels), 3, pad=1))
        x = g.max_pool(x, 2, 2)
    x = g.flatten(x)
    for _ in range(2):
        x = g.relu(g.dense(x, g.width(4096)))
    return g.dense(x, g.classes)


def alexnet(g):
    """Krizhevsky 2014, "One weird trick", the one-tower variant, without response normalisation."""
    x = g.max_pool(g.relu(g.conv(g.input, g.width(64), 11, 4, 2)), 3, 2)
    x = g.max_pool(g.relu(g.conv(x, g.width(192), 5, 1, 2)), 3, 2)
    for channels in (384, 256, 256):
        x = g.relu(g.conv(x, g.width(channels), 3, 1, 1))
    x = g.flatten(g.max_pool(x, 3, 2))
    for _ in range(2):
        x = g.relu(g.dense(x, g.width(4096)))
    return g.dense(x, g.classes)


def basic_block(g, x, channels, stride):
    y = g.relu(g.norm(g.conv(x, channels, 3, stride, 1, bias=False)))
    y = g.norm(g.conv(y, channels, 3, 1, 1, bias=False), 0.4)
    if stride > 1 or g.shapes[x][0] != channels:
        x = g.norm(g.conv(x, channels, 1, stride, bias=False))
    return g.relu(g.add(y, x))


def bottleneck(g, x, channels, stride):
    y = g.relu(g.norm(g.conv(x, channels, 1, bias=False)))
    y = g.relu(g.norm(g.conv(y, channels, 3, stride, 1, bias=False)))
    y = g.norm(g.conv(y, 4 * channels, 1, bias=False), 0.4)
    if stride > 1 or g.shapes[x][0] != 4 * channels:
        x = g.norm(g.conv(x, 4 * channels, 1, stride, bias=False))
    return g.relu(g.add(y, x))


def resnet(g, block, repeats):
    """He et al. 2016, "Deep residual learning", table 1; the stride of a bottleneck is in its 3 x 3 convolution."""
    x = g.relu(g.norm(g.conv(g.input, g.width(64), 7, 2, 3, bias=False)))
    x = g.max_pool(x, 3, 2, 1)
    for stage, count in enumerate(repeats):
        for i in range(count):
            x = block(g, x, g.width(64 << stage), 2 if stage and i == 0 else 1)
    return g.classifier(x)


def resnet18(g):
    return resnet(g, basic_block, (2, 2, 2, 2))


def resnet50(g):
    return resnet(g, bottleneck, (3, 4, 6, 3))


def inverted_residual(g, x, kernel, expanded, out, stride, activation):
    """Sandler et al. 2018, figure 3: expand, filter each channel, project without an activation."""
    y = x
    if expanded != g.shapes[x][0]:
        y = activation(g.norm(g.conv(y, expanded, 1, bias=False)))
    y = activation(g.norm(g.conv(y, expanded, kernel, stride, kernel // 2, groups=expanded, bias=False)))
    y = g.norm(g.conv(y, out, 1, bias=False))
    return g.add(x, y) if stride == 1 and g.shapes[x][0] == out else y


def mobilenetv2(g):
    """Sandler et al. 2018, table 2."""
    x = g.relu6(g.norm(g.conv(g.input, g.width(32), 3, 2, 1, bias=False)))
    for factor, channels, repeats, stride in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
                                              (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)):
        for i in range(repeats):
            x = inverted_residual(g, x, 3, factor * g.shapes[x][0], g.width(channels), stride if i == 0 else 1,
                                  g.relu6)
    return g.classifier(g.relu6(g.norm(g.conv(x, g.width(1280), 1, bias=False))))


def mobilenetv3(g):
    """Howard et al. 2019, table 2 (small), without squeeze and excitation."""
    swish = lambda x: g.elementwise('HardSwish', x)
    x = swish(g.norm(g.conv(g.input, g.width(16), 3, 2, 1, bias=False)))
    for kernel, expanded, channels, stride, activation in (
            (3, 16, 16, 2, g.relu), (3, 72, 24, 2, g.relu), (3, 88, 24, 1, g.relu), (5, 96, 40, 2, swish),
            (5, 240, 40, 1, swish), (5, 240, 40, 1, swish), (5, 120, 48, 1, swish), (5, 144, 48, 1, swish),
            (5, 288, 96, 2, swish), (5, 576, 96, 1, swish), (5, 576, 96, 1, swish)):
        x = inverted_residual(g, x, kernel, g.width(expanded), g.width(channels), stride, activation)
    x = swish(g.norm(g.conv(x, g.width(576), 1, bias=False)))
    x = swish(g.dense(g.flatten(g.global_pool(x)), g.width(1024)))
    return g.dense(x, g.classes)


def squeezenet(g):
    """Iandola et al. 2016; the tables of release 1.1."""
    def fire(x, squeeze, expand):
        x = g.relu(g.conv(x, g.width(squeeze), 1))
        return g.concat(g.relu(g.conv(x, g.width(expand), 1)), g.relu(g.conv(x, g.width(expand), 3, 1, 1)))

    x = g.max_pool(g.relu(g.conv(g.input, g.width(64), 3, 2)), 3, 2, ceil=True)
    x = g.max_pool(fire(fire(x, 16, 64), 16, 64), 3, 2, ceil=True)
    x = g.max_pool(fire(fire(x, 32, 128), 32, 128), 3, 2, ceil=True)
    for squeeze, expand in ((48, 192), (48, 192), (64, 256), (64, 256)):
        x = fire(x, squeeze, expand)
    return g.flatten(g.global_pool(g.relu(g.conv(x, g.classes, 1))))


# ---- a quantised network ----


class Quantised:
    """Layers between QuantizeLinear and DequantizeLinear: weights int8 per output channel, biases int32, activations
    uint8 or int8 per tensor."""

    def __init__(self, graph):
        self.g = graph
        self.scales = {}  # of the activations, which the biases need

    def activation(self, x, largest, signed=False):
        g, name = self.g, self.g.unique('Quantize')
        scale = np.float32(largest / (127 if signed else 255))
        constants = [g.constant(name + '_scale', np.array(scale, np.float32)),
                     g.constant(name + '_zero', np.array(0, np.int8 if signed else np.uint8))]
        y = g.node('QuantizeLinear', [x] + constants, g.shapes[x], name)
        y = g.node('DequantizeLinear', [y] + constants, g.shapes[x], name + '_back')
        self.scales[y] = scale
        return y

    def parameters(self, name, values, scale, integer, axis):
        g, limit = self.g, np.iinfo(integer).max
        by_channel = scale.reshape((-1,) + (1,) * (values.ndim - 1))
        steps = np.clip(np.rint(values / by_channel), -limit, limit).astype(integer)
        constants = [g.constant(name + '_int', steps), g.constant(name + '_scale', scale.astype(np.float32)),
                     g.constant(name + '_zero', np.zeros(len(scale), integer))]
        return g.node('DequantizeLinear', constants, (), name, axis=axis)

    def weighted(self, x, name, weight):
        scale = np.abs(weight).max(axis=tuple(range(1, weight.ndim))) / 127
        bias = self.g.normal(len(scale), 0.1)
        return [x, self.parameters(name + '_w', weight, scale, np.int8, 0),
                self.parameters(name + '_b', bias, scale * self.scales[x], np.int32, 0)]

    def conv(self, x, out, kernel, stride=1, pad=0, groups=1):
        g, name, ins = self.g, self.g.unique('Conv'), self.g.shapes[x][0] // groups
        weight = g.normal((out, ins, kernel, kernel), np.sqrt(2.0 / (ins * kernel * kernel)))
        return g.node('Conv', self.weighted(x, name, weight), g.conv_shape(x, out, kernel, stride, pad), name,
                      group=groups, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4)

    def dense(self, x, out):
        g, name, ins = self.g, self.g.unique('Gemm'), self.g.shapes[x][0]
        return g.node('Gemm', self.weighted(x, name, g.normal((out, ins), np.sqrt(2.0 / ins))), (out, 1, 1), name,
                      transB=1)


def quantised(g):
    """Not from a paper: convolutions, one of them depthwise, with unsigned and signed activations."""
    q = Quantised(g)
    x = q.activation(g.input, 1.0)
    x = q.activation(g.relu(q.conv(x, g.width(64), 3, 1, 1)), 3.0)
    x = g.max_pool(x, 2, 2)
    q.scales[x] = np.float32(3.0 / 255)
    x = q.activation(q.conv(x, g.width(64), 3, 1, 1, groups=g.width(64)), 4.0, signed=True)
    x = q.activation(g.relu(q.conv(x, g.width(128), 3, 2, 1)), 4.0)
    # No multiple of the scale before, or means would lie half way between two steps, for each runtime to round its way.
    x = q.activation(g.flatten(g.global_pool(x)), 1.9)
    return q.dense(x, g.classes)


# Name: graph, operator set, size of the small variant's images.
NETWORKS = {
    'vgg16': (vgg16, 13, 32),
    'resnet18': (resnet18, 11, 32),
    'resnet50': (resnet50, 13, 32),
    'mobilenetv2': (mobilenetv2, 13, 32),
    'mobilenetv3': (mobilenetv3, 17, 32),
    'squeezenet': (squeezenet, 13, 32),
    'alexnet': (alexnet, 13, 64),
    'quantised': (quantised, 13, 32),
}


def export(name, folder, small):
    build, opset, size = NETWORKS[name]
    graph = Graph(name, size if small else 224, opset, 8 if small else 1, 10 if small else 1000)
    model = graph.model(build(graph))
    if small:
        checker.check_model(model, full_check=True)
    path = os.path.join(folder, name + '.onnx')
    save(model, path)
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('folder', metavar='FOLDER', nargs='?')
    parser.add_argument('names', metavar='NAME', nargs='*')
    parser.add_argument('--small', action='store_true', help='32 x 32 images, an eighth of the channels')
    parser.add_argument('--list', action='store_true', help='print the names and write nothing')
    arguments = parser.parse_intermixed_args()
    if arguments.list:
        print('\n'.join(NETWORKS))
        return 0
    unknown = [name for name in arguments.names if name not in NETWORKS]
    if arguments.folder is None or unknown:
        parser.error('FOLDER is missing' if not unknown else
                     'no network %s; there are %s' % (unknown[0], ', '.join(NETWORKS)))
    os.makedirs(arguments.folder, exist_ok=True)
    for name in arguments.names or NETWORKS:
        print(export(name, arguments.folder, arguments.small))
    return 0


if __name__ == '__main__':
    sys.exit(main())
