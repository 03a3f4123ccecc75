"""DCGAN for small images in TensorFlow."""

from __future__ import annotations

import tensorflow as tf

from ganbench_recipes.dcgan import KERNEL_SIZE
from ganbench_tensorflow.layers import (
    BatchNorm,
    Convolution,
    Linear,
    TransposedConvolution,
    leaky_relu,
)


class Generator(tf.Module):
    """Noise [n, latent] to images [n, height, width, channels] in [-1, 1]."""

    def __init__(self, recipe, task, dtype):
        super().__init__()
        width, side, channels = recipe.width, recipe.smallest_side(task), task.shape[2]
        smallest = (side, side, 4 * width)
        self.project = Linear("project", (recipe.latent_size,), smallest, dtype, bias=False)
        self.norm0 = BatchNorm("norm0", recipe, 4 * width, dtype)
        self.up1 = TransposedConvolution(
            "up1", 4 * width, 2 * width, KERNEL_SIZE, dtype, bias=False
        )
        self.norm1 = BatchNorm("norm1", recipe, 2 * width, dtype)
        self.up2 = TransposedConvolution("up2", 2 * width, channels, KERNEL_SIZE, dtype)

    def __call__(self, noise, training=True):
        """Generate, normalised by the batch's statistics or by the running ones."""
        images = tf.nn.relu(self.norm0(self.project(noise), training))
        images = tf.nn.relu(self.norm1(self.up1(images), training))
        return tf.tanh(self.up2(images))


class Discriminator(tf.Module):
    """Images to logits [n, 1]."""

    def __init__(self, recipe, task, dtype):
        super().__init__()
        width, side = recipe.width, recipe.smallest_side(task)
        channels, self.slope = recipe.judged_shape(task)[2], recipe.leaky_relu_slope
        normalized = recipe.batch_norm_in_discriminator
        self.down1 = Convolution("down1", channels, 2 * width, KERNEL_SIZE, dtype)
        self.down2 = Convolution(
            "down2", 2 * width, 4 * width, KERNEL_SIZE, dtype, bias=not normalized
        )
        self.norm2 = BatchNorm("norm2", recipe, 4 * width, dtype) if normalized else None
        self.logit = Linear("logit", (side, side, 4 * width), (1,), dtype)

    def __call__(self, images):
        """Judge; a normalisation, if there is one, takes the batch's statistics."""
        images = leaky_relu(self.down1(images), self.slope)
        images = self.down2(images)
        if self.norm2 is not None:
            images = self.norm2(images, training=True)
        return self.logit(leaky_relu(images, self.slope))
