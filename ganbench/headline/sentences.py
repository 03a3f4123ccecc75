"""The closing sentences of a table: what can be concluded, at most four."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ganbench.headline.headline import Headline, HeadlineRow
from ganbench.headline.numbers import plain
from ganbench.headline.title import seeds_each
from ganbench.stats.best import FEWEST_RUNS, Marks

_NUMERALS = (
    *("No", "One", "Two", "Three", "Four", "Five", "Six"),
    *("Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve"),
)
_SEEDS_TO_RANK = 5
GAUSSIAN = "pixel-gaussian"
MOST = 4


def closing(headline: Headline) -> list[str]:
    """Return the closing sentences of a headline."""
    if not headline.rows:
        return ["No trial was planned."]
    if headline.primary is None:
        found = ["No metric ranks these rows."]
    else:
        found = [_conclusion(headline), *_scale(headline)]
    failures = _failures(headline)
    if failures:
        found.append(failures)
    elif headline.primary is not None and _gaussian_wins(headline):
        kind = "points" if _is_of_points(headline) else "pixels"
        found.append(
            f"A Gaussian fitted to the {kind} beats every GAN here: "
            "train longer before comparing them."
        )
    return [*found, *_doubts(headline)][:MOST]


def detectable(marks: Marks | None, rows: Sequence[HeadlineRow]) -> str:
    """Say which differences a table like this one finds in four of five cases, or ""."""
    if marks is None or marks.detectable is None:
        return ""
    delta = marks.detectable
    if marks.scale == "log":
        return f"a factor of {math.exp(delta):.2f}"
    if marks.scale == "raw":
        return plain(float(f"{delta:.2g}"))
    medians = [row.summary.median for row in rows if row.group == "ranked" and row.summary]
    shares = [value for value in medians if value is not None and 0 <= value <= 1]
    middle = math.asin(math.sqrt(sorted(shares)[len(shares) // 2])) if shares else math.pi / 4
    ends = (
        math.sin(min(math.pi / 2, max(0.0, middle + step))) ** 2 for step in (-delta / 2, delta / 2)
    )
    low, high = ends
    return plain(float(f"{high - low:.2g}"))


def number(count: int) -> str:
    """Write a count in words at the start of a sentence, up to twelve."""
    return _NUMERALS[count] if count < len(_NUMERALS) else str(count)


# --------------------------------------------------------------------------- sentence 1


def _conclusion(headline: Headline) -> str:
    ranked = headline.group("ranked")
    if ranked:
        return _ranked(headline, ranked)
    return _lowest(headline)


def _ranked(headline: Headline, ranked: list[HeadlineRow]) -> str:
    metric = headline.metric
    candidates = [row for row in ranked if row.mark == "best"] or [
        row for row in ranked if row.mark in ("tied", "alone") and not _has_problem(row)
    ]
    if not candidates:
        return f"No row can be called best by {metric}: the leading rows have problems."
    best = _first(headline, candidates)
    others = headline.group("unranked")
    is_behind = any(_standing(headline, row) < _standing(headline, best) for row in others)
    lead = "Best of the ranked rows by" if is_behind else "Best"
    start = f"{lead} {metric}: {best.name}, {_value(best)}"
    if best.mark == "alone":
        return f"{start}. No other row is ranked."
    if best.mark == "best":
        return f"{start}, ahead of every other ranked row."
    tied = sum(row.mark == "tied" for row in ranked) - 1
    if tied:
        verb = "other, marked ~, cannot" if tied == 1 else "others, marked ~, cannot"
        return f"{start}. {number(tied)} {verb} be told from it."
    if best.rank == (1, 1):
        return (
            f"{start}. Every other ranked row is worse; some rows have too few seeds to be ranked."
        )
    return f"{start}. Not every other row is shown to be worse."


def _has_problem(row: HeadlineRow) -> bool:
    """Whether a trial failed, collapsed or the like: such a row is never called best."""
    failed = row.summary.failed if row.summary else 0
    return bool(failed or row.source.problems)


def _first(headline: Headline, rows: list[HeadlineRow]) -> HeadlineRow:
    """The best row; of rows with the same printed value, the first one in the table."""
    best = min(rows, key=lambda row: _standing(headline, row))
    return next(row for row in rows if _value(row) == _value(best))


def _lowest(headline: Headline) -> str:
    """Where nothing is ranked: the best median, and what it takes to rank."""
    assert headline.primary is not None
    primary = headline.primary
    rows = [
        row
        for row in headline.group("unranked")
        if row.summary and row.summary.values and row.mark != "failed"
    ]
    if not rows:
        trained = headline.group("unranked")
        if not trained:
            return "Reference rows only: no GAN was trained."
        if not any(row.summary and row.summary.values for row in trained):
            return "No trial of a GAN has a value to compare."
        reason = "most trials failed or have problems"
        return f"No row can be called best by {primary.short_name}: {reason}."
    best = _first(headline, rows)
    extreme = "Lowest" if primary.direction == "lower" else "Highest"
    most = max(len(row.source.row.completed) for row in rows)
    start = f"{extreme} {headline.metric}: {best.name}, {_value(best)}."
    if most >= FEWEST_RUNS:
        return start
    verb = "is" if most == 1 else "are"
    return (
        f"{start} {number(most)} {seeds_each(most).split()[1]} {verb} too few to name a winner; "
        f"--seeds {_SEEDS_TO_RANK} ranks the rows."
    )


def _standing(headline: Headline, row: HeadlineRow) -> float:
    """The median with the sign that makes lower better."""
    assert headline.primary is not None
    value = row.summary.median if row.summary else None
    if value is None:
        return math.inf
    return -value if headline.primary.direction == "higher" else value


def _value(row: HeadlineRow) -> str:
    return row.cells["primary"].text


# --------------------------------------------------------------------------- the other sentences


def _scale(headline: Headline) -> list[str]:
    """The values of the reference rows."""
    parts = []
    for row in headline.group("scale"):
        if row.summary and row.summary.values:
            kind = "points" if _is_of_points(headline) else "images"
            name = f"real {kind}" if row.gan == "real" else row.gan
            parts.append(f"{name} {_value(row)}")
    if not parts:
        return []
    listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return [f"For scale: {listed}."]


def _gaussian_wins(headline: Headline) -> bool:
    gaussian = [row for row in headline.group("scale") if row.gan == GAUSSIAN]
    trained = [
        row for row in headline.rows if row.group != "scale" and row.summary and row.summary.values
    ]
    if not gaussian or not trained or not (gaussian[0].summary and gaussian[0].summary.values):
        return False
    limit = _standing(headline, gaussian[0])
    return all(_standing(headline, row) > limit for row in trained)


def _failures(headline: Headline) -> str:
    trials = sum(row.source.row.planned for row in headline.rows)
    failed = sum(len(row.source.row.failed) for row in headline.rows)
    if not failed:
        return ""
    return f"{failed} of {trials} trials failed: --notes says why."


def _doubts(headline: Headline) -> list[str]:
    speeds = [row.cells["speed"].text for row in headline.rows if row.cells["speed"].text]
    doubtful = sum(text.endswith("?") for text in speeds)
    if not doubtful:
        return []
    verb = "is" if doubtful == 1 else "are"
    return [f"{doubtful} of {len(speeds)} speeds {verb} doubtful (?)."]


def _is_of_points(headline: Headline) -> bool:
    column = headline.column("speed")
    return column is not None and column.name == "points/s"
