"""Intervals and seeds drawn in characters, on an axis that spans the trained rows."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ganbench.headline.headline import Headline, HeadlineRow
from ganbench.headline.numbers import plain, rounded
from ganbench.stats.summary import Summary

NARROWEST, WIDEST = 20, 40


@dataclass(frozen=True)
class Axis:
    """The values at the two ends of a drawing."""

    low: float
    high: float

    def place(self, value: float, width: int) -> int | None:
        """The character at which a value stands; None where it lies outside."""
        if not self.low <= value <= self.high:
            return None
        return round((value - self.low) / (self.high - self.low) * (width - 1))


def axis(headline: Headline) -> Axis | None:
    """The axis of a headline's primary column; None where all trained rows are at one value."""
    ends = [
        end
        for row in headline.rows
        if row.group != "scale" and row.summary is not None
        for end in _ends(row.summary)
    ]
    finite = [end for end in ends if math.isfinite(end)]
    if not finite or min(finite) == max(finite):
        return None
    return Axis(min(finite), max(finite))


def heading(own: Axis, width: int) -> str:
    """The ends of the axis, at both ends of the heading."""
    low, high = plain(rounded(own.low, 2)), plain(rounded(own.high, 2))
    return low + " " * max(1, width - len(low) - len(high)) + high


def draw(row: HeadlineRow, own: Axis, width: int) -> str:
    """Draw a row: an interval `──●──`, or each seed `○ ○`; `‹` and `›` lie outside."""
    summary = row.summary
    if summary is None or summary.median is None:
        return ""
    line = [" "] * width
    if summary.interval is not None:
        low = max(own.low, min(own.high, summary.interval.low))
        high = max(own.low, min(own.high, summary.interval.high))
        is_inside = summary.interval.high >= own.low and summary.interval.low <= own.high
        if is_inside:
            first, last = own.place(low, width), own.place(high, width)
            assert first is not None and last is not None
            line[first : last + 1] = "─" * (last + 1 - first)
        _put(line, own, summary.median, width, "●")
    else:
        for value in summary.values:
            _put(line, own, value, width, "○")
    return "".join(line).rstrip()


def _put(line: list[str], own: Axis, value: float, width: int, sign: str) -> None:
    if value < own.low:
        line[0] = "‹"
    elif value > own.high:
        line[-1] = "›"
    else:
        place = own.place(value, width)
        assert place is not None
        line[place] = sign


def _ends(summary: Summary) -> list[float]:
    if summary.interval is not None:
        return [summary.interval.low, summary.interval.high]
    return list(summary.values)
