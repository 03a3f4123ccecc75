"""How soon a quality is reached, and how good a training was on the way."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from ganbench.analysis import column_names
from ganbench.columns import Column, Columns, of_score
from ganbench.curves import areas_under_curves, first_reach
from ganbench.errors import ConfigError
from ganbench.history import Point, points
from ganbench.record import Record
from ganbench.rows import Row

AXES = ("images", "updates", "seconds")


@dataclass(frozen=True)
class Target:
    """A value of a column that a training is to reach."""

    column: str
    value: float

    @property
    def label(self) -> str:
        """How a frame calls it."""
        return f"{self.column}_to_{self.value:g}"


def parse(text: str) -> Target:
    """Read 'COLUMN=NUMBER'; raises ConfigError."""
    match = re.fullmatch(r"\s*([^=\s]+)\s*=\s*(\S+)\s*", text)
    try:
        value = float(match[2]) if match else math.nan
    except ValueError:
        value = math.nan
    if not match or not math.isfinite(value):
        raise ConfigError(f"target {text!r}: write COLUMN=NUMBER, such as fd-cls-digits-v1=0.5")
    return Target(match[1], value)


def check(targets: Iterable[Target], records: list[Record]) -> None:
    """Raise ConfigError where a target's column has no curve in these records."""
    followed = [column for record in records for column in _followed(record)]
    for target in targets:
        column = column_names.resolve(followed, target.column, "columns with a curve")
        if column.direction == "none":
            raise ConfigError(f"target {target.column}: has no better direction to reach it from")


def areas(record: Record, columns: Columns) -> dict[str, float | None]:
    """The mean of every column over the images of the budget (trapezoids), as `<column>_area`.

    Of columns with a direction that were followed from the start.
    """
    found = {}
    for score in record.scores:
        ranked = [name for name, direction in score["directions"].items() if direction != "none"]
        if not score.get("curve") or not ranked:
            continue
        images = [*(point["images"] for point in score["curve"]), record.training["images"]]
        moments = [*(point["values"] for point in score["curve"]), score["values"]]
        curves = [[moment[name] for moment in moments] for name in ranked]
        for name, area in zip(ranked, areas_under_curves(images, curves), strict=True):
            found[f"{columns.of(record, score, name).name}_area"] = area
    return found


def reached(row: Row, target: Target) -> dict[str, Any]:
    """When the trials of a row reach a target: the parts of a frame that begin with its label.

    `_reached` is the share of the trials that ended which reach it; `_images`, `_updates` and
    `_seconds` (compilation included) are medians over them, of which a trial that never reaches
    it takes for ever; None where the median does so, and for baselines, which nobody trains.
    """
    found: dict[str, list[float]] = {axis: [] for axis in AXES}
    for record in () if row.is_baseline else row.ended:
        for axis in AXES:
            found[axis].append(
                _first(record, target, axis) if record in row.completed else math.inf
            )
    parts: dict[str, Any] = {"reached": _share(found["images"])}
    for axis, places in found.items():
        middle = median(places) if places else math.inf
        parts[axis] = middle if math.isfinite(middle) else None
    return {f"{target.label}_{name}": value for name, value in parts.items()}


def _first(record: Record, target: Target, axis: str) -> float:
    column = column_names.find(_followed(record), target.column)
    score = column.score(record) if column else None
    if column is None or score is None or column.direction == "none":
        return math.inf
    places, values = _axis(points(record, score, column.key), axis)
    place = first_reach(places, values, target.value, column.direction)
    return math.inf if place is None else place


def _followed(record: Record) -> Iterator[Column]:
    """The columns of a record that have a curve."""
    for score in record.scores:
        if "curve" in score:
            for name in score["directions"]:
                yield of_score(record, score, name)


def _share(places: list[float]) -> float | None:
    return sum(map(math.isfinite, places)) / len(places) if places else None


def _axis(curve: list[Point], axis: str) -> tuple[list[float], list[float]]:
    values = [math.nan if point.value is None else point.value for point in curve]
    return [getattr(point, axis) for point in curve], values
