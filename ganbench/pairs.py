"""Every two rows of a table against each other on one column."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

from ganbench import sections
from ganbench.cells import UNKNOWN, Cell, number
from ganbench.columns import Column, Columns
from ganbench.contracts import Direction
from ganbench.differences import Difference, paired
from ganbench.errors import ConfigError, UnknownName
from ganbench.marks import SIGNIFICANCE, holm
from ganbench.ranking import badness, fill_failures
from ganbench.record import Record
from ganbench.rows import Key
from ganbench.specification import Trial
from ganbench.table_views import View

HEADINGS = ["row", "against", "seeds", "difference", "P(better)", "p", ""]
CAPTION = (
    "difference: of the means over shared seeds, with its 95 % interval (Student's paired t; a "
    "failed trial counts as the worst value). P(better): probability that a run of the first row "
    "is better than one of the second. p: adjusted for all pairs of the table (Holm)."
)


@dataclass(frozen=True)
class Pair:
    """Two rows, the one of the better mean first."""

    row: Key
    against: Key
    difference: Difference
    p: float | None  # adjusted

    @property
    def verdict(self) -> str:
        """What the seeds support."""
        if self.p is None:
            return "too few seeds"
        return "better" if self.p < SIGNIFICANCE else "not distinguishable"


def compare(trials: list[Trial], records: list[Record], name: str) -> dict[str, list[Pair]]:
    """The pairs of rows of every data set and budget that have the column `name`.

    Baselines are left out. Raises UnknownName for a column that is not there and ConfigError for
    one without a better direction.
    """
    columns = Columns(records)
    column = _column(columns, name)
    found = {}
    for section in sections.group(trials, records, ()):
        rows = [row.with_values(columns.values) for row in section.gans]
        values = {row.key: row.of(name) for row in rows if row.of(name)}
        if values:
            place = f"{section.dataset}, budget {section.budget}"
            found[place] = _pairs(values, column.direction)
    return found


def views(pairs: dict[str, list[Pair]], name: str) -> list[View]:
    """One table for each data set and budget."""
    return [
        View(f"{name} on {place}", HEADINGS, list(map(_cells, rows)))
        for place, rows in pairs.items()
    ]


def to_json(pairs: dict[str, list[Pair]]) -> str:
    """Everything, unrounded."""
    rows = [
        {"place": place, **asdict(pair), "verdict": pair.verdict}
        for place, found in pairs.items()
        for pair in found
    ]
    return json.dumps(rows, indent=1, allow_nan=False) + "\n"


def _column(columns: Iterable[Column], name: str) -> Column:
    known = {column.name: column for column in columns}
    if name not in known:
        raise UnknownName("column", name, known)
    if known[name].direction == "none":
        raise ConfigError(f"column {name!r} has no better direction, so no row is better by it")
    return known[name]


def _pairs(values: dict[Key, dict[int, float]], direction: Direction) -> list[Pair]:
    filled = dict(zip(values, fill_failures(list(values.values()), direction), strict=True))
    known = {key: row for key, row in filled.items() if row}

    def standing(key: Key) -> float:
        return float(badness([sum(known[key].values()) / len(known[key])], direction)[0])

    order = sorted(known, key=standing)
    found = [(a, b, paired(known[a], known[b], direction)) for a, b in combinations(order, 2)]
    adjusted = holm([difference.p for _, _, difference in found])
    return [Pair(a, b, d, p) for (a, b, d), p in zip(found, adjusted, strict=True)]


def _cells(pair: Pair) -> list[Cell]:
    difference = pair.difference
    texts: list[Any] = [" ".join(pair.row), " ".join(pair.against), str(difference.n)]
    mean = UNKNOWN if difference.mean is None else number(difference.mean)
    if difference.low is not None and difference.high is not None:
        mean += f" [{number(difference.low)}, {number(difference.high)}]"
    better = UNKNOWN if difference.improvement is None else f"{difference.improvement:.2f}"
    texts += [mean, better, UNKNOWN if pair.p is None else f"{pair.p:.2g}", pair.verdict]
    return [Cell(text) for text in texts]
