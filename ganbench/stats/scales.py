"""Scales on which the rows of a column are compared, and the least spread that counts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ganbench.contracts import Scale

Floats = npt.NDArray[np.float64]

RELATIVE_RESOLUTION = 1e-6  # of float32 features


def usable(scale: Scale, values: Sequence[float]) -> Scale:
    """Return the scale that fits all finite values of a column.

    A value of 0 or below has no logarithm, and a value outside [0, 1] is no share: such a column
    is compared on the raw scale as a whole.
    """
    finite = [value for value in values if math.isfinite(value)]
    if scale == "log" and min(finite, default=1.0) <= 0:
        return "raw"
    if scale == "share" and not all(0 <= value <= 1 for value in finite):
        return "raw"
    return scale


def transform(values: Sequence[float], scale: Scale) -> Floats:
    """Map values to the scale: log(x), arcsin(sqrt(x)), or x itself."""
    numbers = np.asarray(values, dtype=np.float64)
    if scale == "log":
        return np.log(numbers)
    if scale == "share":
        return np.arcsin(np.sqrt(numbers))
    return numbers


def default_resolution(scale: Scale, samples: int, values: Sequence[float]) -> float:
    """Return the least standard deviation of a row on the scale.

    Log: 1e-6, the rounding of float32 features. Share: 1 / (2 sqrt(samples)), the standard
    deviation that sampling gives arcsin(sqrt(x)). Raw: 1e-6 of the largest absolute value.
    """
    if scale == "log":
        return RELATIVE_RESOLUTION
    if scale == "share":
        return 1 / (2 * math.sqrt(max(1, samples)))
    finite = [abs(value) for value in values if math.isfinite(value)]
    return RELATIVE_RESOLUTION * max(finite, default=1.0)
