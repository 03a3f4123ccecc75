"""Which checkpoint speaks for a trial: the final one, or another one under its own name."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from ganbench.errors import ConfigError
from ganbench.history import points
from ganbench.ranking import order
from ganbench.record import Record

FINAL, BY_VALIDATION, LUCIC = "final", "best-by-validation", "lucic-minimum"
_CURVE = ("curve", "validation", "verdict")


def select(records: list[Record], rule: str) -> tuple[list[Record], list[str]]:
    """Give the records with the values of the chosen checkpoints, and what to say of the choice.

    `final` leaves them as they are. `best-by-validation` takes of each trial the checkpoint whose
    first column with a direction is best against the validation split, and reports that one
    against the reference. `lucic-minimum` takes of every column the best value against the
    reference itself (Lucic et al. 2018, arXiv:1711.10337), which flatters: the columns are called
    after it. Both leave metrics out that are not computed at checkpoints. Raises ConfigError where
    there is nothing to choose from.
    """
    if rule == FINAL:
        return records, []
    followed = [record for record in records if record.status == "completed" and _curved(record)]
    looks = max((len(_curve(record)) for record in followed), default=0)
    if looks < 2:
        raise ConfigError(f"--select {rule}: no trial here has scores of checkpoints")
    chosen, judge = [], ""
    for record in records:
        if record.status == "completed":
            if rule == LUCIC:
                scores = [_best_ever(record, score) for score in _curved(record)]
            else:
                judge, scores = _by_validation(record)
            # What is left of a curve would tell of other checkpoints than the chosen one.
            chopped = [{k: v for k, v in score.items() if k not in _CURVE} for score in scores]
            record = replace(record, scores=chopped)
        chosen.append(record)
    return chosen, [_remark(rule, looks, judge)]


def _remark(rule: str, looks: int, judge: str) -> str:
    if rule == LUCIC:
        return (
            f"lucic-minimum: the best of {looks} looks at the reference itself, which flatters; "
            "compare it with papers that report the same, and with nothing else."
        )
    return (
        f"Of each trial the checkpoint that is best by {judge} against the validation split, of "
        f"{looks} looks at it; reported against the reference."
    )


def _curved(record: Record) -> list[dict[str, Any]]:
    return [score for score in record.scores if "curve" in score]


def _curve(record: Record) -> list[dict[str, Any]]:
    score = _curved(record)[0]
    return [*score["curve"], score]


def _best_ever(record: Record, score: dict[str, Any]) -> dict[str, Any]:
    """A score with the best value of every column that has a direction, under names that say so."""
    values, directions = {}, {}
    for column, direction in score["directions"].items():
        if direction == "none":
            continue
        found = _numbers([point.value for point in points(record, score, column)])
        best = found[order(found, direction)[0]]
        values[f"{LUCIC} {column}"] = best if math.isfinite(best) else None
        directions[f"{LUCIC} {column}"] = direction
    beside = [f"{LUCIC} {column}" for column in score["beside"]]
    told = {"values": values, "directions": directions, "beside": beside}
    if "readings" in score:
        readings = score["readings"].items()
        told["readings"] = {f"{LUCIC} {column}": reading for column, reading in readings}
    return {**score, **told}


def _by_validation(record: Record) -> tuple[str, list[dict[str, Any]]]:
    """The column that decides, and the scores at the checkpoint that it chooses."""
    for score in _curved(record):
        shown = [name for name in score["directions"] if name not in score["beside"]]
        for column in shown:
            direction = score["directions"][column]
            if direction != "none" and score["validation"]:
                seen = _numbers([item.validation for item in points(record, score, column)])
                place = order(seen, direction)[0]
                return column, [_at(item, place) for item in _curved(record)]
    raise ConfigError(
        f"--select {BY_VALIDATION}: {record.dataset} has no validation split; its final "
        "checkpoint is all that may be reported"
    )


def _at(score: dict[str, Any], place: int) -> dict[str, Any]:
    curve = score["curve"]
    return score if place == len(curve) else {**score, "values": curve[place]["values"]}


def _numbers(values: list[float | None]) -> list[float]:
    return [math.nan if value is None else value for value in values]
