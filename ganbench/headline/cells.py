"""The columns and cells of a headline."""

from __future__ import annotations

import math

from ganbench.analysis.table import Table, TableRow
from ganbench.columns import Column as MetricColumn
from ganbench.headline.headline import Cell, Column, HeadlineRow
from ganbench.headline.identity import Names
from ganbench.headline.numbers import UNKNOWN, Decimals, speed, spread
from ganbench.headline.primary import Choice
from ganbench.headline.remarks import remark
from ganbench.rows import Key
from ganbench.stats.summary import Summary

SPEED, TRAIN_SECONDS, PEAK = "images_per_second", "train_seconds", "peak_memory_mib"
_POINT_METRICS = {"reverse-kl", "modes", "sliced-w2", "radius"}  # of records without a kind


def is_of_points(table: Table) -> bool:
    """Whether the samples are points."""
    for record in table.records:
        kind = record.training.get("sample_kind")
        if kind:
            return bool(kind == "points")
    return any(column.base in _POINT_METRICS for column in table.columns)


def columns_of(table: Table, choice: Choice, names: Names, rows: list[HeadlineRow]) -> list[Column]:
    """Return the columns that have something to show, in their order."""
    found = []
    if any(row.sign for row in rows):
        found.append(Column("mark", "", "mark", 1, is_number=False))
    found += [Column(key, key, "identity", 0, is_number=False) for key in names.columns]
    metrics = [item for item in (choice.primary, choice.second, choice.third) if item is not None]
    is_clear = len({item.short_name for item in metrics}) == len(metrics)
    if choice.primary is not None:
        found.append(_metric("primary", choice.primary, 0, is_clear))
        if any(row.cells["spread"].text for row in rows):
            found.append(Column("spread", _spread_name(rows), "spread", 3, is_number=False))
            found.append(Column("drawn", "", "drawn", 6, is_number=False))
    if choice.second is not None:
        found.append(_metric("second", choice.second, 4, is_clear))
    if choice.third is not None:
        found.append(_metric("third", choice.third, 7, is_clear))
    unit = "points/s" if is_of_points(table) else "images/s"
    found.append(Column("speed", unit, "speed", 2, "higher", "Training speed; '?': doubtful."))
    trained = [row for row in rows if row.group != "scale"]
    if len({row.cells["n"].text for row in trained}) > 1:
        found.append(Column("n", "n", "n", 5, plain="Completed trials."))
    found.append(Column("train_seconds", "train s", "train_seconds", 8, plain="Training time."))
    found.append(Column("peak_mib", "peak MiB", "peak_mib", 9, "lower", "Peak memory."))
    if any(row.cells["remark"].text for row in rows):
        found.append(Column("remark", "remark", "remark", 1, is_number=False))
    keys = [column.key for column in found]
    empty = {
        key
        for key in ("speed", "train_seconds", "peak_mib")
        if key in keys and not any(row.cells[key].text for row in trained)
    }
    return [column for column in found if column.key not in empty]


def _metric(role: str, column: MetricColumn, priority: int, is_clear: bool) -> Column:
    """A metric's column, with its feature space in the name where two would be named alike."""
    assert role in ("primary", "second", "third")
    return Column(
        role,
        column.short_name if is_clear else column.name,
        role,  # type: ignore[arg-type]  # one of the three
        priority,
        column.direction,
        column.reading.plain,
        metric=column.name,
    )


def _spread_name(rows: list[HeadlineRow]) -> str:
    shown = [row.cells["spread"].text for row in rows if row.cells["spread"].text]
    intervals = sum(text.startswith("[") for text in shown)
    if not intervals:
        return "each seed"
    return "95 % interval" if intervals == len(shown) else "interval or seeds"


def cells_of(table: Table, choice: Choice) -> dict[Key, dict[str, Cell]]:
    """Return the cells of every row, by its key."""
    found: dict[Key, dict[str, Cell]] = {row.key: {} for row in table.rows}
    for role in ("primary", "second", "third"):
        column: MetricColumn | None = getattr(choice, role)
        if column is not None:
            decimals = decimals_of(table, column)
            for row in table.rows:
                found[row.key] |= _metric_cells(role, row, row.summary(column.name), decimals)
    for row in table.rows:
        found[row.key] |= _cost_cells(row)
        found[row.key]["n"] = _count(row)
        found[row.key]["remark"] = Cell(remark(row))
    return found


def decimals_of(table: Table, column: MetricColumn) -> Decimals:
    """How a metric's column writes its numbers: by the trained rows, where there are any."""
    rows = table.gans or table.rows
    summaries = [row.summary(column.name) for row in rows]
    if not any(summary.values for summary in summaries):
        summaries = [row.summary(column.name) for row in table.rows]
    medians = [summary.median for summary in summaries if summary.median is not None]
    every = [value for row in table.rows for value in row.summary(column.name).values]
    return Decimals.of(medians, every)


def _metric_cells(
    role: str, row: TableRow, summary: Summary, decimals: Decimals
) -> dict[str, Cell]:
    value = summary.median
    if value is not None and math.isfinite(value):
        text = decimals.text(value)
    else:  # a metric that gave no number is no failed training
        text = "failed" if row.row.failed else UNKNOWN
    cells = {role: Cell(text, value=value)}
    if role == "primary":
        full, short = spread(summary, decimals)
        cells["spread"] = Cell(full, short)
    return cells


def _cost_cells(row: TableRow) -> dict[str, Cell]:
    """Speed, seconds of training and peak memory; baselines have none."""
    found = {"speed": Cell(), "train_seconds": Cell(), "peak_mib": Cell()}
    if row.is_baseline:
        return found
    values = {
        key: row.summary(name).median
        for key, name in (("speed", SPEED), ("train_seconds", TRAIN_SECONDS), ("peak_mib", PEAK))
    }
    if (per_second := values["speed"]) is not None:
        found["speed"] = Cell(speed(per_second, row.is_doubtful), value=per_second)
    if (seconds := values["train_seconds"]) is not None:
        found["train_seconds"] = Cell(speed(seconds, False), value=seconds)
    if (mib := values["peak_mib"]) is not None:
        found["peak_mib"] = Cell(f"{mib:,.0f}", value=mib)
    return found


def _count(row: TableRow) -> Cell:
    completed, failed = len(row.row.completed), len(row.row.failed)
    text = f"{completed}/{completed + failed}" if failed else str(completed)
    return Cell(text, value=float(completed))
