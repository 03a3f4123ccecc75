"""The numbers of a metric along training: a line for each row, over its runs."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ganbench.columns import Column
from ganbench.comparability import apart, canonical, speed_key
from ganbench.history import Point, points
from ganbench.record import Record
from ganbench.rows import Row
from ganbench.sections import Section
from ganbench.stats.summary import FEWEST_FOR_AN_INTERVAL, median_interval

Floats = npt.NDArray[np.float64]
AXES = {
    "images": "images shown",
    "updates": "generator's updates",
    "seconds": "seconds with compilation",
}


@dataclass(frozen=True)
class Line:
    """One row's curve.

    `positions` [runs, points] are by axis; seconds are NaN for a run that ran in another way than
    most. `values` [runs, points] and their median [points] are NaN where there is no value; `low`
    and `high` [points] hold the median with 95 % and are None for 4 runs or fewer.
    """

    row: Row
    positions: dict[str, Floats]
    values: Floats
    median: Floats
    low: Floats | None
    high: Floats | None

    def along(self, axis: str) -> Floats:
        """Where the median stands on one of the axes: the mean position of the runs, [points]."""
        runs = self.positions[axis]
        return np.asarray(runs[np.isfinite(runs).all(1)].mean(0))

    def is_on(self, axis: str) -> bool:
        """Whether any run has positions on this axis."""
        return bool(np.isfinite(self.positions[axis]).all(1).any())


@dataclass(frozen=True)
class Curves:
    """The lines of a section and what was left out of them, a line of words each."""

    lines: list[Line]
    left_out: list[str]


def curves(section: Section, column: Column) -> Curves:
    """The curves of a section's trained rows; without lines where nothing was scored on the way."""
    kept: dict[int, list[tuple[Record, list[Point]]]] = {}
    left_out = []
    for number, row in enumerate(section.gans):
        runs = [
            (record, points(record, score, column.key))
            for record in row.completed
            if (score := column.score(record))
        ]
        longest = max((len(history) for _, history in runs), default=0)
        if longest > 1:
            kept[number] = [run for run in runs if len(run[1]) == longest]
            if shorter := len(runs) - len(kept[number]):
                left_out.append(
                    f"Fewer checkpoints than its others, left out: {row.label} {shorter}."
                )
    records = [record for runs in kept.values() for record, _ in runs]
    ways = {record.id: speed_key(record) for record in records}
    counted = Counter(canonical(way) for way in ways.values()).most_common(1)
    usual = next((way for way in ways.values() if canonical(way) == counted[0][0]), {})
    elsewhere: dict[str, list[str]] = {}
    found = []
    for number, runs in kept.items():
        row = section.gans[number]
        other = [ways[record.id] for record, _ in runs if ways[record.id] != usual]
        if other:
            elsewhere.setdefault(apart(usual, other[0]), []).append(f"{row.label} {len(other)}")
        is_timed = np.array([ways[record.id] == usual for record, _ in runs])
        found.append(_line(row, [history for _, history in runs], is_timed))
    left_out += [
        "Without seconds, for these compare on one machine and way of running alone: "
        f"{', '.join(rows)} ({reason})."
        for reason, rows in elsewhere.items()
    ]
    return Curves(found, left_out)


def _line(row: Row, histories: list[list[Point]], is_timed: npt.NDArray[np.bool_]) -> Line:
    positions = {
        axis: np.array([[float(getattr(point, axis)) for point in run] for run in histories])
        for axis in AXES
    }
    positions["seconds"][~is_timed] = math.nan
    values = np.array(
        [[math.nan if point.value is None else point.value for point in run] for run in histories]
    )
    # NaN in any run leaves none: a median of some of the runs would pass for one of all.
    middle = np.median(values, axis=0)
    if len(values) < FEWEST_FOR_AN_INTERVAL:
        return Line(row, positions, values, middle, None, None)
    ends = []
    for runs in values.T:
        interval = median_interval(sorted(runs.tolist()))[1] if np.isfinite(runs).all() else None
        ends.append((interval.low, interval.high) if interval else (math.nan, math.nan))
    low, high = np.array(ends, dtype=np.float64).T
    return Line(row, positions, values, middle, low, high)
