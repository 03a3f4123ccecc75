"""Two NumPy backends of one linear GAN, of which the right one can be made to go wrong."""

import os
import sys
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Ge

import ganbench
from ganbench.contracts import Constant, Normal, Parameter, Step

RATE = 0.05
Flaw = Literal[
    *("none", "rate", "loss", "gradient", "buffer", "samples", "infinite", "name", "shape"),
    *("raise", "exit", "mute", "refuse"),
]


@dataclass(frozen=True)
class Left:
    """The one that is right."""

    name = "left"
    requires = ("numpy",)
    extra = ""

    def prepare(self, options):
        return np.dtype(options.dtype)

    def describe(self):
        return {"numpy": np.__version__, "side": self.name, "process": str(os.getpid())}


@dataclass(frozen=True)
class Right(Left):
    """The one that is held against it."""

    name = "right"


@dataclass(frozen=True)
class LeftTwin:
    """D(x) = a . x + b, G(z) = W z + c; plain gradient descent."""

    name = "twin"
    backend = "left"

    width: Annotated[int, Ge(1)] = 2
    flaw: Flaw = "none"  # of the right backend
    since: Annotated[int, Ge(1)] = 1  # the first step, counted from 1, that shows it
    batch_norm_in_discriminator: bool = False

    def unsuitable(self, task):
        return None if task.kind == "points" else f"{self.name} makes points only"

    def step(self, task):
        return Step(4, self.width)

    def parameters(self, task):
        (size,) = task.shape
        return {
            "generator.layer.weight": Parameter((size, self.width), Normal(0.0, 0.5)),
            "generator.layer.bias": Parameter((size,), Constant(0.0)),
            "generator.seen": Parameter((1,), Constant(0.0), trainable=False),
            "discriminator.layer.weight": Parameter((1, size), Normal(0.0, 0.5)),
            "discriminator.layer.bias": Parameter((1,), Constant(0.0)),
        }

    def trainer(self, loss, penalties, task, weights, runtime):
        flaw = self.flaw if self.backend == "right" else "none"
        return Trainer(flaw, self.since, weights, runtime)


@dataclass(frozen=True)
class RightTwin(LeftTwin):
    """The same on the other backend."""

    backend = "right"


@dataclass(frozen=True)
class OnlyLeft(LeftTwin):
    """A model that the other backend lacks."""

    name = "only-left"


class Trainer:
    """Wasserstein losses, by hand, whatever loss is asked for."""

    def __init__(self, flaw, since, weights, dtype):
        self.flaw, self.since, self.dtype = flaw, since, dtype
        self.arrays = {name: array.astype(dtype) for name, array in weights.items()}

    def trace(self, chunk):
        flaw = self.flaw if chunk.start + 1 >= self.since else "none"
        if flaw == "raise":
            raise RuntimeError("the right one broke")
        if flaw == "exit":
            sys.exit(0)
        arrays = self.arrays
        rate = RATE * (1 + 1e-6 * (flaw == "rate"))
        noise, real = (array[0, 0].astype(self.dtype) for array in (chunk.noise, chunk.real))
        fake = noise @ arrays["generator.layer.weight"].T + arrays["generator.layer.bias"]
        slope, bias = arrays["discriminator.layer.weight"], arrays["discriminator.layer.bias"]
        logits = [(points @ slope.T + bias)[:, 0] for points in (real, fake)]
        discriminator_gradient = (fake.mean(axis=0) - real.mean(axis=0))[None]
        loss = logits[1].mean() - logits[0].mean()
        arrays["discriminator.layer.weight"] = slope - rate * discriminator_gradient
        slope = arrays["discriminator.layer.weight"]
        noise = chunk.generator_noise[0].astype(self.dtype)
        fake = noise @ arrays["generator.layer.weight"].T + arrays["generator.layer.bias"]
        gradients = {
            "generator.layer.weight": -slope.T @ noise.mean(axis=0, keepdims=True),
            "generator.layer.bias": -slope[0],
        }
        for name, gradient in gradients.items():
            arrays[name] = arrays[name] - RATE * gradient
        arrays["generator.seen"] = arrays["generator.seen"] + (2 if flaw == "buffer" else 1)
        trace = {
            "discriminator_loss": np.array([[loss + 1e-6 * (flaw == "loss")]]),
            "generator_loss": -np.array([(fake @ slope.T + bias).mean()]),
            "logit_magnitude": np.abs(np.array(logits)).mean(keepdims=True),
            "gradient/discriminator.layer.weight": np.array(
                [[np.linalg.norm(discriminator_gradient)]]
            ),
            "gradient/discriminator.layer.bias": np.zeros((1, 1)),
            **{
                f"gradient/{name}": np.array([np.linalg.norm(gradient)])
                for name, gradient in gradients.items()
            },
        }
        if flaw == "gradient":
            trace["gradient/generator.layer.bias"] *= 1.5
        if flaw == "infinite":
            trace["generator_loss"][:] = np.inf
        if flaw == "mute":
            del trace["logit_magnitude"]
        return trace

    def sample(self, noise, labels):
        if self.flaw == "refuse":
            raise FloatingPointError("generated samples are not finite")
        arrays = self.arrays
        points = noise @ arrays["generator.layer.weight"].T + arrays["generator.layer.bias"]
        return (points + (self.flaw == "samples")).astype(np.float32)

    def state(self):
        state = {**self.arrays, "optimizer.moment": np.array(self.flaw != "none")}
        if self.flaw == "name":
            state["ema.generator.layer.weight"] = state["generator.layer.weight"]
        if self.flaw == "shape":
            state["generator.seen"] = np.zeros(2)
        return state


@ganbench.hookimpl
def ganbench_backends():
    return [Left, Right]


@ganbench.hookimpl
def ganbench_models():
    return [LeftTwin, RightTwin, OnlyLeft]
