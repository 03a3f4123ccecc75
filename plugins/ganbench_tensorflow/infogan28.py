"""The network of Lucic et al. in TensorFlow."""

from __future__ import annotations

import tensorflow as tf

from ganbench_recipes.dcgan import KERNEL_SIZE
from ganbench_recipes.infogan28 import SMALLEST_SIDE
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
        width, hidden, self.slope = recipe.width, 16 * recipe.width, recipe.leaky_relu_slope
        self.smallest = (2 * width, SMALLEST_SIDE, SMALLEST_SIDE)
        features = 2 * width * SMALLEST_SIDE**2
        self.hidden = Linear("hidden", (recipe.latent_size,), (hidden,), dtype, bias=False)
        self.norm0 = BatchNorm("norm0", recipe, hidden, dtype)
        self.project = Linear("project", (hidden,), (features,), dtype, bias=False)
        self.norm1 = BatchNorm("norm1", recipe, features, dtype)
        self.up1 = TransposedConvolution("up1", 2 * width, width, KERNEL_SIZE, dtype, bias=False)
        self.norm2 = BatchNorm("norm2", recipe, width, dtype)
        self.up2 = TransposedConvolution("up2", width, task.shape[2], KERNEL_SIZE, dtype)

    def __call__(self, noise, training=True):
        """Generate, normalised by the batch's statistics or by the running ones."""
        features = leaky_relu(self.norm0(self.hidden(noise), training), self.slope)
        features = leaky_relu(self.norm1(self.project(features), training), self.slope)
        # Every unit has its own normalisation, in the canonical order: channels first.
        images = tf.reshape(features, [-1, *self.smallest])
        images = tf.transpose(images, [0, 2, 3, 1])
        images = leaky_relu(self.norm2(self.up1(images), training), self.slope)
        return 2 * tf.sigmoid(self.up2(images)) - 1


class Discriminator(tf.Module):
    """Images to logits [n, 1]."""

    def __init__(self, recipe, task, dtype):
        super().__init__()
        width, hidden, self.slope = recipe.width, 16 * recipe.width, recipe.leaky_relu_slope
        channels, normalized = recipe.judged_shape(task)[2], recipe.batch_norm_in_discriminator
        smallest = (SMALLEST_SIDE, SMALLEST_SIDE, 2 * width)
        self.down1 = Convolution("down1", channels, width, KERNEL_SIZE, dtype)
        self.down2 = Convolution("down2", width, 2 * width, KERNEL_SIZE, dtype, bias=not normalized)
        self.norm2 = BatchNorm("norm2", recipe, 2 * width, dtype) if normalized else None
        self.hidden = Linear("hidden", smallest, (hidden,), dtype, bias=not normalized)
        self.norm3 = BatchNorm("norm3", recipe, hidden, dtype) if normalized else None
        self.logit = Linear("logit", (hidden,), (1,), dtype)

    def __call__(self, images):
        """Judge; normalisations, if there are any, take the batch's statistics."""
        images = leaky_relu(self.down1((images + 1) / 2), self.slope)
        images = self.down2(images)
        if self.norm2 is not None:
            images = self.norm2(images, training=True)
        features = self.hidden(leaky_relu(images, self.slope))
        if self.norm3 is not None:
            features = self.norm3(features, training=True)
        return self.logit(leaky_relu(features, self.slope))
