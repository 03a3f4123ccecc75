"""Draw the curves as small multiples: one panel per GAN, the other GANs in grey."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from ganbench.headline import Headline, HeadlineRow
from ganbench.report.page import svg
from ganbench.report.page.curves import AXES, Curve, curves, ways
from ganbench.report.page.limits import Limits
from ganbench.report.page.look import Looks, backend_name
from ganbench.report.page.svg import Axis, Point
from ganbench.stats.summary import FEWEST_FOR_AN_INTERVAL

WIDTH, HEIGHT = 290.0, 180.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 40.0, 8.0, 10.0, 22.0
LINES = ("real", "pixel-gaussian")
_LOG_FROM = 5.0  # curves begin far away from where they end


@dataclass(frozen=True)
class _Panel:
    """What all panels of one horizontal axis share."""

    axis: str
    x: Axis
    y: Axis
    prefix: str  # of the ids of lines


def section(headline: Headline, looks: Looks, limits: Limits, place: int) -> dict[str, Any]:
    """What the template needs: panels by axis, a legend and the words around them."""
    found = curves(headline)
    if not found or headline.primary is None:
        return {"panels": {}, "left_out": ""}
    if not limits.has_curves:
        return {"panels": {}, "left_out": limits.training_words}
    has_thin_lines = any(_is_thin(curve) for curve in found)
    if not limits.has_runs:
        found = [replace(curve, runs=[]) if _is_thin(curve) else curve for curve in found]
    scale = headline.group("scale")
    lines = [row for row in scale if row.gan in LINES and _value(row) is not None]
    y = _heights(found, lines)
    panels = {}
    for axis in AXES:
        x = svg.axis(
            [value for curve in found for value in curve.places[axis]],
            *(_LEFT, WIDTH - _RIGHT),
            margin=0.0,
            zero=True,
        )
        own = _Panel(axis, x, y, f"c{place}{axis[0]}")
        panels[axis] = {
            "shared": _shared(own, found),
            "gans": [_gan(own, found, gan, lines, headline, looks) for gan in _gans(found)],
        }
    words = _words(headline, found, looks)
    if has_thin_lines:
        thin = "Thin lines are single seeds, where there are four or fewer."
        words["notes"] += f" {limits.training_words or thin}"
    far = [row for row in lines if not y.holds(_value(row) or 0.0)]
    listed = " and ".join(f"{row.gan} {row.cells['primary'].text}" for row in far)
    if listed:
        words["notes"] += f" Off the axis: {listed}."
    return {"panels": panels, **words}


def _is_thin(curve: Curve) -> bool:
    """Whether the seeds of a row are drawn as lines."""
    return not curve.has_band and len(curve.runs) > 1


def _words(headline: Headline, found: list[Curve], looks: Looks) -> dict[str, Any]:
    counts = [len(curve.runs) for curve in found]
    notes = ["Each line is the median over seeds at every checkpoint."]
    if max(counts) >= FEWEST_FOR_AN_INTERVAL:
        notes.append("Bands show its 95 % interval.")
    if len(_gans(found)) > 1:
        notes.append("Grey lines are the other GANs.")
    rows = [curve.row for curve in found]
    legend = {row.backend: (backend_name(row, headline), looks.dash(row)) for row in rows}
    unit = "points" if _is_of_points(headline) else "images"
    return {
        "notes": " ".join(notes),
        "legend": [{"name": name, "dash": dash} for name, dash in legend.values()],
        "unit": unit,
        "ways": ways(headline),
    }


def _gan(
    own: _Panel,
    found: list[Curve],
    gan: str,
    lines: Sequence[HeadlineRow],
    headline: Headline,
    looks: Looks,
) -> dict[str, Any]:
    mine = [curve for curve in found if curve.row.gan == gan]
    parts = _frame(own)
    for place, curve in enumerate(found):
        if curve.row.gan != gan:
            parts.append(f'<use class="other" href="#{own.prefix}{place}"/>')
    for curve in mine:
        parts += _spread(own, curve)
    for place, curve in enumerate(found):
        if curve.row.gan == gan:
            dash = looks.dash(curve.row)
            style = f' stroke-dasharray="{dash}"' if dash else ""
            parts.append(f'<use class="main" href="#{own.prefix}{place}"{style}/>')
    parts += _references(own, lines, found)
    row = mine[0].row
    changes = "; ".join(_change(curve, headline) for curve in mine)
    name = headline.primary.short_name if headline.primary else ""
    picture = svg.picture(
        WIDTH, HEIGHT, f"{name} along training of {gan}: {changes}.", parts, "curve"
    )
    return {"name": gan, "swatch": looks.swatch(row), "color": looks.color(row), "svg": picture}


def _change(curve: Curve, headline: Headline) -> str:
    known = [value for value in curve.medians if math.isfinite(value)]
    change = f"from {known[0]:.3g} to {known[-1]:.3g}" if known else "no number"
    return f"{backend_name(curve.row, headline)} {change}"


def _shared(own: _Panel, found: list[Curve]) -> Markup:
    """The median lines, each once; panels refer to them."""
    paths = []
    for place, curve in enumerate(found):
        segments = _segments(own, curve.places[own.axis], curve.medians)
        drawn = "".join(svg.path(segment) for segment in segments)
        paths.append(f'<g id="{own.prefix}{place}">{drawn}</g>')
    return Markup(
        f'<svg class="shared" width="0" height="0" aria-hidden="true"><defs>{"".join(paths)}'
        "</defs></svg>"
    )


def _spread(own: _Panel, curve: Curve) -> list[str]:
    places = curve.places[own.axis]
    if curve.has_band:
        limits = [
            (own.x.at(place), own.y.at(own.y.clipped(end.low)), own.y.at(own.y.clipped(end.high)))
            for place, end in zip(places, curve.intervals, strict=True)
            if end is not None and not math.isnan(end.low) and not math.isnan(end.high)
        ]
        upper = [(x, high) for x, _, high in limits]
        return [svg.band(upper, [(x, low) for x, low, _ in limits], "band")]
    if not _is_thin(curve):
        return []
    return [
        svg.path(segment, "run")
        for values in curve.runs
        for segment in _segments(own, places, values)
    ]


def _segments(own: _Panel, places: list[float], values: list[float]) -> list[list[Point]]:
    """The parts of a line between values that are no number."""
    found: list[list[Point]] = [[]]
    for place, value in zip(places, values, strict=True):
        if math.isfinite(value):
            found[-1].append((own.x.at(place), own.y.at(own.y.clipped(value))))
        elif found[-1]:
            found.append([])
    return [segment for segment in found if segment]


def _frame(own: _Panel) -> list[str]:
    left, right, bottom = _LEFT, WIDTH - _RIGHT, HEIGHT - _BOTTOM
    parts = []
    for tick in own.y.ticks(3):
        y = own.y.at(tick)
        parts.append(svg.line(left, y, right, y, "grid"))
        parts.append(svg.text(left - 6, y + 4, svg.number(tick), "tick", "end"))
    parts.append(svg.line(left, bottom, right, bottom, "axis"))
    for tick in own.x.ticks(3):
        x = own.x.at(tick)
        anchor = "end" if x > right - 12 else "middle"
        parts.append(svg.text(x, bottom + 15, svg.number(tick), "tick", anchor))
    return parts


def _references(own: _Panel, lines: Sequence[HeadlineRow], found: list[Curve]) -> list[str]:
    """Lines across the panel, with names at the end that is farther away from the curves."""
    parts = []
    for row in lines:
        value = _value(row)
        if value is not None and own.y.holds(value):
            y = own.y.at(value)
            parts.append(svg.line(_LEFT, y, WIDTH - _RIGHT, y, "reference"))
            if _gap(own, found, y, slice(None, 2)) >= _gap(own, found, y, slice(-2, None)):
                parts.append(svg.text(_LEFT + 4, y - 3, row.gan, "tick"))
            else:
                parts.append(svg.text(WIDTH - _RIGHT, y - 3, row.gan, "tick", "end"))
    return parts


def _gap(own: _Panel, found: list[Curve], y: float, part: slice) -> float:
    """Pixels between a horizontal line and the nearest curve, in a part of the checkpoints."""
    heights = [value for curve in found for value in curve.medians[part] if math.isfinite(value)]
    return min((abs(own.y.at(own.y.clipped(value)) - y) for value in heights), default=0.0)


def _heights(found: list[Curve], lines: Sequence[HeadlineRow]) -> Axis:
    """The vertical axis: all lines, and references that are not far away from them."""
    values = [value for curve in found for value in _drawn(curve) if math.isfinite(value)]
    bottom, top = HEIGHT - _BOTTOM, _TOP
    own = svg.axis(values, bottom, top, log_from=_LOG_FROM)
    near = [value for row in lines if (value := _value(row)) is not None and _is_near(own, value)]
    log_from = 0.0 if own.is_logarithmic else math.inf
    return svg.axis([*values, *near], bottom, top, log_from=log_from)


def _drawn(curve: Curve) -> list[float]:
    """Every value that is drawn of a row."""
    if not curve.has_band:
        return [*curve.medians, *(value for run in curve.runs for value in run)]
    limits = [interval for interval in curve.intervals if interval is not None]
    return [*curve.medians, *(end for own in limits for end in (own.low, own.high))]


def _is_near(own: Axis, value: float) -> bool:
    """Whether a value lets the others keep two thirds of a shared axis."""
    if own.is_logarithmic and value <= 0:
        return False
    place = own.at(value)
    beyond = max(place - own.start, own.end - place, 0.0)  # the axis grows upwards
    return beyond <= (own.start - own.end) / 2


def _gans(found: list[Curve]) -> list[str]:
    return list(dict.fromkeys(curve.row.gan for curve in found))


def _value(row: HeadlineRow) -> float | None:
    value = row.summary.median if row.summary else None
    return value if value is not None and math.isfinite(value) else None


def _is_of_points(headline: Headline) -> bool:
    column = headline.column("speed")
    return column is not None and column.name == "points/s"
