"""How a table writes its numbers: means with intervals, or, of few seeds, every value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ganbench.bootstrap import FEW_RUNS

SMALLEST_DECIMAL = 1e-5  # smaller numbers are written with an exponent
UNKNOWN = "—"
TIED = " ~"


@dataclass(frozen=True)
class Cell:
    """A text, and whether it is the best of its column."""

    text: str
    is_best: bool = False


def measured(row: Any, name: str) -> Cell:
    """The cell of a measured column, from the parts that a section's frame has of it."""
    mean, points, mark = row[name], row[f"{name}_points"], row[f"{name}_mark"]
    if mean is None or math.isnan(mean):
        return Cell(UNKNOWN)
    if len(set(points)) == 1:
        text = number(mean)
    elif len(points) <= FEW_RUNS:
        text = " · ".join(_at(value, mean) for value in points)
    else:
        ends = (row[f"{name}_low"], row[f"{name}_high"])
        text = f"{_at(mean, mean)} [{_at(ends[0], mean)}, {_at(ends[1], mean)}]"
    return Cell(text + TIED if mark == "tied" else text, mark == "best")


def number(value: float) -> str:
    """About three significant digits; whole numbers as they are."""
    return f"{value:,.0f}" if float(value).is_integer() else _at(value, value)


def trials(row: Any) -> str:
    """How many seeds a row is made of, and what became of the others."""
    text = str(row["n"]) if row["n"] == row["planned"] else f"{row['n']} of {row['planned']}"
    notes = [f"{row[name]} {name}" for name in ("failed", "missing") if row[name]]
    return f"{text} ({', '.join(notes)})" if notes else text


def _at(value: float, scale: float) -> str:
    """A number with as many decimals as leave about three significant digits of `scale`."""
    if value == 0:
        return "0"
    scale = scale or value
    if 0 < abs(scale) < SMALLEST_DECIMAL:
        return f"{value:.1e}"
    digits = min(6, max(0, 2 - math.floor(math.log10(abs(scale)))))
    return f"{value:,.{digits}f}"
