"""Two-layer perceptrons: the tutorial GAN on images, 2-128-128-2 on points."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import prod, sqrt
from typing import Any, Literal

from ganbench.contracts import Constant, Parameter, Task, Uniform
from ganbench_recipes.recipe import Count, Positive, Recipe, Share


@dataclass(frozen=True)
class MLP(Recipe):
    """Multilayer perceptrons with ReLU in the generator and LeakyReLU(0.2) in the discriminator.

    Images: latent-width-pixels with tanh, pixels-width-1. 2-D points: 2-width-width-2 with a
    linear output, 2-width-width-1. Glorot-uniform weights (Glorot and Bengio 2010, equation 16),
    zero biases, no normalisation. 28x28 images: 114,064 and 100,609 parameters; points: 17,154
    and 17,025.
    """

    name = "mlp"
    source = "the project's own; layers after Goodfellow et al. 2014, arXiv:1406.2661"

    width: Count = 128

    def unsuitable(self, task: Task) -> str | None:
        """Fit any task."""
        return None

    def defaults(self, task: Task) -> dict[str, Any]:
        """Points take larger batches of smaller noise than images.

        Learning rate and beta1 are the project's own, chosen like those of the 8x8 images.
        """
        if task.kind == "points":
            return {"batch_size": 256, "latent_size": 2, "learning_rate": 1e-3, "beta1": 0.0}
        if task.shape[0] <= 8:
            return {**super().defaults(task), "latent_size": 100}
        return {"batch_size": 128, "latent_size": 100, "learning_rate": 1e-3, "beta1": 0.0}

    def layer_sizes(self, task: Task) -> dict[str, list[int]]:
        """Units of every layer of both networks, the input first."""
        hidden = [self.width] if task.kind == "images" else [self.width, self.width]
        size = prod(task.shape)
        return {
            "generator": [self.step(task).latent_size, *hidden, size],
            "discriminator": [size, *hidden, 1],
        }

    def parameters(self, task: Task) -> dict[str, Parameter]:
        """Weights [out, in] and biases of `generator.layer0`, `generator.layer1`, ..."""
        parameters = {}
        for network, sizes in self.layer_sizes(task).items():
            for layer, (inputs, outputs) in enumerate(pairwise(sizes)):
                bound = sqrt(6 / (inputs + outputs))
                weight = Parameter((outputs, inputs), Uniform(-bound, bound))
                parameters[f"{network}.layer{layer}.weight"] = weight
                parameters[f"{network}.layer{layer}.bias"] = Parameter((outputs,), Constant(0.0))
        return parameters


@dataclass(frozen=True)
class Tutorial(MLP):
    """The mlp as TensorFlow's DCGAN tutorial trains: one noise and both updates at once.

    TensorFlow's Adam with learning rate 1e-4 and epsilon hat 1e-7, batch 256, both gradients
    taken at the old weights. Its loss is `non-saturating` (sigmoid cross-entropy).
    """

    name = "tutorial"
    source = "tensorflow/docs, tutorials/generative/dcgan: optimiser, order and batch size"

    batch_size: Count | None = 256
    update_order: Literal["alternating", "simultaneous"] = "simultaneous"
    shared_noise: bool = True
    learning_rate: Positive | None = 1e-4
    beta1: Share | None = 0.9
    epsilon: Positive = 1e-7
    epsilon_hat: bool = True
