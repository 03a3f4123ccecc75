"""The Dirac-GAN in TensorFlow."""

from __future__ import annotations

import tensorflow as tf

from ganbench_recipes.layout import Layout
from ganbench_tensorflow.layers import Layer


class Generator(Layer):
    """theta [n, 1], whatever the noise [n, 1]."""

    def __init__(self, recipe, task, dtype):
        super().__init__("")
        self.add("theta", Layout.vector((1,)), dtype)

    def __call__(self, noise, training=True):
        """Generate."""
        return tf.zeros_like(noise) + self.theta


class Discriminator(Layer):
    """Numbers [n, 1] to logits psi x [n, 1]."""

    def __init__(self, recipe, task, dtype):
        super().__init__("")
        self.add("psi", Layout.vector((1,)), dtype)

    def __call__(self, numbers):
        """Judge."""
        return self.psi * numbers
