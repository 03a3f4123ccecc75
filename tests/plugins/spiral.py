"""A toy model of two parameters, which is therefore followed."""

from dataclasses import dataclass

import numpy as np

import ganbench
from ganbench.contracts import Constant, Parameter, Step


@dataclass(frozen=True)
class Spiral:
    """Every step turns (x, y) by a quarter and multiplies it by a factor."""

    name = "spiral"
    backend = "toy"

    factor: float = 0.5

    def unsuitable(self, task):
        return None

    def step(self, task):
        return Step(4, 1)

    def parameters(self, task):
        return {
            "generator.x": Parameter((1,), Constant(1.0)),
            "generator.seen": Parameter((9,), Constant(0.0), trainable=False),
            "discriminator.y": Parameter((1,), Constant(0.0)),
        }

    def trainer(self, loss, penalties, task, weights, runtime):
        return SpiralTrainer(self.factor, task, weights)


class SpiralTrainer:
    def __init__(self, factor, task, weights):
        self.factor, self.task = factor, task
        self.x, self.y = weights["generator.x"], weights["discriminator.y"]

    def train(self, chunk):
        for _ in chunk.noise:
            self.x, self.y = -self.factor * self.y, self.factor * self.x
        loss = float(np.abs(self.x).sum() + np.abs(self.y).sum())
        return {"discriminator_loss": loss if loss < 1e30 else float("inf")}

    def sample(self, noise, labels):
        return np.broadcast_to(self.x, (len(noise), *self.task.shape)).astype(np.float32)

    def state(self):
        return {
            "discriminator.y": self.y,
            "generator.x": self.x,
            "generator.seen": np.zeros(9, np.float32),
            "optimizer.updates": np.array(3),
        }


@ganbench.hookimpl
def ganbench_models():
    return [Spiral]
