"""Layers as pure functions of a dictionary of arrays, under their canonical names.

A layer holds names and sizes and no numbers; `layouts` says how each of its arrays is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import jax
import jax.numpy as jnp

from ganbench_jax.convolution import double, halve
from ganbench_recipes.layout import Layout


@dataclass(frozen=True)
class Linear:
    """One matrix from samples of any shape to samples of any shape."""

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    bias: bool = True

    def layouts(self):
        """Layouts of its arrays by name."""
        weight = {f"{self.name}.weight": Layout.matrix(self.inputs, self.outputs)}
        return weight | _bias(self, self.outputs)

    def __call__(self, arrays, values):
        """[n, *inputs] to [n, *outputs]."""
        values = values.reshape(-1, prod(self.inputs)) @ arrays[f"{self.name}.weight"]
        return _biased(self, arrays, values).reshape(-1, *self.outputs)


@dataclass(frozen=True)
class Convolution:
    """Stride 2 and SAME padding: with kernel 4, 1 on every side."""

    name: str
    inputs: int
    outputs: int
    kernel_size: int
    bias: bool = True

    def layouts(self):
        """Layouts of its arrays by name."""
        kernel = Layout.kernel(self.outputs, self.inputs, self.kernel_size)
        return {f"{self.name}.weight": kernel} | _bias(self, (self.outputs,))

    def __call__(self, arrays, images):
        """[n, height, width, inputs] to [n, height / 2, width / 2, outputs]."""
        images = halve(images, arrays[f"{self.name}.weight"])
        return _biased(self, arrays, images)


@dataclass(frozen=True)
class TransposedConvolution:
    """Doubles height and width: the transpose of a convolution with stride 2."""

    name: str
    inputs: int
    outputs: int
    kernel_size: int
    bias: bool = True

    def layouts(self):
        """Layouts of its arrays by name."""
        kernel = Layout.kernel(self.inputs, self.outputs, self.kernel_size)
        return {f"{self.name}.weight": kernel} | _bias(self, (self.outputs,))

    def __call__(self, arrays, images):
        """[n, height, width, inputs] to [n, 2 height, 2 width, outputs]."""
        images = double(images, arrays[f"{self.name}.weight"])
        return _biased(self, arrays, images)


@dataclass(frozen=True)
class BatchNorm:
    """Batch normalisation of the last axis as the recipe states it."""

    name: str
    channels: int
    keep: float
    epsilon: float

    def layouts(self):
        """Layouts of its arrays by name."""
        names = ("scale", "bias", "mean", "var")
        return {f"{self.name}.{name}": Layout.vector((self.channels,)) for name in names}

    def __call__(self, arrays, images, training):
        """Normalise by the batch's statistics, or by the running ones.

        Gives the images, and the running statistics with the batch's in them, by name.
        """
        scale, bias, mean, variance = (arrays[name] for name in self.layouts())
        noted = {}
        if training:
            axes = tuple(range(images.ndim - 1))
            batch_mean, batch_variance = images.mean(axes), images.var(axes)
            noted = self._noted(
                (mean, variance), (batch_mean, batch_variance), count=prod(images.shape[:-1])
            )
            mean, variance = batch_mean, batch_variance
        factor = scale * jax.lax.rsqrt(variance + self.epsilon)
        return images * factor + (bias - mean * factor), noted

    def _noted(self, running, batch, count):
        unbiased = (batch[0], batch[1] * (count / (count - 1)))
        return {
            f"{self.name}.{name}": self.keep * old + (1 - self.keep) * jax.lax.stop_gradient(new)
            for name, old, new in zip(("mean", "var"), running, unbiased, strict=True)
        }


def leaky_relu(values, slope):
    """max(slope x, x), with the slope at 0; the derivative of jnp.maximum would be a mean there."""
    return jnp.where(values > 0, values, slope * values)


def layouts_of(layers):
    """Layouts of the arrays of several layers by name."""
    return {name: layout for layer in layers for name, layout in layer.layouts().items()}


def _bias(layer, outputs):
    return {f"{layer.name}.bias": Layout.vector(outputs)} if layer.bias else {}


def _biased(layer, arrays, values):
    return values + arrays[f"{layer.name}.bias"] if layer.bias else values
