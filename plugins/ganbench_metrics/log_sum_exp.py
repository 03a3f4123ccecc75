"""The logarithm of a sum of exponentials, none of which overflows."""

from __future__ import annotations

import numpy as np


def log_sum_exp(values: np.ndarray, axis: int) -> np.ndarray:
    """Give log(sum(exp(values))) over an axis, which stays, with length 1."""
    greatest = values.max(axis=axis, keepdims=True)
    return greatest + np.log(np.sum(np.exp(values - greatest), axis=axis, keepdims=True))
