"""Where a backend that keeps channels last puts the elements of canonical arrays.

It keeps [in, out] for matrices, [height, width, in, out] for convolutions and [height, width, out,
in] for transposed ones; flattened images are in height, width, channel order. Arrays are permuted
when they are set or read, so that no step has to.
"""

from __future__ import annotations

from math import prod
from typing import NamedTuple

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
        """Permute a canonical array to what is kept."""
        return array.reshape(self.parts).transpose(self.order).reshape(self.kept)

    def restore(self, array):
        """Permute what is kept to the canonical array."""
        permuted = [self.parts[axis] for axis in self.order]
        back = np.argsort(self.order)
        return np.ascontiguousarray(array.reshape(permuted).transpose(back).reshape(self.canonical))


def _channels_first(shape):
    """Canonical order of a flattened sample's axes, and the order that leads back."""
    if len(shape) == 1:
        return shape, (0,)
    height, width, channels = shape
    return (channels, height, width), (1, 2, 0)
