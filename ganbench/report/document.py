"""The JSON document of a results folder. `ganbench schema` prints the JSON Schema of these types.

Names are stable: a change of meaning or a removed name raises SCHEMA_VERSION.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from ganbench import __version__
from ganbench.analysis.table import Table, TableRow
from ganbench.columns import Column
from ganbench.comparability import host
from ganbench.contracts import Direction, Scale
from ganbench.headline.headline import Group, Headline, HeadlineRow
from ganbench.report.clean import clean_values
from ganbench.stats.best import Mark
from ganbench.stats.summary import Summary
from ganbench.targets import reached

SCHEMA_VERSION: Literal[1] = 1


@dataclass(frozen=True)
class ValueDocument:
    """A row's trials in one column. Numbers are null where there is none.

    `median` counts failed trials as worse than any value and is null where at least half failed.
    `low` and `high` are the 95 % interval of the median, null for four trials or fewer and where an
    end reaches into failed trials. `mean`, `sd` and `iqm` are those of the completed trials.
    `seeds` has the value of every trial that ended.
    """

    median: float | None
    low: float | None
    high: float | None
    mean: float | None
    sd: float | None
    iqm: float | None
    seeds: dict[str, float | None]


@dataclass(frozen=True)
class ColumnDocument:
    """A metric's column. `auxiliary` columns are not shown by `--all`."""

    name: str
    metric: str
    features: str
    direction: Direction
    scale: Scale
    plain: str
    auxiliary: bool
    samples: int
    reference: str


@dataclass(frozen=True)
class ProblemDocument:
    """What a metric's verdict says is wrong with some trials of a row."""

    words: str
    trials: int


@dataclass(frozen=True)
class RowDocument:
    """One backend, model and loss, over seeds.

    `values`, `areas` (means over the training) and `costs` are by the name of a column. `targets`
    are by `COLUMN_to_VALUE_` and `reached`, `images`, `updates` or `seconds`.
    """

    backend: str
    model: str
    loss: str
    name: str
    group: Group
    mark: Mark | None
    rank: tuple[int, int] | None
    n: int
    planned: int
    failed: int
    missing: int
    remark: str
    parity: str | None
    timing: str | None
    speed_is_doubtful: bool
    problems: list[ProblemDocument]
    parameters_generator: int | None
    parameters_discriminator: int | None
    values: dict[str, ValueDocument]
    areas: dict[str, ValueDocument]
    costs: dict[str, ValueDocument]
    targets: dict[str, float | None]


@dataclass(frozen=True)
class TableDocument:
    """Rows that may be compared. `primary` is the column by which rows are ranked and marked."""

    title: str
    dataset: str
    budget: str
    samples: int
    threads: int
    device: str
    primary: str | None
    sentences: list[str]
    detectable: str
    columns: list[ColumnDocument]
    rows: list[RowDocument]
    notes: list[str]


@dataclass(frozen=True)
class Document:
    """Everything in a results folder, with what it was made by.

    `ganbench` is the version that wrote the document. `date` is the UTC date of the latest trial,
    null for records that do not tell. `machines` are kinds of machine, `libraries` versions by
    name, and `backends` what each backend says of itself.
    """

    schema_version: Literal[1]
    name: str
    ganbench: str
    date: str | None
    machines: list[str]
    libraries: dict[str, list[str]]
    backends: dict[str, list[dict[str, str]]]
    tables: list[TableDocument]


def document(headlines: Sequence[Headline], name: str) -> Document:
    """Make the document of a folder of this name."""
    records = [record for headline in headlines for record in headline.table.records]
    completed = [record for record in records if record.status == "completed"]
    libraries: dict[str, dict[str, None]] = {}
    backends: dict[str, list[dict[str, str]]] = {}
    for record in records:
        for library, version in record.environment.get("libraries", {}).items():
            libraries.setdefault(library, {})[version] = None
    for record in completed:
        told = record.training["backend_description"]
        known = backends.setdefault(record.backend, [])
        if told not in known:
            known.append(told)
    dates = [record.environment["date"] for record in records if "date" in record.environment]
    return Document(
        SCHEMA_VERSION,
        name,
        __version__,
        max(dates, default=None),
        list(dict.fromkeys(map(host, completed))),
        {library: sorted(versions) for library, versions in sorted(libraries.items())},
        dict(sorted(backends.items())),
        [_table(headline) for headline in headlines],
    )


def to_json(headlines: Sequence[Headline], name: str) -> str:
    """Write the document of a folder, without local paths and names of users."""
    values = clean_values(asdict(document(headlines, name)))
    return json.dumps(values, indent=1, allow_nan=False) + "\n"


def _table(headline: Headline) -> TableDocument:
    table = headline.table
    return TableDocument(
        " · ".join(headline.title),
        table.dataset,
        table.budget,
        table.samples,
        table.threads,
        table.device,
        headline.primary.name if headline.primary else None,
        headline.sentences,
        headline.detectable,
        [_column(column) for column in table.columns],
        [_row(table, row) for row in headline.rows],
        table.notes,
    )


def _column(column: Column) -> ColumnDocument:
    made, reading = column.made_from, column.reading
    return ColumnDocument(
        column.name,
        made["metric"],
        column.space,
        column.direction,
        reading.scale,
        reading.plain,
        column.is_beside,
        made["n"],
        made["reference split"],
    )


def _row(table: Table, row: HeadlineRow) -> RowDocument:
    source = row.source
    backend, model, loss = source.key
    names = [column.name for column in table.columns]
    goals: dict[str, float | None] = {}
    for goal in table.goals:
        goals |= reached(source.row, goal)
    return RowDocument(
        *(backend, model, loss, row.name, row.group, row.mark, row.rank),
        n=len(source.row.completed),
        planned=source.row.planned,
        failed=len(source.row.failed),
        missing=source.row.missing,
        remark=row.cells["remark"].text,
        parity=source.parity,
        timing=source.timing,
        speed_is_doubtful=source.is_doubtful,
        problems=[ProblemDocument(item.words, item.trials) for item in source.problems],
        parameters_generator=source.parameters("generator"),
        parameters_discriminator=source.parameters("discriminator"),
        values={name: _value(source, name) for name in names},
        areas={name: _value(source, f"{name}_area") for name in table.areas()},
        costs={name: _value(source, name) for name in table.costs()},
        targets=goals,
    )


def _value(row: TableRow, name: str) -> ValueDocument:
    summary: Summary = row.summary(name)
    ends = summary.interval
    seeds = {str(seed): _finite(value) for seed, value in sorted(row.by_seed(name).items())}
    return ValueDocument(
        _finite(summary.median),
        _finite(ends.low) if ends else None,
        _finite(ends.high) if ends else None,
        *(summary.mean, summary.sd, summary.iqm),
        seeds,
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
