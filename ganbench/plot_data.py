"""What pictures are made of: sections and rows of a results folder, without averages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ganbench.comparability import canonical
from ganbench.record import Record
from ganbench.specification import NO_LOSS, Trial

SETTING = ("samples", "threads", "device", "dtype", "protocol")


@dataclass(frozen=True)
class Row:
    """The runs of one backend, model and loss; `label` tells only what varies in the section."""

    backend: str
    model: str
    loss: str
    label: str
    completed: list[Record]
    failed: list[Record]  # failed, diverged or out of time
    missing: int  # planned, and without a verdict yet

    @property
    def planned(self) -> int:
        """How many runs were planned."""
        return len(self.completed) + len(self.failed) + self.missing

    @property
    def is_baseline(self) -> bool:
        """Whether nothing was trained."""
        return self.loss == NO_LOSS


@dataclass(frozen=True)
class Section:
    """Rows of one data set, budget and setting, in the order of planning."""

    dataset: str
    budget: str
    setting: dict[str, Any]
    rows: list[Row]

    @property
    def heading(self) -> str:
        """What all rows have in common, in words."""
        threads = self.setting["threads"]
        return ", ".join(
            [
                f"{self.dataset}, {self.budget}, {self.setting['samples']:,} samples",
                f"{threads} thread{'' if threads == 1 else 's'}, device {self.setting['device']}",
            ]
        )

    @property
    def gans(self) -> list[Row]:
        """The rows that were trained."""
        return [row for row in self.rows if not row.is_baseline]

    @property
    def baselines(self) -> list[Row]:
        """The rows that were not."""
        return [row for row in self.rows if row.is_baseline]


def sections(trials: Iterable[Trial], records: Iterable[Record]) -> list[Section]:
    """Group what was planned as a table does, and each row's runs by what came of them."""
    by_id = {record.id: record for record in records}
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        key = canonical({"dataset": trial.dataset, "budget": trial.budget, **_setting(trial)})
        groups.setdefault(key, []).append(trial)
    return [_section(members, by_id) for members in groups.values()]


def _section(trials: list[Trial], by_id: dict[str, Record]) -> Section:
    groups: dict[tuple[str, str, str], list[Trial]] = {}
    for trial in sorted(trials, key=lambda trial: trial.loss == NO_LOSS):
        groups.setdefault((trial.backend, trial.model, trial.loss), []).append(trial)
    names = labels(list(groups))
    rows = [_row(key, names[key], members, by_id) for key, members in groups.items()]
    return Section(trials[0].dataset, trials[0].budget, _setting(trials[0]), rows)


def labels(keys: list[tuple[str, str, str]]) -> dict[tuple[str, str, str], str]:
    """For each backend, model and loss the parts that vary between what was trained.

    A baseline goes by its model's name alone.
    """
    trained = [key for key in keys if key[2] != NO_LOSS]
    varying = [place for place in range(3) if len({key[place] for key in trained}) > 1]
    found = {key: " ".join(key[place] for place in varying or range(3)) for key in trained}
    return {key: found.get(key, key[1]) for key in keys}


def _row(
    key: tuple[str, str, str], label: str, trials: list[Trial], by_id: dict[str, Record]
) -> Row:
    records = [by_id[trial.id] for trial in trials if trial.id in by_id]
    ended = [record for record in records if record.status != "interrupted"]
    return Row(
        *key,
        label,
        [record for record in ended if record.status == "completed"],
        [record for record in ended if record.status != "completed"],
        len(trials) - len(ended),
    )


def _setting(trial: Trial) -> dict[str, Any]:
    return {name: trial.specification.get(name) for name in SETTING}
