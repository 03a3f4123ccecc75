"""Tidy data: one line per row, metric and seed."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ganbench.analysis.table import Table, TableRow
from ganbench.costs import COSTS
from ganbench.report.clean import clean


class TidyRow(NamedTuple):
    """One value of one trial. The field names are the columns of `--format csv`.

    `metric` is the metric's own name of the column, or a cost such as `images_per_second`;
    `features` the feature space, or "". `value` is None where a trial did not complete or the
    metric gave no number. `status` is that of the trial, `missing` without a record. `samples` is
    the number of samples that were scored, and for a cost that of the table. `reference` is the
    split that they were compared with. `device` is that of the configuration, such as
    `auto` or `cuda`.
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
    samples: int
    reference: str
    budget: str
    threads: int
    device: str


class _Facts(NamedTuple):
    """What all values of one column have in common."""

    metric: str
    features: str
    direction: str
    samples: int
    reference: str


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
    for column in table.columns:
        made = column.made_from
        facts = _Facts(
            column.short_name, column.space, column.direction, made["n"], made["reference split"]
        )
        yield from _seeds(table, row, column.name, facts)
    for name in table.costs():
        yield from _seeds(table, row, name, _Facts(name, "", COSTS[name], table.samples, ""))


def _seeds(table: Table, row: TableRow, name: str, facts: _Facts) -> Iterator[TidyRow]:
    """One line for each planned trial of a row, in a column of this name."""
    statuses = {record.seed: record.status for record in row.row.records}
    values = row.by_seed(name)
    backend, model, loss = (clean(part) for part in row.key)
    dataset = clean(table.dataset)
    for trial in row.row.trials:
        yield TidyRow(
            dataset=dataset,
            backend=backend,
            model=model,
            loss=loss,
            seed=trial.seed,
            metric=facts.metric,
            features=facts.features,
            direction=facts.direction,
            value=_finite(values.get(trial.seed)),
            status=statuses.get(trial.seed, "missing"),
            samples=facts.samples,
            reference=facts.reference,
            budget=table.budget,
            threads=table.threads,
            device=table.device,
        )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
