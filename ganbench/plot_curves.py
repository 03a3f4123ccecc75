"""The picture of a metric along training: against images, updates and seconds."""

from __future__ import annotations

from typing import Any

import numpy as np

from ganbench import plot_columns, plot_frame, plot_references, plot_style
from ganbench.columns import Column
from ganbench.plot_frame import Words
from ganbench.plot_lines import AXES, Curves, Floats, Line, curves
from ganbench.plot_style import Look
from ganbench.sections import Section
from ganbench.stats.summary import FEWEST_FOR_AN_INTERVAL


def draw(section: Section, column: Column) -> tuple[Any, Words] | None:
    """The picture and its words, or None where there is no value on the way."""
    found = curves(section, column)
    if not any(np.isfinite(line.values).any() for line in found.lines):
        return None
    words = _words(section, column, found)
    look = plot_style.looks_of(section.gans)
    labels = [line.row.label for line in found.lines]
    frame = plot_frame.frame(words, 3.4, (1, 3), labels, (0.75, 1.6), sharey=True)
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
    plot_frame.add_legend(frame, [look[label] for label in labels], labels, words)
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
        line.median,
        linestyle=look.dash,
        color=look.color,
        marker=look.marker,
        markersize=3.5,
        linewidth=1.6,
    )


def _heights(line: Line) -> Floats:
    """Every finite value that is drawn."""
    drawn = [part for part in (line.median, line.low, line.high) if part is not None]
    everything = np.concatenate(drawn if line.low is not None else [*drawn, line.values.ravel()])
    return np.asarray(everything[np.isfinite(everything)])


def _locator() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(4)


def _words(section: Section, column: Column, found: Curves) -> Words:
    counts = sorted({len(line.values) for line in found.lines})
    runs = "–".join(str(count) for count in dict.fromkeys((counts[0], counts[-1])))
    notes = [f"Each line is the median of {runs} run{'' if counts == [1] else 's'}."]
    if counts[-1] >= FEWEST_FOR_AN_INTERVAL:
        notes[0] += " Bands: 95 % intervals of the median."
    if counts[0] < FEWEST_FOR_AN_INTERVAL and counts[-1] > 1:
        notes[0] += " Thin lines: single runs, where there are 4 or fewer."
    notes += found.left_out
    notes += plot_columns.notes(section.gans, column, "Not in the lines")
    told = "; ".join(
        f"{line.row.label} from {line.median[0]:.3g} to {line.median[-1]:.3g}"
        for line in found.lines
    )
    title = f"{column.title}, along training"
    return Words(title, section.heading, notes, f"{title}, for {section.heading}: {told}.")
