"""Canonical names and layouts of the weights of TensorFlow modules.

TensorFlow keeps channels last: [in, out] for matrices, [height, width, in, out] for convolutions
and [height, width, out, in] for transposed ones; flattened images are in height, width, channel
order. Arrays are permuted when they are set or read, so that no step has to.
"""

from __future__ import annotations

from math import prod
from typing import NamedTuple

import numpy as np
import tensorflow as tf


class Layout(NamedTuple):
    """A canonical array, its axes split into `parts`, is kept with the parts in this `order`."""

    canonical: tuple[int, ...]
    parts: tuple[int, ...]
    order: tuple[int, ...]
    kept: tuple[int, ...]

    @staticmethod
    def vector(shape):
        """A value for every element of samples of this shape: [size]."""
        parts, order = _channels_first(shape)
        return Layout((prod(shape),), parts, order, (prod(shape),))

    @staticmethod
    def rows(classes, channels):
        """A row of values for each class: [classes, channels], kept as it is."""
        shape = (classes, channels)
        return Layout(shape, shape, (0, 1), shape)

    @staticmethod
    def matrix(inputs, outputs):
        """Weights from samples of one shape to another: [out, in] is kept as [in, out]."""
        out_parts, out_order = _channels_first(outputs)
        in_parts, in_order = _channels_first(inputs)
        order = (*(len(out_parts) + axis for axis in in_order), *out_order)
        sizes = prod(inputs), prod(outputs)
        return Layout(sizes[::-1], out_parts + in_parts, order, sizes)

    @staticmethod
    def kernel(first, second, size):
        """Of a convolution [out, in, ...] or a transposed one [in, out, ...]: reversed, behind."""
        canonical = (first, second, size, size)
        return Layout(canonical, canonical, (2, 3, 1, 0), (size, size, second, first))

    def keep(self, array):
        """Permute a canonical array to what TensorFlow keeps."""
        return array.reshape(self.parts).transpose(self.order).reshape(self.kept)

    def restore(self, array):
        """Permute what TensorFlow keeps to the canonical array."""
        permuted = [self.parts[axis] for axis in self.order]
        back = np.argsort(self.order)
        return np.ascontiguousarray(array.reshape(permuted).transpose(back).reshape(self.canonical))


class Weight(NamedTuple):
    """A variable and the layout of the canonical array that belongs to it."""

    variable: tf.Variable
    layout: Layout


def canonical_weights(prefix, network):
    """Map canonical names to the variables of a network's layers, weights and buffers alike."""
    return {
        ".".join(filter(None, (prefix, layer.path, name))): Weight(getattr(layer, name), layout)
        for layer in (network, *network.submodules)
        for name, layout in getattr(layer, "layouts", {}).items()
    }


def copy_into(weights, arrays):
    """Set variables from canonical arrays of the same names."""
    for name, (variable, layout) in weights.items():
        variable.assign(layout.keep(np.asarray(arrays[name], variable.dtype.as_numpy_dtype)))


def to_array(weight):
    """Copy a variable to a canonical, contiguous NumPy array."""
    return weight.layout.restore(weight.variable.numpy()).copy()


def _channels_first(shape):
    """Canonical order of a flattened sample's axes, and the order that leads back."""
    if len(shape) == 1:
        return shape, (0,)
    height, width, channels = shape
    return (channels, height, width), (1, 2, 0)
