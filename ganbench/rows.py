"""The rows of a table: the trials of one backend, model and loss, and their values by seed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ganbench.contracts import Direction
from ganbench.record import Record
from ganbench.specification import NO_LOSS, Trial

COSTS: dict[str, Direction] = {  # speed is what rows are ranked by
    "images_per_second": "higher",
    "compile_seconds": "none",
    "train_seconds": "none",
    "peak_memory_mib": "none",
    "parameters": "none",
}
Key = tuple[str, str, str]  # backend, model, loss


@dataclass(frozen=True)
class Row:
    """The trials of one backend, model and loss, and what came of them."""

    key: Key
    trials: list[Trial]
    records: list[Record]
    values: dict[int, dict[str, float | None]]  # of completed trials, by seed and column

    @property
    def is_baseline(self) -> bool:
        """Whether nothing adversarial was trained."""
        return self.key[2] == NO_LOSS

    @property
    def ended(self) -> list[Record]:
        """Trials with a verdict; an interrupted one is resumed, and held against nobody."""
        return [record for record in self.records if record.status != "interrupted"]

    @property
    def completed(self) -> list[Record]:
        """Trials that were scored, or can be."""
        return [record for record in self.records if record.status == "completed"]

    def of(self, column: str) -> dict[int, float]:
        """Values by seed, NaN for failed trials and for values that are no number.

        Empty where a completed trial was not scored: a mean over the others would pass for one
        over all.
        """
        if any(column not in values for values in self.values.values()):
            return {}
        found = {record.seed: math.nan for record in self.ended}
        for seed, values in self.values.items():
            value = values[column]
            found[seed] = math.nan if value is None else value
        return found


def group(
    trials: Iterable[Trial],
    by_id: dict[str, Record],
    values_of: Callable[[Record], dict[str, float | None]],
) -> list[Row]:
    """The rows of these trials in the order of planning, baselines last."""
    grouped: dict[Key, list[Trial]] = {}
    for trial in sorted(trials, key=lambda trial: trial.loss == NO_LOSS):
        grouped.setdefault((trial.backend, trial.model, trial.loss), []).append(trial)
    return [_row(key, members, by_id, values_of) for key, members in grouped.items()]


def costs(record: Record) -> dict[str, float | None]:
    """What a completed trial cost; its speed leaves the untimed first step out."""
    training = record.training
    seconds, images = training["train_seconds"], training["timed_images"]
    return {
        "images_per_second": images / seconds if seconds > 0 and images > 0 else None,
        "compile_seconds": training["compile_seconds"],
        "train_seconds": seconds,
        "peak_memory_mib": training["peak_memory_mib"],
        "parameters": sum(training["parameters"].values()),
    }


def _row(
    key: Key,
    trials: list[Trial],
    by_id: dict[str, Record],
    values_of: Callable[[Record], dict[str, float | None]],
) -> Row:
    records = [by_id[trial.id] for trial in trials if trial.id in by_id]
    values = {record.seed: values_of(record) for record in records if record.status == "completed"}
    return Row(key, trials, records, values)
