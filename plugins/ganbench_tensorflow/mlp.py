"""Multilayer perceptrons in TensorFlow."""

from __future__ import annotations

from itertools import pairwise

import tensorflow as tf

from ganbench_tensorflow.layers import Linear, leaky_relu


class Generator(tf.Module):
    """Noise [n, latent] to images [n, height, width, channels] in [-1, 1], or points [n, 2]."""

    def __init__(self, recipe, task, dtype):
        super().__init__()
        sizes = recipe.layer_sizes(task)["generator"]
        self.bounded = task.kind == "images"
        self.layers = perceptron([*_shapes(sizes[:-1]), task.shape], dtype)

    def __call__(self, noise, training=True):
        """Generate; there is no normalisation, so that training makes no difference."""
        values = chain(self.layers, tf.nn.relu, noise)
        return tf.tanh(values) if self.bounded else values


class Discriminator(tf.Module):
    """Images or points to logits [n, 1]."""

    def __init__(self, recipe, task, dtype):
        super().__init__()
        sizes = recipe.layer_sizes(task)["discriminator"]
        self.slope = recipe.leaky_relu_slope
        self.layers = perceptron([recipe.judged_shape(task), *_shapes(sizes[1:])], dtype)

    def __call__(self, samples):
        """Judge."""
        return chain(self.layers, lambda values: leaky_relu(values, self.slope), samples)


def perceptron(shapes, dtype):
    """Linear layers between samples of these shapes."""
    return [
        Linear(f"layer{layer}", inputs, outputs, dtype)
        for layer, (inputs, outputs) in enumerate(pairwise(shapes))
    ]


def chain(layers, activation, values):
    """Apply the layers with activations between them."""
    for layer in layers[:-1]:
        values = activation(layer(values))
    return layers[-1](values)


def _shapes(sizes):
    return [(size,) for size in sizes]
