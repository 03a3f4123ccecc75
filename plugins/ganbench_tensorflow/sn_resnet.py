"""The residual networks of spectral normalisation in TensorFlow."""

from __future__ import annotations

import tensorflow as tf

from ganbench_recipes.sn_resnet import DOWNSAMPLED
from ganbench_tensorflow.layers import (
    BatchNorm,
    Convolution,
    Linear,
    SpectralNormConvolution,
    SpectralNormLinear,
)


class Generator(tf.Module):
    """Noise, and labels if the blocks' normalisations take them, to images in [-1, 1]."""

    def __init__(self, recipe, task, dtype, normalization=BatchNorm):
        super().__init__()
        channels, side = 2 * recipe.width, recipe.smallest_side(task)
        smallest = (side, side, channels)
        self.project = Linear("project", (recipe.latent_size,), smallest, dtype)
        self.blocks = [
            UpBlock(f"block{stage}", recipe, channels, dtype, normalization)
            for stage in range(recipe.stages(task))
        ]
        self.norm = BatchNorm("norm", recipe, channels, dtype)
        self.image = Convolution("image", channels, task.shape[2], 3, dtype, stride=1)

    def __call__(self, noise, *labels, training=True):
        """Generate, normalised by the batch's statistics or by the running ones."""
        images = self.project(noise)
        for block in self.blocks:
            images = block(images, *labels, training=training)
        return tf.tanh(self.image(tf.nn.relu(self.norm(images, training))))


class UpBlock(tf.Module):
    """Doubles height and width."""

    def __init__(self, path, recipe, channels, dtype, normalization):
        super().__init__()
        self.norm1 = normalization(f"{path}.norm1", recipe, channels, dtype)
        self.convolution1 = _convolution(f"{path}.convolution1", channels, 3, dtype)
        self.norm2 = normalization(f"{path}.norm2", recipe, channels, dtype)
        self.convolution2 = _convolution(f"{path}.convolution2", channels, 3, dtype)
        self.shortcut = _convolution(f"{path}.shortcut", channels, 1, dtype)

    def __call__(self, images, *labels, training):
        """Add the residual to the shortcut, whose upsampling may as well come last."""
        residual = tf.nn.relu(self.norm1(images, *labels, training=training))
        residual = self.convolution1(upsampled(residual))
        residual = tf.nn.relu(self.norm2(residual, *labels, training=training))
        return self.convolution2(residual) + upsampled(self.shortcut(images))


class Discriminator(tf.Module):
    """Images to logits [n, 1]."""

    def __init__(self, recipe, task, dtype):
        super().__init__()
        channels = [recipe.judged_shape(task)[2], *[recipe.width] * len(DOWNSAMPLED)]
        self.blocks = [
            DownBlock(f"block{block}", inputs, outputs, downsampled, dtype, first=block == 0)
            for block, (inputs, outputs, downsampled) in enumerate(
                zip(channels[:-1], channels[1:], DOWNSAMPLED, strict=True)
            )
        ]
        self.logit = SpectralNormLinear("logit", (recipe.width,), (1,), dtype, bias=False)

    def __call__(self, images):
        """Judge."""
        return self.logit(self.features(images))

    def features(self, images):
        """What the blocks see in each image, summed over all places [n, width]."""
        for block in self.blocks:
            images = block(images)
        return tf.reduce_sum(tf.nn.relu(images), axis=[1, 2])


class DownBlock(tf.Module):
    """Halves height and width, or keeps them; the first one has no ReLU before it."""

    def __init__(self, path, inputs, outputs, downsampled, dtype, first):
        super().__init__()
        self.downsampled, self.first = downsampled, first
        self.convolution1 = SpectralNormConvolution(
            f"{path}.convolution1", inputs, outputs, 3, dtype
        )
        self.convolution2 = SpectralNormConvolution(
            f"{path}.convolution2", outputs, outputs, 3, dtype
        )
        if downsampled:
            self.shortcut = SpectralNormConvolution(f"{path}.shortcut", inputs, outputs, 1, dtype)

    def __call__(self, images):
        """Add the residual to the shortcut, whose averages may as well come first."""
        residual = self.convolution1(images if self.first else tf.nn.relu(images))
        residual = self.convolution2(tf.nn.relu(residual))
        if self.downsampled:
            return averaged(residual) + self.shortcut(averaged(images))
        return residual + images


def upsampled(images):
    """Every pixel four times."""
    _, height, width, channels = images.shape
    shape = [tf.shape(images)[0], height, 2, width, 2, channels]
    images = tf.broadcast_to(images[:, :, None, :, None, :], shape)
    return tf.reshape(images, [-1, 2 * height, 2 * width, channels])


def averaged(images):
    """Means of 2x2 pixels."""
    return tf.nn.avg_pool2d(images, 2, strides=2, padding="VALID")


def _convolution(path, channels, kernel_size, dtype):
    return Convolution(path, channels, channels, kernel_size, dtype, stride=1)
