"""Multilayer perceptrons in JAX."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp

from ganbench_jax.layers import Linear, layouts_of, leaky_relu


class Generator:
    """Noise [n, latent] to images [n, height, width, channels] in [-1, 1], or points [n, 2]."""

    def __init__(self, recipe, task):
        sizes = recipe.layer_sizes(task)["generator"]
        self.bounded = task.kind == "images"
        self.layers = perceptron("generator", [*_shapes(sizes[:-1]), task.shape])

    def layouts(self):
        """Layouts of its arrays by name."""
        return layouts_of(self.layers)

    def __call__(self, arrays, noise, training):
        """Generate; there is no normalisation, so that training makes no difference."""
        values = chain(self.layers, jax.nn.relu, arrays, noise)
        return (jnp.tanh(values) if self.bounded else values), {}


class Discriminator:
    """Images or points to logits [n, 1]."""

    def __init__(self, recipe, task):
        sizes = recipe.layer_sizes(task)["discriminator"]
        self.slope = recipe.leaky_relu_slope
        shapes = [recipe.judged_shape(task), *_shapes(sizes[1:])]
        self.layers = perceptron("discriminator", shapes)

    def layouts(self):
        """Layouts of its arrays by name."""
        return layouts_of(self.layers)

    def __call__(self, arrays, samples):
        """Judge; there is nothing to note."""
        return chain(self.layers, partial(leaky_relu, slope=self.slope), arrays, samples), {}


def perceptron(network, shapes):
    """Linear layers between samples of these shapes."""
    return [
        Linear(f"{network}.layer{layer}", inputs, outputs)
        for layer, (inputs, outputs) in enumerate(pairwise(shapes))
    ]


def chain(layers, activation, arrays, values):
    """Apply the layers with activations between them."""
    for layer in layers[:-1]:
        values = activation(layer(arrays, values))
    return layers[-1](arrays, values)


def _shapes(sizes):
    return [(size,) for size in sizes]
