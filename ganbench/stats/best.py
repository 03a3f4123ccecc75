"""Which rows of a column may be called best, and which cannot be told from it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ganbench.contracts import Direction, Scale
from ganbench.stats import scales, studentised_range
from ganbench.stats.comparison import ALPHA, Floats, Pair, compare, floored_variances
from ganbench.stats.summary import Summary

Mark = Literal["best", "tied", "worse", "alone", "failed", "too few"]
FEWEST_RUNS = 3
_POWER = 0.8


@dataclass(frozen=True)
class Candidate:
    """A row of the column: its trials, and how many completed ones have collapsed or the like.

    A trial with a problem counts as a failure does, but for its value: a row that has one is never
    best and makes no other row worse.
    """

    summary: Summary
    problems: int = 0

    @property
    def may_win(self) -> bool:
        """Whether the row can be best or make another row worse."""
        return self.summary.failed == 0 and self.problems == 0


@dataclass(frozen=True)
class Marks:
    """What the seeds of a column support.

    `marks` and `ranks` are in the order of the candidates; a rank is the range of places that the
    comparisons leave open, None for rows that are not compared. `pairs` refer to the rows listed
    in `compared`, with the sign that makes lower better; `shown` says of each whether one row is
    shown to be better. `scale` is the one that was used; `detectable` is the smallest difference on
    it that is found in 80 % of such tables, None for fewer than two compared rows.
    """

    marks: list[Mark]
    ranks: list[tuple[int, int] | None]
    compared: list[int]
    pairs: list[Pair]
    shown: list[bool]
    scale: Scale
    detectable: float | None


def mark(
    candidates: Sequence[Candidate],
    direction: Direction,
    scale: Scale,
    samples: int,
    resolution: float | None = None,
    least: float = 0.0,
) -> Marks:
    """Compare all rows of a column together and mark them.

    A row is `worse` if some row is better with p < 0.05 for all pairs together, `best` if it is
    better than every other row, `tied` otherwise, `alone` without another row; `failed` if more
    than half of its trials failed or have a problem, `too few` with fewer than three completed.
    `samples` is the number of samples behind a value, `resolution` the least standard deviation on
    the scale (None: the scale's default), `least` the smallest difference on the scale that counts.
    Raises ValueError for direction "none".
    """
    if direction == "none":
        raise ValueError("direction 'none': no value is better than another; mark other columns")
    everything = [value for item in candidates for value in item.summary.values]
    declared, scale = scale, scales.usable(scale, everything)
    if resolution is None or scale != declared:
        resolution = scales.default_resolution(scale, samples, everything)
    compared = [place for place, item in enumerate(candidates) if _standing(item) is None]
    sign = 1.0 if direction == "lower" else -1.0
    rows = [sign * scales.transform(candidates[place].summary.values, scale) for place in compared]
    pairs = compare(rows, resolution) if len(rows) > 1 else []
    shown = [_is_shown(pair, candidates, compared, sign, least) for pair in pairs]
    beaten, beats = _outcomes(len(compared), pairs, shown)
    any_too_few = any(_standing(item) == "too few" for item in candidates)
    marks: list[Mark] = [_standing(item) or "tied" for item in candidates]
    ranks: list[tuple[int, int] | None] = [None] * len(candidates)
    for at, place in enumerate(compared):
        ranks[place] = 1 + beaten[at], len(compared) - beats[at]
        if len(compared) == 1:
            marks[place] = "alone"
        elif beaten[at]:
            marks[place] = "worse"
        elif beats[at] == len(compared) - 1 and candidates[place].may_win and not any_too_few:
            marks[place] = "best"
    detectable = _detectable(rows, resolution) if len(rows) > 1 else None
    return Marks(marks, ranks, compared, pairs, shown, scale, detectable)


def _standing(item: Candidate) -> Mark | None:
    """Why a row is not compared, or None."""
    if 2 * (item.summary.failed + item.problems) > item.summary.count:
        return "failed"
    return "too few" if len(item.summary.values) < FEWEST_RUNS else None


def _is_shown(
    pair: Pair, candidates: Sequence[Candidate], compared: list[int], sign: float, least: float
) -> bool:
    """Whether the better row of a pair is shown to be better."""
    worse, better = (pair.i, pair.j) if pair.difference > 0 else (pair.j, pair.i)
    loser, winner = candidates[compared[worse]], candidates[compared[better]]
    medians = loser.summary.median, winner.summary.median
    assert medians[0] is not None and medians[1] is not None
    # The guard by medians keeps a mark from contradicting the printed values.
    is_guarded = sign * medians[0] > sign * medians[1]
    return pair.p < ALPHA and abs(pair.difference) >= least and winner.may_win and is_guarded


def _outcomes(rows: int, pairs: list[Pair], shown: list[bool]) -> tuple[list[int], list[int]]:
    """By how many rows each compared row is beaten, and how many it beats."""
    beaten, beats = [0] * rows, [0] * rows
    for pair, is_shown in zip(pairs, shown, strict=True):
        worse, better = (pair.i, pair.j) if pair.difference > 0 else (pair.j, pair.i)
        beaten[worse] += is_shown
        beats[better] += is_shown
    return beaten, beats


def _detectable(rows: Sequence[Floats], resolution: float) -> float:
    """Return the difference that is found in 80 % of tables like this one."""
    from scipy.special import stdtrit

    k = len(rows)
    n = float(np.median([len(row) for row in rows]))
    freedom = min(6, k) * (n - 1)
    spread = math.sqrt(float(np.mean(floored_variances(rows, resolution))))
    quantiles = studentised_range.critical(k, freedom) / math.sqrt(2), stdtrit(freedom, _POWER)
    return float(sum(quantiles)) * math.sqrt(2 / n) * spread
