"""What a row's values are held against: the sampling floor and the baselines, as named lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ganbench.columns import Column
from ganbench.plot_style import GREY, is_logarithmic
from ganbench.sections import Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAST_GAP = 0.048  # of the height of a panel, between two names
LEAST_GAP_ASLANT = 0.038  # of its width
ABOVE_INCHES = 0.55  # what names above a panel take


@dataclass(frozen=True)
class Reference:
    """A value that holds for the whole of training."""

    name: str
    value: float
    is_floor: bool


def references(section: Section, column: Column) -> list[Reference]:
    """The sampling floor, if there is one, and the mean of each baseline's completed runs."""
    records = [record for row in section.rows for record in row.completed]
    floor = column.floor(records)
    found = [] if floor is None else [Reference("sampling floor", floor, True)]
    for row in section.baselines:
        values = np.array([column.value(record) for record in row.completed])
        if values.size and np.isfinite(values).all():
            found.append(Reference(row.label, float(values.mean()), False))
    return found


def near(lines: Sequence[Reference], values: Sequence[float]) -> list[Reference]:
    """Those that leave room for these values on a shared axis: not a whole span away from them.

    On a logarithmic axis only those above 0.
    """
    low, high = min(values), max(values)
    span = high - low or abs(high)
    found = [line for line in lines if low - span <= line.value <= high + span]
    return [line for line in found if line.value > 0 or not is_logarithmic(values)]


def far(lines: Sequence[Reference], shown: Sequence[Reference]) -> list[str]:
    """A line of words on those that are not shown, if there are any."""
    rest = [_named(line) for line in lines if line not in shown]
    return [f"Off the axis: {', '.join(rest)}."] if rest else []


def draw_across(panels: Sequence[Axes], lines: Sequence[Reference]) -> None:
    """Draw horizontal lines over all panels and their names right of the last one.

    The limits of the axes have to be final, since names are moved apart on the page.
    """
    for reference in lines:
        for axes in panels:
            axes.axhline(reference.value, zorder=1, **_pen(reference))
    axes = panels[-1]
    if lines:
        heights = axes.transData.transform([[0.0, line.value] for line in lines])[:, 1]
        low, high = axes.transAxes.transform([[0.0, 0.0], [0.0, 1.0]])[:, 1]
        places = spread(((heights - low) / (high - low)).tolist(), LEAST_GAP)
        for reference, place in zip(lines, places, strict=True):
            axes.text(
                1.02,
                place,
                _named(reference),
                transform=axes.transAxes,
                size=8,
                color=GREY,
                va="center",
            )


def draw_upright(axes: Axes, lines: Sequence[Reference]) -> None:
    """Draw vertical lines and their names, aslant, above the panel, within `ABOVE_INCHES`.

    The limits of the axes have to be final, since names are moved apart on the page.
    """
    for reference in lines:
        axes.axvline(reference.value, zorder=1, **_pen(reference))
    if lines:
        points = axes.transData.transform([[line.value, 0.0] for line in lines])
        places = spread(
            axes.transAxes.inverted().transform(points)[:, 0].tolist(), LEAST_GAP_ASLANT
        )
        for reference, place in zip(lines, places, strict=True):
            axes.text(
                place,
                1.02,
                _named(reference),
                transform=axes.transAxes,
                size=8,
                color=GREY,
                rotation=25,
                rotation_mode="anchor",
            )


def spread(places: Sequence[float], gap: float) -> list[float]:
    """Move places up until no two are nearer than `gap`; what leaves the top, 1, moves down."""
    order = np.argsort(places, kind="stable").tolist()
    found, lowest = list(places), -np.inf
    for place in order:
        found[place] = lowest = max(found[place], lowest + gap)
    highest = 1.0 + gap
    for place in reversed(order):
        found[place] = highest = min(found[place], highest - gap)
    return [float(place) for place in found]


def _named(reference: Reference) -> str:
    return f"{reference.name} {reference.value:.3g}"


def _pen(reference: Reference) -> dict[str, Any]:
    dash = (0, (6, 2)) if reference.is_floor else (0, (1, 1.5))
    return {"color": GREY, "linestyle": dash, "linewidth": 1.1}
