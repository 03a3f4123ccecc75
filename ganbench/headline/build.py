"""Make the headline of a table: choose columns, rank and name rows, write cells."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from statistics import median

from ganbench.analysis.table import Table, TableRow
from ganbench.columns import Column as MetricColumn
from ganbench.errors import UnknownName
from ganbench.headline import sentences
from ganbench.headline.headline import Cell, Column, Group, Headline, HeadlineRow
from ganbench.headline.identity import Names, name
from ganbench.headline.numbers import UNKNOWN, Decimals, speed, spread
from ganbench.headline.primary import Choice, choose
from ganbench.headline.remarks import remark
from ganbench.headline.title import seeds_each, title
from ganbench.rows import Key
from ganbench.stats.best import FEWEST_RUNS, Candidate, Mark, Marks, mark
from ganbench.stats.summary import FEWEST_FOR_AN_INTERVAL, Summary

SPEED, TRAIN_SECONDS, PEAK = "images_per_second", "train_seconds", "peak_memory_mib"
SortKey = Callable[[HeadlineRow], tuple[bool, float, str]]
_UNSORTED = ("mark", "spread", "drawn", "remark")  # columns that rows are not sorted by
_POINT_METRICS = {"reverse-kl", "modes", "sliced-w2", "radius"}  # of records without a kind


def build(table: Table, wanted: Sequence[str] = (), sort: str | None = None) -> Headline:
    """Make the headline of a table.

    `wanted` are the columns of the benchmark file's key `headline`; `sort` names a column that
    orders rows within the ranked and the unranked group. Raises UnknownName for a column that is
    not there.
    """
    choice = choose(table, wanted)
    names = name([row.key for row in table.gans])
    marks = _marks(table, choice.primary)
    rows = _rows(table, choice, names, marks)
    columns = _columns(table, choice, names, rows)
    rows = _ordered(rows, _sort_key(columns, sort), choice.primary)
    headline = Headline(
        title(table, names),
        names.shared,
        columns,
        rows,
        _unranked(rows),
        [],
        sentences.detectable(marks, rows),
        marks.scale if marks else None,
        choice.primary,
        table,
    )
    return replace(headline, sentences=sentences.closing(headline))


def is_of_points(table: Table) -> bool:
    """Whether the samples are points."""
    for record in table.records:
        kind = record.training.get("sample_kind")
        if kind:
            return bool(kind == "points")
    return any(column.base in _POINT_METRICS for column in table.columns)


# --------------------------------------------------------------------------- rows


def _marks(table: Table, primary: MetricColumn | None) -> Marks | None:
    """Compare the trained rows by the primary column."""
    if primary is None:
        return None
    candidates = [Candidate(row.summary(primary.name), row.troubled) for row in table.gans]
    reading = primary.reading
    samples = int(primary.made_from.get("n", 1))
    return mark(candidates, primary.direction, reading.scale, samples, reading.resolution)


def _rows(table: Table, choice: Choice, names: Names, marks: Marks | None) -> list[HeadlineRow]:
    cells = _cells(table, choice)
    found = []
    for place, row in enumerate(table.gans):
        own = marks.marks[place] if marks else None
        rank = marks.ranks[place] if marks else None
        group: Group = "ranked" if rank else "unranked"
        identity = names.of[row.key]
        found.append(_row(row, group, identity, names.columns, own, rank, cells, choice))
    for row in table.baselines:
        identity = (row.key[1], *[""] * (len(names.columns) - 1))
        found.append(_row(row, "scale", identity, names.columns, None, None, cells, choice))
    return found


def _row(
    row: TableRow,
    group: Group,
    identity: tuple[str, ...],
    columns: tuple[str, ...],
    own: Mark | None,
    rank: tuple[int, int] | None,
    cells: Mapping[Key, dict[str, Cell]],
    choice: Choice,
) -> HeadlineRow:
    parts = dict(zip(columns, identity, strict=True))
    gan = " ".join(text for column, text in parts.items() if column != "backend" and text)
    backend = parts.get("backend", "")
    known = f"{gan} on {backend}" if gan and backend else gan or backend
    summary = row.summary(choice.primary.name) if choice.primary else None
    return HeadlineRow(
        group, identity, gan or backend, known, own, rank, cells[row.key], summary, row
    )


def _ordered(
    rows: list[HeadlineRow], key: SortKey | None, primary: MetricColumn | None
) -> list[HeadlineRow]:
    """Ranked rows best first, then the GANs that are not ranked, then baselines."""
    groups: dict[Group, list[HeadlineRow]] = {
        group: [row for row in rows if row.group == group]
        for group in ("ranked", "unranked", "scale")
    }
    sign = -1.0 if primary is not None and primary.direction == "higher" else 1.0
    groups["ranked"].sort(key=lambda row: _standing(row, sign)[1])
    standing: dict[str, list[tuple[bool, float]]] = {}
    for row in groups["unranked"]:
        standing.setdefault(row.gan, []).append(_standing(row, sign))
    places = {
        gan: (all(absent for absent, _ in own), median(value for _, value in own), place)
        for place, (gan, own) in enumerate(standing.items())
    }
    groups["unranked"].sort(key=lambda row: places[row.gan])
    if key is not None:
        for group in ("ranked", "unranked"):
            groups[group].sort(key=key)
    return [row for own in groups.values() for row in own]


def _standing(row: HeadlineRow, sign: float) -> tuple[bool, float]:
    """What a row sorts by, lower is better; a row without a median stands behind failed ones."""
    value = row.summary.median if row.summary else None
    return (True, math.inf) if value is None else (False, sign * value)


def _sort_key(columns: list[Column], sort: str | None) -> SortKey | None:
    """What the user wants rows sorted by.

    Best first where a direction is known, else the largest first; texts by the alphabet.
    """
    if sort is None:
        return None
    sorting = [column for column in columns if column.role not in _UNSORTED]
    named = {column.name: column for column in sorting}
    if sort not in named:
        raise UnknownName("column of this table", sort, named, where="--sort")
    column = named[sort]
    if column.role == "identity":
        place = [item.key for item in columns if item.role == "identity"].index(column.key)
        return lambda row: (False, 0.0, row.identity[place])

    def key(row: HeadlineRow) -> tuple[bool, float, str]:
        value = row.cells[column.key].value
        if value is None or math.isnan(value):
            return True, 0.0, ""
        return False, value if column.direction == "lower" else -value, ""

    return key


def _unranked(rows: list[HeadlineRow]) -> str:
    """The heading of the rows that are not ranked."""
    unranked = [row for row in rows if row.group == "unranked"]
    if not unranked or all(row.summary is None for row in unranked):
        return ""
    has_problems = any(row.source.troubled for row in unranked)
    most = f"most trials failed{' or have problems' if has_problems else ''}"
    if all(row.mark == "failed" for row in unranked):
        return f"not ranked: {most}"
    completed = {len(row.source.row.completed) for row in unranked}
    if len(completed) == 1 and not any(row.mark == "failed" for row in unranked):
        return f"not ranked: {seeds_each(completed.pop())} each"
    return f"not ranked: fewer than {FEWEST_RUNS} completed trials, or {most}"


# --------------------------------------------------------------------------- columns and cells


def _columns(table: Table, choice: Choice, names: Names, rows: list[HeadlineRow]) -> list[Column]:
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
    )


def _spread_name(rows: list[HeadlineRow]) -> str:
    shown = [row.cells["spread"].text for row in rows if row.cells["spread"].text]
    intervals = sum(text.startswith("[") for text in shown)
    if not intervals:
        return "each seed"
    return "95 % interval" if intervals == len(shown) else "interval or seeds"


def _cells(table: Table, choice: Choice) -> dict[Key, dict[str, Cell]]:
    """The cells of every row, by its key."""
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
    if value is None:
        text = UNKNOWN if not row.row.failed else "failed"
    else:
        text = decimals.text(value) if math.isfinite(value) else "failed"
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


def has_interval(summary: Summary | None) -> bool:
    """Whether a row is drawn as an interval; rows of fewer trials are drawn as points."""
    return summary is not None and summary.count >= FEWEST_FOR_AN_INTERVAL
