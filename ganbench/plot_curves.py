"""A metric along training: against images, updates and seconds."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ganbench import plot_columns, plot_references, plot_style
from ganbench.comparability import apart, canonical
from ganbench.history import Point, points
from ganbench.plot_columns import Column
from ganbench.plot_data import Row, Section
from ganbench.plot_speed import way_of_running
from ganbench.plot_style import Look, Words
from ganbench.record import Record
from ganbench.statistics import FEW_RUNS, summarise

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
    most. `values` [runs, points] and their mean [points] are NaN where there is no value; `low`
    and `high` [points] hold the mean with 95 % and are None for 4 runs or fewer.
    """

    row: Row
    positions: dict[str, Floats]
    values: Floats
    mean: Floats
    low: Floats | None
    high: Floats | None

    def along(self, axis: str) -> Floats:
        """Where the mean stands on one of the axes: the mean position of the runs, [points]."""
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
    ways = {record.id: way_of_running(record) for record in records}
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
    if len(values) <= FEW_RUNS:
        return Line(row, positions, values, values.mean(0), None, None)
    ends = []
    for runs in values.T:  # an interval of some of the runs would pass for one of all
        summary = summarise(runs, 0, None)
        ends.append((summary.low, summary.high) if np.isfinite(runs).all() else (None, None))
    low, high = np.array(ends, dtype=np.float64).T
    return Line(row, positions, values, values.mean(0), low, high)


def draw(section: Section, column: Column) -> tuple[Any, Words] | None:
    """The picture and its words, or None where nothing was scored on the way."""
    found = curves(section, column)
    if not found.lines:
        return None
    words = _words(section, column, found)
    look = plot_style.looks_of(section.gans)
    labels = [line.row.label for line in found.lines]
    frame = plot_style.frame(words, 3.4, (1, 3), labels, (0.75, 1.6), sharey=True)
    for line in found.lines:
        for axes, axis in zip(frame.axes, AXES, strict=True):
            if line.is_on(axis):
                _draw_line(axes, line, axis, look[line.row.label])
    lines = plot_references.references(section, column)
    heights = np.concatenate(
        [*(_heights(line) for line in found.lines), [item.value for item in lines]]
    )
    for axes, label in zip(frame.axes, AXES.values(), strict=True):
        axes.set_xlabel(label)
        axes.xaxis.set_major_formatter(plot_style.short_number)
        axes.xaxis.set_major_locator(_locator())
        if plot_style.is_logarithmic(heights):
            plot_style.make_logarithmic(axes, "y", heights)
    frame.axes[0].set_ylabel(column.words)
    frame.axes[0].update_datalim([(0, item.value) for item in lines], updatex=False)
    frame.axes[0].autoscale_view(scalex=False)
    plot_references.draw_across(frame.axes, lines)
    plot_style.add_legend(frame, [look[label] for label in labels], labels, words)
    return frame.figure, words


def _draw_line(axes: Any, line: Line, axis: str, look: Look) -> None:
    along = line.along(axis)
    if line.low is not None and line.high is not None:
        axes.fill_between(along, line.low, line.high, color=look.color, alpha=0.18, linewidth=0)
    elif len(line.values) > 1:
        for places, values in zip(line.positions[axis], line.values, strict=True):
            axes.plot(
                places, values, linestyle=look.dash, color=look.color, linewidth=0.6, alpha=0.5
            )
    axes.plot(
        along,
        line.mean,
        linestyle=look.dash,
        color=look.color,
        marker=look.marker,
        markersize=3.5,
        linewidth=1.6,
    )


def _heights(line: Line) -> Floats:
    """Every finite value that is drawn."""
    drawn = [part for part in (line.mean, line.low, line.high) if part is not None]
    everything = np.concatenate(drawn if line.low is not None else [*drawn, line.values.ravel()])
    return np.asarray(everything[np.isfinite(everything)])


def _locator() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(4)


def _words(section: Section, column: Column, found: Curves) -> Words:
    counts = sorted({len(line.values) for line in found.lines})
    runs = "–".join(str(count) for count in dict.fromkeys((counts[0], counts[-1])))
    notes = [f"Each line is the mean of {runs} run{'' if counts == [1] else 's'}."]
    if counts[-1] > FEW_RUNS:
        notes[0] += " Bands: 95 % bootstrap intervals of the mean."
    if counts[0] <= FEW_RUNS and counts[-1] > 1:
        notes[0] += " Thin lines: single runs, where there are 4 or fewer."
    notes += found.left_out
    notes += plot_columns.notes(section.gans, column, "Not in the lines")
    told = "; ".join(
        f"{line.row.label} from {line.mean[0]:.3g} to {line.mean[-1]:.3g}" for line in found.lines
    )
    title = f"{column.title}, along training"
    return Words(title, section.heading, notes, f"{title}, for {section.heading}: {told}.")
