"""Which rows of a column a table may call best: none without enough seeds to say so."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from ganbench.contracts import Direction
from ganbench.differences import Difference, is_within_spread, paired
from ganbench.ranking import badness, fill_failures

Mark = Literal["best", "tied", "unknown", ""]
SIGNIFICANCE = 0.05


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


def best_rows(
    rows: Sequence[Mapping[int, float]], direction: Direction, within_spread: bool = False
) -> list[Mark]:
    """Mark the rows of a column, values by seed, NaN for a failed run.

    The row of the best mean, failures counted as the worst value, is compared with each other
    row over shared seeds; p-values are adjusted by Holm. "best" is better than every other row
    with p < 0.05, "tied" cannot be told from the best, "" is worse or has no completed run. As
    long as the best mean and some row share 4 seeds or fewer, none is best or tied: what is not
    worse is "unknown"; so is a row that has no rival. The order of rows does not matter.
    `within_spread` is for timings: a difference that is no larger than the runs of one row differ
    among themselves is a tie, whatever its p-value, for a machine slows down for whole rows.

    Of equal rows, one is called best in at most 5 % of tables (simulated: 5.1 of 2 rows, below 1.1
    of more). Some row is called worse than the best more often, since the comparisons begin from
    the best mean of the same runs: of 3, 5 and 8 equal normal rows in 6, 9 and 12 %.
    """
    filled = fill_failures(rows, direction)
    valued = [place for place, row in enumerate(filled) if row]
    marks: list[Mark] = [""] * len(rows)
    if not valued:
        return marks
    best = min(valued, key=lambda place: _standing(filled[place], direction))
    rivals = [place for place in valued if place != best]
    found = [paired(filled[best], filled[rival], direction) for rival in rivals]
    adjusted = holm([difference.p for difference in found])
    unworse = [
        rival
        for rival, difference, p in zip(rivals, found, adjusted, strict=True)
        if p is None
        or p >= SIGNIFICANCE
        or not _is_better(difference, direction)
        or (within_spread and is_within_spread(filled[best].values(), filled[rival].values()))
    ]
    if not rivals or None in adjusted:
        mark: Mark = "unknown"
    else:
        mark = "tied" if unworse else "best"
    for place in [best, *unworse]:
        marks[place] = mark
    return marks


def _is_better(difference: Difference, direction: Direction) -> bool:
    """Over the shared seeds, too: the mean over all seeds may owe its place to the others."""
    mean = difference.mean
    return mean is not None and (mean < 0 if direction == "lower" else mean > 0)


def _standing(row: Mapping[int, float], direction: Direction) -> tuple[object, ...]:
    """Sorts the best mean first; of equal ones more seeds, then the better first run."""
    mean = math.fsum(row.values()) / len(row)
    runs = zip(row, badness(list(row.values()), direction).tolist(), strict=True)
    return float(badness([mean], direction)[0]), -len(row), sorted(runs)
