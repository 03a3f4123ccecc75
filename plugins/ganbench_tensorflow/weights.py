"""Canonical names of the weights of TensorFlow modules."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ganbench_recipes.layout import Layout


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
