"""R3GAN for small images in TensorFlow."""

from __future__ import annotations

from math import gcd

import tensorflow as tf

from ganbench_recipes.layout import Layout
from ganbench_recipes.r3gan_mini import CHANNELS_PER_GROUP, EXPANSION, resampling_matrix
from ganbench_tensorflow.layers import Convolution, Layer, Linear, leaky_relu
from ganbench_tensorflow.precision import narrowed

MERGED_GROUPS = 4


class Generator(tf.Module):
    """Noise [n, latent] to images [n, height, width, channels], around [-1, 1]."""

    def __init__(self, recipe, task, dtype):
        super().__init__()
        widths, side = recipe.widths(task), recipe.smallest_side(task)
        self.layers = [Basis("basis", recipe.latent_size, widths[0], side, dtype)]
        for stage, width in enumerate(widths):
            if stage > 0:
                if widths[stage - 1] != width:
                    path = f"transition{stage}"
                    self.layers.append(pointwise(path, widths[stage - 1], width, dtype))
                self.layers.append(Resampling(side, "up", dtype))
                side = 2 * side
            self.layers.append(ResidualBlock(f"block{stage}", width, recipe, dtype))
        self.layers.append(pointwise("to_image", widths[-1], task.shape[2], dtype))

    def __call__(self, noise, training=True):
        """Generate; there is no normalisation, so that training makes no difference."""
        return _chain(self.layers, noise)


class Discriminator(tf.Module):
    """Images to logits [n, 1]."""

    def __init__(self, recipe, task, dtype):
        super().__init__()
        widths, side = recipe.widths(task)[::-1], task.shape[0]
        self.layers = [pointwise("from_image", recipe.judged_shape(task)[2], widths[0], dtype)]
        for stage, width in enumerate(widths):
            if stage > 0:
                self.layers.append(Resampling(side, "down", dtype))
                side = side // 2
                if widths[stage - 1] != width:
                    path = f"transition{stage}"
                    self.layers.append(pointwise(path, widths[stage - 1], width, dtype))
            self.layers.append(ResidualBlock(f"block{stage}", width, recipe, dtype))
        self.layers.append(WholeMap("basis", widths[-1], side, dtype))
        self.layers.append(Linear("logit", (widths[-1],), (1,), dtype, bias=False))

    def __call__(self, images):
        """Judge."""
        return _chain(self.layers, images)


def pointwise(path, inputs, outputs, dtype, bias=False):
    """Convolution of one pixel."""
    return Convolution(path, inputs, outputs, 1, dtype, stride=1, bias=bias)


class ResidualBlock(tf.Module):
    """x + F(x), F wide inside, grouped, and without normalisation."""

    def __init__(self, path, width, recipe, dtype):
        super().__init__()
        hidden, self.slope = EXPANSION * width, recipe.leaky_relu_slope
        self.expand = pointwise(f"{path}.expand", width, hidden, dtype, bias=True)
        self.grouped = GroupedConvolution(f"{path}.grouped", hidden, dtype)
        self.contract = pointwise(f"{path}.contract", hidden, width, dtype)

    def __call__(self, images):
        """[n, height, width of images, width] to the same."""
        hidden = leaky_relu(self.expand(images), self.slope)
        hidden = leaky_relu(self.grouped(hidden), self.slope)
        return images + self.contract(hidden)


class GroupedConvolution(Layer):
    """Kernel 3, padding 1, in groups of CHANNELS_PER_GROUP channels that do not see each other.

    tf.nn.conv2d knows groups, but XLA takes seconds for one of them on a CPU. A convolution for
    each group is the fastest, and slow to compile; so several groups at a time make one
    convolution, whose kernel is zero between them.
    """

    def __init__(self, path, channels, dtype):
        super().__init__(path)
        self.groups = channels // CHANNELS_PER_GROUP
        self.merged = gcd(self.groups, MERGED_GROUPS)
        self.add("weight", Layout.kernel(channels, CHANNELS_PER_GROUP, 3), dtype)
        self.add("bias", Layout.vector((channels,)), dtype)

    def __call__(self, images):
        """[n, height, width, channels] to the same."""
        parts = tf.split(images, self.groups // self.merged, axis=-1)
        kernels = tf.split(self.weight, len(parts), axis=-1)
        pairs = zip(parts, kernels, strict=True)
        parts = [
            tf.nn.conv2d(*narrowed(part, self._dense(kernel)), 1, "SAME") for part, kernel in pairs
        ]
        return tf.cast(tf.concat(parts, axis=-1), images.dtype) + self.bias

    def _dense(self, kernel):
        """[3, 3, in of a group, out of all] to [3, 3, in of all, out of all]."""
        merged, size = self.merged, CHANNELS_PER_GROUP
        apart = tf.reshape(tf.eye(merged, dtype=kernel.dtype), [merged, 1, merged, 1])
        blocks = tf.reshape(kernel, [3, 3, 1, size, merged, size]) * apart
        return tf.reshape(blocks, [3, 3, merged * size, merged * size])


class Basis(Layer):
    """Learned maps, each times a number that a matrix makes of the noise."""

    def __init__(self, path, latent, width, side, dtype):
        super().__init__(path)
        self.shape = (side, side, width)
        self.add("maps", Layout.vector(self.shape), dtype)
        self.scale = Linear(f"{path}.scale", (latent,), (1, 1, width), dtype, bias=False)

    def __call__(self, noise):
        """[n, latent] to [n, side, side, width]."""
        return self.scale(noise) * tf.reshape(self.maps, self.shape)


class WholeMap(Layer):
    """Depthwise convolution whose kernel is as large as the map: a weighted sum of its pixels."""

    def __init__(self, path, channels, side, dtype):
        super().__init__(path)
        self.add("weight", Layout.kernel(channels, 1, side), dtype)

    def __call__(self, images):
        """[n, side, side, channels] to [n, channels]."""
        return tf.reduce_sum(images * self.weight[:, :, 0], axis=[1, 2])


class Resampling(tf.Module):
    """Twice or half the height and width; XLA's depthwise convolutions are many times slower."""

    def __init__(self, side, direction, dtype):
        super().__init__()
        self.matrix = tf.constant(resampling_matrix(side, direction), dtype)

    def __call__(self, images):
        """[n, side, side, channels] to [n, new side, new side, channels]."""
        _, height, width, channels = images.shape
        new_side = self.matrix.shape[0]
        images = tf.matmul(self.matrix, tf.reshape(images, [-1, height, width * channels]))
        return tf.matmul(self.matrix, tf.reshape(images, [-1, new_side, width, channels]))


def _chain(layers, values):
    for layer in layers:
        values = layer(values)
    return values
