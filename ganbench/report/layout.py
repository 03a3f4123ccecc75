"""Which columns of a headline fit a width, and the grid that shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ganbench.headline.headline import Column, Headline, HeadlineRow
from ganbench.headline.identity import shorten
from ganbench.headline.numbers import aligned
from ganbench.report import drawn
from ganbench.report.grid import GAP, Grid, GridCell, GridRow, Heading

ARROWS = {"higher": " ↑", "lower": " ↓", "none": ""}
NARROWEST_NAME = 6
FEWEST_COLUMNS = 40  # below this width a row takes two lines
_ONLY_IF_ALL_FIT = ("train_seconds", "peak_mib")
_COSTS = ("speed", "n", *_ONLY_IF_ALL_FIT)
Write = Callable[[str], str]  # makes a text fit the output's characters


@dataclass(frozen=True)
class Texts:
    """The texts of one column: its heading and a cell for each row.

    Only the first `counted` rows need room: names of reference rows run over all name columns.
    """

    column: Column
    heading: str
    cells: list[str]
    counted: int

    @property
    def width(self) -> int:
        """The widest text in characters."""
        return max(len(self.heading), *map(len, self.cells[: self.counted]), 0)


def fitting(headline: Headline, width: int, write: Write = str) -> Grid:
    """Return the grid of the columns that fit a width; columns give way by priority.

    A column that does not fit leaves its room to the next one. Where names and values alone do not
    fit, the widest name loses characters.
    """
    kept = [
        texts
        for column in headline.columns
        if _is_kept(column)
        for texts in [texts_of(headline, column, write)]
    ]
    kept = _shortened(kept, headline, width, write)
    room = width - _used(kept, headline)
    has_left_out = False
    for column in sorted(headline.columns, key=lambda column: column.priority):
        if _is_kept(column) or (has_left_out and column.role in _ONLY_IF_ALL_FIT):
            continue
        choice = _that_fits(headline, column, room, write)
        if choice is None:
            has_left_out = has_left_out or column.role != "drawn" or bool(drawn.axis(headline))
        else:
            kept.append(choice)
            room -= _needed(choice)
    kept = [_widened(texts, headline, room, write) for texts in kept]
    order = {column.key: place for place, column in enumerate(headline.columns)}
    return grid_of(headline, sorted(kept, key=lambda texts: order[texts.column.key]))


def _is_kept(column: Column) -> bool:
    """Whether every width shows a column: names, values and the marks that sentences refer to."""
    return column.priority == 0 or column.role == "mark"


def grid_of(headline: Headline, texts: list[Texts]) -> Grid:
    """Return the grid of these columns, with a rule before each group of rows."""
    rows: list[GridRow] = []
    group = "ranked"
    for place, row in enumerate(headline.rows):
        if row.group != group:
            group = row.group
            if rule := _rule(headline, row):
                rows.append(GridRow(rule=rule))
        rows.append(GridRow(_cells(row, texts, place)))
    headings = [Heading(item.heading, item.column.is_number) for item in texts]
    identity = sum(item.column.role in ("mark", "identity") for item in texts)
    return Grid("", headings, rows, identity)


def texts_of(headline: Headline, column: Column, write: Write = str, short: bool = False) -> Texts:
    """Return the texts of a column; `short` takes the shorter form of each cell that has one."""
    cells = []
    for row in headline.rows:
        if column.role == "mark":
            cells.append(row.sign)
        elif column.role == "identity":
            place = [item.key for item in headline.identity].index(column.key)
            cells.append(row.identity[place])
        else:
            cell = row.cells[column.key]
            cells.append(cell.short if short and cell.short else cell.text)
    cells = [write(text) for text in cells]
    if column.is_number:
        cells = aligned(cells)
    trained = sum(row.group != "scale" for row in headline.rows)
    counted = trained if column.role == "identity" else len(cells)
    arrow = "" if column.role in _COSTS else ARROWS[column.direction]
    return Texts(column, write(column.name + arrow), cells, counted)


def _rule(headline: Headline, row: HeadlineRow) -> str:
    return headline.unranked if row.group == "unranked" else "for scale"


def _cells(row: HeadlineRow, texts: list[Texts], place: int) -> list[GridCell]:
    cells = [_cell(row, item, place) for item in texts]
    if row.group == "scale":
        names = [at for at, item in enumerate(texts) if item.column.role == "identity"]
        cells[names[0]] = replace(cells[names[0]], span=len(names))
    return cells


def _cell(row: HeadlineRow, texts: Texts, place: int) -> GridCell:
    text, role = texts.cells[place], texts.column.role
    if row.group == "scale":
        return GridCell(text, "dim")
    if texts.column.key == "backend":
        return GridCell(text, f"backend:{row.backend}")
    if role in ("mark", "primary", "spread", "drawn") and row.mark in ("best", "tied"):
        return GridCell(text, "best" if row.mark == "best" and role != "spread" else "tied")
    return GridCell(text, "dim" if role in ("spread", "drawn") else "")


def _used(kept: list[Texts], headline: Headline) -> int:
    """Characters that these columns take, with the indent."""
    names = [texts for texts in kept if texts.column.role == "identity"]
    longest = max((len(row.identity[0]) for row in headline.group("scale")), default=0)
    lacking = longest + len(GAP) - sum(map(_needed, names))
    return 1 + sum(map(_needed, kept)) - len(GAP) + max(0, lacking)


def _needed(texts: Texts) -> int:
    return texts.width + len(GAP)


def _that_fits(headline: Headline, column: Column, room: int, write: Write) -> Texts | None:
    if column.role == "drawn":
        return _drawn(headline, column, drawn.NARROWEST, write, room)
    full = texts_of(headline, column, write)
    if _needed(full) <= room:
        return full
    if column.role == "spread":
        short = texts_of(headline, column, write, short=True)
        return short if _needed(short) <= room else None
    return None


def _drawn(headline: Headline, column: Column, width: int, write: Write, room: int) -> Texts | None:
    own = drawn.axis(headline)
    if own is None or width + len(GAP) > room:
        return None
    cells = [write(drawn.draw(row, own, width)) for row in headline.rows]
    return Texts(column, write(drawn.heading(own, width)), cells, len(cells))


def _widened(texts: Texts, headline: Headline, room: int, write: Write) -> Texts:
    """A drawing takes what room is left, up to its greatest width."""
    if texts.column.role != "drawn":
        return texts
    width = min(drawn.WIDEST, drawn.NARROWEST + room)
    return _drawn(headline, texts.column, width, write, width + len(GAP)) or texts


def _shortened(kept: list[Texts], headline: Headline, width: int, write: Write) -> list[Texts]:
    """Cut the widest name, again and again, until the columns fit or no name can be cut."""
    while (excess := _used(kept, headline) - width) > 0:
        names = [
            place
            for place, texts in enumerate(kept)
            if texts.column.role == "identity" and texts.width > NARROWEST_NAME
        ]
        if not names:
            break
        widest = max(names, key=lambda place: kept[place].width)
        texts = kept[widest]
        others = [kept[place].width for place in names if place != widest]
        second = min(max(others, default=0), texts.width - 1)
        target = max(NARROWEST_NAME, texts.width - excess, second)
        cells = [
            *shorten(texts.cells[: texts.counted], target, write("…")),
            *texts.cells[texts.counted :],
        ]
        kept[widest] = replace(
            texts, heading=shorten([texts.heading], target, write("…"))[0], cells=cells
        )
    return kept
