#!/usr/bin/python3
"""Training speed: weft against PyTorch on the same networks, alternating in one run, both on all processors.

Usage: bench/train_against_torch.py WEFT [--rounds N] [--nets NAME ...] [--seconds S] [--json FILE]
(python3-torch is needed; the pixels are those of data/cifar10, or random where it is absent)

The networks are those of bench/recipes: binaryconnect, the same shape with narrower convolutions, and the small net of the CIFAR-10
speed runs. Both sides train the same layers on the same images, batch 100: Sign projection of every layer but the frozen one, ADAM,
square hinge loss, W clipped.

weft is measured through `weft train`, precision auto, by the seconds in its learning curve between the first epoch's end and the
second's, so start-up and the choice of implementations are left out; the epoch's test of 100 images is not. PyTorch is timed over as
many images after a warm-up, in each of its modes: fp32 and bf16 autocast, plain and channels-last layout, its plain and its foreach
ADAM. The first round tries them all, later rounds those within 15 % of the best. PyTorch's images are floating-point and
normalised beforehand; weft reads bytes. The ratio is that of the medians over the rounds, PyTorch's being the best mode's.
"""
import argparse
import csv
import ctypes
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy
import torch
from torch import nn
from torch.nn import functional

BATCH, CLASSES, TEST_IMAGES = 100, 10, 100
ROOT = Path(__file__).resolve().parent.parent
MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)

# Blocks of two convolutions, then dense layers; images: how many are timed a second of --seconds.
NETS = {
    "binaryconnect": {"blocks": (128, 256, 512), "dense": (1024, 1024, 10), "images": 130},
    "half": {"blocks": (64, 128, 256), "dense": (1024, 1024, 10), "images": 450},
    "quarter": {"blocks": (32, 64, 128), "dense": (1024, 1024, 10), "images": 1200},
    "fast": {"blocks": (32, 128, 128), "dense": (10,), "images": 1800},
}


# ---- data ----

class PngImage(ctypes.Structure):
    """png_image of libpng's simplified interface."""
    _fields_ = [("opaque", ctypes.c_void_p)] + [(name, ctypes.c_uint32) for name in (
        "version", "width", "height", "format", "flags", "colormap_entries", "warning_or_error")] + [("message", ctypes.c_char * 64)]


def read_png(path):
    """Rows of RGB pixels."""
    png, image = ctypes.CDLL("libpng16.so.16"), PngImage(version=1)
    if not png.png_image_begin_read_from_file(ctypes.byref(image), os.fsencode(path)):
        raise OSError(f"{path}: {image.message.decode()}")
    image.format = 2  # RGB
    pixels = numpy.empty((image.height, image.width, 3), numpy.uint8)
    if not png.png_image_finish_read(ctypes.byref(image), None, pixels.ctypes.data_as(ctypes.c_void_p), 0, None):
        raise OSError(f"{path}: {image.message.decode()}")
    return pixels


