"""From records to rows: one per backend, model and loss, over seeds, at the end of the budget."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ganbench import verdict
from ganbench.record import Record
from ganbench.specification import NO_LOSS, Trial
from ganbench.verdict import Verdict

KEYS = ["backend", "model", "loss"]
SETTING = ["samples", "threads", "device"]
COUNTS = ["n", "planned", "failed", "missing"]
COSTS = [
    "images_per_second",
    "compile_seconds",
    "train_seconds",
    "peak_memory_mib",
    "parameters",
]
PARITY = "parity"
NETWORKS = ["generator", "discriminator"]
SectionKey = tuple[str, str, int, int, str]  # the first five fields of Section


@dataclass(frozen=True)
class Column:
    """A metric's column: its direction, whether it is shown, and what it was made with."""

    name: str
    space: str  # the extractor's name, which the column's name ends with, or ""
    direction: str
    is_beside: bool
    fingerprint: str  # feature space, sample count and reference, for a caption


@dataclass(frozen=True)
class Section:
    """Rows that may be compared: one data set, budget, number of samples, setting.

    The frame has the mean of every column over the completed trials of a row, and the sample
    standard deviation as `<column>_sd`.
    """

    dataset: str
    budget: str
    samples: int
    threads: int
    device: str
    columns: list[Column]
    frame: pd.DataFrame

    @property
    def has_parity(self) -> bool:
        """Whether a model and loss was run on several backends."""
        return PARITY in self.frame


def build(
    trials: Iterable[Trial], records: Iterable[Record], verdicts: Iterable[Verdict] = ()
) -> list[Section]:
    """Group planned trials into sections and rows, in the order of planning, baselines last.

    `failed` counts the trials that ended otherwise than completed, `missing` those that have no
    verdict yet, for want of a record or because they were interrupted; neither enters a mean.
    Where a section has a model and loss on several backends, the column `parity` says what the
    verdicts of `ganbench parity` know of it.
    """
    known = list(verdicts)
    by_id = {record.id: record for record in records}
    groups: dict[SectionKey, list[Trial]] = {}
    for trial in trials:
        samples, threads, device = (trial.specification[name] for name in SETTING)
        key = (trial.dataset, trial.budget, samples, threads, device)
        groups.setdefault(key, []).append(trial)
    return [_section(key, members, by_id, known) for key, members in groups.items()]


def to_frame(sections: list[Section]) -> pd.DataFrame:
    """All rows of all sections in one frame, with columns for data set and budget."""
    parts = []
    for section in sections:
        part = section.frame.copy()
        part.insert(3, "dataset", section.dataset)
        part.insert(4, "budget", section.budget)
        for position, name in enumerate(SETTING, 5):
            part.insert(position, name, getattr(section, name))
        parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _section(
    key: SectionKey, trials: list[Trial], by_id: dict[str, Record], verdicts: list[Verdict]
) -> Section:
    records = [by_id[trial.id] for trial in trials if trial.id in by_id]
    columns = _columns(records)
    rows: dict[tuple[str, ...], list[Trial]] = {}
    for trial in sorted(trials, key=lambda trial: trial.loss == NO_LOSS):
        rows.setdefault((trial.backend, trial.model, trial.loss), []).append(trial)
    measured = [*(column.name for column in columns.values()), *COSTS]
    names = [*KEYS, *COUNTS, *(f"{name}{end}" for name in measured for end in ("", "_sd"))]
    names += [f"parameters_{network}" for network in NETWORKS]
    frame = pd.DataFrame(
        [_row(row, members, by_id, columns) for row, members in rows.items()], columns=names
    )
    marks = verdict.marks(trials, verdicts)
    if marks:
        found = [marks.get((row[1], row[2])) for row in rows]
        frame.insert(len(KEYS) + len(COUNTS), PARITY, pd.Series(found, dtype=object))
    return Section(*key, list(columns.values()), frame)


def _row(
    key: tuple[str, ...],
    trials: list[Trial],
    by_id: dict[str, Record],
    columns: dict[tuple[str, str], Column],
) -> dict[str, Any]:
    records = [by_id[trial.id] for trial in trials if trial.id in by_id]
    completed = [record for record in records if record.status == "completed"]
    ended = [record for record in records if record.status != "interrupted"]
    values = [{**_costs(record), **_scores(record, columns)} for record in completed]
    row: dict[str, Any] = dict(zip(KEYS, key, strict=True))
    row |= {
        "n": len(completed),
        "planned": len(trials),
        "failed": len(ended) - len(completed),
        "missing": len(trials) - len(ended),
    }
    for name in [*(column.name for column in columns.values()), *COSTS]:
        numbers = [value[name] for value in values if value.get(name) is not None]
        # A mean over some of the completed trials would pass for one over all of them.
        known = bool(numbers) and len(numbers) == len(values)
        series = pd.Series(numbers, dtype=float)
        row[name] = series.mean() if known else None
        row[f"{name}_sd"] = series.std(ddof=1) if known and len(numbers) > 1 else None
    for network in NETWORKS:
        counts = {record.training["parameters"][network] for record in completed}
        row[f"parameters_{network}"] = counts.pop() if len(counts) == 1 else None
    return row


def _costs(record: Record) -> dict[str, float | None]:
    training = record.training
    seconds, images = training["train_seconds"], training["timed_images"]
    return {
        "images_per_second": images / seconds if seconds > 0 and images > 0 else None,
        "compile_seconds": training["compile_seconds"],
        "train_seconds": seconds,
        "peak_memory_mib": training["peak_memory_mib"],
        "parameters": sum(training["parameters"].values()),
    }


def _scores(record: Record, columns: dict[tuple[str, str], Column]) -> dict[str, float | None]:
    return {
        columns[column, _identity(score)].name: value
        for score in record.scores
        for column, value in score["values"].items()
    }


def _columns(records: list[Record]) -> dict[tuple[str, str], Column]:
    """Metric columns by name and identity, in the order of scoring.

    Values of one name that were made in different ways are kept in columns of their own.
    """
    found: dict[tuple[str, str], Column] = {}
    for record in records:
        for score in record.scores:
            identity = _identity(score)
            for column, direction in sorted(score["directions"].items()):
                if (column, identity) in found:
                    continue
                rivals = [known for (name, _), known in found.items() if name == column]
                number = len(rivals) + 1
                fingerprint = _fingerprint(score)
                if any(rival.fingerprint == fingerprint for rival in rivals):
                    fingerprint += f" (#{number}: other sources or data)"
                found[column, identity] = Column(
                    f"{column}#{number}" if rivals else column,
                    score["extractor"] or "",
                    direction,
                    column in score["beside"],
                    fingerprint,
                )
    return found


def _identity(score: dict[str, Any]) -> str:
    """All that has to be the same for two values to be comparable."""
    names = ("metric", "options", "version", "sources", "extractor_id", "reference", "n")
    return json.dumps([score[name] for name in names], sort_keys=True)


def _fingerprint(score: dict[str, Any]) -> str:
    reference = score["reference"]
    options = "".join(f", {name}={value}" for name, value in score["options"].items())
    space = f", features {score['extractor_id']}" if score["extractor_id"] else ""
    return (
        f"{score['metric']} version {score['version']}{options}{space}, {score['n']:,} samples "
        f"against {reference['n']:,} of the {reference['split']} split"
    )
