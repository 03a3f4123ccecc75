"""The table of a page: its columns, groups of rows, and the numbers behind the CSV button."""

from __future__ import annotations

import math
from typing import Any

from ganbench.costs import COSTS, RANKED
from ganbench.headline import Cell, Column, Headline, HeadlineRow
from ganbench.report.clean import clean
from ganbench.report.page import look
from ganbench.report.page.gallery import REAL, Gallery
from ganbench.report.page.look import Looks, backend_name
from ganbench.report.page.svg import Axis
from ganbench.stats.summary import Summary

ARROWS = {"lower": "↓", "higher": "↑"}
SHOWN = ("primary", "spread", "second", "third", "speed", "n", "remark")
TAGS = {
    "best": ("* best", "good", "Better than every other ranked row."),
    "tied": ("~ tied", "good", "No other row is shown to be better."),
    "failed": ("failed", "bad", "More than half of the trials failed or have a problem."),
}
_DOUBTS = {
    "noisy": "a fixed probe ran at another speed after training than before",
    "unstable": "the speed changed during training or between seeds",
    "busy": "the machine had other work when the run began",
    "clock": "the clocks of the trial and of its parent differ",
}


def table(headline: Headline, gallery: Gallery, looks: Looks) -> dict[str, Any]:
    """What the template needs for the table of a headline."""
    names = [column.key for column in headline.identity]
    has_backend = "backend" in names and len(names) > 1
    columns = [_column(headline, column) for key in SHOWN if (column := headline.column(key))]
    axis = look.interval_axis(headline.rows)
    rows = [_row(headline, row, gallery, looks, axis) for row in headline.rows]
    backends: dict[str, str] = {}
    for row in rows:
        if row["backend"]:
            backends.setdefault(row["label"], row["backend"])
    return {
        "columns": columns,
        "has_backend": has_backend,
        "has_strips": bool(gallery.strips),
        "strips": {"images": "samples", "none": ""}.get(gallery.kind, "points"),
        "backends": list(backends.items()) if len(backends) > 1 else [],
        "has_tags": any(row["tag"] for row in rows),
        "groups": _groups(headline, rows),
        "trained": sum(row["group"] != "scale" for row in rows),
        "sorted": _sorted(headline),
    }


def _column(headline: Headline, column: Column) -> dict[str, Any]:
    plain = column.plain
    if column.role in ("primary", "second", "third") and column.direction != "none":
        plain = f"{plain} {column.direction.capitalize()} is better.".strip()
    return {
        "key": column.key,
        "name": "seeds" if column.key == "n" else column.name,
        "arrow": ARROWS.get(column.direction, "") if column.role != "speed" else "",
        "plain": plain,
        "is_number": column.is_number,
        "is_sorted_by": column.is_number,
    }


def _row(
    headline: Headline, row: HeadlineRow, gallery: Gallery, looks: Looks, axis: Axis | None
) -> dict[str, Any]:
    picture = ""
    if axis is not None and row.summary is not None and row.summary.values:
        picture = look.draw_interval(axis, row.summary, looks.shape(row))
    says_it = row.cells.get("primary", Cell()).text == row.mark  # `failed`
    return {
        "group": row.group,
        "gan": row.gan,
        "name": row.name,
        "label": row.backend,
        "backend": backend_name(row, headline),
        "swatch": looks.swatch(row),
        "color": looks.color(row),
        "strip": gallery.strips.get(row.source.key),
        "drawn": picture,
        "tag": None if says_it else TAGS.get(row.mark or ""),
        "is_best": row.mark == "best",
        "cells": {key: _cell(row.cells.get(key, Cell())) for key in SHOWN},
        "doubt": doubt(row),
    }


def _cell(cell: Cell) -> dict[str, Any]:
    value = cell.value
    if value is None or math.isnan(value):
        return {"text": cell.text, "sort": ""}
    infinite = "Infinity" if value > 0 else "-Infinity"  # as JavaScript reads it
    return {"text": cell.text, "sort": f"{value:.9g}" if math.isfinite(value) else infinite}


def doubt(row: HeadlineRow) -> str:
    """Why a row's speed is doubtful, in words, or ""."""
    if not row.source.is_doubtful or not row.cells["speed"].text:
        return ""
    marks = [part.split()[0] for part in (row.source.timing or "").split(", ") if part]
    reasons = [_DOUBTS[mark] for mark in marks if mark in _DOUBTS]
    return f"Doubtful: {'; '.join(reasons) or row.source.timing or 'see the records'}."


def _groups(headline: Headline, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Real samples on top, then ranked rows, rows that are not ranked, and other baselines."""
    parts = [
        ("real", "", [row for row in rows if row["group"] == "scale" and row["gan"] == REAL]),
        ("ranked", "", [row for row in rows if row["group"] == "ranked"]),
        ("unranked", headline.unranked, [row for row in rows if row["group"] == "unranked"]),
        ("scale", "for scale", [r for r in rows if r["group"] == "scale" and r["gan"] != REAL]),
    ]
    return [{"name": name, "heading": text, "rows": own} for name, text, own in parts if own]


def _sorted(headline: Headline) -> str:
    """The direction in which the rows stand by the primary column, or "" where they do not."""
    column = headline.column("primary")
    if column is None or column.direction == "none":
        return ""
    sign = 1 if column.direction == "lower" else -1
    for group in (headline.group("ranked"), headline.group("unranked")):
        values = [row.cells["primary"].value for row in group]
        known = [sign * value for value in values if value is not None and math.isfinite(value)]
        if known != sorted(known):
            return ""
    return "ascending" if sign == 1 else "descending"


# --------------------------------------------------------------------------- numbers for CSV


def numbers(headline: Headline) -> dict[str, Any]:
    """The values of a table as compact JSON: value, low, high, mark and n of each row and column.

    `low` and `high` are the ends of the 95 % interval, or the lowest and highest of four values or
    fewer.
    """
    columns = [column.name for column in headline.table.columns if not column.is_beside]
    directions = {column.name: column.direction for column in headline.table.columns}
    names = [*columns, RANKED]
    return {
        "dataset": clean(headline.table.dataset),
        "budget": headline.table.budget,
        "columns": [[name, directions.get(name) or COSTS[RANKED]] for name in names],
        "primary": headline.primary.name if headline.primary else "",
        "rows": [_numbers(row, names) for row in headline.rows],
    }


def _numbers(row: HeadlineRow, names: list[str]) -> list[Any]:
    backend, model, loss = (clean(part) for part in row.source.key)
    values: list[list[float | None]] = []
    for name in names:
        if name == RANKED and row.source.is_baseline:
            values.append([])
        else:
            values.append(_triple(row.source.summary(name)))
    return [backend, model, loss, row.mark or "", len(row.source.row.completed), values]


def _triple(summary: Summary) -> list[float | None]:
    if summary.median is None:
        return []
    limits = look.ends(summary)
    return [_number(value) for value in (summary.median, *limits)]


def _number(value: float) -> float | None:
    """Six significant digits; None for failed trials."""
    return float(f"{value:.6g}") if math.isfinite(value) else None
