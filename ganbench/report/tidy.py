"""Tidy data: one line per row, metric and seed."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ganbench.analysis.table import Table, TableRow
from ganbench.costs import COSTS


class TidyRow(NamedTuple):
    """One value of one trial. The field names are the columns of `--format csv`.

    `metric` is the metric's own name of the column, or a cost such as `images_per_second`;
    `features` the feature space, or "". `value` is None where a trial did not complete or the
    metric gave no number. `status` is that of the trial, `missing` without a record. `samples` and
    `reference` are the number of scored samples and the split that they were compared with.
    """

    dataset: str
    backend: str
    model: str
    loss: str
    seed: int
    metric: str
    features: str
    direction: str
    value: float | None
    status: str
    samples: int | None
    reference: str
    budget: str
    threads: int


def tidy(tables: Iterable[Table]) -> Iterator[TidyRow]:
    """Return all values of all tables."""
    for table in tables:
        for row in table.rows:
            yield from _row(table, row)


def to_csv(tables: Iterable[Table]) -> str:
    """Write the tidy data as CSV with a heading; absent values are empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(TidyRow._fields)
    for row in tidy(tables):
        writer.writerow(["" if part is None else part for part in row])
    return text.getvalue()


def _row(table: Table, row: TableRow) -> Iterator[TidyRow]:
    statuses = {record.seed: record.status for record in row.row.records}
    seeds = [trial.seed for trial in row.row.trials]
    backend, model, loss = row.key
    for column in table.columns:
        values = row.by_seed(column.name)
        made = column.made_from
        for seed in seeds:
            yield TidyRow(
                dataset=table.dataset,
                backend=backend,
                model=model,
                loss=loss,
                seed=seed,
                metric=column.short_name,
                features=column.space,
                direction=column.direction,
                value=_finite(values.get(seed)),
                status=statuses.get(seed, "missing"),
                samples=made["n"],
                reference=made["reference split"],
                budget=table.budget,
                threads=table.threads,
            )
    for name in table.costs():
        values = row.by_seed(name)
        for seed in seeds:
            yield TidyRow(
                dataset=table.dataset,
                backend=backend,
                model=model,
                loss=loss,
                seed=seed,
                metric=name,
                features="",
                direction=COSTS[name],
                value=_finite(values.get(seed)),
                status=statuses.get(seed, "missing"),
                samples=None,
                reference="",
                budget=table.budget,
                threads=table.threads,
            )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
