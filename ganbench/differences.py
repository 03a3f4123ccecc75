"""What a table says of two rows: how they differ, and whether seeds could explain it.

The tests are Student's on differences of shared seeds and Welch's where no seeds are shared, with
t intervals, chosen by simulation. False positives at 5 %, in 4,000 to 10,000 pairs of equal
distributions with correlation 0, .5 and .8 of shared seeds (normal, lognormal, Student's t with 3
degrees of freedom), and power at a shift of 1.5 robust standard deviations (normal):

              false positives, n = 5   n = 10        n = 20        power, n = 5   n = 10
    paired t        2.2 to  5.5 %      3.0 to  5.0   3.4 to  5.0        70 %        99 %
    sign flips      0.0                4.4 to  5.3   4.9 to  5.9         0          99
    bootstrap      16.2 to 18.2        9.3 to 12.4   6.8 to  9.8        92         100

Percentiles of the bootstrap find differences that are not there, exact sign flips cannot reach 5 %
with 5 seeds. An interval covers in 100 % less the false positives. None of them holds where the
differences themselves are skewed, as between a lognormal and a narrow normal distribution of equal
means: the paired t test then errs in 18, 17 and 15 % (bootstrap 28, 20, 15; flips 0, 17, 14).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ganbench.bootstrap import FEW_RUNS, LEVEL
from ganbench.contracts import Direction
from ganbench.ranking import Values, badness

Floats = npt.NDArray[np.float64]
SIGNIFICANCE = 0.05


@dataclass(frozen=True)
class Difference:
    """How two rows differ: a - b, in the units of the metric, whichever direction is better.

    `n` is the number of shared seeds, or of the smaller row's runs where none are shared. `low`
    and `high` hold the mean difference with 95 %, `p` is two-sided; all three are None for n <= 4.
    `improvement` is the probability that a run of a is better than one of b. None without runs.
    """

    n: int
    mean: float | None
    low: float | None
    high: float | None
    p: float | None
    improvement: float | None


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Adjust p-values for their number (Holm 1979): step down, monotone, at most 1.

    None, a comparison that was not made, stays None and does not count.
    """
    known = [(value, place) for place, value in enumerate(p_values) if value is not None]
    adjusted: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for step, (value, place) in enumerate(sorted(known)):
        largest = max(largest, min(1.0, (len(known) - step) * value))
        adjusted[place] = largest
    return adjusted


def paired(a: Mapping[int, float], b: Mapping[int, float], direction: Direction) -> Difference:
    """Compare two rows, values by seed, over the seeds that both have: Student's paired t test.

    Raises ValueError for values that are not finite; `ranking.fill_failures` gives them one.
    """
    seeds = sorted(set(a) & set(b))
    ours, theirs = _finite([a[seed] for seed in seeds]), _finite([b[seed] for seed in seeds])
    if not seeds:
        return Difference(0, None, None, None, None, None)
    differences = ours - theirs
    error = math.sqrt(_variance(differences) / len(seeds))
    mean = _mean(differences)
    tested = _student(mean, error, len(seeds) - 1, len(seeds))
    return Difference(len(seeds), mean, *tested, float(_wins(*_signed(ours, theirs, direction))))


def unpaired(a: Values, b: Values, direction: Direction) -> Difference:
    """Compare the runs of two rows that share no seeds: Welch's t test.

    Raises ValueError for values that are not finite; `ranking.fill_failures` gives them one.
    """
    ours, theirs = _finite(a), _finite(b)
    n = min(ours.size, theirs.size)
    if not n:
        return Difference(0, None, None, None, None, None)
    mean = _mean(ours) - _mean(theirs)
    parts = [_variance(side) / side.size for side in (ours, theirs)]
    # Welch and Satterthwaite's degrees of freedom; without any spread there is nothing to share.
    freedom = math.inf
    if sum(parts) > 0:
        sizes = zip(parts, (ours.size, theirs.size), strict=True)
        freedom = sum(parts) ** 2 / sum(p**2 / (size - 1) for p, size in sizes if p > 0)
    tested = _student(mean, math.sqrt(sum(parts)), freedom, n)
    return Difference(n, mean, *tested, float(_wins(*_signed(ours, theirs, direction))))


def is_within_spread(a: Iterable[float], b: Iterable[float]) -> bool:
    """Whether the means differ by no more than the larger standard deviation of the two.

    Timings of one row are no independent draws: what slows a machine lasts, and a test of their
    means is too sure of itself.
    """
    ours, theirs = _finite([*a]), _finite([*b])
    largest = math.sqrt(max(_variance(ours), _variance(theirs)))
    return abs(_mean(ours) - _mean(theirs)) <= largest


def _wins(ours: Floats, theirs: Floats) -> Floats:
    """The share of pairs in which ours is smaller, ties one half, over the last axes."""
    mine, other = ours[..., :, None], theirs[..., None, :]
    return np.asarray(((mine < other) + 0.5 * (mine == other)).mean((-2, -1)))


def _signed(ours: Floats, theirs: Floats, direction: Direction) -> tuple[Floats, Floats]:
    return badness(ours, direction), badness(theirs, direction)


def _finite(values: Values) -> Floats:
    numbers = np.asarray(values, dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise ValueError("difference: a value is not finite; give failures the worst value first")
    return numbers


def _mean(values: Floats) -> float:
    """Exact for equal values, whose mean rounding would move: 0.1 seven times is 0.1."""
    return float(values.mean() if np.ptp(values) > 0 else values[0])


def _variance(values: Floats) -> float:
    """With n - 1; exactly 0 for equal values, of which rounding would make a tiny number."""
    return float(values.var(ddof=1)) if values.size > 1 and np.ptp(values) > 0 else 0.0


def _student(
    mean: float, error: float, freedom: float, n: int
) -> tuple[float | None, float | None, float | None]:
    """The t interval of a mean and the two-sided p-value that it is 0; None for n <= 4."""
    from scipy.special import stdtr, stdtrit

    if n <= FEW_RUNS:
        return None, None, None
    if error == 0:
        return mean, mean, 1.0 if mean == 0 else 0.0
    half = float(stdtrit(freedom, (1 + LEVEL) / 2)) * error
    return mean - half, mean + half, 2 * float(stdtr(freedom, -abs(mean) / error))
