"""Perceptrons that are told the class, in TensorFlow."""

from __future__ import annotations

import tensorflow as tf

from ganbench_tensorflow import mlp
from ganbench_tensorflow.layers import Linear, leaky_relu, one_hot


class Generator(mlp.Generator):
    """Noise [n, latent] and labels [n] to images in [-1, 1]."""

    def __init__(self, recipe, task, dtype):
        super().__init__(recipe, task, dtype)
        self.label = Linear("label", (task.classes,), (recipe.width,), dtype, bias=False)

    def __call__(self, noise, labels, training=True):
        """Generate; there is no normalisation, so that training makes no difference."""
        return tf.tanh(_labelled(self, tf.nn.relu, noise, labels))


class Discriminator(mlp.Discriminator):
    """Images and labels [n] to logits [n, 1]."""

    def __init__(self, recipe, task, dtype):
        super().__init__(recipe, task, dtype)
        self.label = Linear("label", (task.classes,), (recipe.width,), dtype, bias=False)

    def __call__(self, samples, labels):
        """Judge."""
        return _labelled(self, lambda values: leaky_relu(values, self.slope), samples, labels)


def _labelled(network, activation, values, labels):
    """The layers, with a matrix for the class beside the first one."""
    (classes,) = network.label.inputs
    first, *others = network.layers
    labelled = first(values) + network.label(one_hot(labels, classes, values.dtype))
    return mlp.chain(others, activation, activation(labelled))
