"""The metrics' columns that pictures are drawn of, and the runs that have no value in them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ganbench.comparability import canonical
from ganbench.contracts import Direction
from ganbench.plot_data import Row, Section
from ganbench.record import Record

# All that a score says of how it was made. Older records lack some of it, which is a way, too.
_MADE = ("metric", "options", "version", "n", "reference")
_SEEN = ("extractor_id", "weights_sha256", "preprocessing")


@dataclass(frozen=True)
class Column:
    """A metric's column with a better and a worse, as one way of scoring gives it."""

    name: str  # as a table names it: `fd-pixels`, and `fd-pixels#2` if made in another way
    key: str  # its name in the scores
    own: str  # without the feature space: `fd`
    space: str  # the extractor, or ""
    direction: Direction
    identity: str

    @property
    def title(self) -> str:
        """The column in words: `fd on pixels, lower is better`."""
        return f"{self.words}, {self.direction} is better"

    @property
    def words(self) -> str:
        """The column in words, without its direction."""
        _, mark, number = self.name.partition("#")
        return f"{self.own} on {self.space}{mark}{number}" if self.space else self.name

    def score(self, record: Record) -> dict[str, Any] | None:
        """The score of a record that has this column, or None."""
        for score in record.scores:
            if self.key in score["directions"] and _identity(score) == self.identity:
                return score
        return None

    def value(self, record: Record) -> float:
        """The value at the end of the budget; NaN where there is none."""
        score = self.score(record)
        value = score["values"][self.key] if score else None
        return math.nan if value is None else value

    def floor(self, records: Iterable[Record]) -> float | None:
        """What real samples in such a number get; None where the metric does not say."""
        name = f"{self.own}-floor-{self.space}" if self.space else f"{self.own}-floor"
        scores = (self.score(record) for record in records)
        floors = [score["values"].get(name) for score in scores if score]
        known = [value for value in floors if value is not None]
        return sum(known) / len(known) if known else None


def columns(section: Section) -> list[Column]:
    """Columns with a better and a worse that a table shows, in the order of scoring."""
    found: dict[tuple[str, str], Column] = {}
    for row in section.rows:
        for record in row.completed:
            for score in record.scores:
                identity = _identity(score)
                for key, direction in sorted(score["directions"].items()):
                    known = direction == "none" or key in score["beside"]
                    if known or (key, identity) in found:
                        continue
                    number = 1 + sum(name == key for name, _ in found)
                    space = score["extractor"] or ""
                    found[key, identity] = Column(
                        key if number == 1 else f"{key}#{number}",
                        key,
                        key.removesuffix(f"-{space}"),
                        space,
                        direction,
                        identity,
                    )
    return list(found.values())


def notes(rows: Iterable[Row], column: Column, failures: str) -> list[str]:
    """One line each on the runs that have no value; `failures` says what became of the failed."""
    failed, missing, lacking = [], [], []
    for row in rows:
        for status in sorted({record.status for record in row.failed}):
            number = sum(record.status == status for record in row.failed)
            failed.append(f"{row.label}: {number} {status} of {row.planned}")
        if row.missing:
            missing.append(f"{row.label} {row.missing} of {row.planned}")
        absent = sum(math.isnan(column.value(record)) for record in row.completed)
        if absent:
            lacking.append(f"{row.label} {absent} of {len(row.completed)}")
    lines = ((failures, failed), ("Not run yet", missing), ("Completed without a value", lacking))
    return [f"{words}: {'; '.join(items)}." for words, items in lines if items]


def _identity(score: dict[str, Any]) -> str:
    return canonical({name: score.get(name) for name in (*_MADE, *_SEEN)})
