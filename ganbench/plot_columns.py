"""The metrics' columns that pictures are drawn of, and the runs that have no value in them."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ganbench.columns import Column, Columns
from ganbench.rows import Row
from ganbench.sections import Section


def columns(section: Section) -> list[Column]:
    """Columns with a better and a worse that a table shows, in the order of rows and scoring."""
    records = (record for row in section.rows for record in row.completed)
    return [
        column for column in Columns(records) if column.direction != "none" and not column.is_beside
    ]


def notes(rows: Iterable[Row], column: Column, failures: str) -> list[str]:
    """One line each on the runs that have no value; `failures` says what became of the failed."""
    failed, missing, lacking = [], [], []
    for row in rows:
        for status in sorted({record.status for record in row.failed}):
            number = sum(record.status == status for record in row.failed)
            failed.append(f"{row.label}: {number} {status} of {row.planned}")
        if row.missing:
            missing.append(f"{row.label} {row.missing} of {row.planned}")
        absent = sum(math.isnan(column.value(record)) for record in row.completed)
        if absent:
            lacking.append(f"{row.label} {absent} of {len(row.completed)}")
    lines = ((failures, failed), ("Not run yet", missing), ("Completed without a value", lacking))
    return [f"{words}: {'; '.join(items)}." for words, items in lines if items]
