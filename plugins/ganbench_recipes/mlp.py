"""Multilayer perceptrons: on images and points, and the settings of a tutorial and of WGAN-GP."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import prod, sqrt
from typing import Any, ClassVar, Literal

from ganbench.contracts import Constant, Normal, Parameter, Task, Uniform
from ganbench_recipes.recipe import Count, Positive, Recipe, Share


@dataclass(frozen=True)
class MLP(Recipe):
    """Two-layer perceptrons with ReLU in the generator and LeakyReLU(0.2) in the discriminator.

    latent-width-pixels with tanh, pixels-width-1. Glorot-uniform weights (Glorot and Bengio 2010,
    equation 16), zero biases, no normalisation. 28x28 images: 114,064 and 100,609 parameters.
    """

    name = "mlp"
    source = "the project's own; layers after Goodfellow et al. 2014, arXiv:1406.2661"
    hidden_layers: ClassVar[int] = 1
    gains_side_by_side: ClassVar[bool] = True  # layers too small to be shared by threads

    width: Count = 128

    def unsuitable(self, task: Task) -> str | None:
        """Refuse points, which the toy models are for."""
        if task.kind != "images":
            return f"{self.name} makes images and {task.dataset} has points; mlp-toy makes points"
        return super().unsuitable(task)

    def defaults(self, task: Task) -> dict[str, Any]:
        """Larger batches for larger images.

        Learning rate and beta1 are the project's own, chosen like those of the 8x8 images.
        """
        if task.shape[0] <= 8:
            return {**super().defaults(task), "latent_size": 100}
        return {"batch_size": 128, "latent_size": 100, "learning_rate": 1e-3, "beta1": 0.0}

    def layer_sizes(self, task: Task) -> dict[str, list[int]]:
        """Units of every layer of both networks, the input first."""
        hidden = [self.width] * self.hidden_layers
        return {
            "generator": [self.step(task).latent_size, *hidden, prod(task.shape)],
            "discriminator": [prod(self.judged_shape(task)), *hidden, 1],
        }

    def parameters(self, task: Task) -> dict[str, Parameter]:
        """Weights [out, in] and biases of `generator.layer0`, `generator.layer1`, ..."""
        parameters = {}
        for network, sizes in self.layer_sizes(task).items():
            for layer, (inputs, outputs) in enumerate(pairwise(sizes)):
                weight = Parameter((outputs, inputs), self.initial_weight(inputs, outputs))
                parameters[f"{network}.layer{layer}.weight"] = weight
                parameters[f"{network}.layer{layer}.bias"] = Parameter((outputs,), Constant(0.0))
        return parameters

    def initial_weight(self, inputs: int, outputs: int) -> Normal | Uniform:
        """Distribution of the weights of one layer."""
        bound = sqrt(6 / (inputs + outputs))
        return Uniform(-bound, bound)


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


@dataclass(frozen=True)
class MLPToy(MLP):
    """Three-layer perceptrons for points: latent-width-width-2 and 2-width-width-1.

    ReLU in the generator, whose output is linear, and LeakyReLU(0.2) in the discriminator;
    Glorot-uniform weights, zero biases. Points of the plane: 17,154 and 17,025 parameters.
    """

    name = "mlp-toy"
    source = "the project's own; sizes after the 2-D experiments of Metz et al. 2016, 1611.02163"
    hidden_layers: ClassVar[int] = 2

    def unsuitable(self, task: Task) -> str | None:
        """Refuse images."""
        if task.kind != "points":
            return f"{self.name} makes points and {task.dataset} has images"
        return Recipe.unsuitable(self, task)

    def defaults(self, task: Task) -> dict[str, Any]:
        """Learning rate and beta1 are the project's own."""
        return {"batch_size": 256, "latent_size": 2, "learning_rate": 1e-3, "beta1": 0.0}


@dataclass(frozen=True)
class MLPToyWGANGP(MLPToy):
    """The perceptrons of WGAN-GP's toy experiments: 2-512-512-512-2 and 2-512-512-512-1, ReLU.

    He-normal weights (He et al. 2015, arXiv:1502.01852, equation 10), zero biases, five
    discriminator updates per generator update. Its loss is 'wgan+gp1[weight=0.1]'. 527,874 and
    527,361 parameters.
    """

    name = "mlp-toy-wgangp"
    source = "Gulrajani et al. 2017, arXiv:1704.00028; gan_toy.py of igul222/improved_wgan_training"
    hidden_layers: ClassVar[int] = 3
    leaky_relu_slope: ClassVar[float] = 0.0

    width: Count = 512
    discriminator_updates: Count = 5
    learning_rate: Positive | None = 1e-4
    beta1: Share | None = 0.5
    beta2: Share = 0.9

    def initial_weight(self, inputs: int, outputs: int) -> Normal | Uniform:
        """He's normal distribution."""
        return Normal(0.0, sqrt(2 / inputs))
