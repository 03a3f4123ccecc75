"""What a table says in words: the health of rows, and why numbers are not compared."""

from __future__ import annotations

from ganbench.comparability import apart, canonical, speed_key
from ganbench.record import Record
from ganbench.rows import Row


def health(row: Row) -> str | None:
    """In how many of the completed trials a metric found what is wrong, by its first words."""
    found: dict[str, int] = {}
    for record in row.completed:
        words = [
            score["verdict"].partition(" since ")[0]
            for score in record.scores
            if score.get("verdict")
        ]
        for word in dict.fromkeys(words):
            found[word] = found.get(word, 0) + 1
    if not row.completed:
        return None
    told = [f"{count} of {len(row.completed)} {word}" for word, count in found.items()]
    return ", ".join(told) or "ok"


def speed_group(row: Row) -> str:
    """Rows with the same text here have comparable speeds."""
    keys = {canonical(speed_key(record)) for record in row.completed}
    return keys.pop() if len(keys) == 1 else f"several: {sorted(keys)}"


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


def source_notes(records: list[Record]) -> list[str]:
    """Metrics whose source was edited between two scorings without a new version."""
    sources: dict[tuple[str, int], set[str]] = {}
    for record in records:
        for score in record.scores:
            text = canonical(score["sources"])
            sources.setdefault((score["metric"], score["version"]), set()).add(text)
    return [
        f"{metric}: computed by {len(texts)} states of its source, all of version {version}."
        for (metric, version), texts in sources.items()
        if len(texts) > 1
    ]
