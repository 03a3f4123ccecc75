"""Make the headline of a table: choose columns, rank and name rows, write cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ganbench.analysis.marks import compare
from ganbench.analysis.table import Table, TableRow
from ganbench.headline import sentences
from ganbench.headline.cells import cells_of, columns_of
from ganbench.headline.headline import Cell, Group, Headline, HeadlineRow
from ganbench.headline.identity import Names, name
from ganbench.headline.order import in_order
from ganbench.headline.primary import Choice, choose
from ganbench.headline.title import seeds_each, title
from ganbench.rows import Key
from ganbench.stats.best import FEWEST_RUNS, Mark, Marks


def build(table: Table, wanted: Sequence[str] = ()) -> Headline:
    """Make the headline of a table. `wanted` is the benchmark file's key `headline`."""
    choice = choose(table, wanted)
    names = name([row.key for row in table.gans])
    marks = compare(table, choice.primary) if choice.primary else None
    rows = _rows(table, choice, names, marks)
    columns = columns_of(table, choice, names, rows)
    rows = in_order(rows, choice.primary)
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


# --------------------------------------------------------------------------- rows


def _rows(table: Table, choice: Choice, names: Names, marks: Marks | None) -> list[HeadlineRow]:
    cells = cells_of(table, choice)
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
