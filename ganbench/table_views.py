"""What of a section a reader is shown: a table for each feature space, one of costs, captions."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ganbench.cells import UNKNOWN, Cell, measured, number, trials
from ganbench.columns import Column
from ganbench.table import HEALTH, KEYS, PARITY, TIMING, Section
from ganbench.targets import AXES, Target

ARROWS = {"higher": " ↑", "lower": " ↓", "none": ""}
COST_HEADINGS = {
    "images_per_second": "images/s",
    TIMING: "timing",
    "step_ms_p50": "ms/step",
    "step_ms_p95": "p95",
    "compile_seconds": "compile s",
    "peak_memory_mib": "peak MiB",
    "parameters": "parameters",
}
# Shown where they are known; the rates themselves are in CSV and JSON.
MORE_COSTS = {
    "peak_device_memory_mib": "peak MiB on GPU",
    "share_of_peak": "of peak",
    "joules_per_image": "J/image",
}
READING = (
    "Mean and 95 % interval over the n seeds, or each value where they are four or fewer, of the "
    "final model at the end of the budget. images/s leaves out compilation and scoring."
)
MARKS = (
    "Bold: better than every other row; ~: not distinguishable from the best (paired t tests over "
    "shared seeds, Holm-corrected, p < 0.05). Baselines and rows of four seeds or fewer are not "
    "ranked."
)
FAILURES = "A failed trial counts as the worst value of its column."
PARITY_CAPTION = (
    "parity: whether the backends train the same GAN, by `ganbench parity`: verified, every loss, "
    "gradient and weight agreed to 1e-9 in float64, step by step (sizes of layers and batches and "
    "options of backends aside); failed, they did not; changed, a source has changed since; "
    "unverified, never compared."
)
TIMING_CAPTION = (
    "timing: ok, or why images/s is doubtful. noisy: a fixed probe ran more than 5 % faster or "
    "slower after training than before; unstable: over a trial's chunks or over seeds, a standard "
    "deviation of 5 % or more, a value 25 % off, or a trend; busy: more than half of the cores had "
    "work when the run began; clock: the trial's clock and its parent's differ by more than 2 %. "
    "Noisy, busy and clock rows are not ranked by speed; a difference no larger than the standard "
    "deviation of either row is a tie. ms/step and p95: median and 95th percentile over chunks."
)
HEALTH_CAPTION = "health: in how many trials the course of training looks wrong, and in what way."


@dataclass(frozen=True)
class View:
    """One table of a section."""

    title: str
    headings: list[str]
    rows: list[list[Cell]]


def title(section: Section) -> str:
    """What the rows have in common."""
    threads = f"{section.threads} thread{'s' if section.threads > 1 else ''}"
    device = "" if section.device == "auto" else f", device {section.device}"
    return f"{section.dataset}, budget {section.budget}, {threads}{device}"


def views(section: Section) -> list[View]:
    """Quality in each feature space, then costs; the first one counts the trials as well."""
    shown = [column for column in section.columns if not column.is_beside]
    spaces = list(dict.fromkeys(column.space for column in shown)) or [""]
    found = [
        _quality(section, space, [column for column in shown if column.space == space], number == 0)
        for number, space in enumerate(spaces)
    ]
    return [*found, *(_goal(section, goal) for goal in section.goals), _costs(section)]


def captions(section: Section) -> list[str]:
    """How to read the tables: what the numbers are and what each metric was made with."""
    frame = section.frame
    marked = [name for name in frame.columns if name.endswith("_mark")]
    lines = [READING]
    lines += [MARKS] if frame[marked].isin(["best", "tied"]).to_numpy().any() else []
    lines += [FAILURES] if frame["failed"].any() else []
    lines += [PARITY_CAPTION] if section.has_parity else []
    lines += [HEALTH_CAPTION] if section.has_health else []
    lines += [TIMING_CAPTION] if section.has_timing else []
    return [*lines, *_fingerprints(section), *section.notes]


def _quality(section: Section, space: str, columns: list[Column], is_first: bool) -> View:
    counts = ["n", *([PARITY] if section.has_parity else [])]
    counts += [HEALTH] if section.has_health else []
    counts = counts if is_first else []
    headings = [*KEYS, *counts]
    headings += [column.short_name + ARROWS[column.direction] for column in columns]
    rows = []
    for _, row in section.frame.iterrows():
        texts = [*(str(row[key]) for key in KEYS)]
        texts += [trials(row) if name == "n" else str(row[name] or UNKNOWN) for name in counts]
        rows.append([*map(Cell, texts), *(measured(row, column.name) for column in columns)])
    return View(f"features of {space}" if space else "", headings, rows)


def _costs(section: Section) -> View:
    headings = {name: text for name, text in COST_HEADINGS.items() if name in section.frame}
    headings |= {
        name: text for name, text in MORE_COSTS.items() if section.frame[name].notna().any()
    }
    rows = [
        [*(Cell(str(row[key])) for key in KEYS), *(_cost(row, name) for name in headings)]
        for _, row in section.frame.iterrows()
    ]
    return View("costs", [*KEYS, *headings.values()], rows)


def _cost(row: Any, name: str) -> Cell:
    return Cell(str(row[name] or UNKNOWN)) if name == TIMING else measured(row, name)


def _goal(section: Section, goal: Target) -> View:
    """When a target is reached: medians over the trials, of which some may never reach it."""
    rows = []
    for _, row in section.frame.iterrows():
        parts = [row[f"{goal.label}_{name}"] for name in ("reached", *AXES)]
        texts = [UNKNOWN if math.isnan(part) else number(part) for part in parts]
        if not math.isnan(parts[0]):
            texts[0] = f"{parts[0]:.0%}"
        rows.append([Cell(text) for text in (*(str(row[key]) for key in KEYS), *texts)])
    heading = f"first to reach {goal.column} {goal.value:g}, medians"
    return View(heading, [*KEYS, "reached", *AXES], rows)


def _fingerprints(section: Section) -> Iterator[str]:
    """A line for each feature space: how the metrics were computed, and constants among them."""
    lines: dict[str, dict[str, list[str]]] = {}
    for column in section.columns:
        facts = lines.setdefault(column.made_with, {}).setdefault(column.metric, [])
        values = section.frame[column.name].dropna()
        # A constant that is no result, such as a sampling floor, is said once.
        is_fact = column.is_beside and column.direction == "none"
        if is_fact and len(values) and values.max() - values.min() < 1e-12:
            facts.append(f"{column.short_name} {number(values.iloc[0])}")
    for made_with, metrics in lines.items():
        parts = [", ".join([metric, *facts]) for metric, facts in metrics.items()]
        yield f"{made_with[0].upper()}{made_with[1:]}: {'; '.join(parts)}."
