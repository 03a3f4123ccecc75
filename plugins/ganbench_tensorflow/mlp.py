"""Two-layer perceptrons in TensorFlow."""

from __future__ import annotations

from itertools import pairwise

import tensorflow as tf

from ganbench_tensorflow.layers import Linear, leaky_relu
from ganbench_tensorflow.trainer import AdversarialTrainer


def build(recipe, loss, penalties, task, weights, runtime):
    """Build both networks and their trainer."""
    sizes = recipe.layer_sizes(task)
    return AdversarialTrainer(
        recipe,
        Generator(sizes["generator"], task, runtime.dtype),
        Discriminator(sizes["discriminator"], task, runtime.dtype),
        loss,
        penalties,
        task,
        weights,
        runtime,
    )


class Generator(tf.Module):
    """Noise [n, latent] to images [n, height, width, channels] in [-1, 1], or points [n, 2]."""

    def __init__(self, sizes, task, dtype):
        super().__init__()
        self.bounded = task.kind == "images"
        self.layers = _perceptron([*_shapes(sizes[:-1]), task.shape], dtype)

    def __call__(self, noise, training=True):
        """Generate; there is no normalisation, so that training makes no difference."""
        values = _chain(self.layers, tf.nn.relu, noise)
        return tf.tanh(values) if self.bounded else values


class Discriminator(tf.Module):
    """Images or points to logits [n, 1]."""

    def __init__(self, sizes, task, dtype):
        super().__init__()
        self.layers = _perceptron([task.shape, *_shapes(sizes[1:])], dtype)

    def __call__(self, samples):
        """Judge."""
        return _chain(self.layers, leaky_relu, samples)


def _shapes(sizes):
    return [(size,) for size in sizes]


def _perceptron(shapes, dtype):
    return [
        Linear(f"layer{layer}", inputs, outputs, dtype)
        for layer, (inputs, outputs) in enumerate(pairwise(shapes))
    ]


def _chain(layers, activation, values):
    for layer in layers[:-1]:
        values = activation(layer(values))
    return layers[-1](values)
