"""Draw SVG: axes, lines, bands and marks. Colours come from the page's stylesheet."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from ganbench.report.clean import clean

LOG_FROM_FACTOR = 20  # values that span more are shown on a logarithmic axis
Point = tuple[float, float]


@dataclass(frozen=True)
class Axis:
    """Maps values to pixels. `start` and `end` are the pixels of `low` and `high`."""

    low: float
    high: float
    start: float
    end: float
    is_logarithmic: bool = False

    def at(self, value: float) -> float:
        """The pixel of a value."""
        low, high, value = (self._scaled(number) for number in (self.low, self.high, value))
        return self.start + (self.end - self.start) * (value - low) / (high - low)

    def holds(self, value: float) -> bool:
        """Whether a value lies on the axis."""
        return self.low <= value <= self.high

    def clipped(self, value: float) -> float:
        """The value, or the end of the axis that is nearest to it."""
        return min(max(value, self.low), self.high)

    def ticks(self, count: int = 4) -> list[float]:
        """Round values on the axis, `count` or a few more."""
        if self.is_logarithmic:
            found = _log_ticks(self.low, self.high, count)
            if len(found) > 1:
                return found
        step = _step((self.high - self.low) / count)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [place * step for place in range(first, last + 1)]

    def _scaled(self, value: float) -> float:
        return math.log10(value) if self.is_logarithmic else value


def axis(
    values: Iterable[float],
    start: float,
    end: float,
    *,
    margin: float = 0.05,
    zero: bool = False,
    log_from: float = LOG_FROM_FACTOR,
) -> Axis:
    """Make an axis that holds these values, logarithmic where they span the factor `log_from`.

    `zero` makes a linear axis begin at 0.
    """
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return Axis(0.0, 1.0, start, end)
    low, high = min(known), max(known)
    if low > 0 and high > log_from * low and not zero:
        factor = (high / low) ** margin
        return Axis(low / factor, high * factor, start, end, True)
    low = min(0.0, low) if zero else low
    space = (high - low) * margin if high > low else abs(high) * 0.1 or 0.5
    return Axis(low if zero and low == 0 else low - space, high + space, start, end)


def number(value: float) -> str:
    """Write a number of an axis: 60k, 1.2M, 0.5."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size * (1 - 1e-9):
            return f"{value / size:.4g}{letter}"
    return f"{value:.4g}" if value else "0"


def picture(
    width: float, height: float, label: str, parts: Iterable[str], kind: str = ""
) -> Markup:
    """Join parts to an SVG element with a label for screen readers."""
    return Markup(
        f'<svg class="{escape(kind)}" viewBox="0 0 {_short(width)} {_short(height)}" '
        f'width="{_short(width)}" height="{_short(height)}" role="img" '
        f'aria-label="{escape(clean(label))}">{"".join(parts)}</svg>'
    )


def path(points: Sequence[Point], kind: str = "", more: str = "") -> str:
    """A line through points; a dot where there is only one."""
    if len(points) < 2:
        return f'<path{_class(kind)} d="{dots(points)}" stroke-linecap="round"/>' if points else ""
    return f'<path{_class(kind)} d="{_through(points)}"{more}/>'


def band(upper: Sequence[Point], lower: Sequence[Point], kind: str) -> str:
    """The area between two lines."""
    if len(upper) < 2:
        return ""
    return f'<path{_class(kind)} d="{_through([*upper, *reversed(lower)])}Z"/>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str = "", more: str = "") -> str:
    """A straight line."""
    return f'<path{_class(kind)} d="M{_short(x1)} {_short(y1)}L{_short(x2)} {_short(y2)}"{more}/>'


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "") -> str:
    """Words; `anchor` is "middle", "end" or "" for the start."""
    where = f' text-anchor="{anchor}"' if anchor else ""
    return (
        f'<text{_class(kind)} x="{_short(x)}" y="{_short(y)}"{where}>{escape(clean(words))}</text>'
    )


def mark(shape: str, x: float, y: float, size: float, kind: str = "", title: str = "") -> str:
    """A mark of about the same area whatever its shape; `title` is its tooltip."""
    inside = f"<title>{escape(clean(title))}</title>" if title else ""
    if shape == "circle":
        body = f'<circle{_class(kind)} cx="{_short(x)}" cy="{_short(y)}" r="{_short(size)}"'
    else:
        outline = _SHAPES.get(shape, _SHAPES["square"])
        points = [(x + size * dx, y + size * dy) for dx, dy in outline]
        body = f'<path{_class(kind)} d="{_through(points)}Z"'
    return (
        f"{body}>{inside}</circle>"
        if inside and shape == "circle"
        else (f"{body}>{inside}</path>" if inside else f"{body}/>")
    )


def dots(points: Iterable[Point]) -> str:
    """The path of many dots; the stroke's width is their size."""
    return "".join(f"M{_short(x)} {_short(y)}h0" for x, y in points)


_SHAPES: dict[str, list[Point]] = {
    "square": [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
    "triangle": [(0, -1.2), (1.15, 0.85), (-1.15, 0.85)],
    "diamond": [(0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)],
    "cross": [
        *((-0.4, -1.2), (0.4, -1.2), (0.4, -0.4), (1.2, -0.4), (1.2, 0.4), (0.4, 0.4)),
        *((0.4, 1.2), (-0.4, 1.2), (-0.4, 0.4), (-1.2, 0.4), (-1.2, -0.4), (-0.4, -0.4)),
    ],
}


def _through(points: Sequence[Point]) -> str:
    steps = [f"{_short(x)} {_short(y)}" for x, y in points]
    return f"M{steps[0]}L{' '.join(steps[1:])}"


def _short(value: float) -> str:
    written = f"{value:.1f}".removesuffix(".0")
    return "0" if written == "-0" else written


def _class(kind: str) -> str:
    return f' class="{escape(kind)}"' if kind else ""


def _step(size: float) -> float:
    """The next round step: 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(size))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= size * 0.999)


def _log_ticks(low: float, high: float, count: int) -> list[float]:
    """Ticks at 1, 2 and 5 of each decade, or fewer where these are too many."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    found: list[float] = []
    for factors, every in (((1, 2, 5), 1), ((1, 3), 1), ((1,), 1), ((1,), 2), ((1,), 4)):
        found = [
            factor * 10.0**decade
            for decade in decades
            if decade % every == 0
            for factor in factors
            if low <= factor * 10.0**decade <= high
        ]
        if len(found) <= count + 2:
            return found
    return found
