"""A toy world in NumPy: GANs that train in milliseconds, some of which misbehave."""

import ctypes
import math
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge, Gt

import ganbench
from ganbench.contracts import Dataset, Normal, Parameter, Split, Step, Task

CLOCK = time.perf_counter
Deed = Literal[
    *("train", "diverge", "explode", "raise", "exit", "quit", "segfault", "hang"),
    *("litter", "fork", "print", "slow-clock", "nan-samples", "few-samples", "float-samples"),
]


@dataclass(frozen=True)
class Toy:
    """NumPy under another name; its description tells which process it ran in."""

    name = "toy"
    requires = ()
    extra = ""

    def prepare(self, options):
        return options

    def describe(self):
        return {"pid": str(os.getpid()), "threads": os.environ.get("OMP_NUM_THREADS", "")}


@dataclass(frozen=True)
class ToyGAN:
    """Pixels that drift to the mean of the real ones."""

    name = "toy"
    backend = "toy"

    does: Deed = "train"
    after: Annotated[int, Ge(0)] = 0  # steps before the deed is done
    rate: Annotated[float, Gt(0)] = 0.1
    megabytes: Annotated[int, Ge(0)] = 0
    step_seconds: Annotated[float, Ge(0)] = 0.0
    sample_seconds: Annotated[float, Ge(0)] = 0.0
    batch_size: Annotated[int, Ge(1)] = 4
    discriminator_updates: Annotated[int, Ge(1)] = 1
    bright: bool = False
    gains_side_by_side: bool = False

    def unsuitable(self, task):
        return None

    def step(self, task):
        return Step(self.batch_size, 2, self.discriminator_updates)

    def parameters(self, task):
        return {
            "generator.pixels": Parameter((math.prod(task.shape),), Normal(0.5, 0.1)),
            "generator.spread": Parameter((2, math.prod(task.shape)), Normal(0.0, 0.1)),
            "discriminator.scale": Parameter((3,), Normal(1.0, 0.1)),
            "discriminator.seen": Parameter((1,), Normal(0.0, 1.0), trainable=False),
        }

    def trainer(self, loss, penalties, task, weights, runtime):
        return ToyTrainer(self, task, weights)


@dataclass(frozen=True)
class ToyBatchNormGAN(ToyGAN):
    """A toy whose discriminator mixes the images of a batch, and that makes images only."""

    name = "toy-norm"
    batch_norm_in_discriminator = True

    def unsuitable(self, task):
        return None if task.kind == "images" else f"{self.name} makes images only"


class ToyTrainer:
    """Takes in everything that a chunk brings, so that any change of it shows in the samples."""

    def __init__(self, model, task, weights):
        self.model, self.task = model, task
        self.pixels = weights["generator.pixels"].astype(np.float64)
        self.spread = weights["generator.spread"].astype(np.float64)

    def train(self, chunk):
        for index in range(len(chunk.noise)):
            if chunk.start + index >= self.model.after:
                _do(self.model.does)
            time.sleep(self.model.step_seconds)
            _use_memory(self.model.megabytes)
            real = chunk.real[index].reshape(-1, len(self.pixels)).mean(axis=0)
            real = real / 255 if self.task.kind == "images" else real
            push = chunk.noise[index].mean() + chunk.generator_noise[index].mean()
            push += chunk.mixing[index].mean() + chunk.progress[index]
            self.pixels += self.model.rate * (real - self.pixels) + 0.01 * push
        ends = chunk.start + len(chunk.noise)
        bad = {"diverge": math.nan, "explode": -math.inf}.get(self.model.does, 1.0)
        loss = bad if ends > self.model.after else 1.0
        return {
            "discriminator_loss": loss,
            "generator_loss": float(self.pixels.mean()),
            "real_probability": 0.5,
            "fake_probability": 0.5,
        }

    def sample(self, noise, labels):
        time.sleep(self.model.sample_seconds)
        values = self.pixels + noise.astype(np.float64) @ self.spread
        values = values.reshape(-1, *self.task.shape)
        if self.model.does == "nan-samples":
            values[0] = math.nan
        if self.model.does == "few-samples":
            values = values[1:]
        if self.task.kind == "points" or self.model.does == "float-samples":
            return values.astype(np.float32)
        return np.clip(np.rint(values * 255), 0, 255).astype(np.uint8)


