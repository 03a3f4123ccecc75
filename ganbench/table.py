"""From records to rows: one per backend, model and loss, over seeds, at the end of the budget."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from ganbench import remarks, sections, targets, verdict
from ganbench.bootstrap import FEW_RUNS
from ganbench.columns import Column, Columns
from ganbench.contracts import Direction
from ganbench.costs import COSTS, RANKED, TIMED, costs
from ganbench.marks import best_rows
from ganbench.ranking import worst
from ganbench.record import Record
from ganbench.rows import Row
from ganbench.specification import Trial
from ganbench.statistics import summarise_rows
from ganbench.targets import Target
from ganbench.verdict import Verdict

KEYS = ["backend", "model", "loss"]
SETTING = ["samples", "threads", "device"]
COUNTS = ["n", "planned", "failed", "missing"]
PARITY, HEALTH, TIMING = "parity", "health", "timing"
NETWORKS = ["generator", "discriminator"]
# What a frame has of every measured column, after its mean under the column's own name.
PARTS = ("sd", "median", "iqm", "low", "high", "mark", "points")


@dataclass(frozen=True)
class Section:
    """Rows that may be compared: one data set, budget, number of samples, setting.

    Failed trials count as the worst value of a column that has a direction. Beside the mean of
    every column the frame has `<column>_sd`, `_median`, `_iqm` (interquartile mean), `_low` and
    `_high` (95 % interval over seeds; absent for four or fewer), `_mark` (see `marks.best_rows`)
    and `_points` (the values, lowest first).
    """

    dataset: str
    budget: str
    samples: int
    threads: int
    device: str
    columns: list[Column]
    frame: pd.DataFrame
    goals: list[Target] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # why rows or sections are apart

    @property
    def has_parity(self) -> bool:
        """Whether a model and loss was run on several backends."""
        return PARITY in self.frame

    @property
    def has_health(self) -> bool:
        """Whether a metric gave verdicts in words."""
        return HEALTH in self.frame

    @property
    def has_timing(self) -> bool:
        """Whether a record tells of its chunks and of the machine before and after."""
        return TIMING in self.frame


def build(
    trials: Iterable[Trial],
    records: Iterable[Record],
    verdicts: Iterable[Verdict] = (),
    goals: Sequence[Target] = (),
) -> list[Section]:
    """Group planned trials into sections and rows, in the order of planning, baselines last.

    `n` counts the completed trials, `failed` those that ended otherwise, `missing` those that have
    no verdict yet, for want of a record or because they were interrupted. Where a section has a
    model and loss on several backends, the column `parity` says what the verdicts of `ganbench
    parity` know of it. For each of the goals there are the columns of `targets.reached`.
    """
    known = list(verdicts)
    planned = sections.group(trials, records, SETTING)
    built = [_section(section, known, goals) for section in planned]
    for section in built[1:]:
        section.notes.append(f"Apart from the first table: {_apart(section, built[0])}.")
    return built


def _apart(section: Section, first: Section) -> str:
    names = ("dataset", "budget", *SETTING)
    values = [(name, getattr(section, name), getattr(first, name)) for name in names]
    return "; ".join(f"{name} {own} against {other}" for name, own, other in values if own != other)


def to_frame(built: list[Section]) -> pd.DataFrame:
    """All rows of all sections in one frame, with columns for data set and budget."""
    parts = []
    for section in built:
        part = section.frame.copy()
        part.insert(3, "dataset", section.dataset)
        part.insert(4, "budget", section.budget)
        for position, name in enumerate(SETTING, 5):
            part.insert(position, name, getattr(section, name))
        parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _section(
    planned: sections.Section, verdicts: list[Verdict], goals: Sequence[Target]
) -> Section:
    records, columns = planned.records, Columns(planned.records)
    rows = [row.with_values(lambda record: _values(record, columns)) for row in planned.rows]
    parts: dict[str, Any] = {
        name: [row.key[place] for row in rows] for place, name in enumerate(KEYS)
    }
    parts |= _counts(rows)
    marks = verdict.marks(planned.trials, verdicts)
    if marks:
        found = [marks.get((row.key[1], row.key[2])) for row in rows]
        parts[PARITY] = pd.Series(found, dtype=object)
    if any("verdict" in score for record in records for score in record.scores):
        parts[HEALTH] = pd.Series([remarks.health(row) for row in rows], dtype=object)
    speeds = [remarks.speed_group(row) for row in rows]
    for column in columns:
        parts |= _measured(column.name, column.direction, rows, [""] * len(rows))
        if any(f"{column.name}_area" in values for row in rows for values in row.values.values()):
            parts |= _measured(f"{column.name}_area", column.direction, rows, [""] * len(rows))
    for goal in goals:
        places = [targets.reached(row, goal) for row in rows]
        parts |= {name: pd.Series([row[name] for row in places], dtype=float) for name in places[0]}
    has_timing = any("timing" in record.training for record in records)
    for name, direction in COSTS.items():
        ranking = direction if name == RANKED else "none"
        if has_timing or name not in TIMED:
            parts |= _measured(name, ranking, rows, speeds, within_spread=has_timing)
        if has_timing and name == RANKED:
            parts[TIMING] = pd.Series([remarks.timing(row) for row in rows], dtype=object)
    for network in NETWORKS:
        parts[f"parameters_{network}"] = [_parameters(row, network) for row in rows]
    notes = [
        *remarks.speed_notes(rows),
        *remarks.cost_notes(records),
        *remarks.unranked_notes(records),
        *remarks.source_notes(records),
    ]
    return Section(
        planned.dataset,
        planned.budget,
        **planned.setting,
        columns=list(columns),
        frame=pd.DataFrame(parts),
        goals=list(goals),
        notes=notes,
    )


def _values(record: Record, columns: Columns) -> dict[str, float | None]:
    return {**columns.values(record), **targets.areas(record, columns), **costs(record)}


def _counts(rows: list[Row]) -> dict[str, list[int]]:
    return {
        "n": [len(row.completed) for row in rows],
        "planned": [row.planned for row in rows],
        "failed": [len(row.failed) for row in rows],
        "missing": [row.missing for row in rows],
    }


def _measured(
    name: str,
    direction: Direction,
    rows: list[Row],
    groups: list[str],
    within_spread: bool = False,
) -> dict[str, pd.Series[Any]]:
    """The parts of one column; rows are ranked only within their group.

    For `within_spread` see `marks.best_rows`; older records are judged as they were.
    """
    is_cost = name in COSTS
    values = [row.of(name) for row in rows]
    everything = [value for row in values for value in row.values()]
    # What a failed trial cost is not known, and no cost stands for it.
    limit = None if direction == "none" or is_cost else worst(everything, direction)
    found = summarise_rows([list(row.values()) for row in values], limit)
    parts: dict[str, list[Any]] = {name: [item.mean for item in found]}
    parts[f"{name}_sd"] = [item.standard_deviation for item in found]
    for part in ("median", "iqm", "low", "high"):
        parts[f"{name}_{part}"] = [getattr(item, part) for item in found]
    ranked = [_known(row) for row in values] if is_cost else values
    parts[f"{name}_mark"] = _marks(rows, ranked, direction, groups, within_spread)
    parts[f"{name}_points"] = [_points(row, limit) for row in values]
    objects = ("mark", "points")
    return {
        key: pd.Series(column, dtype=object if key.endswith(objects) else float)
        for key, column in parts.items()
    }


def _known(values: Mapping[int, float]) -> dict[int, float]:
    return {seed: value for seed, value in values.items() if math.isfinite(value)}


def _points(values: Mapping[int, float], limit: float | None) -> list[float]:
    finite = [value for value in values.values() if math.isfinite(value)]
    filled = (
        finite
        if limit is None or not finite
        else [value if math.isfinite(value) else limit for value in values.values()]
    )
    return sorted(filled)


def _marks(
    rows: list[Row],
    values: list[dict[int, float]],
    direction: Direction,
    groups: list[str],
    within_spread: bool,
) -> list[str]:
    """What `marks.best_rows` says of the rows that are ranked: GANs of more than four seeds."""
    marks = [""] * len(rows)
    if direction == "none":
        return marks
    for own in dict.fromkeys(groups):
        places = [
            place
            for place, row in enumerate(rows)
            if groups[place] == own and not row.is_baseline and len(values[place]) > FEW_RUNS
        ]
        if len({value for place in places for value in values[place].values()}) == 1:
            continue  # where all are the same there is nothing to tell apart
        found = best_rows([values[place] for place in places], direction, within_spread)
        for place, mark in zip(places, found, strict=True):
            marks[place] = "" if mark == "unknown" else mark
    return marks


def _parameters(row: Row, network: str) -> int | None:
    counts = {record.training["parameters"][network] for record in row.completed}
    return counts.pop() if len(counts) == 1 else None
