"""The columns of metrics: values of one name share one only if they compare."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ganbench.comparability import apart, canonical, quality_key
from ganbench.contracts import Direction, Reading
from ganbench.record import Record

NO_READING = Reading("")  # of costs, and of scores without readings


@dataclass(frozen=True)
class Column:
    """A metric's or a cost's column: its direction, whether it is shown, what it compares with."""

    key: str  # its name in the scores: `fd-pixels`
    space: str  # the extractor's name, or ""
    direction: Direction
    is_beside: bool
    made_from: dict[str, Any] = field(hash=False)  # see `comparability`
    reading: Reading = NO_READING
    is_cost: bool = False
    number: int = 1  # more where values of this name were made in ways that do not compare
    apart: str = ""  # how this way differs from that of number 1

    @property
    def name(self) -> str:
        """What the column is called where there is one table for all feature spaces."""
        return self.key + self._mark

    @property
    def base(self) -> str:
        """What the metric itself calls it, without the feature space."""
        return self.key.removesuffix(f"-{self.space}") if self.space else self.key

    @property
    def short_name(self) -> str:
        """What it is called in the table of its feature space."""
        return self.base + self._mark

    @property
    def words(self) -> str:
        """The column in words: `fd on pixels`."""
        return f"{self.base} on {self.space}{self._mark}" if self.space else self.name

    @property
    def title(self) -> str:
        """The column in words with its direction: `fd on pixels, lower is better`."""
        return f"{self.words}, {self.direction} is better"

    @property
    def identity(self) -> str:
        """Text that is the same for values that compare."""
        return canonical(self.made_from)

    @property
    def metric(self) -> str:
        """A metric's name, version and options, for a caption."""
        made = self.made_from
        options = "".join(f", {name}={value}" for name, value in made["options"].items())
        text = f"{made['metric']} version {made['version']}{options}"
        return text + (f" (not compared with {self.key}: {self.apart})" if self._mark else "")

    @property
    def made_with(self) -> str:
        """A metric's feature space, sample count and reference, for a caption."""
        made = self.made_from
        space = f"features {made['extractor_id']}, " if made["extractor_id"] else ""
        return (
            f"{space}{made['n']:,} samples against {made['reference n']:,} of the "
            f"{made['reference split']} split"
        )

    @property
    def _mark(self) -> str:
        return f"#{self.number}" if self.number > 1 else ""

    def score(self, record: Record) -> dict[str, Any] | None:
        """The score of a record that has this column, or None."""
        for score in record.scores:
            is_own = self.key in score["directions"]
            if is_own and canonical(quality_key(record, score)) == self.identity:
                return score
        return None

    def value(self, record: Record) -> float:
        """The value at the end of the budget; NaN where there is none."""
        score = self.score(record)
        value = score["values"][self.key] if score else None
        return math.nan if value is None else value

    def floor(self, records: Iterable[Record]) -> float | None:
        """What real samples in such a number get; None where the metric does not say."""
        name = f"{self.base}-floor-{self.space}" if self.space else f"{self.base}-floor"
        scores = (self.score(record) for record in records)
        floors = [score["values"].get(name) for score in scores if score]
        known = [value for value in floors if value is not None]
        return sum(known) / len(known) if known else None


class Columns:
    """Every column that these records have values for, in the order of scoring."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._columns: dict[tuple[str, str], Column] = {}
        self._records = list(records)  # held, so that no other score can have the id of one of them
        self._identities: dict[int, str] = {}
        for record in self._records:
            for score in record.scores:
                identity = canonical(quality_key(record, score))
                self._identities[id(score)] = identity
                for name in score["directions"]:
                    if (name, identity) not in self._columns:
                        self._add(of_score(record, score, name))

    def __iter__(self) -> Iterator[Column]:
        return iter(self._columns.values())

    def values(self, record: Record) -> dict[str, float | None]:
        """A record's values by column; a column that it was not scored on is absent."""
        found: dict[str, float | None] = {}
        for score in record.scores:
            identity = self._identity(record, score)
            for name, value in score["values"].items():
                found[self._columns[name, identity].name] = value
        return found

    def of(self, record: Record, score: dict[str, Any], name: str) -> Column:
        """The column of a value that one of the record's scores calls by this name."""
        return self._columns[name, self._identity(record, score)]

    def _identity(self, record: Record, score: dict[str, Any]) -> str:
        return self._identities.get(id(score)) or canonical(quality_key(record, score))

    def _add(self, column: Column) -> None:
        place = column.key, column.identity
        rivals = [known for known in self if known.key == column.key]
        if rivals:
            reason = apart(column.made_from, rivals[0].made_from)
            column = replace(column, number=1 + len(rivals), apart=reason)
        self._columns[place] = column


def of_score(record: Record, score: dict[str, Any], name: str) -> Column:
    """The column of a value that one of the record's scores calls by this name, as number 1."""
    return Column(
        key=name,
        space=score["extractor"] or "",
        direction=score["directions"][name],
        is_beside=name in score["beside"],
        made_from=quality_key(record, score),
        reading=Reading(**score.get("readings", {}).get(name, {"plain": ""})),
    )