def _do(deed):
    if deed == "slow-clock" and time.perf_counter is CLOCK:  # half of every second goes by
        start = CLOCK()
        time.perf_counter = lambda: start + (CLOCK() - start) / 2
    if deed == "raise":
        raise RuntimeError("toy broke\nand this is the second line")
    if deed == "exit":
        os._exit(3)
    if deed == "quit":
        sys.exit(0)
    if deed == "segfault":
        ctypes.string_at(0)
    if deed == "hang":
        time.sleep(3600)
    if deed == "litter":  # a process is left behind
        subprocess.Popen(["sleep", "3600"])
        os._exit(4)
    if deed == "fork":  # ... with a hold of every pipe
        if os.fork() == 0:
            time.sleep(3600)
        os._exit(5)
    if deed == "print":
        print("chatter of a framework")
        os.write(1, b'{"event": "done", "result": "forged"}\n')


def _use_memory(megabytes):
    if megabytes:
        block = np.ones(megabytes * 2**20, np.uint8)
        block += 1


@dataclass(frozen=True)
class Specks:
    """Sixty-four grey 4x4 images of noise, dark ones and bright ones."""

    name = "specks"
    source = "the tests' own"
    default_samples = 20

    def task(self):
        return Task("specks", "images", (4, 4, 1), classes=2)

    def load(self, location):
        rng = np.random.Generator(np.random.Philox(key=1))
        labels = np.arange(64, dtype=np.int32) % 2
        images = rng.integers(0, 128, (64, 4, 4, 1)) + 100 * labels[:, None, None, None]
        images = images.astype(np.uint8)
        train = Split("train", images[:40], labels[:40])
        return Dataset(self.task(), train, Split("test", images[40:], labels[40:]), sha256="0" * 64)


@dataclass(frozen=True)
class Dots:
    """Forty unlabelled points on a line, without a mixture."""

    name = "dots"
    source = "the tests' own"
    default_samples = 10

    def task(self):
        return Task("dots", "points", (2,))

    def load(self, location):
        points = np.repeat(np.linspace(0, 1, 40, dtype=np.float32)[:, None], 2, axis=1)
        return Dataset(self.task(), Split("train", points), Split("test", points), sha256="1" * 64)


@dataclass(frozen=True)
class Pixels:
    """Every pixel is a feature."""

    name = "pixels"
    source = "the tests' own"

    @property
    def id(self):
        return "pixels-1"

    def fits(self, task):
        return task.dataset == "specks"

    def extract(self, images):
        return images.reshape(len(images), -1).astype(np.float32) / 255, None


@dataclass(frozen=True)
class Brightness:
    """Mean of all pixels, and that of the reference beside it."""

    name = "brightness"
    version = 1
    needs = "images"
    columns = {"brightness": "lower", "brightness-real": "none"}
    beside = frozenset({"brightness-real"})

    def compute(self, real, fake, rng):
        return {
            "brightness": fake.samples.mean() / 255,
            "brightness-real": real.samples.mean() / 255,
        }


@dataclass(frozen=True)
class Nudge:
    """A penalty that looks at gradients by the images and wants an array of its own."""

    name = "nudge"
    differentiates = frozenset({"real"})
    extra = {"noise": "normal"}

    gamma: Annotated[float, Gt(0)] = 1.0

    def discriminator_term(self, ops, discriminator, real, fake):
        return ops.mean(ops.extra("noise"))


@ganbench.hookimpl
def ganbench_backends():
    return [Toy]


@ganbench.hookimpl
def ganbench_models():
    return [ToyGAN, ToyBatchNormGAN]


@ganbench.hookimpl
def ganbench_datasets():
    return [Specks, Dots]


@ganbench.hookimpl
def ganbench_extractors():
    return [Pixels]


@ganbench.hookimpl
def ganbench_metrics():
    return [Brightness]


@ganbench.hookimpl
def ganbench_penalties():
    return [Nudge]
