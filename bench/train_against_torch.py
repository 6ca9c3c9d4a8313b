#!/usr/bin/python3
"""Training speed of the demo's network: weft against PyTorch, alternating in one run, both on all processors.

Usage: bench/train_against_torch.py WEFT [ROUNDS]      (python3-torch and Fashion-MNIST are needed)

Both train the same network with Sign projection, ADAM, square hinge loss, weights clipped, batch 100. PyTorch is timed in each of its
modes: fp32 and bf16 autocast, plain and channels-last layout; the best one counts. Prints images/s of every round and the ratio of
the medians.
"""
import gzip
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

import numpy
import torch
from torch import nn
from torch.nn import functional

BATCH, STEPS, WARM_UP = 100, 120, 10
IMAGES = "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz"
LABELS = "/usr/share/datasets/fashion-mnist/train-labels-idx1-ubyte.gz"


def idx(path, header):
    with gzip.open(path) as stream:
        return numpy.frombuffer(stream.read(), numpy.uint8, offset=header)


class Net(nn.Module):
    """The layers of trainer/recipes/fashion-cnn-sign.yaml."""

    def __init__(self):
        super().__init__()
        self.weights = nn.ParameterList()
        for shape in ((32, 1, 3, 3), (64, 32, 3, 3), (256, 3136), (10, 256)):
            weight = torch.empty(shape)
            nn.init.xavier_uniform_(weight)
            self.weights.append(nn.Parameter(weight))
        self.norms = nn.ModuleList(
            [nn.BatchNorm2d(32, 1e-4), nn.BatchNorm2d(64, 1e-4), nn.BatchNorm1d(256, 1e-4), nn.BatchNorm1d(10, 1e-4)])
        self.bounds = [0.5 * float(w.detach().std()) for w in self.weights]

    def forward(self, x):
        p = [w + (w.abs().max() * torch.where(w < 0, -1.0, 1.0) - w).detach() for w in self.weights]
        for i in range(2):
            x = functional.relu(self.norms[i](functional.max_pool2d(functional.conv2d(x, p[i], padding=1), 2)))
        x = functional.relu(self.norms[2](functional.linear(x.flatten(1), p[2])))
        return self.norms[3](functional.linear(x, p[3]))


def torch_speed(images, labels, bf16, channels_last):
    net = Net()
    optimiser = torch.optim.Adam(net.parameters(), lr=0.003)
    for step in range(STEPS + WARM_UP):
        if step == WARM_UP:
            start = time.perf_counter()
        at = step * BATCH
        x = images[at:at + BATCH].float().div_(255)
        if channels_last:
            x = x.contiguous(memory_format=torch.channels_last)
        target = functional.one_hot(labels[at:at + BATCH], 10) * 2.0 - 1.0
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            logits = net(x)
        loss = functional.relu(1 - target * logits.float()).square().mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            for weight, bound in zip(net.weights, net.bounds):
                weight.clamp_(-bound, bound)
    return STEPS * BATCH / (time.perf_counter() - start)


def weft_speed(weft):
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run([weft, "train", "fashion-cnn-sign", "--out", folder + "/net.onnx", "--set", "epochs=1"],
                             stderr=subprocess.PIPE, check=True, text=True, stdout=subprocess.DEVNULL)
    return float(re.findall(r"(\d+) images/s", run.stderr)[-1])


def main():
    torch.set_num_threads(os.cpu_count())
    weft, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3
    images = torch.from_numpy(idx(IMAGES, 16).reshape(-1, 1, 28, 28).copy())
    labels = torch.from_numpy(idx(LABELS, 8).astype(numpy.int64))
    modes = [(bf16, last) for bf16 in (False, True) for last in (False, True)]
    name = {mode: ("bf16" if mode[0] else "fp32") + (" channels-last" if mode[1] else "") for mode in modes}
    speeds = {mode: [] for mode in modes}
    ours = []
    for _ in range(rounds):
        ours.append(weft_speed(weft))
        print(f"weft {ours[-1]:8.0f} images/s", flush=True)
        for mode in modes:
            speeds[mode].append(torch_speed(images, labels, *mode))
            print(f"torch {torch.__version__} {name[mode]}: {speeds[mode][-1]:8.0f} images/s", flush=True)
    best = max(modes, key=lambda mode: statistics.median(speeds[mode]))
    ratio = statistics.median(ours) / statistics.median(speeds[best])
    print(f"weft is {ratio:.2f} times torch {name[best]} (medians of {rounds} rounds, {torch.get_num_threads()} threads)")


if __name__ == "__main__":
    main()
