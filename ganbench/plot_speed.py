"""Quality against throughput: one point a row, and only what ran alike in one panel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ganbench import comparability, plot_columns, plot_frame, plot_references, plot_style
from ganbench.columns import Column
from ganbench.costs import costs
from ganbench.plot_frame import Frame, Words
from ganbench.plot_style import Look
from ganbench.record import Record
from ganbench.rows import Row
from ganbench.sections import Section
from ganbench.stats.summary import Summary, summarise

PANELS_BESIDE = 3


@dataclass(frozen=True)
class Dot:
    """One row's quality and images per second, over its runs of one way of running."""

    row: Row
    quality: Summary  # failed runs are worse than any value
    speed: Summary  # of the completed runs


@dataclass(frozen=True)
class Panel:
    """Rows that ran on the same kind of machine in the same way."""

    way: dict[str, Any]
    dots: list[Dot]


def throughput(record: Record) -> float:
    """Images per second without the first, untimed step; NaN where nothing was timed."""
    value = costs(record)["images_per_second"]
    return math.nan if value is None else value


def panels(section: Section, column: Column) -> list[Panel]:
    """The trained rows by way of running, the way that most runs share first."""
    ways: dict[str, dict[str, Any]] = {}
    members: dict[str, list[tuple[Row, list[Record]]]] = {}
    for row in section.gans:
        runs: dict[str, list[Record]] = {}
        for record in row.completed:
            way = comparability.speed_key(record)
            name = comparability.canonical(way)
            ways[name] = way
            runs.setdefault(name, []).append(record)
        for name, records in runs.items():
            members.setdefault(name, []).append((row, records))
    order = sorted(members, key=lambda name: -sum(len(runs) for _, runs in members[name]))
    found = []
    for name in order:
        dots = [_dot(row, records, column) for row, records in members[name]]
        shown = [dot for dot in dots if _has_value(dot.quality) and _has_value(dot.speed)]
        if shown:
            found.append(Panel(ways[name], shown))
    return found


def draw(section: Section, column: Column) -> tuple[Any, Words] | None:
    """The picture and its words, or None where no row has both numbers."""
    found = panels(section, column)
    if not found:
        return None
    rows = list(dict.fromkeys(dot.row.label for panel in found for dot in panel.dots))
    every = plot_references.references(section, column)
    dots = [dot for panel in found for dot in panel.dots]
    lines = plot_references.near(every, [end for dot in dots for end in _ends(dot.quality)])
    words = _words(section, column, found, plot_references.far(every, lines))
    look = plot_style.looks_of(section.gans)
    shape = (-(-len(found) // PANELS_BESIDE), min(len(found), PANELS_BESIDE))
    frame = plot_frame.frame(words, 3.4, shape, rows, (0.75, 1.75), sharey=True)
    for axes, panel in zip(frame.axes, found, strict=False):
        for dot in panel.dots:
            _draw_dot(axes, dot, look[dot.row.label])
        axes.set_xlabel("images per second, faster to the right")
    _finish(frame, found, lines, column)
    looks = [replace(look[row], dash="none") for row in rows]
    plot_frame.add_legend(frame, looks, rows, words)
    return frame.figure, words


def _finish(
    frame: Frame, found: Sequence[Panel], lines: list[plot_references.Reference], column: Column
) -> None:
    """Set scales and limits, label what is shared, and draw the reference lines last."""
    dots = [dot for panel in found for dot in panel.dots]
    ends = [end for dot in dots for end in _ends(dot.quality)]
    heights = [*ends, *(line.value for line in lines)]
    for number, (axes, panel) in enumerate(zip(frame.axes, found, strict=False), 1):
        if plot_style.is_logarithmic(ends):
            plot_style.make_logarithmic(axes, "y", heights)
        speeds = [end for dot in panel.dots for end in _ends(dot.speed)]
        if plot_style.is_logarithmic(speeds):
            plot_style.make_logarithmic(axes, "x", speeds)
        else:
            axes.xaxis.set_major_formatter(plot_style.short_number)
        if len(found) > 1:
            axes.set_title(f"panel {number}")
    for axes in frame.axes[len(found) :]:
        axes.set_axis_off()
    frame.axes[0].set_ylabel(column.words)
    frame.axes[0].update_datalim([(0, height) for height in heights], updatex=False)
    frame.axes[0].autoscale_view(scalex=False)
    columns = min(len(found), PANELS_BESIDE)
    for start in range(0, len(found), columns):
        plot_references.draw_across(frame.axes[start : start + columns], lines)


def _draw_dot(axes: Any, dot: Dot, look: Look) -> None:
    axes.errorbar(
        dot.speed.median,
        dot.quality.median,
        xerr=_bar(dot.speed),
        yerr=_bar(dot.quality),
        color=look.color,
        marker=look.marker,
        markersize=6,
        elinewidth=1.2,
        capsize=2.5,
        linestyle="none",
    )


def _has_value(summary: Summary) -> bool:
    return summary.median is not None and math.isfinite(summary.median)


def _ends(summary: Summary) -> tuple[float, float]:
    """The ends of an error bar: the interval, or the lowest and highest of few values.

    An end that reaches into failed runs stands at the worst value.
    """
    low, high = summary.values[0], summary.values[-1]
    if summary.interval is not None:
        low, high = max(low, summary.interval.low), min(high, summary.interval.high)
    return low, high


def _bar(summary: Summary) -> np.ndarray:
    """The error bar as lengths below and above the median, [2, 1]."""
    low, high = _ends(summary)
    assert summary.median is not None
    return np.array([[max(0.0, summary.median - low)], [max(0.0, high - summary.median)]])


def _dot(row: Row, records: list[Record], column: Column) -> Dot:
    values = [column.value(record) for record in records]
    speeds = [throughput(record) for record in records]
    quality = summarise(values, column.direction, len(row.failed))
    return Dot(row, quality, summarise([value for value in speeds if value == value], "none"))


def _words(section: Section, column: Column, found: list[Panel], beyond: list[str]) -> Words:
    few = any(dot.speed.interval is None for panel in found for dot in panel.dots)
    bars = "95 % intervals of the median" + (
        ", lowest to highest for 4 runs or fewer" if few else ""
    )
    notes = [f"Bars: {bars}. Images per second leave out compilation, sampling and scoring."]
    notes += [
        f"Panel {number} is apart, for speeds compare on one machine and way of running alone: "
        f"{comparability.apart(found[0].way, panel.way)}."
        for number, panel in enumerate(found[1:], 2)
    ]
    notes += beyond
    notes += plot_columns.notes(section.gans, column, "Counted as worse than any value")
    told = "; ".join(
        f"{dot.row.label} {dot.quality.median:.3g} at {dot.speed.median:,.0f} images/s"
        for panel in found
        for dot in panel.dots
    )
    title = f"{column.title}, against speed"
    return Words(title, section.heading, notes, f"{title}, for {section.heading}: {told}.")
