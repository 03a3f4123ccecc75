"""The value of a row: median over its seeds, its interval, and the rate of failures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ganbench.contracts import Direction

Floats = npt.NDArray[np.float64]

CONFIDENCE = 0.95
FEWEST_FOR_AN_INTERVAL = 5  # up to four seeds, the values say more than an interval


@dataclass(frozen=True)
class Interval:
    """Ends of an interval; infinite where it reaches into failed trials."""

    low: float
    high: float


@dataclass(frozen=True)
class Summary:
    """A row's trials in one column, in the units of the metric.

    `values` are those of completed trials, the lowest first. `median` counts a failed trial as
    worse than any value: it is infinite where half of the trials failed, and None without trials.
    `interval` holds the median with 95 % (n = 5: with 94 %); None for four trials or fewer, and
    for a column without a better direction that has failures. `mean`, `sd` (n - 1) and `iqm`, the
    interquartile mean, are those of the completed trials.
    """

    values: tuple[float, ...]
    failed: int
    median: float | None
    interval: Interval | None
    mean: float | None
    sd: float | None
    iqm: float | None

    @property
    def count(self) -> int:
        """Number of trials that ended, failed ones included."""
        return len(self.values) + self.failed


def summarise(values: Sequence[float], direction: Direction, failed: int = 0) -> Summary:
    """Summarise a row: finite `values` of completed trials; others count as failed."""
    finite = sorted(float(value) for value in values if math.isfinite(value))
    failed += len(values) - len(finite)
    mean = sd = iqm = None
    if finite:
        mean, sd, iqm = _moments(np.asarray(finite))
    median, interval = _middle(finite, failed, direction)
    return Summary(tuple(finite), failed, median, interval, mean, sd, iqm)


def _moments(values: Floats) -> tuple[float | None, float | None, float | None]:
    """Mean, standard deviation and interquartile mean; None for one that overflows."""
    cut = len(values) // 4
    with np.errstate(over="ignore", invalid="ignore"):
        found = [
            float(values.mean()),
            float(values.std(ddof=1)) if len(values) > 1 else math.nan,
            float(values[cut : len(values) - cut].mean()),
        ]
    mean, sd, iqm = (number if math.isfinite(number) else None for number in found)
    return mean, sd, iqm


def _middle(
    finite: list[float], failed: int, direction: Direction
) -> tuple[float | None, Interval | None]:
    if not finite and not failed:
        return None, None
    if direction == "none":  # nothing is worse, so failures have no place in the order
        if not finite:
            return None, None
        median, interval = median_interval(finite)
        return median, interval if not failed else None
    sign = -1.0 if direction == "higher" else 1.0
    ordered = sorted(sign * value for value in finite) + [math.inf] * failed
    median, interval = median_interval(ordered)
    if interval is not None and sign < 0:
        interval = Interval(-interval.high, -interval.low)
    return sign * median, interval


def median_interval(ordered: Sequence[float]) -> tuple[float, Interval | None]:
    """Return the median of sorted values and its 95 % interval from order statistics.

    The values may end with infinities. Between two orders the interval is interpolated
    (Hettmansperger and Sheather 1986); for n = 5 it is the smallest and largest, which hold the
    median with 94 %. None for four values or fewer, and where even the low end is infinite.
    """
    n = len(ordered)
    middle = n // 2
    median = ordered[middle] if n % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    if n < FEWEST_FOR_AN_INTERVAL:
        return median, None
    depth = 1
    while depth + 1 <= n // 2 and _coverage(n, depth + 1) >= CONFIDENCE:
        depth += 1
    low, high, coverage = ordered[depth - 1], ordered[n - depth], _coverage(n, depth)
    if coverage > CONFIDENCE and depth + 1 <= n // 2:
        share = (coverage - CONFIDENCE) / (coverage - _coverage(n, depth + 1))
        weight = (n - depth) * share / (depth + (n - 2 * depth) * share)
        low = _between(low, ordered[depth], weight)
        high = _between(high, ordered[n - depth - 1], weight)
    return median, Interval(low, high) if math.isfinite(low) else None


def _between(end: float, inner: float, weight: float) -> float:
    """Move the end of an interval inwards; an infinite end stays."""
    if math.isinf(end):
        return end
    return end + weight * (inner - end) if math.isfinite(inner) else inner


def failure_rate_interval(failed: int, trials: int) -> Interval:
    """Return the 95 % interval of a rate of failures (Clopper and Pearson 1934)."""
    from scipy.special import betaincinv

    tail = (1 - CONFIDENCE) / 2
    low = 0.0 if failed == 0 else float(betaincinv(failed, trials - failed + 1, tail))
    high = 1.0 if failed == trials else float(betaincinv(failed + 1, trials - failed, 1 - tail))
    return Interval(low, high)


def _coverage(n: int, depth: int) -> float:
    """Probability that the median lies between the depth-th smallest and largest of n values."""
    return 1 - 2 * sum(math.comb(n, i) for i in range(depth)) / 2.0**n
