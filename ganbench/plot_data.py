"""What pictures are made of: sections, rows and columns of a results folder, without averages."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ganbench.comparability import canonical
from ganbench.contracts import Direction
from ganbench.record import Record
from ganbench.specification import NO_LOSS, Trial

SETTING = ("samples", "threads", "device", "dtype")
# All that a score says of how it was made. Older records lack some of it, which is a way, too.
_MADE = ("metric", "options", "version", "n", "reference")
_SEEN = ("extractor_id", "weights_sha256", "preprocessing")


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


@dataclass(frozen=True)
class Column:
    """A metric's column with a better and a worse, as one way of scoring gives it."""

    name: str  # as a table names it: `fd-pixels`, and `fd-pixels#2` if made in another way
    key: str  # its name in the scores
    own: str  # without the feature space: `fd`
    space: str  # the extractor, or ""
    direction: Direction
    identity: str

    @property
    def title(self) -> str:
        """The column in words: `fd on pixels, lower is better`."""
        return f"{self.words}, {self.direction} is better"

    @property
    def words(self) -> str:
        """The column in words, without its direction."""
        _, mark, number = self.name.partition("#")
        return f"{self.own} on {self.space}{mark}{number}" if self.space else self.name

    def score(self, record: Record) -> dict[str, Any] | None:
        """The score of a record that has this column, or None."""
        for score in record.scores:
            if self.key in score["directions"] and _identity(score) == self.identity:
                return score
        return None

    def value(self, record: Record) -> float:
        """The value at the end of the budget; NaN where there is none."""
        score = self.score(record)
        value = score["values"][self.key] if score else None
        return math.nan if value is None else value

    def floor(self, records: Iterable[Record]) -> float | None:
        """What real samples in such a number get; None where the metric does not say."""
        name = f"{self.own}-floor-{self.space}" if self.space else f"{self.own}-floor"
        scores = (self.score(record) for record in records)
        floors = [score["values"].get(name) for score in scores if score]
        known = [value for value in floors if value is not None]
        return sum(known) / len(known) if known else None


def sections(trials: Iterable[Trial], records: Iterable[Record]) -> list[Section]:
    """Group what was planned as a table does, and each row's runs by what came of them."""
    by_id = {record.id: record for record in records}
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        key = canonical({"dataset": trial.dataset, "budget": trial.budget, **_setting(trial)})
        groups.setdefault(key, []).append(trial)
    return [_section(members, by_id) for members in groups.values()]


def columns(section: Section) -> list[Column]:
    """Columns with a better and a worse that a table shows, in the order of scoring."""
    found: dict[tuple[str, str], Column] = {}
    for row in section.rows:
        for record in row.completed:
            for score in record.scores:
                identity = _identity(score)
                for key, direction in sorted(score["directions"].items()):
                    known = direction == "none" or key in score["beside"]
                    if known or (key, identity) in found:
                        continue
                    number = 1 + sum(name == key for name, _ in found)
                    space = score["extractor"] or ""
                    found[key, identity] = Column(
                        key if number == 1 else f"{key}#{number}",
                        key,
                        key.removesuffix(f"-{space}"),
                        space,
                        direction,
                        identity,
                    )
    return list(found.values())


def notes(rows: Iterable[Row], column: Column, failures: str) -> list[str]:
    """One line each on the runs that have no value; `failures` says what became of the failed."""
    failed, missing, lacking = [], [], []
    for row in rows:
        for status in sorted({record.status for record in row.failed}):
            number = sum(record.status == status for record in row.failed)
            failed.append(f"{row.label}: {number} {status} of {_planned(row)}")
        if row.missing:
            missing.append(f"{row.label} {row.missing} of {_planned(row)}")
        absent = sum(math.isnan(column.value(record)) for record in row.completed)
        if absent:
            lacking.append(f"{row.label} {absent} of {len(row.completed)}")
    lines = ((failures, failed), ("Not run yet", missing), ("Completed without a value", lacking))
    return [f"{words}: {'; '.join(items)}." for words, items in lines if items]


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


def _planned(row: Row) -> int:
    return len(row.completed) + len(row.failed) + row.missing


def _setting(trial: Trial) -> dict[str, Any]:
    return {name: trial.specification.get(name) for name in SETTING}


def _identity(score: dict[str, Any]) -> str:
    return canonical({name: score.get(name) for name in (*_MADE, *_SEEN)})
