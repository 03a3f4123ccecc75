"""Results of checks for people and for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from ganbench.plugins import SINGULAR
from ganbench.testing import suite
from ganbench.testing.check import Result
from ganbench.testing.import_checks import DESCRIPTIONS

_MARKS = {"passed": "passed ", "failed": "FAILED ", "skipped": "skipped"}


def lines(results: Iterable[Result]) -> Iterable[str]:
    """One line for each result, under a heading for each part and backend."""
    heading = ""
    for result in results:
        place = f"{result.part}, on {result.backend}" if result.backend else result.part
        if place != heading:
            heading = place
            yield place
        because = f": {result.message}" if result.message else ""
        yield f"  {_MARKS[result.outcome]} {result.check}{because}"


def to_json(results: Sequence[Result]) -> str:
    """The same as JSON, with the counts."""
    values = {
        "schema_version": 1,
        "counts": _counts(results),
        "results": [asdict(result) for result in results],
    }
    return json.dumps(values, indent=1) + "\n"


def summary(results: Sequence[Result]) -> str:
    """How many checks there were."""
    counts = _counts(results)
    return ", ".join(f"{counts[name]} {name}" for name in counts)


def _counts(results: Sequence[Result]) -> dict[str, int]:
    found = Counter(result.outcome for result in results)
    return {name: found[name] for name in ("passed", "failed", "skipped")}


def descriptions() -> Iterable[str]:
    """Every check with what it asks, by kind."""
    yield "plugin"
    yield from (f"  {name}: {text}" for name, text in DESCRIPTIONS.items())
    for kind, checks in suite.BY_KIND.items():
        yield SINGULAR[kind]
        yield from (f"  {check.name}: {check.description}" for check in checks)
