"""Which metrics a headline shows: those of the benchmark file, else those of the kind of data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ganbench.analysis.column_names import find
from ganbench.analysis.table import Table
from ganbench.columns import Column
from ganbench.errors import ConfigError
from ganbench.selection import LUCIC

IMAGES = ("fd", "coverage", "recall")
POINTS = ("reverse-kl", "modes", "high-quality")
LEADERS = ("fd", "reverse-kl", "radius")  # the first that a table has leads it
REAL = "real"


@dataclass(frozen=True)
class Choice:
    """The metrics of a headline. `primary` decides ranks and marks; None: nothing is ranked."""

    primary: Column | None
    second: Column | None = None
    third: Column | None = None


def choose(table: Table, wanted: Sequence[str] = ()) -> Choice:
    """Choose the metrics of a table.

    `wanted` are names of columns from the benchmark file, such as `fd` and `coverage`. A metric's
    own name means the column in the first feature space that was scored. Where the table lacks the
    first of them, as another data set of the folder may, the defaults are used. Raises ConfigError
    where the first has no better direction.
    """
    first = find(table.columns, wanted[0]) if wanted else None
    if first is not None and _has_values(table, first):
        if first.direction == "none":
            raise ConfigError(
                f"headline: {first.name!r} has no better direction; put one first that has"
            )
        others = [column for text in wanted[1:] if (column := find(table.columns, text))]
        return Choice(first, *others[:2])
    primary = _leader(table)
    if primary is None:
        return Choice(None)
    names = POINTS if primary.base == POINTS[0] else IMAGES
    rest = [
        column
        for name in names
        for column in table.columns
        if column.base == name and column.space == primary.space and column != primary
    ]
    shown = [column for column in table.columns if _leads(column) and column != primary]
    others = [*rest, *(column for column in shown if column.space == primary.space)]
    unique = list(dict.fromkeys(others))[:2]
    return Choice(primary, *unique)


def _leader(table: Table) -> Column | None:
    """The first of the usual leaders, else the first ranked column that puts real samples first.

    The usual leaders are distances to the truth: a GAN that is ahead of real samples there is so
    by chance.
    """
    for name in (*LEADERS, *(f"{LUCIC} {name}" for name in LEADERS)):
        column = find([item for item in table.columns if _has_values(table, item)], name)
        if column is not None and column.direction != "none":
            return column
    shown = [column for column in table.columns if _leads(column) and _has_values(table, column)]
    return next((column for column in shown if _puts_real_first(table, column)), None)


def _leads(column: Column) -> bool:
    return not column.is_beside and column.direction != "none"


def _has_values(table: Table, column: Column) -> bool:
    return any(row.summary(column.name).values for row in table.rows)


def _puts_real_first(table: Table, column: Column) -> bool:
    """Whether no GAN is better than real samples. Such a column would reward something else."""
    real = [row.summary(column.name).median for row in table.baselines if row.key[1] == REAL]
    if not real or real[0] is None:
        return True
    sign = 1 if column.direction == "lower" else -1
    medians = [row.summary(column.name).median for row in table.gans]
    return not any(value is not None and sign * value < sign * real[0] for value in medians)
