"""DCGAN for small images in JAX."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from ganbench_jax.layers import (
    BatchNorm,
    Convolution,
    Linear,
    TransposedConvolution,
    layouts_of,
    leaky_relu,
)
from ganbench_recipes.dcgan import KERNEL_SIZE


class Generator:
    """Noise [n, latent] to images [n, height, width, channels] in [-1, 1]."""

    def __init__(self, recipe, task):
        width, side, channels = recipe.width, recipe.smallest_side(task), task.shape[2]
        keep, epsilon = recipe.batch_norm_keep, recipe.batch_norm_epsilon
        smallest = (side, side, 4 * width)
        self.project = Linear("generator.project", (recipe.latent_size,), smallest, bias=False)
        self.norm0 = BatchNorm("generator.norm0", 4 * width, keep, epsilon)
        self.up1 = TransposedConvolution(
            "generator.up1", 4 * width, 2 * width, KERNEL_SIZE, bias=False
        )
        self.norm1 = BatchNorm("generator.norm1", 2 * width, keep, epsilon)
        self.up2 = TransposedConvolution("generator.up2", 2 * width, channels, KERNEL_SIZE)

    def layouts(self):
        """Layouts of its arrays by name."""
        return layouts_of((self.project, self.norm0, self.up1, self.norm1, self.up2))

    def __call__(self, arrays, noise, training):
        """Generate, normalised by the batch's statistics or by the running ones."""
        images, noted0 = self.norm0(arrays, self.project(arrays, noise), training)
        images = self.up1(arrays, jax.nn.relu(images))
        images, noted1 = self.norm1(arrays, images, training)
        return jnp.tanh(self.up2(arrays, jax.nn.relu(images))), noted0 | noted1


class Discriminator:
    """Images to logits [n, 1]."""

    def __init__(self, recipe, task):
        width, side = recipe.width, recipe.smallest_side(task)
        channels, self.slope = recipe.judged_shape(task)[2], recipe.leaky_relu_slope
        keep, epsilon = recipe.batch_norm_keep, recipe.batch_norm_epsilon
        normalized = recipe.batch_norm_in_discriminator
        self.down1 = Convolution("discriminator.down1", channels, 2 * width, KERNEL_SIZE)
        self.down2 = Convolution(
            "discriminator.down2", 2 * width, 4 * width, KERNEL_SIZE, bias=not normalized
        )
        self.norm2 = None
        if normalized:
            self.norm2 = BatchNorm("discriminator.norm2", 4 * width, keep, epsilon)
        self.logit = Linear("discriminator.logit", (side, side, 4 * width), (1,))

    def layouts(self):
        """Layouts of its arrays by name."""
        layers = (self.down1, self.down2, self.norm2, self.logit)
        return layouts_of(layer for layer in layers if layer is not None)

    def __call__(self, arrays, images):
        """Judge; a normalisation, if there is one, takes the batch's statistics."""
        images = leaky_relu(self.down1(arrays, images), self.slope)
        images, noted = self.down2(arrays, images), {}
        if self.norm2 is not None:
            images, noted = self.norm2(arrays, images, training=True)
        return self.logit(arrays, leaky_relu(images, self.slope)), noted
