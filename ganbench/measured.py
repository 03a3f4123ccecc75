"""What a folder of results measured: a row's runs, and their values by what they compare with."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ganbench import sections
from ganbench.columns import Column, of_score
from ganbench.comparability import canonical, speed_key
from ganbench.costs import COMPARED, COSTS, costs
from ganbench.ranking import fill_failures
from ganbench.record import Record
from ganbench.rows import Row
from ganbench.sections import Section
from ganbench.specification import Trial
from ganbench.store import Store

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
class Measured:
    """One column's values by seed, all of them comparable.

    NaN stands for a run that failed; a cost has none, for what broke off cost nothing whole.
    """

    column: Column
    values: dict[int, float]
    sources: frozenset[str] = frozenset()  # of the metric, as text; more than one if seeds differ

    @property
    def place(self) -> tuple[str, str]:
        """What values that compare have in common."""
        return self.column.key, self.column.identity


@dataclass(frozen=True)
class Side:
    """A row's runs in one folder, in one budget and setting."""

    row: Labels
    setting: tuple[Any, ...]  # budget, samples, threads, device, precision
    completed: int
    failed: int
    missing: int  # planned, and without a verdict
    measured: list[Measured]

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
    """Planned trials and their records as rows, one side for each setting of a row.

    In the order of planning, baselines too, which sections have last.
    """
    planned = list(trials)
    places = {trial.id: place for place, trial in enumerate(planned)}
    found = [
        (places[row.trials[0].id], _side(section, row))
        for section in sections.group(planned, records, _SETTING)
        for row in section.rows
    ]
    return [side for _, side in sorted(found, key=lambda pair: pair[0])]


def with_failures_filled(one: list[Side], other: list[Side]) -> tuple[list[Side], list[Side]]:
    """Both folders' sides with the worst value of the column in either for each failure.

    A column without better or worse leaves failures out. Where no run has a value, none is left.
    """
    columns: dict[tuple[str, str], list[Measured]] = {}
    for side in (*one, *other):
        for item in side.measured:
            columns.setdefault(item.place, []).append(item)
    full = {place: iter(_filled(members)) for place, members in columns.items()}
    fill = [
        [replace(side, measured=[next(full[item.place]) for item in side.measured]) for side in s]
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


def _side(section: Section, row: Row) -> Side:
    found: dict[tuple[str, str], list[Measured]] = {}
    for record in row.completed:
        for item in (*_scores(record), *_costs(record)):
            found.setdefault(item.place, []).append(item)
    nothing = {record.seed: math.nan for record in row.failed}
    return Side(
        Labels(*row.key, section.dataset),
        (section.budget, *section.setting.values()),
        len(row.completed),
        len(row.failed),
        row.missing,
        [_joined(items, nothing) for items in found.values()],
    )


def _joined(items: list[Measured], failures: dict[int, float]) -> Measured:
    """The values of single runs together, with those that failed."""
    values = {} if items[0].column.is_cost else dict(failures)
    for item in items:
        values |= item.values
    sources = frozenset().union(*(item.sources for item in items))
    return replace(items[0], values=values, sources=sources)


def _scores(record: Record) -> Iterable[Measured]:
    for score in record.scores:
        sources = frozenset([canonical(score["sources"])])
        for name, value in score["values"].items():
            number = math.nan if value is None else float(value)
            yield Measured(of_score(record, score, name), {record.seed: number}, sources)


def _costs(record: Record) -> Iterable[Measured]:
    key, found = speed_key(record), costs(record)
    for name in COMPARED:
        value = found[name]
        if value is not None:
            column = Column(name, "", COSTS[name], False, key, is_cost=True)
            yield Measured(column, {record.seed: float(value)})
