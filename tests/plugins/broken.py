"""Plugins that break their contracts, each in one way; `does` says how."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

import ganbench
from ganbench.contracts import Normal, Parameter, Step

Deed = Literal[
    *("key", "helper", "none", "no-sample", "no-losses", "array-loss", "floats", "tuple-step"),
    *("bad-name", "few-arguments", "memory", "nothing"),
]


@dataclass(frozen=True)
class Broken:
    """A GAN in NumPy that trains nothing."""

    name = "broken"
    backend = "toy"

    does: Deed = "nothing"

    def unsuitable(self, task):
        return None

    def step(self, task):
        return (4, 2) if self.does == "tuple-step" else Step(4, 2)

    def parameters(self, task):
        first = "first" if self.does == "bad-name" else "generator.0.bias"
        shape = Parameter((9,), Normal(0.0, 1.0))
        return {first: shape, "discriminator.0.bias": shape}

    def trainer(self, loss, penalties, task, weights, runtime):
        if self.does == "none":
            return None
        if self.does == "few-arguments":
            return BrokenTrainer(self.does)
        made = NoSample if self.does == "no-sample" else BrokenTrainer
        return made(self.does, task, weights)


class NoSample:
    def __init__(self, does, task, weights):
        pass

    def train(self, chunk):
        raise AssertionError("never reached")


class BrokenTrainer:
    def __init__(self, does, task, weights):
        self.does, self.task = does, task
        self.bias = weights["generator.0.b" if does == "key" else "generator.0.bias"]

    def train(self, chunk):
        if self.does == "memory":
            np.zeros((2**40, 2**10))
        if self.does == "helper":
            _helper()
        if self.does == "no-losses":
            return None
        return {"generator_loss": np.ones(3) if self.does == "array-loss" else 1.0}

    def sample(self, noise, labels):
        shape = (len(noise), *self.task.shape)
        return np.zeros(shape, np.float32 if self.does == "floats" else np.uint8)


def _helper():
    raise ZeroDivisionError("from the helper")


class Flat:
    """A loss of the generator that is no scalar."""

    name = "flat"

    def discriminator_loss(self, ops, discriminator, real, fake):
        return ops.mean(discriminator(fake)) - ops.mean(discriminator(real))

    def generator_loss(self, ops, discriminator, real, fake):
        return -discriminator(fake)


@ganbench.hookimpl
def ganbench_models():
    return [Broken]


@ganbench.hookimpl
def ganbench_losses():
    return [Flat]
