"""Rows: the trials of one backend, model and loss, and what came of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from ganbench.record import Record
from ganbench.specification import NO_LOSS, Trial

Key = tuple[str, str, str]  # backend, model, loss


@dataclass(frozen=True)
class Row:
    """The trials of one backend, model and loss, and what came of them."""

    key: Key
    label: str  # what of the key varies between the rows beside it
    trials: list[Trial]
    records: list[Record]
    # Of completed trials, by seed and column; see `with_values`.
    values: dict[int, dict[str, float | None]] = field(default_factory=dict)

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

    @property
    def failed(self) -> list[Record]:
        """Trials that failed, diverged or ran out of time."""
        return [record for record in self.ended if record.status != "completed"]

    @property
    def planned(self) -> int:
        """How many trials were planned."""
        return len(self.trials)

    @property
    def missing(self) -> int:
        """How many of them have no verdict yet."""
        return len(self.trials) - len(self.ended)

    def with_values(self, values_of: Callable[[Record], dict[str, float | None]]) -> Row:
        """The row with the values of its completed trials by column, as `of` needs them."""
        return replace(self, values={record.seed: values_of(record) for record in self.completed})

    def of(self, column: str) -> dict[int, float]:
        """Values by seed, NaN for failed trials and for values that are no number.

        Empty where a completed trial was not scored: a mean over the others would pass for one
        over all.
        """
        values = {record.seed: self.values[record.seed] for record in self.completed}
        if any(column not in own for own in values.values()):
            return {}
        found = {record.seed: math.nan for record in self.ended}
        for seed, own in values.items():
            value = own[column]
            found[seed] = math.nan if value is None else value
        return found


def group(trials: Iterable[Trial], by_id: Mapping[str, Record]) -> list[Row]:
    """The rows of these trials in the order of planning, baselines last."""
    grouped: dict[Key, list[Trial]] = {}
    for trial in sorted(trials, key=lambda trial: trial.loss == NO_LOSS):
        grouped.setdefault((trial.backend, trial.model, trial.loss), []).append(trial)
    names = labels(list(grouped))
    return [
        Row(key, names[key], own, [by_id[trial.id] for trial in own if trial.id in by_id])
        for key, own in grouped.items()
    ]


def labels(keys: list[Key]) -> dict[Key, str]:
    """For each backend, model and loss the parts that vary between what was trained.

    A baseline goes by its model's name alone.
    """
    trained = [key for key in keys if key[2] != NO_LOSS]
    varying = [place for place in range(3) if len({key[place] for key in trained}) > 1]
    found = {key: " ".join(key[place] for place in varying or range(3)) for key in trained}
    return {key: found.get(key, key[1]) for key in keys}