def cifar10(count):
    """Pixels [count, 3, 32, 32] and labels, and where they are from."""
    folder = ROOT / "data" / "cifar10"
    if (folder / "data_batch_1.bin").exists():
        records = [numpy.fromfile(folder / f"data_batch_{b}.bin", numpy.uint8).reshape(-1, 3073) for b in range(1, 6)]
        records = numpy.concatenate(records)[:count]
        return records[:, 1:].reshape(-1, 3, 32, 32).copy(), records[:, 0].copy(), "CIFAR-10"
    if (folder / "data_batch_1.png").exists():
        rows = numpy.concatenate([read_png(folder / f"data_batch_{b}.png") for b in range(1, 2 + (count - 1) // 10000)])
        labels = json.loads((folder / "train_lables.json").read_text())
        return (rows[:count].reshape(-1, 32, 32, 3).transpose(0, 3, 1, 2).copy(), numpy.array(labels[:count], numpy.uint8), "CIFAR-10")
    random = numpy.random.default_rng(1)
    return random.integers(0, 256, (count, 3, 32, 32), numpy.uint8), random.integers(0, CLASSES, count, numpy.uint8), "random pixels"


def write_set(folder, pixels, labels):
    """The images as the official binary batches; a fifth in each."""
    records = numpy.concatenate([labels[:, None], pixels.reshape(len(pixels), -1)], axis=1)
    for number, part in enumerate(numpy.array_split(records, 5), 1):
        part.tofile(Path(folder) / f"data_batch_{number}.bin")
    records[:TEST_IMAGES].tofile(Path(folder) / "test_batch.bin")


# ---- weft ----

def workers():
    """The most equal parts of a minibatch that the processors can take."""
    return max(n for n in range(1, min(os.cpu_count(), 16) + 1) if BATCH % n == 0)


def weft_speed(weft, name, dataset, images):
    with tempfile.TemporaryDirectory() as folder:
        curve = Path(folder) / "curve.csv"
        subprocess.run([weft, "train", ROOT / "bench" / "recipes" / f"{name}.yaml", "--out", Path(folder) / "net.onnx",
                        "--dataset", dataset, "--curve", curve, "--set", "epochs=2", "--set", f"workers={workers()}"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        rows = list(csv.DictReader(curve.open()))
    return images / (float(rows[1]["seconds"]) - float(rows[0]["seconds"]))


# ---- PyTorch ----

class Net(nn.Module):
    """Latent weights, and leaves for their projections, so that projecting adds nothing to the graph."""

    def __init__(self, name, channels_last):
        super().__init__()
        shape = NETS[name]
        self.fast, self.channels_last = name == "fast", channels_last
        self.latent, self.used, self.norms, self.bounds = [], [], nn.ModuleList(), []
        channels = 3
        if self.fast:
            self.frozen = self.layout(torch.empty(24, 3, 2, 2).normal_())
            channels = 24
        for width in shape["blocks"]:
            self.add(width, channels, 3, 3)
            self.add(width, width, 3, 3)
            channels = width
        features = channels if self.fast else channels * 16
        for units in shape["dense"]:
            self.add(units, features)
            features = units

    def layout(self, weight):
        return weight.contiguous(memory_format=torch.channels_last) if self.channels_last and weight.dim() == 4 else weight

    def add(self, *shape):
        weight = torch.empty(shape)
        nn.init.xavier_uniform_(weight)
        self.latent.append(self.layout(weight).requires_grad_())
        self.used.append(torch.empty_like(self.latent[-1]).requires_grad_())
        self.norms.append((nn.BatchNorm2d if len(shape) == 4 else nn.BatchNorm1d)(shape[0], 1e-4))
        area = math.prod(shape[2:])
        self.bounds.append(0.5 * math.sqrt(2 / ((shape[0] + shape[1]) * area)))

    @torch.no_grad()
    def project(self):
        for latent, used in zip(self.latent, self.used):
            torch.copysign(latent.abs().max(), latent, out=used.data)
            used.grad = None

    @torch.no_grad()
    def take_gradients(self):
        for latent, used in zip(self.latent, self.used):
            latent.grad = used.grad

    @torch.no_grad()
    def clip(self):
        for latent, bound in zip(self.latent, self.bounds):
            latent.clamp_(-bound, bound)

    def forward(self, x):
        at, blocks = 0, len(NETS["fast"]["blocks"])
        if self.fast:
            with torch.no_grad():
                x = functional.relu_(functional.conv2d(functional.pad(x, (0, 1, 0, 1)), self.frozen))
        for _ in range(blocks):
            for place in range(2):
                x = functional.conv2d(x, self.used[at], padding=1)
                if place != self.fast:  # pools follow the first of the two in the fast net, the second elsewhere
                    x = functional.max_pool2d(x, 2)
                x = functional.relu_(self.norms[at](x))
                at += 1
        if self.fast:
            x = functional.max_pool2d(x, 4)
        x = x.flatten(1)
        while at < len(self.used):
            x = self.norms[at](functional.linear(x, self.used[at]))
            at += 1
            if at < len(self.used):
                x = functional.relu_(x)
        return x


def torch_step(net, optimiser, images, targets, order, bf16):
    x, target = images[order], targets[order]
    if net.channels_last:
        x = x.contiguous(memory_format=torch.channels_last)
    net.project()
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        logits = net(x)
    loss = functional.relu_(1 - target * logits.float()).square().mean()
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    net.take_gradients()
    optimiser.step()
    net.clip()
    return loss.detach()


def torch_speed(name, pixels, labels, mode):
    bf16, channels_last, foreach = mode
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (MEAN, STD))
    images = torch.from_numpy(pixels).float().div_(255).sub_(mean).div_(std)
    targets = functional.one_hot(torch.from_numpy(labels.astype(numpy.int64)), CLASSES) * 2.0 - 1.0
    net = Net(name, channels_last)
    optimiser = torch.optim.Adam(net.latent + list(net.parameters()), lr=0.003, foreach=foreach)
    order = torch.randperm(len(images))
    steps = len(images) // BATCH
    warm_up = max(2, steps // 4)
    for step in range(warm_up + steps):
        if step == warm_up:
            start = time.perf_counter()
        at = step % steps * BATCH
        loss = torch_step(net, optimiser, images, targets, order[at:at + BATCH], bf16)
    seconds = time.perf_counter() - start
    if not torch.isfinite(loss):
        sys.exit("PyTorch's loss is not finite")
    return (step + 1 - warm_up) * BATCH / seconds


def mode_name(mode):
    return ("bf16" if mode[0] else "fp32") + (" channels-last" if mode[1] else "") + (" foreach" if mode[2] else "")


# ---- both ----

def measure(weft, name, rounds, seconds):
    """Speeds of weft by round, and of PyTorch by mode and round."""
    images = max(4, round(NETS[name]["images"] * seconds / BATCH)) * BATCH
    pixels, labels, source = cifar10(images)
    images = len(pixels)
    print(f"{name}: {images} images, {source}", flush=True)
    modes = [(bf16, last, foreach) for bf16 in (True, False) for last in (False, True) for foreach in (False, True)]
    ours, theirs = [], {mode: [] for mode in modes}
    with tempfile.TemporaryDirectory() as dataset:
        write_set(dataset, pixels, labels)
        for _ in range(rounds):
            ours.append(weft_speed(weft, name, dataset, images))
            print(f"  weft {ours[-1]:8.0f} images/s", flush=True)
            for mode in modes:
                theirs[mode].append(torch_speed(name, pixels, labels, mode))
                print(f"  torch {mode_name(mode):28} {theirs[mode][-1]:8.0f} images/s", flush=True)
            best = max(theirs[mode][-1] for mode in modes)
            modes = [mode for mode in modes if theirs[mode][-1] > 0.85 * best]
    return ours, {mode: speeds for mode, speeds in theirs.items() if len(speeds) == rounds}


def report(name, ours, theirs):
    best = max(theirs, key=lambda mode: statistics.median(theirs[mode]))
    result = {"net": name, "weft": statistics.median(ours), "torch": statistics.median(theirs[best]), "torch_mode": mode_name(best),
              "weft_rounds": ours, "torch_rounds": {mode_name(mode): speeds for mode, speeds in theirs.items()}}
    result["ratio"] = result["weft"] / result["torch"]
    print(f"{name}: weft {result['weft']:.0f}, torch {result['torch']:.0f} ({result['torch_mode']}) images/s: "
          f"{result['ratio']:.2f} times", flush=True)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weft")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--nets", nargs="+", choices=NETS, default=list(NETS))
    parser.add_argument("--seconds", type=float, default=15, help="about how long one measurement takes")
    parser.add_argument("--json", metavar="FILE", help="also writes every round's speed")
    options = parser.parse_args()
    torch.set_num_threads(os.cpu_count())
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads; weft, {workers()} workers; {options.rounds} rounds")
    results = [report(name, *measure(options.weft, name, options.rounds, options.seconds)) for name in options.nets]
    mean = math.exp(statistics.mean(math.log(result["ratio"]) for result in results))
    print(f"geometric mean of {len(results)}: {mean:.2f} times; smallest {min(result['ratio'] for result in results):.2f}")
    if options.json:
        Path(options.json).write_text(json.dumps({"torch": torch.__version__, "nets": results, "geometric_mean": mean}, indent=1) + "\n")


if __name__ == "__main__":
    main()
