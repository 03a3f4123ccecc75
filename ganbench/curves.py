"""Numbers of curves: a metric along training, and shares of runs along thresholds."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ganbench.bootstrap import interval, percentiles, resample
from ganbench.contracts import Direction
from ganbench.ranking import Values, badness

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Profile:
    """Shares [thresholds] of a row's runs that are at least as good, within 0 and 1.

    `low` and `high` hold each share by itself with 95 %; None for too few runs.
    """

    share: Floats
    low: Floats | None
    high: Floats | None


def performance_profile(
    values_by_row: Mapping[str, Sequence[Values]], thresholds: Values, direction: Direction
) -> dict[str, Profile]:
    """For each row the share of its runs at least as good as each threshold.

    A row has the runs of each task, which have to be on one scale; values that are not finite are
    failures and never reach a threshold. The band resamples runs within each task (Agarwal et
    al. 2021, section 4.2); it has no width where all runs or none reach a threshold. Raises
    ValueError for a row without runs.
    """
    limits = badness(thresholds, direction)
    if not np.isfinite(limits).all():
        raise ValueError("performance profile: a threshold is not finite; give numbers")
    return {
        row: _profile([badness(runs, direction) for runs in tasks], limits, row)
        for row, tasks in values_by_row.items()
    }


def areas_under_curves(
    positions: Values, curves: Sequence[Sequence[float | None]]
) -> list[float | None]:
    """The mean heights of curves: their areas by trapezoids over the span of the positions.

    In the units of the values. None where a curve has a value that is None or not finite. Raises
    ValueError for fewer than two positions, if they do not increase, or for curves of another
    length.
    """
    if len(positions) < 2:
        raise ValueError(f"area under curve: {len(positions)} position(s); give two or more")
    widths = [after - before for before, after in itertools.pairwise(positions)]
    if not all(0 < width < math.inf for width in widths):
        raise ValueError("curve: positions have to be finite and to increase; sort them")
    return [_mean_height(widths, heights) for heights in curves]


def _mean_height(widths: list[float], heights: Sequence[float | None]) -> float | None:
    """Of one curve, whose points stand so far apart: a few, for which NumPy takes longer."""
    if len(heights) != len(widths) + 1:
        raise ValueError(
            f"curve: {len(widths) + 1} positions and {len(heights)} values; give pairs"
        )
    known = [height for height in heights if height is not None and math.isfinite(height)]
    if len(known) < len(heights):
        return None
    areas = [
        width * (one + other) / 2
        for width, (one, other) in zip(widths, itertools.pairwise(known), strict=True)
    ]
    return math.fsum(areas) / math.fsum(widths)


def first_reach(
    positions: Values, values: Values, target: float, direction: Direction
) -> float | None:
    """The position of the FIRST crossing of the target, or None where it is never reached.

    Whether the curve stays there does not matter. Between two checkpoints the curve is a line;
    the first checkpoint, and one that follows a value that is not finite, count where they stand.
    A value that is not finite reaches nothing. Raises ValueError if positions do not increase, or
    for a target that is not finite.
    """
    if not math.isfinite(target):
        raise ValueError(f"first reach: the target is {target}; give a number")
    places, heights = _curve(positions, values)
    reached = np.flatnonzero(badness(heights, direction) <= badness([target], direction)[0])
    if not reached.size:
        return None
    at = int(reached[0])
    if at == 0 or not math.isfinite(heights[at - 1]):
        return float(places[at])
    share = (target - heights[at - 1]) / (heights[at] - heights[at - 1])
    return float(places[at - 1] + share * (places[at] - places[at - 1]))


def _profile(groups: list[Floats], limits: Floats, row: str) -> Profile:
    runs = np.concatenate(groups) if groups else np.zeros(0)
    if not runs.size:
        raise ValueError(f"performance profile: row {row!r} has no runs; leave it out")
    share = (runs[:, None] <= limits).mean(0)
    band = percentiles(groups)
    if band is None:
        return Profile(share, None, None)
    samples = resample(groups)
    ends = [interval((samples <= limit).mean(1), band) for limit in limits]
    low, high = np.array(ends, dtype=np.float64).reshape(-1, 2).T
    return Profile(share, low, high)


def _curve(positions: Values, values: Values) -> tuple[Floats, Floats]:
    places = np.asarray(positions, dtype=np.float64)
    heights = np.asarray(values, dtype=np.float64)
    if places.shape != heights.shape or places.ndim != 1:
        raise ValueError(f"curve: {places.size} positions and {heights.size} values; give pairs")
    if not np.isfinite(places).all() or (np.diff(places) <= 0).any():
        raise ValueError("curve: positions have to be finite and to increase; sort them")
    return places, heights
