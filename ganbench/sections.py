"""Sections: the planned trials of one data set, budget and setting, and their rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ganbench import rows
from ganbench.comparability import canonical
from ganbench.record import Record
from ganbench.rows import Row
from ganbench.specification import Trial

SETTING = ("samples", "threads", "device", "dtype", "protocol")


@dataclass(frozen=True)
class Section:
    """The trials of one data set, budget and setting, and their records, in order of planning."""

    dataset: str
    budget: str
    setting: dict[str, Any]
    trials: list[Trial]
    records: list[Record]
    rows: list[Row]  # baselines last

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


def group(
    trials: Iterable[Trial], records: Iterable[Record], setting: Iterable[str] = SETTING
) -> list[Section]:
    """Group what was planned by data set, budget and these parts of the setting.

    A part that an older manifest does not tell is None.
    """
    names = tuple(setting)
    by_id = {record.id: record for record in records}
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        key = {"dataset": trial.dataset, "budget": trial.budget, **_setting(trial, names)}
        groups.setdefault(canonical(key), []).append(trial)
    return [
        Section(
            own[0].dataset,
            own[0].budget,
            _setting(own[0], names),
            own,
            [by_id[trial.id] for trial in own if trial.id in by_id],
            rows.group(own, by_id),
        )
        for own in groups.values()
    ]


def _setting(trial: Trial, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: trial.specification.get(name) for name in names}
