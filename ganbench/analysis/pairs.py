"""Every two rows of a table against each other, from the comparison that marks rows."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from ganbench.analysis import column_names
from ganbench.analysis.marks import compare as marks_of
from ganbench.analysis.table import Table, TableRow
from ganbench.columns import Column
from ganbench.contracts import Scale
from ganbench.errors import ConfigError
from ganbench.rows import Key
from ganbench.stats.best import Marks
from ganbench.stats.comparison import intervals

Verdict = Literal["better", "not distinguishable"]


@dataclass(frozen=True)
class RowPair:
    """Two rows, the one of the better typical value first.

    `estimate` is the ratio of typical values where the column is compared on the log scale, their
    difference otherwise. `low` and `high` hold it with 95 % for all pairs together; `p` is adjusted
    for all pairs. `seeds` are the completed trials of both rows.
    """

    row: Key
    against: Key
    seeds: tuple[int, int]
    estimate: float
    low: float
    high: float
    p: float
    verdict: Verdict


@dataclass(frozen=True)
class Rank:
    """The places that the comparisons leave open for a row; None for a row that is not compared."""

    row: Key
    seeds: int
    rank: tuple[int, int] | None


@dataclass(frozen=True)
class Comparison:
    """All pairs of one table by one column."""

    dataset: str
    budget: str
    column: str
    scale: Scale
    ranks: list[Rank]
    pairs: list[RowPair]


def compare(tables: Iterable[Table], name: str) -> list[Comparison]:
    """Compare the trained rows of every table that has the column `name`.

    Raises UnknownName for a column that no table has and ConfigError for one without a better
    direction.
    """
    tables = list(tables)
    columns = list(dict.fromkeys(column for table in tables for column in table.columns))
    column_names.resolve(columns, name)
    found = []
    for table in tables:
        column = column_names.find(table.columns, name)
        if column is not None and any(row.summary(column.name).values for row in table.gans):
            found.append(_comparison(table, column))
    return found


def to_json(comparisons: Sequence[Comparison]) -> str:
    """Write everything, unrounded."""
    values = {"schema_version": 1, "tables": [asdict(item) for item in comparisons]}
    return json.dumps(values, indent=1, allow_nan=False) + "\n"


def _comparison(table: Table, column: Column) -> Comparison:
    if column.direction == "none":
        raise ConfigError(
            f"column {column.name!r} has no better direction, so no row is better by it"
        )
    rows, marks = table.gans, marks_of(table, column)
    ranks = [
        Rank(row.key, _runs(row, column), rank) for row, rank in zip(rows, marks.ranks, strict=True)
    ]
    compared = [rows[place] for place in marks.compared]
    return Comparison(
        table.dataset,
        table.budget,
        column.name,
        marks.scale,
        ranks,
        _pairs(compared, column, marks),
    )


def _pairs(rows: list[TableRow], column: Column, marks: Marks) -> list[RowPair]:
    """The pairs, those of the better rows first."""
    sign = 1.0 if column.direction == "lower" else -1.0
    ends = intervals(marks.pairs, len(rows)) if marks.pairs else []
    found = []
    for pair, (low, high), is_shown in zip(marks.pairs, ends, marks.shown, strict=True):
        is_first = pair.difference <= 0
        better, worse = (pair.i, pair.j) if is_first else (pair.j, pair.i)
        turn = sign if is_first else -sign
        units = [
            _in_units(turn * step, pair.center, marks.scale)
            for step in (pair.difference, low, high)
        ]
        found.append(
            RowPair(
                rows[better].key,
                rows[worse].key,
                (_runs(rows[better], column), _runs(rows[worse], column)),
                units[0],
                min(units),
                max(units),
                pair.p,
                "better" if is_shown else "not distinguishable",
            )
        )
    order = sorted(range(len(rows)), key=lambda place: _standing(rows[place], column, sign))
    places = {rows[place].key: at for at, place in enumerate(order)}
    return sorted(found, key=lambda item: (places[item.row], places[item.against]))


def _in_units(step: float, center: float, scale: Scale) -> float:
    """A step on the scale as a ratio, or as a difference in the units of the column."""
    if scale == "log":
        return math.exp(step)
    if scale == "raw":
        return step
    # sin^2(a) - sin^2(b) = sin(a + b) sin(a - b)
    return math.sin(2 * abs(center)) * math.sin(max(-math.pi / 2, min(math.pi / 2, step)))


def _runs(row: TableRow, column: Column) -> int:
    return len(row.summary(column.name).values)


def _standing(row: TableRow, column: Column, sign: float) -> float:
    median = row.summary(column.name).median
    return math.inf if median is None else sign * median
