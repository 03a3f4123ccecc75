"""The headline of a table: the one data structure that all formats read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ganbench.analysis.table import Table, TableRow
from ganbench.columns import Column as MetricColumn
from ganbench.contracts import Direction, Scale
from ganbench.stats.best import Mark
from ganbench.stats.summary import Summary

Role = Literal[
    "mark",
    "identity",
    "primary",
    "spread",
    "speed",
    "second",
    "n",
    "drawn",
    "third",
    "train_seconds",
    "peak_mib",
    "remark",
]
Group = Literal["ranked", "unranked", "scale"]
SIGNS: dict[Mark | None, str] = {"best": "*", "tied": "~"}  # all other marks are blank


@dataclass(frozen=True)
class Cell:
    """A cell as text.

    `short` is a shorter text for narrow places, or "". `value` is what the cell sorts by; None
    where there is no number.
    """

    text: str = ""
    short: str = ""
    value: float | None = None


@dataclass(frozen=True)
class Column:
    """A column of the headline.

    `key` names it in a row's cells, `name` is the heading without its arrow. `priority` decides
    which columns a narrow format shows: the lowest first.
    """

    key: str
    name: str
    role: Role
    priority: int
    direction: Direction = "none"
    plain: str = ""  # one sentence for a tooltip
    metric: str = ""  # the full name of a metric's column
    is_number: bool = True


@dataclass(frozen=True)
class HeadlineRow:
    """One row.

    `identity` has a text for each identity column, `gan` what was trained without the backend,
    `name` a text that no other row of the table has. `summary` is that of the primary column, None
    where the table has none.
    """

    group: Group
    identity: tuple[str, ...]
    gan: str
    name: str
    mark: Mark | None
    rank: tuple[int, int] | None
    cells: dict[str, Cell]
    summary: Summary | None
    source: TableRow = field(repr=False)

    @property
    def sign(self) -> str:
        """The mark as one character: `*`, `~` or blank."""
        return SIGNS.get(self.mark, "")

    @property
    def backend(self) -> str:
        """The label of the backend."""
        return self.source.key[0]


@dataclass(frozen=True)
class Headline:
    """Rows, columns and closing sentences of one table, in the order in which they are shown.

    `title` has what all rows have in common, `shared` the options that left the names. `unranked`
    is the heading of the rows that are not ranked. `detectable` says which differences the table
    can find, or "". `scale` is the one on which rows were compared, None without a primary column.
    """

    title: tuple[str, ...]
    shared: tuple[str, ...]
    columns: list[Column]
    rows: list[HeadlineRow]
    unranked: str
    sentences: list[str]
    detectable: str
    scale: Scale | None
    primary: MetricColumn | None
    table: Table = field(repr=False)

    def group(self, name: Group) -> list[HeadlineRow]:
        """The rows of a group, in order."""
        return [row for row in self.rows if row.group == name]

    def column(self, key: str) -> Column | None:
        """The column of this key, or None."""
        return next((column for column in self.columns if column.key == key), None)

    @property
    def metric(self) -> str:
        """The name of the primary column, or "" without one."""
        column = self.column("primary")
        return column.name if column else ""

    @property
    def identity(self) -> list[Column]:
        """The columns that name a row."""
        return [column for column in self.columns if column.role == "identity"]
