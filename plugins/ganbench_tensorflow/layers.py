"""Layers whose arrays are named as in the recipes and kept in TensorFlow's layouts.

Keras has the same convolutions, but a batch normalisation with a biased running variance and a
LeakyReLU whose slope is rounded to float32. Outside of XLA one operation for several is faster: so
float32 takes TensorFlow's own of these two, which float64 has not, or not as exactly.
"""

from __future__ import annotations

from math import prod

import tensorflow as tf

from ganbench_recipes.layout import Layout
from ganbench_tensorflow.precision import narrowed

POWER_EPSILON = 1e-12


class Layer(tf.Module):
    """Variables with the layouts of their canonical arrays; `path` is the name before theirs."""

    def __init__(self, path):
        super().__init__()
        self.path = path
        self.layouts = {}

    def add(self, name, layout, dtype, trainable=True):
        """Make a variable, and an attribute of this name for it."""
        self.layouts[name] = layout
        setattr(self, name, tf.Variable(tf.zeros(layout.kept, dtype), trainable=trainable))


class Linear(Layer):
    """One matrix from samples of any shape to samples of any shape."""

    def __init__(self, path, inputs, outputs, dtype, bias=True):
        super().__init__(path)
        self.inputs, self.outputs = inputs, outputs
        self.add("weight", Layout.matrix(inputs, outputs), dtype)
        self.bias = None
        if bias:
            self.add("bias", Layout.vector(outputs), dtype)

    def __call__(self, values):
        """[n, *inputs] to [n, *outputs]."""
        dtype, values = values.dtype, tf.reshape(values, [-1, prod(self.inputs)])
        values = tf.cast(tf.matmul(*narrowed(values, self.applied_weight())), dtype)
        if self.bias is not None:
            values = values + self.bias
        return tf.reshape(values, [-1, *self.outputs])

    def applied_weight(self):
        """The matrix [in, out]."""
        return self.weight


class Convolution(Layer):
    """SAME padding: with kernel 4 and stride 2, or kernel 3 and stride 1, 1 on every side."""

    def __init__(self, path, inputs, outputs, kernel_size, dtype, stride=2, bias=True):
        super().__init__(path)
        self.stride = stride
        self.add("weight", Layout.kernel(outputs, inputs, kernel_size), dtype)
        self.bias = None
        if bias:
            self.add("bias", Layout.vector((outputs,)), dtype)

    def __call__(self, images):
        """[n, height, width, inputs] to [n, height / stride, width / stride, outputs]."""
        factors = narrowed(images, self.applied_weight())
        images = tf.cast(tf.nn.conv2d(*factors, self.stride, padding="SAME"), images.dtype)
        return images if self.bias is None else images + self.bias

    def applied_weight(self):
        """The kernel [height, width, in, out]."""
        return self.weight


class TransposedConvolution(Layer):
    """Doubles height and width: the transpose of a convolution with kernel 4 and stride 2."""

    def __init__(self, path, inputs, outputs, kernel_size, dtype, bias=True):
        super().__init__(path)
        self.outputs = outputs
        self.add("weight", Layout.kernel(inputs, outputs, kernel_size), dtype)
        self.bias = None
        if bias:
            self.add("bias", Layout.vector((outputs,)), dtype)

    def __call__(self, images):
        """[n, height, width, inputs] to [n, 2 height, 2 width, outputs]."""
        _, height, width, _ = images.shape
        shape = [tf.shape(images)[0], 2 * height, 2 * width, self.outputs]
        factors = narrowed(images, self.weight)
        enlarged = tf.nn.conv2d_transpose(*factors, shape, strides=2, padding="SAME")
        images = tf.cast(enlarged, images.dtype)
        return images if self.bias is None else images + self.bias


