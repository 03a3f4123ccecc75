"""The order of rows: best first within each group, or by a column that the user names."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import median

from ganbench.columns import Column as MetricColumn
from ganbench.errors import UnknownName
from ganbench.headline.headline import Column, Group, Headline, HeadlineRow

SortKey = Callable[[HeadlineRow], tuple[bool, float, str]]
_UNSORTED = ("mark", "spread", "drawn", "remark")  # columns that rows are not sorted by


def in_order(rows: Sequence[HeadlineRow], primary: MetricColumn | None) -> list[HeadlineRow]:
    """Return ranked rows best first, then the GANs that are not ranked, then baselines.

    GANs that are not ranked are ordered by their median over backends, backends next to each other.
    """
    groups = _grouped(rows)
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
    return [row for own in groups.values() for row in own]


def sort(headlines: Sequence[Headline], name: str) -> list[Headline]:
    """Sort rows by a column within the ranked and the unranked group of each headline.

    Best first where a direction is known, else the largest first; texts by the alphabet. A headline
    that lacks the column keeps its order. Raises UnknownName where no headline has it.
    """
    known = dict.fromkeys(
        text for headline in headlines for column in _sortable(headline) for text in _names(column)
    )
    if name not in known:
        shown = dict.fromkeys(
            column.name for headline in headlines for column in _sortable(headline)
        )
        raise UnknownName("column", name, shown, "--sort", also=set(known))
    return [_sorted(headline, name) for headline in headlines]


def _sorted(headline: Headline, name: str) -> Headline:
    columns = [column for column in _sortable(headline) if name in _names(column)]
    if not columns:
        return headline
    groups = _grouped(headline.rows)
    key = _key(headline, columns[0])
    groups["ranked"].sort(key=key)
    groups["unranked"].sort(key=key)
    return replace(headline, rows=[row for own in groups.values() for row in own])


def _sortable(headline: Headline) -> list[Column]:
    return [column for column in headline.columns if column.role not in _UNSORTED]


def _names(column: Column) -> tuple[str, ...]:
    """What a user may call a column: its heading, or the full name of a metric's column."""
    return (column.name, column.metric) if column.metric else (column.name,)


def _key(headline: Headline, column: Column) -> SortKey:
    if column.role == "identity":
        place = [item.key for item in headline.identity].index(column.key)
        return lambda row: (False, 0.0, row.identity[place])

    def key(row: HeadlineRow) -> tuple[bool, float, str]:
        value = row.cells[column.key].value
        if value is None or math.isnan(value):
            return True, 0.0, ""
        return False, value if column.direction == "lower" else -value, ""

    return key


def _grouped(rows: Sequence[HeadlineRow]) -> dict[Group, list[HeadlineRow]]:
    groups: dict[Group, list[HeadlineRow]] = {"ranked": [], "unranked": [], "scale": []}
    for row in rows:
        groups[row.group].append(row)
    return groups


def _standing(row: HeadlineRow, sign: float) -> tuple[bool, float]:
    """What a row sorts by, lower is better; a row without a median stands behind failed ones."""
    value = row.summary.median if row.summary else None
    return (True, math.inf) if value is None else (False, sign * value)
