"""What a folder of results measured: a row's runs, and their values by what they compare with."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ganbench.comparability import canonical, quality_key, speed_key
from ganbench.contracts import Direction
from ganbench.ranking import fill_failures
from ganbench.record import Record
from ganbench.rows import costs
from ganbench.specification import Trial
from ganbench.store import Store

COSTS: dict[str, Direction] = {  # what may become worse, though rows are ranked by speed alone
    "images_per_second": "higher",
    "compile_seconds": "lower",
    "peak_memory_mib": "lower",
}
_SETTING = ("samples", "threads", "device", "dtype")


@dataclass(frozen=True)
class Labels:
    """What a row trains, as both folders call it."""

    backend: str
    model: str
    loss: str
    dataset: str

    def __str__(self) -> str:
        return f"{self.backend} {self.model} {self.loss} {self.dataset}"


@dataclass(frozen=True)
class Column:
    """A column of a table: a metric in a feature space, or a cost."""

    name: str
    base: str  # what the metric itself calls it, without the feature space
    direction: Direction
    is_cost: bool
    is_beside: bool


@dataclass(frozen=True)
class Measured:
    """One column's values by seed, all of them comparable; `key` says what they compare with.

    NaN stands for a run that failed; a cost has none, for what broke off cost nothing whole.
    """

    column: Column
    key: dict[str, Any]
    values: dict[int, float]
    sources: frozenset[str] = frozenset()  # of the metric, as text; more than one if seeds differ


@dataclass(frozen=True)
class Side:
    """A row's runs in one folder, in one budget and setting."""

    row: Labels
    setting: tuple[Any, ...]  # budget, samples, threads, device, precision
    completed: int = 0
    failed: int = 0
    missing: int = 0  # planned, and without a verdict
    measured: list[Measured] = field(default_factory=list)

    @property
    def failure_rate(self) -> float | None:
        """The share of the ended runs that did not complete; None where none has ended."""
        ended = self.completed + self.failed
        return self.failed / ended if ended else None


def of_folder(store: Store) -> list[Side]:
    """Every row of a folder in the order of planning; raises ConfigError where it has none."""
    trials = store.planned()
    return sides(trials, (found for trial in trials if (found := store.load(trial.id))))


def sides(trials: Iterable[Trial], records: Iterable[Record]) -> list[Side]:
    """Group planned trials and their records into rows, one side for each setting of a row."""
    by_id = {record.id: record for record in records}
    groups: dict[tuple[Labels, tuple[Any, ...]], list[Record | None]] = {}
    for trial in trials:
        row = Labels(trial.backend, trial.model, trial.loss, trial.dataset)
        setting = (trial.budget, *(trial.specification[name] for name in _SETTING))
        groups.setdefault((row, setting), []).append(by_id.get(trial.id))
    return [_side(row, setting, found) for (row, setting), found in groups.items()]


def with_failures_filled(one: list[Side], other: list[Side]) -> tuple[list[Side], list[Side]]:
    """Both folders' sides with the worst value of the column in either for each failure.

    A column without better or worse leaves failures out. Where no run has a value, none is left.
    """
    columns: dict[tuple[str, str], list[Measured]] = {}
    for side in (*one, *other):
        for item in side.measured:
            columns.setdefault(_place(item), []).append(item)
    full = {place: iter(_filled(members)) for place, members in columns.items()}
    fill = [
        [replace(side, measured=[next(full[_place(item)]) for item in side.measured]) for side in s]
        for s in (one, other)
    ]
    return fill[0], fill[1]


def _filled(members: list[Measured]) -> list[Measured]:
    direction = members[0].column.direction
    rows: list[Mapping[int, float]] = [item.values for item in members]
    if direction == "none":
        filled = [{s: value for s, value in row.items() if math.isfinite(value)} for row in rows]
    else:
        filled = fill_failures(rows, direction)
    return [replace(item, values=row) for item, row in zip(members, filled, strict=True)]


def _place(item: Measured) -> tuple[str, str]:
    return item.column.name, canonical(item.key)


def _side(row: Labels, setting: tuple[Any, ...], planned: list[Record | None]) -> Side:
    records = [record for record in planned if record and record.status != "interrupted"]
    completed = [record for record in records if record.status == "completed"]
    failed = [record for record in records if record.status != "completed"]
    found_by_place: dict[tuple[str, str], list[Measured]] = {}
    for record in completed:
        for item in (*_scores(record), *_costs(record)):
            found_by_place.setdefault(_place(item), []).append(item)
    nothing = {record.seed: math.nan for record in failed}
    measured = [_joined(items, nothing) for items in found_by_place.values()]
    return Side(row, setting, len(completed), len(failed), len(planned) - len(records), measured)


def _joined(items: list[Measured], failures: dict[int, float]) -> Measured:
    """The values of single runs together, with those that failed."""
    values = {} if items[0].column.is_cost else dict(failures)
    for item in items:
        values |= item.values
    sources = frozenset().union(*(item.sources for item in items))
    return replace(items[0], values=values, sources=sources)


def _scores(record: Record) -> Iterable[Measured]:
    for score in record.scores:
        key, sources = quality_key(record, score), frozenset([canonical(score["sources"])])
        space = f"-{score['extractor']}" if score["extractor"] else ""
        for name, value in score["values"].items():
            is_beside = name in score["beside"]
            direction = score["directions"][name]
            column = Column(name, name.removesuffix(space), direction, False, is_beside)
            number = math.nan if value is None else float(value)
            yield Measured(column, key, {record.seed: number}, sources)


def _costs(record: Record) -> Iterable[Measured]:
    key, found = speed_key(record), costs(record)
    for name, direction in COSTS.items():
        value = found[name]
        if value is not None:
            column = Column(name, name, direction, True, False)
            yield Measured(column, key, {record.seed: float(value)})
