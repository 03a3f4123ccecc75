"""What a table says in words: the health of rows, and why numbers are not compared."""

from __future__ import annotations

from dataclasses import dataclass

from ganbench.comparability import apart, speed_key
from ganbench.costs import RANKED
from ganbench.record import Record
from ganbench.rows import Row
from ganbench.steadiness import spread
from ganbench.timing import MARKS, UNSTABLE


@dataclass(frozen=True)
class Problem:
    """What a metric's verdict says is wrong with some of a row's completed trials."""

    words: str  # such as `collapsed`
    trials: int
    onsets: tuple[str, ...]  # images shown when it began, where the verdict says so


def problems(row: Row) -> list[Problem]:
    """Return the problems of a row's completed trials, by kind.

    Baselines have none: what a memorizer does is its purpose.
    """
    if row.is_baseline:
        return []
    onsets_of: dict[str, list[str]] = {}
    for record in row.completed:
        own: dict[str, str] = {}  # of one trial, which several feature spaces may judge
        for score in record.scores:
            words, _, onset = (score.get("verdict") or "").partition(" since ")
            if words:
                own.setdefault(words, onset.removesuffix(" images"))
        for words, onset in own.items():
            onsets_of.setdefault(words, []).append(onset)
    return [
        Problem(words, len(onsets), tuple(onset for onset in onsets if onset))
        for words, onsets in onsets_of.items()
    ]


def troubled(row: Row) -> tuple[int, ...]:
    """Return the seeds of a row's completed trials that have a problem."""
    if row.is_baseline:
        return ()
    return tuple(
        record.seed
        for record in row.completed
        if any(score.get("verdict") for score in record.scores)
    )


def is_doubtful(row: Row) -> bool:
    """Whether the timing of at least half of the completed trials is marked."""
    marked = sum(bool(_marks(record)) for record in row.completed)
    return bool(row.completed) and 2 * marked >= len(row.completed)


def timing(row: Row) -> str | None:
    """The marks of the trials' timings, and whether seeds differ too much: 'busy, noisy 1/5'.

    None where no mark is known and a trial does not tell of its timing.
    """
    found = []
    for mark in MARKS:
        count = sum(mark in _marks(record) for record in row.completed)
        if mark == UNSTABLE and _seeds_are_unstable(row):
            found.append(mark)
        elif count:
            is_all = count == len(row.completed)
            found.append(mark if is_all else f"{mark} {count}/{len(row.completed)}")
    if found:
        return ", ".join(found)
    told = bool(row.completed) and all("timing" in record.training for record in row.completed)
    return "ok" if told else None


def _seeds_are_unstable(row: Row) -> bool:
    """Whether the speeds of a row's trials, in the order of seeds, pass a limit of `steadiness`."""
    speeds = [value for _, value in sorted(row.of(RANKED).items()) if value == value]
    found = spread(speeds)
    return found is not None and found.is_unstable


def _marks(record: Record) -> list[str]:
    marks: list[str] = record.training.get("timing", {}).get("marks", [])
    return marks


def speed_notes(rows: list[Row]) -> list[str]:
    """One line for each way of running that the speeds of other rows are not compared with."""
    known = [row.completed[0] for row in rows if row.completed and not row.is_baseline]
    if not known:
        return []
    first = speed_key(known[0])
    reasons = dict.fromkeys(
        apart(speed_key(record), first)
        for row in rows
        if not row.is_baseline
        for record in row.completed
    )
    return [f"images/s is not compared across: {reason}." for reason in reasons if reason]


def cost_notes(records: list[Record]) -> list[str]:
    """Return which peak MFU is relative to and which meter measured the energy."""
    peaks = dict.fromkeys(
        f"{peak['of']}, {peak['flops_per_second'] / 1e9:,.1f} GFLOP/s"
        for record in records
        if (peak := record.training.get("peak")) and record.training.get("flops_per_step")
    )
    meters = dict.fromkeys(
        record.training["energy_source"]
        for record in records
        if record.training.get("energy_joules") is not None
    )
    notes = [f"MFU: the share of what `ganbench doctor --peak` measured: {'; '.join(peaks)}."]
    joules = [f"J/image: of the whole device while training, by {'; '.join(meters)}."]
    return notes * bool(peaks) + joules * bool(meters)


def unranked_notes(records: list[Record]) -> list[str]:
    """Columns that are shown and not ranked, and why."""
    notes = dict.fromkeys(
        f"{', '.join(score['directions'])}: not ranked, {score['unranked']}."
        for record in records
        for score in record.scores
        if "unranked" in score
    )
    return list(notes)


def source_notes(records: list[Record]) -> list[str]:
    """Metrics whose source was edited between two scorings without a new version."""
    sources: dict[tuple[str, int], set[frozenset[tuple[str, str]]]] = {}
    for record in records:
        for score in record.scores:
            state = frozenset(score["sources"].items())
            sources.setdefault((score["metric"], score["version"]), set()).add(state)
    return [
        f"{metric}: computed by {len(states)} states of its source, all of version {version}."
        for (metric, version), states in sources.items()
        if len(states) > 1
    ]
