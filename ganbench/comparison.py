"""How one column of one row of B differs from A's, and in which word."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from ganbench.bootstrap import FEW_RUNS
from ganbench.columns import Column
from ganbench.comparability import apart
from ganbench.differences import (
    SIGNIFICANCE,
    Difference,
    holm,
    is_within_spread,
    paired,
    unpaired,
)
from ganbench.measured import Labels, Measured, Side

BETTER, WORSE, DIFFERENT = "better", "worse", "different"
ALIKE, FEW, APART = "not distinguishable", "too few runs", "not comparable"


@dataclass(frozen=True)
class Comparison:
    """One column of one row: B against A, over the seeds that both have where these are enough.

    `difference` is that of B - A, `points_a` and `points_b` the values it is made of, in the order
    of seeds, failures filled in. Where nothing could be compared there are none, and `reason` says
    why in one line. `p` is adjusted (Holm) for the rows of the column. `broken` is "A" or "B" where
    every run of that one failed, and not every run of the other.
    """

    row: Labels
    column: Column
    word: str
    reason: str = ""
    note: str = ""
    points_a: tuple[float, ...] = ()
    points_b: tuple[float, ...] = ()
    is_paired: bool = False
    difference: Difference | None = None
    p: float | None = None
    broken: Literal["A", "B", ""] = ""

    @property
    def mean_a(self) -> float | None:
        """The baseline's mean; None without runs."""
        return _mean(self.points_a)

    @property
    def mean_b(self) -> float | None:
        """The new mean; None without runs."""
        return _mean(self.points_b)

    @property
    def relative(self) -> float | None:
        """The difference as a share of the baseline's size; None where there is none to divide."""
        change = self.difference.mean if self.difference else None
        return change / abs(self.mean_a) if change is not None and self.mean_a else None


def compared(one: tuple[Side, Measured], other: tuple[Side, Measured], number: int) -> Comparison:
    """B against A: over shared seeds by Student's paired test, or over all runs by Welch's.

    `number` is the column's, where its name is made in several ways on both sides.
    The word is that of too few runs until `with_words` has seen all rows of the column.
    """
    (side, a), (_, b) = one, other
    row, column = side.row, replace(a.column, number=number)
    if not a.values or not b.values:
        name: Literal["A", "B"] = "B" if a.values else "A"
        is_broken = bool(a.values or b.values) and column.direction != "none"
        reason = f"no run of {name} has a value"
        return Comparison(row, column, APART, reason, broken=name if is_broken else "")
    shared = sorted(set(a.values) & set(b.values))
    is_paired = len(shared) > FEW_RUNS
    ours = {seed: a.values[seed] for seed in (shared if is_paired else sorted(a.values))}
    theirs = {seed: b.values[seed] for seed in (shared if is_paired else sorted(b.values))}
    points = tuple(ours.values()), tuple(theirs.values())
    direction = "lower" if column.direction == "none" else column.direction
    if is_paired:
        difference = paired(theirs, ours, direction)
    else:
        difference = unpaired(points[1], points[0], direction)
    if column.direction == "none":
        difference = replace(difference, improvement=None)
    return Comparison(row, column, FEW, "", _note(one, other), *points, is_paired, difference)


def not_compared(a: Side, b: Side, left: list[Measured], right: list[Measured]) -> Comparison:
    """A column that cannot be compared, with the reason; `left` and `right` have it, if any do."""
    column = (left or right)[0].column
    if left and right:
        return Comparison(a.row, column, APART, apart(column.made_from, right[0].column.made_from))
    empty = b if left else a
    name: Literal["A", "B"] = "B" if left else "A"
    if empty.completed:
        return Comparison(a.row, column, APART, f"{name} has no such column")
    if empty.missing or not empty.failed:
        return Comparison(a.row, column, APART, f"{name} has no completed run yet")
    return Comparison(a.row, column, APART, f"every run of {name} failed", broken=name)


def _note(*both: tuple[Side, Measured]) -> str:
    """What a reader has to know beside the numbers."""
    notes = []
    if both[0][1].sources != both[1][1].sources:
        notes.append("the metric's sources differ at the same version")
    for name, (side, item) in zip("AB", both, strict=True):
        has_failures = not item.column.is_cost and item.column.direction != "none"
        runs = side.completed + (side.failed if has_failures else 0)
        if len(item.values) < runs:
            notes.append(f"{name} has a value of {len(item.values)} of {runs} runs")
    return "; ".join(notes)


def with_words(comparisons: list[Comparison]) -> list[Comparison]:
    """Judge every difference, its p-value adjusted for the rows of its column and data set."""
    families: dict[tuple[str, str], list[int]] = {}
    for place, item in enumerate(comparisons):
        families.setdefault((item.row.dataset, item.column.name), []).append(place)
    judged = list(comparisons)
    for places in families.values():
        members = [comparisons[place] for place in places]
        adjusted = holm([item.difference.p if item.difference else None for item in members])
        for place, item, p in zip(places, members, adjusted, strict=True):
            judged[place] = replace(item, p=p, word=_word(item, p))
    return judged


def _word(item: Comparison, p: float | None) -> str:
    if item.difference is None or item.difference.mean is None or p is None:
        return item.word
    if p >= SIGNIFICANCE:
        return ALIKE
    if item.column.is_cost and is_within_spread(item.points_a, item.points_b):
        return ALIKE
    if item.column.direction == "none":
        return DIFFERENT
    return WORSE if (item.difference.mean > 0) == (item.column.direction == "lower") else BETTER


def _mean(points: tuple[float, ...]) -> float | None:
    return sum(points) / len(points) if points else None
