"""Canonical arrays to a network's, and back."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np


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
