"""From records to rows: one per backend, model and loss, over seeds, at the end of the budget."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ganbench import remarks, rows, sections, targets, verdict
from ganbench.columns import Column, Columns
from ganbench.contracts import Direction
from ganbench.costs import COSTS, TIMED, costs
from ganbench.record import Record
from ganbench.results.parity_verdict import Verdict
from ganbench.rows import Row
from ganbench.specification import Trial
from ganbench.stats.summary import Summary, summarise
from ganbench.targets import Target

KEYS = ("backend", "model", "loss")
SETTING = ("samples", "threads", "device")
NETWORKS = ("generator", "discriminator")


@dataclass(frozen=True)
class TableRow:
    """One backend, model and loss: its trials, and what is known of them besides values.

    `troubled` has the seeds of completed trials with some problem. `parity` is None where the model
    and loss ran on one backend only. `timing` is `ok` or why the speed is doubtful, None if the
    records have no timing.
    """

    row: Row
    directions: Mapping[str, Direction] = field(repr=False)
    problems: list[remarks.Problem] = field(default_factory=list)
    troubled: tuple[int, ...] = ()
    parity: str | None = None
    timing: str | None = None
    is_doubtful: bool = False  # the speed
    _summaries: dict[str, Summary] = field(default_factory=dict, repr=False, compare=False)

    @property
    def key(self) -> rows.Key:
        """Backend, model and loss."""
        return self.row.key

    @property
    def is_baseline(self) -> bool:
        """Whether nothing adversarial was trained."""
        return self.row.is_baseline

    def summary(self, column: str) -> Summary:
        """The row's trials in a column of a metric, or a cost.

        A failed trial has no cost: it ended early.
        """
        if column not in self._summaries:
            values = self.row.of(column)
            direction = self.directions.get(column, "none")
            if column in COSTS:
                values = {seed: value for seed, value in values.items() if math.isfinite(value)}
            self._summaries[column] = summarise(list(values.values()), direction)
        return self._summaries[column]

    def by_seed(self, column: str) -> dict[int, float]:
        """Values by seed; NaN for failed trials and for values that are no number.

        A completed trial without a score in this column is absent. The others keep their values.
        """
        values = {record.seed: math.nan for record in self.row.failed}
        for seed, own in self.row.values.items():
            if column in own:
                value = own[column]
                values[seed] = math.nan if value is None else value
        return values

    def parameters(self, network: str) -> int | None:
        """Trainable parameters of a network, where all trials have the same number."""
        counts = {record.training["parameters"][network] for record in self.row.completed}
        return counts.pop() if len(counts) == 1 else None


@dataclass(frozen=True)
class Table:
    """Rows that may be compared: one data set, budget, number of samples and setting."""

    dataset: str
    budget: str
    samples: int
    threads: int
    device: str
    columns: list[Column]
    rows: list[TableRow]
    goals: list[Target] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # why values or tables are not comparable

    @property
    def gans(self) -> list[TableRow]:
        """The rows that were trained."""
        return [row for row in self.rows if not row.is_baseline]

    @property
    def baselines(self) -> list[TableRow]:
        """The rows that were not."""
        return [row for row in self.rows if row.is_baseline]

    @property
    def records(self) -> list[Record]:
        """All records of the table."""
        return [record for row in self.rows for record in row.row.records]

    def areas(self) -> list[str]:
        """Columns that have a mean over the training as well, `<column>_area`."""
        known = {name for row in self.rows for own in row.row.values.values() for name in own}
        return [column.name for column in self.columns if f"{column.name}_area" in known]

    def costs(self) -> list[str]:
        """The costs that some row has a value of, in their order."""
        return [name for name in COSTS if any(row.summary(name).values for row in self.rows)]


def build(
    trials: Iterable[Trial],
    records: Iterable[Record],
    verdicts: Iterable[Verdict] = (),
    goals: Sequence[Target] = (),
) -> list[Table]:
    """Group planned trials into tables and rows, in the order of planning, baselines last."""
    known = list(verdicts)
    planned = sections.group(trials, records, SETTING)
    built = [_table(section, known, goals) for section in planned]
    for table in built[1:]:
        table.notes.append(f"Not comparable with the first table: {_difference(table, built[0])}.")
    return built


def _difference(table: Table, first: Table) -> str:
    """The settings that differ, such as `samples 797, there 10,000`."""
    names = ("dataset", "budget", *SETTING)
    values = [(name, getattr(table, name), getattr(first, name)) for name in names]
    return "; ".join(
        f"{name} {_written(own)}, there {_written(other)}"
        for name, own, other in values
        if own != other
    )


def _written(value: str | int) -> str:
    return f"{value:,}" if isinstance(value, int) else value


def _table(planned: sections.Section, verdicts: list[Verdict], goals: Sequence[Target]) -> Table:
    records, columns = planned.records, Columns(planned.records)
    valued = [row.with_values(lambda record: _values(record, columns)) for row in planned.rows]
    directions: dict[str, Direction] = {column.name: column.direction for column in columns}
    directions |= {f"{name}_area": direction for name, direction in directions.items()}
    marks = verdict.marks(planned.trials, verdicts)
    has_timing = any("timing" in record.training for record in records)
    notes = [
        *remarks.speed_notes(valued),
        *remarks.cost_notes(records),
        *remarks.unranked_notes(records),
        *remarks.source_notes(records),
    ]
    return Table(
        planned.dataset,
        planned.budget,
        **planned.setting,
        columns=list(columns),
        rows=[
            TableRow(
                row,
                directions,
                problems=remarks.problems(row),
                troubled=remarks.troubled(row),
                parity=marks.get((row.key[1], row.key[2])),
                timing=remarks.timing(row) if has_timing else None,
                is_doubtful=remarks.is_doubtful(row),
            )
            for row in valued
        ],
        goals=list(goals),
        notes=notes,
    )


def _values(record: Record, columns: Columns) -> dict[str, float | None]:
    found = {**columns.values(record), **targets.areas(record, columns), **costs(record)}
    if "timing" not in record.training:
        found = {name: value for name, value in found.items() if name not in TIMED}
    return found


def settings(table: Table) -> dict[str, Any]:
    """What all rows of a table have in common, by name."""
    return {name: getattr(table, name) for name in ("dataset", "budget", *SETTING)}
