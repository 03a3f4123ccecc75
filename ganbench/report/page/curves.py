"""The primary column along training: a line for each row, over its runs."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from statistics import median

from ganbench.columns import Column
from ganbench.comparability import canonical, speed_key
from ganbench.headline import Headline, HeadlineRow
from ganbench.history import Point, points
from ganbench.stats.summary import Interval, summarise

AXES = ("images", "seconds")


@dataclass(frozen=True)
class Curve:
    """One row's curve, in the order of checkpoints; the last one is the end of the budget.

    `places` has the median position of the runs by axis. A median that is no finite number is NaN,
    and `intervals` are None for four runs or fewer. `runs` are the values of each run.
    """

    row: HeadlineRow
    places: dict[str, list[float]]
    medians: list[float]
    intervals: list[Interval | None]
    runs: list[list[float]]

    @property
    def has_band(self) -> bool:
        """Whether the spread is drawn as a band."""
        return any(interval is not None for interval in self.intervals)


def curves(headline: Headline) -> list[Curve]:
    """The curves of the trained rows that have any checkpoint."""
    column = headline.primary
    if column is None:
        return []
    found = []
    for row in headline.rows:
        runs = [] if row.group == "scale" else _runs(row, column)
        if runs:
            found.append(_curve(row, column, runs))
    return found


def ways(headline: Headline) -> int:
    """In how many ways the rows ran; seconds compare within one machine and way only."""
    keys = {
        canonical({**speed_key(record), "backend options": ""})
        for row in headline.rows
        if row.group != "scale"
        for record in row.source.row.completed
    }
    return len(keys)


def _runs(row: HeadlineRow, column: Column) -> list[list[Point]]:
    """The histories of a row's runs with as many checkpoints as most have, two at least."""
    histories = []
    for record in row.source.row.completed:
        score = column.score(record)
        if score is not None and score.get("curve"):
            histories.append(points(record, score, column.key))
    lengths = Counter(len(history) for history in histories)
    usual = max(lengths, key=lambda length: (lengths[length], length), default=0)
    return [history for history in histories if len(history) == usual and usual > 1]


def _curve(row: HeadlineRow, column: Column, runs: list[list[Point]]) -> Curve:
    places: dict[str, list[float]] = {axis: [] for axis in AXES}
    medians, intervals = [], []
    values = [[_number(point.value) for point in run] for run in runs]
    for moment, own in zip(zip(*runs, strict=True), zip(*values, strict=True), strict=True):
        places["images"].append(median(point.images for point in moment))
        places["seconds"].append(median(point.train_seconds for point in moment))
        summary = summarise(own, column.direction)
        middle = summary.median
        medians.append(middle if middle is not None and math.isfinite(middle) else math.nan)
        intervals.append(summary.interval)
    return Curve(row, places, medians, intervals, values)


def _number(value: float | None) -> float:
    return math.nan if value is None else value
