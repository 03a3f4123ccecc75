"""The result of one trial: everything needed to trust it, compare it and run it again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import pydantic_core

from ganbench.errors import ConfigError
from ganbench.specification import Trial

SCHEMA_VERSION = 1
# The next run tries these again; completed and diverged are the model's own verdict, and final.
RETRIED = ("failed", "timeout", "interrupted")
SCORING_ERROR = "scoring_error"  # key of `training`: why the last scoring failed


@dataclass(frozen=True)
class Record:
    """One trial and what came of it."""

    schema_version: int
    id: str
    backend: str
    model: str
    loss: str
    dataset: str
    budget: str
    seed: int
    status: str
    reason: str
    attempt: int
    specification: dict[str, Any]
    training: dict[str, Any]  # counters, seconds of each phase, losses, memory, parameters
    scores: list[dict[str, Any]]  # one per metric and feature space, each with its fingerprint
    environment: dict[str, Any]
    plugins: list[dict[str, Any]]

    def with_scores(self, scores: list[dict[str, Any]], seconds: float = 0.0) -> Record:
        """This record with these scores in place of those of the same metric and space.

        The `seconds` that scoring took are added to those of scorings before.
        """
        new = {_score_name(score) for score in scores}
        kept = [score for score in self.scores if _score_name(score) not in new]
        spent = self.training.get("score_seconds", 0.0) + seconds
        training = {key: value for key, value in self.training.items() if key != SCORING_ERROR}
        training |= {"score_seconds": spent} if spent else {}
        return replace(self, scores=[*kept, *scores], training=training)

    def lacking(self, keys: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those of the keys of scorings whose values are missing, or were made otherwise."""
        known = [{name: score[name] for name in keys[0]} for score in self.scores] if keys else []
        return [key for key in keys if key not in known]


def make(
    trial: Trial,
    result: dict[str, Any],
    environment: dict[str, Any],
    plugins: list[dict[str, Any]],
    attempt: int,
) -> Record:
    """Join what was planned with what came of it; `result` has at least status and reason."""
    training = {key: value for key, value in result.items() if key not in ("status", "reason")}
    return Record(
        schema_version=SCHEMA_VERSION,
        id=trial.id,
        backend=trial.backend,
        model=trial.model,
        loss=trial.loss,
        dataset=trial.dataset,
        budget=trial.budget,
        seed=trial.seed,
        status=result["status"],
        reason=result["reason"],
        attempt=attempt,
        specification=trial.specification,
        training=training,
        scores=[],
        environment=environment,
        plugins=plugins,
    )


def to_json(record: Record) -> str:
    """Write a record as indented JSON, the same bytes for the same record."""
    return json.dumps(asdict(record), indent=1, sort_keys=True, allow_nan=False) + "\n"


def from_json(text: str | bytes, where: str) -> Record:
    """Read a record; raises ConfigError, naming the file, if it is damaged or too new."""
    try:
        values = pydantic_core.from_json(text)  # twice as fast as json, for tables of thousands
        version = values["schema_version"]
    except (ValueError, KeyError, TypeError):
        raise ConfigError(
            f"{where}: not a whole record; remove it to run the trial again"
        ) from None
    if version != SCHEMA_VERSION:
        raise ConfigError(
            f"{where}: has schema {version} and this ganbench reads {SCHEMA_VERSION}; upgrade it"
        )
    expected = {item.name for item in fields(Record)}
    if set(values) != expected:
        odd = ", ".join(sorted(set(values) ^ expected))
        raise ConfigError(f"{where}: missing or unknown keys: {odd}")
    return Record(**values)


def _score_name(score: dict[str, Any]) -> tuple[Any, ...]:
    return score["metric"], json.dumps(score["options"], sort_keys=True), score["extractor"]
