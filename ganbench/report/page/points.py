"""Draw points: a scatter of the first two coordinates, or a histogram of the only one."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup, escape

from ganbench.report.clean import clean
from ganbench.report.page import svg
from ganbench.report.page.svg import Axis

SIDE = 280.0
BINS = 40
_LEFT, _BOTTOM, _EDGE = 34.0, 20.0, 6.0
_MOST_OUTSIDE = 0.005  # of the generated points of all rows together, on each side


@dataclass(frozen=True)
class Frame:
    """The axes that all pictures of a table share, and the real points below the generated ones."""

    x: Axis
    y: Axis
    real: np.ndarray | None
    dimensions: int


def frame(sets: Iterable[np.ndarray], real: np.ndarray | None) -> Frame:
    """Choose axes that hold the real points and 99 % of the generated ones."""
    every = list(sets)
    dimensions = min(points.shape[1] for points in every)
    low, high = _limits(every, real, min(dimensions, 2))
    left, right, bottom, top = _LEFT, SIDE - _EDGE, SIDE - _BOTTOM, _EDGE
    if dimensions == 1:
        counts = [_shares(points, low[0], high[0]).max() for points in every]
        y = Axis(0.0, max(counts) * 1.05 or 1.0, bottom, top)
        return Frame(Axis(low[0], high[0], left, right), y, real, 1)
    half = max(high[0] - low[0], high[1] - low[1]) / 2
    middle = [(high[place] + low[place]) / 2 for place in range(2)]
    x = Axis(middle[0] - half, middle[0] + half, left, right)
    return Frame(x, Axis(middle[1] - half, middle[1] + half, bottom, top), real, dimensions)


def draw(own: Frame, points: np.ndarray, label: str, name: str) -> Markup:
    """Draw a row's points over the real ones. `name` is the id by which a small copy refers."""
    inside = _histogram(own, points) if own.dimensions == 1 else _scatter(own, points)
    under = ""
    if own.real is not None:
        under = _histogram(own, own.real) if own.dimensions == 1 else _scatter(own, own.real)
    kind = "bars" if own.dimensions == 1 else "dots"
    parts = [
        *_axes(own),
        f'<g id="{escape(name)}">',
        f'<path class="{kind} real" d="{under}"/>' if under else "",
        f'<path class="{kind}" d="{inside}"/></g>',
    ]
    return svg.picture(SIDE, SIDE, label, parts, "points")


def small(name: str, label: str) -> Markup:
    """A small copy of a picture that stands elsewhere in the page."""
    place = f"{_LEFT:g} {_EDGE:g} {SIDE - _LEFT - _EDGE:g} {SIDE - _BOTTOM - _EDGE:g}"
    return Markup(
        f'<svg class="points small" viewBox="{place}" width="72" height="72" role="img" '
        f'aria-label="{escape(clean(label))}"><use href="#{escape(name)}"/></svg>'
    )


def outside(own: Frame, points: np.ndarray) -> int:
    """How many points lie outside of the axes."""
    inside = (points[:, 0] >= own.x.low) & (points[:, 0] <= own.x.high)
    if own.dimensions > 1:
        inside &= (points[:, 1] >= own.y.low) & (points[:, 1] <= own.y.high)
    return int((~inside).sum())


def _limits(
    every: list[np.ndarray], real: np.ndarray | None, dimensions: int
) -> tuple[list[float], list[float]]:
    together = np.concatenate([points[:, :dimensions] for points in every])
    low = np.quantile(together, _MOST_OUTSIDE, axis=0)
    high = np.quantile(together, 1 - _MOST_OUTSIDE, axis=0)
    if real is not None:
        low = np.minimum(low, real[:, :dimensions].min(axis=0))
        high = np.maximum(high, real[:, :dimensions].max(axis=0))
    space = np.where(high > low, (high - low) * 0.04, np.maximum(np.abs(high) * 0.1, 0.5))
    return (low - space).tolist(), (high + space).tolist()


def _scatter(own: Frame, points: np.ndarray) -> str:
    return svg.dots(
        (own.x.at(x), own.y.at(y))
        for x, y in points[:, :2].tolist()
        if own.x.holds(x) and own.y.holds(y)
    )


def _histogram(own: Frame, points: np.ndarray) -> str:
    shares = _shares(points, own.x.low, own.x.high)
    edges = np.linspace(own.x.low, own.x.high, BINS + 1).tolist()
    parts = []
    for left, right, share in zip(edges, edges[1:], shares.tolist(), strict=False):
        if share > 0 and math.isfinite(share):
            x1, x2 = own.x.at(left), own.x.at(right)
            top = own.y.at(own.y.clipped(share))
            parts.append(f"M{x1:.1f} {own.y.start:.1f}V{top:.1f}H{x2:.1f}V{own.y.start:.1f}Z")
    return "".join(parts)


def _shares(points: np.ndarray, low: float, high: float) -> np.ndarray:
    counts = np.histogram(points[:, 0], BINS, (low, high))[0]
    return np.asarray(counts / max(1, len(points)))


def _axes(own: Frame) -> list[str]:
    bottom, top, left, right = own.y.start, own.y.end, own.x.start, own.x.end
    found = [
        svg.line(left, bottom, right, bottom, "axis"),
        svg.line(left, bottom, left, top, "axis"),
    ]
    for tick in own.x.ticks(4):
        found.append(svg.text(own.x.at(tick), bottom + 14, svg.number(tick), "tick", "middle"))
    for tick in own.y.ticks(4):
        found.append(svg.text(left - 5, own.y.at(tick) + 4, svg.number(tick), "tick", "end"))
    return found
