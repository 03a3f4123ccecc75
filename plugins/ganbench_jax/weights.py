"""Canonical names and layouts of the weights of JAX networks.

JAX networks keep channels last: [in, out] for matrices, [height, width, in, out] for convolutions
and [height, width, out, in] for transposed ones; flattened images are in height, width, channel
order. Arrays are permuted when they are set or read, so that no step has to.
"""

from __future__ import annotations

from math import prod
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np


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
        """Permute a canonical array to what a network keeps."""
        return array.reshape(self.parts).transpose(self.order).reshape(self.kept)

    def restore(self, array):
        """Permute what a network keeps to the canonical array."""
        permuted = [self.parts[axis] for axis in self.order]
        back = np.argsort(self.order)
        return np.ascontiguousarray(array.reshape(permuted).transpose(back).reshape(self.canonical))


def to_device(layouts, arrays, dtype):
    """Arrays of a network, by name, from canonical arrays of the same names."""
    # A copy: a step takes its arrays' memory for its results, and NumPy's is not ours to give.
    return {
        name: jnp.array(layout.keep(np.asarray(arrays[name], dtype)), copy=True)
        for name, layout in layouts.items()
    }


def to_arrays(layouts, kept):
    """Copies of a network's arrays as canonical, contiguous NumPy arrays."""
    return {name: layout.restore(np.asarray(kept[name])).copy() for name, layout in layouts.items()}


def _channels_first(shape):
    """Canonical order of a flattened sample's axes, and the order that leads back."""
    if len(shape) == 1:
        return shape, (0,)
    height, width, channels = shape
    return (channels, height, width), (1, 2, 0)
