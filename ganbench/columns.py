"""The columns of metrics in a table: values of one name share one only if they compare."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ganbench.comparability import apart, canonical, quality_key
from ganbench.contracts import Direction
from ganbench.record import Record


@dataclass(frozen=True)
class Column:
    """A metric's column: its direction, whether it is shown, and what it was made with."""

    base: str  # as the metric calls it
    space: str  # the extractor's name, or ""
    number: int  # 1, or more where values of this name were made in ways that do not compare
    direction: Direction
    is_beside: bool
    metric: str  # name, version and options, for a caption
    made_with: str  # feature space, sample count and reference, for a caption

    @property
    def name(self) -> str:
        """What the column is called where there is one table for all feature spaces."""
        return with_space(self.base, self.space) + self._mark

    @property
    def short_name(self) -> str:
        """What it is called in the table of its feature space."""
        return self.base + self._mark

    @property
    def _mark(self) -> str:
        return f"#{self.number}" if self.number > 1 else ""


class Columns:
    """Every column that these records have values for, in the order of scoring."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._columns: dict[tuple[str, str], Column] = {}
        self._keys: dict[str, list[dict[str, Any]]] = {}  # by name, of columns of that name
        for record in records:
            for score in record.scores:
                self._add(record, score)

    def __iter__(self) -> Any:
        return iter(self._columns.values())

    def values(self, record: Record) -> dict[str, float | None]:
        """A record's values by column; a column that it was not scored on is absent."""
        return {
            self.of(record, score, name).name: value
            for score in record.scores
            for name, value in score["values"].items()
        }

    def of(self, record: Record, score: dict[str, Any], name: str) -> Column:
        """The column of a value that one of the record's scores calls by this name."""
        return self._columns[name, canonical(quality_key(record, score))]

    def _add(self, record: Record, score: dict[str, Any]) -> None:
        key = quality_key(record, score)
        space = score["extractor"] or ""
        for name, direction in score["directions"].items():
            if (name, canonical(key)) in self._columns:
                continue
            rivals = self._keys.setdefault(name, [])
            metric = _metric(score)
            if rivals:
                metric += f" (not compared with {name}: {apart(key, rivals[0])})"
            rivals.append(key)
            self._columns[name, canonical(key)] = Column(
                base=name.removesuffix(f"-{space}") if space else name,
                space=space,
                number=len(rivals),
                direction=direction,
                is_beside=name in score["beside"],
                metric=metric,
                made_with=_made_with(score),
            )


def with_space(base: str, space: str) -> str:
    """A column's name with that of its feature space, if it has one."""
    return f"{base}-{space}" if space else base


def _metric(score: dict[str, Any]) -> str:
    options = "".join(f", {name}={value}" for name, value in score["options"].items())
    return f"{score['metric']} version {score['version']}{options}"


def _made_with(score: dict[str, Any]) -> str:
    reference = score["reference"]
    space = f"features {score['extractor_id']}, " if score["extractor_id"] else ""
    return (
        f"{space}{score['n']:,} samples against {reference['n']:,} of the "
        f"{reference['split']} split"
    )
