"""Performance profiles: the share of a row's runs that are at least as good as a threshold."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from ganbench import plot_columns, plot_frame, plot_references, plot_style
from ganbench.columns import Column
from ganbench.curves import Floats, Profile, performance_profile
from ganbench.plot_frame import Words
from ganbench.rows import Row
from ganbench.sections import Section

LEAST_RUNS = 3
BANDED_ROWS = 3  # bands of more rows cover one another


@dataclass(frozen=True)
class Profiles:
    """A profile for each trained row of 3 runs or more, over the same thresholds, ascending."""

    thresholds: Floats
    by_row: dict[str, Profile]
    too_few: list[Row]


def profiles(section: Section, column: Column) -> Profiles | None:
    """The profiles of a section; None where no row has runs enough or no run has a value.

    Every value is a threshold, so that the steps are exact. A failed run reaches none.
    """
    runs = {}
    too_few = []
    for row in section.gans:
        values = [column.value(record) for record in row.completed]
        values += [math.nan] * len(row.failed)
        if len(values) < LEAST_RUNS:
            too_few.append(row)
        else:
            runs[row.label] = values
    everything = np.array([value for values in runs.values() for value in values])
    thresholds = np.unique(everything[np.isfinite(everything)])
    if not thresholds.size:
        return None
    found = performance_profile(
        {row: [values] for row, values in runs.items()}, thresholds, column.direction
    )
    return Profiles(thresholds, found, too_few)


def draw(section: Section, column: Column) -> tuple[Any, Words] | None:
    """The picture and its words, or None where no row has runs enough."""
    found = profiles(section, column)
    if found is None:
        return None
    every = plot_references.references(section, column)
    lines = plot_references.near(every, found.thresholds.tolist())
    words = _words(section, column, found, plot_references.far(every, lines))
    look = plot_style.looks_of(section.gans)
    labels = list(found.by_row)
    frame = plot_frame.frame(words, 3.4, (1, 1), labels, (0.75, 0.9), plot_references.ABOVE_INCHES)
    (axes,) = frame.axes
    values = [*found.thresholds, *(line.value for line in lines)]
    if plot_style.is_logarithmic(found.thresholds):
        plot_style.make_logarithmic(axes, "x", values)
        margin = (max(values) / min(values)) ** 0.04
        low, high = min(values) / margin, max(values) * margin
    else:
        margin = 0.04 * (max(values) - min(values)) or 1.0
        low, high = min(values) - margin, max(values) + margin
    axes.set(xlim=(low, high), ylim=(-0.02, 1.04))
    places = np.array([low, *found.thresholds, high])
    side: Literal["pre", "post"] = "post" if _rises(column) else "pre"
    for number, (label, profile) in enumerate(found.by_row.items()):
        color = look[label].color
        heights = _to_the_ends(profile.share, column)
        dash = look[label].dash
        # Steps coincide often: the first line is the widest, so that it is seen below the others.
        width = 1.4 + 1.8 * (1 - number / len(labels))
        axes.step(places, heights, where=side, color=color, linestyle=dash, linewidth=width)
        if profile.low is not None and profile.high is not None and len(labels) <= BANDED_ROWS:
            axes.fill_between(
                places,
                _to_the_ends(profile.low, column),
                _to_the_ends(profile.high, column),
                step=side,
                color=color,
                alpha=0.15,
                linewidth=0,
            )
    plot_references.draw_upright(axes, lines)
    axes.set_xlabel(f"threshold of {column.words}")
    axes.set_ylabel("share of runs at least as good")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    looks = [replace(look[label], marker="") for label in labels]
    plot_frame.add_legend(frame, looks, labels, words)
    return frame.figure, words


def _rises(column: Column) -> bool:
    """Where lower is better, a higher threshold is reached by more runs."""
    return column.direction == "lower"


def _to_the_ends(shares: Floats, column: Column) -> Floats:
    """Shares with those left and right of all values: none and as many as ever, or the reverse."""
    if _rises(column):
        return np.array([0.0, *shares, shares[-1]])
    return np.array([shares[0], *shares, 0.0])


def _words(section: Section, column: Column, found: Profiles, beyond: list[str]) -> Words:
    better = "left" if _rises(column) else "right"
    notes = [
        f"A line further to the {better} is better; one that stays below 100 % has runs that "
        "failed or have no value."
    ]
    if len(found.by_row) <= BANDED_ROWS and any(
        profile.low is not None for profile in found.by_row.values()
    ):
        notes[0] += " Bands: 95 % bootstrap intervals of each share, without width at 0 and 100 %."
    if found.too_few:
        few = "; ".join(row.label for row in found.too_few)
        notes.append(f"Fewer than {LEAST_RUNS} runs, left out: {few}.")
    notes += beyond
    notes += plot_columns.notes(section.gans, column, "Reach no threshold")
    told = "; ".join(_median(label, found) for label in found.by_row)
    title = f"Performance profile of {column.title}"
    return Words(title, section.heading, notes, f"{title}, for {section.heading}: {told}.")


def _median(label: str, found: Profiles) -> str:
    """The threshold that half of the runs reach, in words."""
    share = found.by_row[label].share
    reached = np.flatnonzero(share >= 0.5)
    if not reached.size:
        return f"{label}: fewer than half of the runs reach any value"
    place = reached[0] if share[0] <= share[-1] else reached[-1]
    return f"half of {label} reach {found.thresholds[place]:.3g}"
