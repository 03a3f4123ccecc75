"""Upper tail and critical values of the studentised range, by quadrature.

Agrees with `scipy.stats.studentized_range` to 4e-6 in the tail for 2 to 40 rows and 2 to 600
degrees of freedom, fractional ones too. `scipy.stats` takes half a second more to import than
`scipy.special`, so that only the tests import it.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_RANGE_NODES, _RANGE_WEIGHTS = np.polynomial.legendre.leggauss(96)
_SCALE_NODES, _SCALE_WEIGHTS = np.polynomial.legendre.leggauss(64)
_WIDEST_NORMAL = 8.5  # standard deviations
_NORMAL_FROM = 1e5  # degrees of freedom at which the scale is known
_BISECTIONS = 50
_TABLE_NODES = 15
_TABLE_FROM = 32  # distinct degrees of freedom above which critical values are interpolated


def tail(q: float, rows: int, freedom: float) -> float:
    """Return P(Q > q) for the range of `rows` standard normals over an independent estimate.

    The estimate of the standard deviation has `freedom` degrees of freedom; it may be infinite.
    """
    if q <= 0:
        return 1.0
    if freedom > _NORMAL_FROM:
        return max(0.0, 1 - float(_range_cdf(np.array([q]), rows)[0]))
    u, weights = _log_scale(freedom)
    beyond = weights * (1 - _range_cdf(q * np.exp(u), rows))
    return min(1.0, max(0.0, float(beyond.sum() / weights.sum())))


@lru_cache(maxsize=4096)
def critical(rows: int, freedom: float, alpha: float = 0.05) -> float:
    """Return the q with P(Q > q) = alpha."""
    low, high = 0.0, 4.0
    while tail(high, rows, freedom) > alpha:
        low, high = high, 2 * high
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if tail(middle, rows, freedom) > alpha else (low, middle)
    return (low + high) / 2


def criticals(rows: int, freedoms: list[float], alpha: float = 0.05) -> list[float]:
    """Return the critical value for each number of degrees of freedom.

    Many of them are interpolated: log q is smooth in 1 / freedom, and 15 nodes hold the level
    within 0.0002.
    """
    if len(set(freedoms)) <= _TABLE_FROM:
        return [critical(rows, freedom, alpha) for freedom in freedoms]
    inverse = np.array([1 / freedom for freedom in freedoms])
    low, high = float(inverse.min()), float(inverse.max())
    turns = np.cos(np.pi * (np.arange(_TABLE_NODES) + 0.5) / _TABLE_NODES)
    nodes = (low + high) / 2 + (high - low) / 2 * turns
    logs = [math.log(critical(rows, 1 / node, alpha)) for node in nodes.tolist()]
    fitted = np.polynomial.Chebyshev.fit(nodes, logs, _TABLE_NODES - 1, domain=[low, high])
    found: list[float] = np.exp(fitted(inverse)).tolist()
    return found


def _range_cdf(widths: Floats, rows: int) -> Floats:
    """P(the range of `rows` standard normals is at most w)."""
    from scipy.special import ndtr

    z = _WIDEST_NORMAL * _RANGE_NODES
    density = _WIDEST_NORMAL * _RANGE_WEIGHTS * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    within = np.clip(ndtr(z) - ndtr(z - widths[..., None]), 0, None)
    return np.asarray(rows * (density * within ** (rows - 1)).sum(-1))


@lru_cache(maxsize=4096)
def _log_scale(freedom: float) -> tuple[Floats, Floats]:
    """Nodes u = log s and weights of the density of s = sqrt(chi2 / freedom)."""
    from scipy.special import gammaln

    wide = 8 / math.sqrt(2 * freedom) if freedom > 8 else 3.2 / math.sqrt(freedom) + 0.6
    low, high = -wide * (1.0 if freedom > 8 else 2.2), wide
    u = (high + low) / 2 + (high - low) / 2 * _SCALE_NODES
    log_density = (
        math.log(2)
        + freedom / 2 * math.log(freedom / 2)
        - gammaln(freedom / 2)
        + freedom * u
        - freedom * np.exp(2 * u) / 2
    )
    return u, (high - low) / 2 * _SCALE_WEIGHTS * np.exp(log_density)
