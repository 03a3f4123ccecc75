"""Layers whose arrays are named as in the recipes and kept in TensorFlow's layouts.

Keras has the same convolutions, but a batch normalisation with a biased running variance and a
LeakyReLU whose slope is rounded to float32.
"""

from __future__ import annotations

from math import prod

import tensorflow as tf

from ganbench_recipes.recipe import BATCH_NORM_EPSILON, BATCH_NORM_KEEP, LEAKY_RELU_SLOPE
from ganbench_tensorflow.weights import Layout


class Linear(tf.Module):
    """One matrix from samples of any shape to samples of any shape."""

    def __init__(self, name, inputs, outputs, dtype, bias=True):
        super().__init__(name)
        self.inputs, self.outputs = inputs, outputs
        self.layouts = {"weight": Layout.matrix(inputs, outputs)}
        self.weight = _variable(self.layouts["weight"], dtype)
        self.bias = None
        if bias:
            self.layouts["bias"] = Layout.vector(outputs)
            self.bias = _variable(self.layouts["bias"], dtype)

    def __call__(self, values):
        """[n, *inputs] to [n, *outputs]."""
        values = tf.matmul(tf.reshape(values, [-1, prod(self.inputs)]), self.weight)
        if self.bias is not None:
            values = values + self.bias
        return tf.reshape(values, [-1, *self.outputs])


class Convolution(tf.Module):
    """Halves height and width; kernel 4 and stride 2 make SAME the padding of 1 on every side."""

    def __init__(self, name, inputs, outputs, kernel_size, dtype):
        super().__init__(name)
        self.layouts = {
            "weight": Layout.kernel(outputs, inputs, kernel_size),
            "bias": Layout.vector((outputs,)),
        }
        self.weight = _variable(self.layouts["weight"], dtype)
        self.bias = _variable(self.layouts["bias"], dtype)

    def __call__(self, images):
        """[n, height, width, inputs] to [n, height / 2, width / 2, outputs]."""
        return tf.nn.conv2d(images, self.weight, strides=2, padding="SAME") + self.bias


class TransposedConvolution(tf.Module):
    """Doubles height and width: the transpose of a convolution with kernel 4 and stride 2."""

    def __init__(self, name, inputs, outputs, kernel_size, dtype, bias=True):
        super().__init__(name)
        self.outputs = outputs
        self.layouts = {"weight": Layout.kernel(inputs, outputs, kernel_size)}
        self.weight = _variable(self.layouts["weight"], dtype)
        self.bias = None
        if bias:
            self.layouts["bias"] = Layout.vector((outputs,))
            self.bias = _variable(self.layouts["bias"], dtype)

    def __call__(self, images):
        """[n, height, width, inputs] to [n, 2 height, 2 width, outputs]."""
        _, height, width, _ = images.shape
        shape = [tf.shape(images)[0], 2 * height, 2 * width, self.outputs]
        images = tf.nn.conv2d_transpose(images, self.weight, shape, strides=2, padding="SAME")
        return images if self.bias is None else images + self.bias


class BatchNorm(tf.Module):
    """Batch normalisation of the last axis."""

    def __init__(self, name, channels, dtype):
        super().__init__(name)
        self.layouts = dict.fromkeys(("scale", "bias", "mean", "var"), Layout.vector((channels,)))
        self.scale = _variable(self.layouts["scale"], dtype)
        self.bias = _variable(self.layouts["bias"], dtype)
        self.mean = _variable(self.layouts["mean"], dtype, trainable=False)
        self.var = _variable(self.layouts["var"], dtype, trainable=False)

    def __call__(self, images, training):
        """Normalise by the batch's statistics and note them, or by the running ones."""
        mean, variance = self.mean, self.var
        if training:
            mean, variance = tf.nn.moments(images, axes=[0, 1, 2])
            self._note(mean, variance, count=prod(images.shape[:3]))
        return tf.nn.batch_normalization(
            images, mean, variance, self.bias, self.scale, BATCH_NORM_EPSILON
        )

    def _note(self, mean, variance, count):
        keep, new = BATCH_NORM_KEEP, 1 - BATCH_NORM_KEEP
        self.mean.assign(keep * self.mean + new * mean)
        self.var.assign(keep * self.var + (new * count / (count - 1)) * variance)  # unbiased


def leaky_relu(values):
    """max(slope x, x), with the slope at 0; tf.nn.leaky_relu would round the slope to float32."""
    return tf.maximum(LEAKY_RELU_SLOPE * values, values)


def _variable(layout, dtype, trainable=True):
    return tf.Variable(tf.zeros(layout.kept, dtype), trainable=trainable)
