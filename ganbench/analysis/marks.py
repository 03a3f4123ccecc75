"""Compare the trained rows of a table by one column: marks, ranks and pairs come from here."""

from __future__ import annotations

import math

from ganbench.analysis.table import Table, TableRow
from ganbench.columns import Column
from ganbench.stats.best import Candidate, Marks, mark


def compare(table: Table, column: Column) -> Marks:
    """Compare all trained rows of a table, in their order.

    Raises ValueError for a column without a better direction.
    """
    candidates = [Candidate(row.summary(column.name), _problems(row, column)) for row in table.gans]
    reading, samples = column.reading, int(column.made_from["n"])
    return mark(candidates, column.direction, reading.scale, samples, reading.resolution)


def _problems(row: TableRow, column: Column) -> int:
    """Completed trials with a problem and a value; without a value they count as failed."""
    values = row.by_seed(column.name)
    return sum(math.isfinite(values.get(seed, math.nan)) for seed in row.troubled)
