"""Draw quality against speed, with the interval or the range of both."""

from __future__ import annotations

import math
from typing import Any

from ganbench.costs import RANKED
from ganbench.headline import Headline, HeadlineRow
from ganbench.report import notes
from ganbench.report.page import svg
from ganbench.report.page.look import Looks, backend_name, ends
from ganbench.report.page.svg import Axis
from ganbench.stats.summary import Summary

WIDTH, HEIGHT = 720.0, 420.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 20.0, 38.0, 52.0
MOST_COLORS = 7  # with more GANs a number stands next to each mark


def section(headline: Headline, looks: Looks) -> dict[str, Any]:
    """What the template needs: the picture, a legend and the words around them."""
    rows = [row for row in headline.rows if row.group != "scale" and _can_be_drawn(row)]
    column, unit = headline.primary, headline.column("speed")
    if not rows or column is None or unit is None:
        return {"svg": ""}
    speeds = [value for row in rows for value in _span(row.source.summary(RANKED))]
    heights = [value for row in rows for value in _span(row.summary)]
    x = svg.axis(speeds, _LEFT, WIDTH - _RIGHT, zero=True)
    y = svg.axis(heights, HEIGHT - _BOTTOM, _TOP)
    gans = list(dict.fromkeys(row.gan for row in rows))
    parts = _frame(x, y, f"{column.short_name}{_better(column.direction)}", unit.name)
    for row in rows:
        parts += _row(x, y, row, looks, gans)
    label = f"{column.short_name} against {unit.name}: " + "; ".join(
        f"{row.name} {row.cells['primary'].text} at {row.cells['speed'].text}" for row in rows
    )
    backends = {row.backend: (backend_name(row, headline), looks.shape(row)) for row in rows}
    return {
        "svg": svg.picture(WIDTH, HEIGHT, label, parts, "scatter"),
        "legend": [
            {"name": gan, "swatch": looks.swatch(_first(rows, gan)), "number": _number(gan, gans)}
            for gan in gans
        ],
        "shapes": [{"name": name, "shape": shape} for name, shape in backends.values()],
        "has_hollow": any(row.group == "unranked" for row in rows),
        "apart": notes.APART,
        "has_doubts": any(row.source.is_doubtful for row in rows),
    }


def _row(x: Axis, y: Axis, row: HeadlineRow, looks: Looks, gans: list[str]) -> list[str]:
    fast, good = row.source.summary(RANKED), row.summary
    assert good is not None and good.median is not None and fast.median is not None
    at = x.at(fast.median), y.at(good.median)
    low, high = (x.at(x.clipped(value)) for value in _limits(fast))
    bottom, top = (y.at(y.clipped(value)) for value in _limits(good))
    kind = "hollow" if row.group == "unranked" else "mark"
    title = f"{row.name}: {row.cells['primary'].text}, {row.cells['speed'].text}"
    number = _number(row.gan, gans)
    return [
        f'<g class="{looks.color(row)}">',
        svg.line(low, at[1], high, at[1], "range") if high > low else "",
        svg.line(at[0], bottom, at[0], top, "range") if bottom != top else "",
        svg.mark(looks.shape(row), *at, 5, kind, title),
        svg.text(at[0] + 8, at[1] - 6, number, "tick") if number else "",
        "</g>",
    ]


def _limits(summary: Summary) -> tuple[float, float]:
    limits = ends(summary)
    middle = summary.median if summary.median is not None else 0.0
    if len(limits) == 2 and not any(math.isnan(end) for end in limits):
        return limits[0], limits[1]
    return middle, middle


def _span(summary: Summary | None) -> list[float]:
    if summary is None or summary.median is None:
        return []
    return [value for value in (summary.median, *ends(summary)) if math.isfinite(value)]


def _can_be_drawn(row: HeadlineRow) -> bool:
    value = row.summary.median if row.summary is not None else None
    speed = row.source.summary(RANKED).median
    return value is not None and speed is not None and math.isfinite(value + speed)


def _frame(x: Axis, y: Axis, name: str, unit: str) -> list[str]:
    left, right, bottom = _LEFT, WIDTH - _RIGHT, HEIGHT - _BOTTOM
    parts = [svg.text(6, 18, name, "name")]
    for tick in y.ticks(5):
        parts.append(svg.line(left, y.at(tick), right, y.at(tick), "grid"))
        parts.append(svg.text(left - 8, y.at(tick) + 4, svg.number(tick), "tick", "end"))
    parts.append(svg.line(left, bottom, right, bottom, "axis"))
    for tick in x.ticks(5):
        parts.append(svg.text(x.at(tick), bottom + 19, svg.number(tick), "tick", "middle"))
    words = f"{unit} in training (right is faster)"
    return [*parts, svg.text((left + right) / 2, HEIGHT - 8, words, "name", "middle")]


def _better(direction: str) -> str:
    return f" ({direction} is better)" if direction != "none" else ""


def _number(gan: str, gans: list[str]) -> str:
    return str(gans.index(gan) + 1) if len(gans) > MOST_COLORS else ""


def _first(rows: list[HeadlineRow], gan: str) -> HeadlineRow:
    return next(row for row in rows if row.gan == gan)
