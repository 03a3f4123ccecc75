"""A GAN on the toy backend, and a backend that counts the FLOPs of its steps."""

import os
from dataclasses import dataclass

import numpy as np

import ganbench
from ganbench.contracts import Normal, Parameter, Step


@dataclass(frozen=True)
class Abacus:
    """Counts beads."""

    name = "abacus"
    requires = ()
    extra = ""
    counts_flops = True

    def prepare(self, options):
        return options

    def describe(self):
        return {}


@dataclass(frozen=True)
class Bead:
    """A few numbers."""

    name = "bead"
    backend = "toy"

    batch_size: int = 4
    breaks: bool = False

    def unsuitable(self, task):
        return None

    def step(self, task):
        return Step(self.batch_size, latent_size=2)

    def parameters(self, task):
        return {"generator.bead": Parameter((9,), Normal(0.0, 1.0))}

    def trainer(self, loss, penalties, task, weights, runtime):
        return BeadTrainer(self, task, loss, penalties)


@dataclass(frozen=True)
class CountedBead(Bead):
    """The same where it can be counted."""

    backend = "abacus"


class BeadTrainer:
    """Trains nothing. A step takes 1,000 FLOPs an image, and 500 more for each penalty."""

    def __init__(self, model, task, loss, penalties):
        self.model, self.task, self.penalties = model, task, penalties

    def train(self, chunk):
        return {"discriminator_loss": 1.0, "generator_loss": 1.0}

    def count_flops(self, chunk):
        if self.model.breaks:
            os._exit(6)
        return len(chunk.noise) * self.model.batch_size * (1000 + 500 * len(self.penalties))

    def sample(self, noise, labels):
        return np.zeros((len(noise), *self.task.shape), np.uint8)


@ganbench.hookimpl
def ganbench_backends():
    return [Abacus]


@ganbench.hookimpl
def ganbench_models():
    return [Bead, CountedBead]