class BatchNorm(Layer):
    """Batch normalisation of the last axis as the recipe states it."""

    def __init__(self, path, recipe, channels, dtype, scales=None):
        super().__init__(path)
        self.keep, self.epsilon = recipe.batch_norm_keep, recipe.batch_norm_epsilon
        vector = Layout.vector((channels,))
        for name in ("scale", "bias"):
            self.add(name, scales or vector, dtype)
        for name in ("mean", "var"):
            self.add(name, vector, dtype, trainable=False)

    def __call__(self, images, training):
        """Normalise by the batch's statistics and note them, or by the running ones."""
        return self._normalized(images, self.scale, self.bias, training)

    def _normalized(self, images, scale, bias, training):
        mean, variance = self.mean, self.var
        if (
            training
            and images.dtype == tf.float32
            and images.shape.rank == 4
            and scale.shape.rank == 1
        ):
            return self._normalized_at_once(images, scale, bias)
        if training:
            mean, variance = tf.nn.moments(images, axes=list(range(images.shape.rank - 1)))
            count = prod(images.shape[:-1])
            self._note(mean, variance * (count / (count - 1)))
        return tf.nn.batch_normalization(images, mean, variance, bias, scale, self.epsilon)

    def _normalized_at_once(self, images, scale, bias):
        # Not tf.nn.fused_batch_norm, which takes 1.001e-5 for a smaller epsilon.
        found = tf.raw_ops.FusedBatchNormV3(
            x=images, scale=scale, offset=bias, mean=[], variance=[], epsilon=self.epsilon
        )
        self._note(found.batch_mean, found.batch_variance)
        return found.y

    def _note(self, mean, unbiased_variance):
        keep, new = self.keep, 1 - self.keep
        self.mean.assign(keep * self.mean + new * mean)
        self.var.assign(keep * self.var + new * unbiased_variance)


class ConditionalBatchNorm(BatchNorm):
    """Batch normalisation with a scale and a bias for each class [classes, channels].

    The scale is kept as its difference from 1; the running statistics are shared.
    """

    def __init__(self, path, recipe, channels, dtype, classes):
        super().__init__(path, recipe, channels, dtype, Layout.rows(classes, channels))
        self.classes = classes

    def __call__(self, images, labels, training):
        """Normalise by the batch's statistics and note them, or by the running ones."""
        rows = one_hot(labels, self.classes, images.dtype)
        scale, bias = 1 + tf.matmul(rows, self.scale), tf.matmul(rows, self.bias)
        scale, bias = scale[:, None, None, :], bias[:, None, None, :]
        return self._normalized(images, scale, bias, training)


class SpectralNorm(Layer):
    """A layer whose weight is divided by an estimate of its largest singular value.

    Miyato et al. 2018, arXiv:1802.05957, algorithm 1, with the weight as [everything else, out].
    u and v are fixed while gradients are taken; `iterate` moves them, once for each update of the
    network that owns the layer, however many batches that update has.
    """

    def add_vectors(self, everything_else, outputs, dtype):
        """Make the buffers u [out] and v [everything else]; both shapes are channels last."""
        self.add("u", Layout.vector(outputs), dtype, trainable=False)
        self.add("v", Layout.vector(everything_else), dtype, trainable=False)

    def iterate(self):
        """Make one power iteration."""
        matrix = self._matrix()
        self.v.assign(_unit(tf.linalg.matvec(matrix, self.u)))
        self.u.assign(_unit(tf.linalg.matvec(matrix, self.v, transpose_a=True)))

    def applied_weight(self):
        """weight / (v' weight u)."""
        singular_value = tf.reduce_sum(self.v * tf.linalg.matvec(self._matrix(), self.u))
        return self.weight / singular_value

    def _matrix(self):
        return tf.reshape(self.weight, [-1, self.weight.shape[-1]])


class SpectralNormLinear(SpectralNorm, Linear):
    """Linear with a spectrally normalised weight."""

    def __init__(self, path, inputs, outputs, dtype, bias=True):
        super().__init__(path, inputs, outputs, dtype, bias)
        self.add_vectors(inputs, outputs, dtype)


class SpectralNormConvolution(SpectralNorm, Convolution):
    """Convolution of stride 1 that keeps the size, with a spectrally normalised weight."""

    def __init__(self, path, inputs, outputs, kernel_size, dtype):
        super().__init__(path, inputs, outputs, kernel_size, dtype, stride=1)
        self.add_vectors((kernel_size, kernel_size, inputs), (outputs,), dtype)


def leaky_relu(values, slope):
    """max(slope x, x), with the slope at 0."""
    if values.dtype == tf.float64:
        return tf.maximum(slope * values, values)
    return tf.nn.leaky_relu(values, slope)


def one_hot(labels, classes, dtype):
    """Labels [n] to [n, classes]."""
    return tf.one_hot(labels, classes, dtype=dtype)


def _unit(vector):
    return vector / tf.sqrt(tf.reduce_sum(tf.square(vector)) + POWER_EPSILON)
