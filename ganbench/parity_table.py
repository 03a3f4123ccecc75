"""Verdicts of parity as tables: for terminals, for documents and for programs."""

from __future__ import annotations

import json
from dataclasses import asdict

from ganbench.parity import QUANTITIES
from ganbench.plan import Skipped
from ganbench.report.grid import Grid, GridCell, GridRow, Heading, escape, markdown
from ganbench.results.parity_verdict import Verdict

HEADINGS = [
    *(Heading("model", False), Heading("loss", False), Heading("task", False)),
    *map(Heading, ("steps", *QUANTITIES)),
    Heading("verdict", False),
]
CAPTION = (
    "Largest deviation of any number in any step: losses on the scale of the mean |logit|, "
    "gradient norms, weights and buffers on that of the network's largest, points on that of the "
    "largest coordinate; images in grey levels. float32 is judged by losses and gradients alone."
)


def grids(verdicts: list[Verdict]) -> list[Grid]:
    """Return a table for each pair of backends."""
    return [
        Grid(title, HEADINGS, [GridRow(list(map(GridCell, cells(item)))) for item in members], 2)
        for title, members in _by_pair(verdicts).items()
    ]


def to_markdown(verdicts: list[Verdict], skipped: list[Skipped]) -> str:
    """Write the tables for documents, then failures and what was skipped."""
    lines = []
    for grid in grids(verdicts):
        lines += [markdown(grid), ""]
    remarks = [f"- {escape(line)}" for line in notes(verdicts, skipped)]
    return "\n".join([*lines, CAPTION, *(["", *remarks] if remarks else []), ""])


def to_json(verdicts: list[Verdict], skipped: list[Skipped]) -> str:
    """Return the verdicts with all their fields, and what was skipped."""
    values = {
        "schema_version": 2,
        "verdicts": [asdict(verdict) for verdict in verdicts],
        "skipped": [asdict(item) for item in skipped],
    }
    return json.dumps(values, indent=1, allow_nan=False) + "\n"


def cells(verdict: Verdict) -> list[str]:
    """One row, in the order of HEADINGS."""
    found = [_deviation(verdict, name) for name in QUANTITIES]
    asked = [verdict.model, verdict.loss, verdict.task, f"{verdict.steps:,}"]
    return [*asked, *found, verdict.verdict]


def notes(verdicts: list[Verdict], skipped: list[Skipped]) -> list[str]:
    """A line for each failure and for each combination that was not compared."""
    failed = [verdict for verdict in verdicts if not verdict.agrees]
    return [
        *(f"failed: {title(item)}, {item.model}, {item.loss}: {item.reason}" for item in failed),
        *(f"skipped: {item.backend} {item.model} {item.loss}: {item.reason}" for item in skipped),
    ]


def line(verdict: Verdict) -> str:
    """What became of one pair, for whoever watches."""
    told = ", ".join(f"{name} {_deviation(verdict, name)}" for name in verdict.deviations)
    asked = f"{verdict.model} {verdict.loss} on {verdict.task}, {verdict.steps} steps"
    return f"{title(verdict)}, {asked}: {verdict.verdict}: {verdict.reason or told}"


def title(verdict: Verdict) -> str:
    """The two backends and the precision."""
    return f"{' and '.join(verdict.backends)}, {verdict.dtype}"


def _by_pair(verdicts: list[Verdict]) -> dict[str, list[Verdict]]:
    groups: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        groups.setdefault(title(verdict), []).append(verdict)
    return groups


def _deviation(verdict: Verdict, quantity: str) -> str:
    if quantity not in verdict.deviations:
        return "—"
    value = verdict.deviations[quantity]
    if value is None:
        return "not finite"
    return f"{value:.0e}" if value else "0"
