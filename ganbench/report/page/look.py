"""How a row looks: its colour, shape and dash, and its interval or seeds on one axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ganbench import palette
from ganbench.headline import Headline, HeadlineRow
from ganbench.palette import BackendLook
from ganbench.report.page import svg
from ganbench.report.page.svg import Axis
from ganbench.stats.summary import FEWEST_FOR_AN_INTERVAL, Summary

WIDTH, HEIGHT = 150.0, 16.0  # of a drawn interval
_MIDDLE = HEIGHT / 2


@dataclass(frozen=True)
class Looks:
    """The looks of all rows of a page, the same in each of its tables."""

    gans: dict[str, tuple[int, str]]
    backends: dict[str, BackendLook]

    @classmethod
    def of(cls, headlines: Sequence[Headline]) -> Looks:
        """Choose looks in the order of planning, so that a rank does not change a colour."""
        names, labels = [], []
        for headline in headlines:
            named = {row.source.key: row for row in headline.rows}
            for source in headline.table.gans:
                if source.key in named:
                    names.append(named[source.key].gan)
                    labels.append(named[source.key].backend)
        return cls(palette.gan_looks(names), palette.backend_looks(labels))

    def color(self, row: HeadlineRow) -> str:
        """The CSS variable of a row's colour."""
        return "kb" if row.group == "scale" else f"k{self.gans[row.gan][0]}"

    def swatch(self, row: HeadlineRow) -> str:
        """The CSS classes of a row's swatch."""
        fill = "solid" if row.group == "scale" else self.gans[row.gan][1]
        return f"swatch {fill} {self.color(row)}"

    def shape(self, row: HeadlineRow) -> str:
        """The shape of a row's marks."""
        return "circle" if row.group == "scale" else self.backends[row.backend].shape

    def dash(self, row: HeadlineRow) -> str:
        """The dash of a row's lines."""
        return self.backends[row.backend].dash


def backend_name(row: HeadlineRow, headline: Headline) -> str:
    """What the table calls a row's backend: without options that all rows share."""
    if row.group == "scale":
        return ""
    names = [column.key for column in headline.identity]
    return row.identity[names.index("backend")] if "backend" in names else row.backend


# --------------------------------------------------------------------------- intervals


def interval_axis(rows: Sequence[HeadlineRow]) -> Axis | None:
    """The axis that the trained rows span; baselines may lie outside. None without values."""
    trained = [row for row in rows if row.group != "scale"] or list(rows)
    values = [
        value
        for row in trained
        if row.summary is not None
        for value in ends(row.summary)
        if math.isfinite(value)
    ]
    return svg.axis(values, 6.0, WIDTH - 6.0) if values else None


def ends(summary: Summary) -> tuple[float, ...]:
    """The ends of a row's interval, or of its values where it has four trials or fewer."""
    if summary.interval is not None:
        return summary.interval.low, summary.interval.high
    return (summary.values[0], summary.values[-1]) if summary.values else ()


def draw_interval(own: Axis, summary: Summary, shape: str) -> Markup:
    """Draw one row: its interval with the median, or a hollow mark for each seed.

    The text next to the picture says the same, so screen readers skip it.
    """
    parts = [svg.line(0, _MIDDLE, WIDTH, _MIDDLE, "rail")]
    if summary.count >= FEWEST_FOR_AN_INTERVAL:
        parts += _range(own, summary, shape)
    else:
        parts += [_seed(own, value, shape) for value in summary.values]
    return Markup(
        f'<svg class="drawn" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" width="{WIDTH:g}" '
        f'height="{HEIGHT:g}" aria-hidden="true">{"".join(parts)}</svg>'
    )


def _range(own: Axis, summary: Summary, shape: str) -> list[str]:
    parts = []
    limits = ends(summary)
    if limits and not any(math.isnan(end) for end in limits):
        low, high = (own.at(own.clipped(end)) for end in limits)
        if high > low:
            parts.append(svg.line(low, _MIDDLE, high, _MIDDLE, "range"))
        parts += [_arrow(own, end) for end in limits if not own.holds(end)]
    median = summary.median
    if median is not None and own.holds(median):
        parts.append(svg.mark(shape, own.at(median), _MIDDLE, 4, "mark"))
    return parts


def _seed(own: Axis, value: float, shape: str) -> str:
    if not own.holds(value):
        return _arrow(own, value)
    return svg.mark(shape, own.at(value), _MIDDLE, 3.5, "hollow")


def _arrow(own: Axis, value: float) -> str:
    """A small arrow at the end of the axis beyond which a value lies."""
    x, step = (1.0, 4.0) if value < own.low else (WIDTH - 1.0, -4.0)
    return svg.path([(x + step, _MIDDLE - 3), (x, _MIDDLE), (x + step, _MIDDLE + 3)], "arrow")
