"""Two folders of results row by row: which rows and columns of B meet which of A."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ganbench.comparison import Comparison, compared, not_compared, with_words
from ganbench.errors import NothingMatched
from ganbench.measured import Measured, Side, with_failures_filled


@dataclass(frozen=True)
class Pair:
    """A row that both folders have, with all its columns."""

    a: Side
    b: Side
    comparisons: list[Comparison]

    @property
    def has_new_failures(self) -> bool:
        """Whether a larger share of the runs failed than before."""
        return (self.b.failure_rate or 0.0) > (self.a.failure_rate or 0.0)


@dataclass(frozen=True)
class Report:
    """All that two folders have in common, and the rows that only one of them has."""

    pairs: list[Pair]
    only_a: list[Side]
    only_b: list[Side]

    @property
    def comparisons(self) -> list[Comparison]:
        """Those of all rows."""
        return [item for pair in self.pairs for item in pair.comparisons]


def compare(a: list[Side], b: list[Side]) -> Report:
    """Compare the rows of a new folder, B, with those of the baseline, A.

    Raises NothingMatched where they have no row in common.
    """
    one, other = with_failures_filled(a, b)
    matched = list(_matched(one, other))
    if not matched:
        raise NothingMatched(
            "the two folders have no row in common: backend, model, loss and data set have to be "
            "the same; `ganbench table DIR` shows what each has"
        )
    pairs = [Pair(left, right, list(_columns(left, right))) for left, right in matched]
    words = iter(with_words([item for pair in pairs for item in pair.comparisons]))
    pairs = [replace(pair, comparisons=[next(words) for _ in pair.comparisons]) for pair in pairs]
    return Report(
        pairs,
        [side for side in one if all(side is not pair.a for pair in pairs)],
        [side for side in other if all(side is not pair.b for pair in pairs)],
    )


def _matched(a: list[Side], b: list[Side]) -> Iterator[tuple[Side, Side]]:
    """Sides of the same row: those of one setting, then the two that are left if only two are."""
    for row in dict.fromkeys(side.row for side in a):
        left = {side.setting: side for side in a if side.row == row}
        right = {side.setting: side for side in b if side.row == row}
        for setting in [setting for setting in left if setting in right]:
            yield left.pop(setting), right.pop(setting)
        if len(left) == len(right) == 1:
            yield left.popitem()[1], right.popitem()[1]


def _columns(a: Side, b: Side) -> Iterator[Comparison]:
    """Every column that either side has, in the order of A's."""
    ours, theirs = _by_name(a), _by_name(b)
    for name in dict.fromkeys([*ours, *theirs]):
        left, right = ours.get(name, {}), theirs.get(name, {})
        common = [key for key in left if key in right]
        for number, key in enumerate(common, 1):
            yield compared((a, left[key]), (b, right[key]), number)
        if not common:
            yield not_compared(a, b, [*left.values()], [*right.values()])


def _by_name(side: Side) -> dict[str, dict[str, Measured]]:
    found: dict[str, dict[str, Measured]] = {}
    for item in side.measured:
        name, key = item.place
        found.setdefault(name, {})[key] = item
    return found
