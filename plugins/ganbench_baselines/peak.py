"""A product of matrices that is large enough to find out what NumPy's BLAS does at most."""

from __future__ import annotations

import numpy as np

from ganbench.contracts import PeakWork

SIDE = 1536  # of square matrices


def work() -> list[PeakWork]:
    """One product of float32 matrices."""
    one, other = np.random.default_rng(0).standard_normal((2, SIDE, SIDE), np.float32)
    result = np.empty((SIDE, SIDE), np.float32)
    return [PeakWork("matrix product", 2 * SIDE**3, lambda: _multiply(one, other, result))]


def _multiply(one: np.ndarray, other: np.ndarray, result: np.ndarray) -> None:
    np.matmul(one, other, out=result)
