"""Run a plan in child processes: one worker per backend, one for scoring, a record per trial."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ganbench import environment, peak, provenance, record, scoring, timing
from ganbench.child import Child, ChildLost
from ganbench.config import Config, weights_files
from ganbench.counting import Count
from ganbench.errors import EnvironmentNotReady
from ganbench.plan import Plan
from ganbench.plugins import Catalog
from ganbench.record import RETRIED, Record
from ganbench.scoring import Scoring
from ganbench.specification import Trial
from ganbench.store import Store


class View(Protocol):
    """Whoever watches a run."""

    def started(self, trial: Trial, phase: str) -> None:
        """A trial is being trained or scored."""

    def progressed(self, trial: Trial, event: dict[str, Any]) -> None:
        """A chunk is done; the event is the one in events.jsonl."""

    def ended(self, trial: Trial, found: Record, was_stored: bool) -> None:
        """A trial has its record; `was_stored` says that it was there already."""


@dataclass
class Runner:
    """Works off a plan, one trial at a time, and stores a record of each."""

    config: Config
    catalog: Catalog
    store: Store
    scorings: dict[str, list[Scoring]]  # by data set label
    view: View
    counts: dict[str, Count] = field(default_factory=dict)  # FLOPs, by id of a trial
    _workers: dict[str, Child] = field(default_factory=dict)

    def run(self, plan: Plan) -> Iterator[Record]:
        """Give the record of every trial, in the plan's order, running what is missing."""
        try:
            for trial in plan.trials:
                yield self._one(trial)
        finally:
            self._stop()

    def score(self, trials: list[Trial]) -> Iterator[Record]:
        """Give the record of every trial that completed, scoring what its samples lack."""
        try:
            for trial in trials:
                found = self.store.load(trial.id)
                if found and found.status == "completed":
                    yield self._scored(trial, found, was_trained=False)
        finally:
            self._stop()

    def _stop(self) -> None:
        for worker in self._workers.values():
            worker.kill()
        self._workers.clear()

    def _one(self, trial: Trial) -> Record:
        found = self.store.load(trial.id)
        attempt = found.attempt + 1 if found else 1
        train = found is None or found.status in RETRIED
        if train:
            found = self._train(trial, attempt)
        assert found
        return self._scored(trial, found, train)

    def _scored(self, trial: Trial, found: Record, was_trained: bool) -> Record:
        """The record with every score that is wanted and that it lacks."""
        wanted = scoring.applicable(
            self.scorings[trial.dataset], "trajectory_sha256" in found.training
        )
        lacking = found.lacking([item.key() for item in wanted])
        score = bool(lacking) and found.status == "completed"
        if score:
            found = self._score(trial, found, lacking)
        self.view.ended(trial, found, was_stored=not (was_trained or score))
        return found

    def _train(self, trial: Trial, attempt: int) -> Record:
        self.view.started(trial, "train")
        surroundings = environment.describe()
        try:
            result = self._job(trial, "train", trial.backend, self.config.trial_timeout_seconds)
        except KeyboardInterrupt:
            self._keep(trial, _failure("interrupted", "interrupted"), surroundings, attempt)
            raise
        if "wall_seconds" in result:
            result = timing.seen_from_outside(result, result["wall_seconds"], surroundings)
        if trial.id in self.counts:
            result |= self.counts[trial.id].used(result)
            result["peak"] = peak.of(trial.specification, result.get("backend_description", {}))
        return self._keep(trial, result, surroundings, attempt)

    def _keep(
        self, trial: Trial, result: dict[str, Any], surroundings: dict[str, Any], attempt: int
    ) -> Record:
        plugins = provenance.of_sources(self.catalog, trial.specification["sources"])
        made = record.make(trial, result, surroundings, plugins, attempt)
        if attempt == 1:
            self.store.publish(made)
        else:
            self.store.replace(made)
        return made

    def _score(self, trial: Trial, found: Record, keys: list[dict[str, Any]]) -> Record:
        self.view.started(trial, "score")
        wanted = {"training": found.training, "keys": keys}
        result = self._job(trial, "score", "scoring", None, wanted)
        if "scores" not in result:
            return dataclasses.replace(
                found, status="failed", reason=f"scoring: {result['reason']}"
            )
        scores = [
            {**score, "plugins": provenance.of_score(self.catalog, score)}
            for score in result["scores"]
        ]
        scored = found.with_scores(scores, result["seconds"])
        self.store.replace(scored)
        return scored

    def _job(
        self,
        trial: Trial,
        kind: str,
        place: str,
        limit: float | None,
        more: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Have a worker do a job; a lost worker is replaced before the next one."""
        job = {
            "kind": kind,
            "folder": str(self.store.trial_folder(trial.id).resolve()),
            "specification": trial.specification,
            "metrics": self.config.metrics,
            "extractors": self.config.extractors,
            "labels": [trial.backend, trial.model, trial.loss],
            **(more or {}),
        }
        worker = self._workers.get(place) or self._start(place, trial)
        try:
            event = worker.run(job, lambda event: self.view.progressed(trial, event), limit)
        except ChildLost as lost:
            del self._workers[place]
            return _failure(*lost.args)
        if event["event"] == "done":
            return {**event["result"], "wall_seconds": event["wall_seconds"]}
        self._workers.pop(place).kill()  # what a failed trial left behind must not reach the next
        if event["exit_code"] == EnvironmentNotReady.exit_code:
            raise EnvironmentNotReady(event["message"])
        return _failure("failed", event["reason"])

    def _start(self, place: str, trial: Trial) -> Child:
        log = self.store.trial_folder(trial.id) / "log.txt"
        worker = Child(setup(self.config), trial.specification["threads"], log)
        self._workers[place] = worker
        return worker


def setup(config: Config) -> dict[str, Any]:
    """What a worker is told before its first job."""
    return {
        "plugin_files": [str(Path(file).resolve()) for file in config.plugins],
        "load_plugins": config.load_plugins,
        "data": str(Path(config.data).resolve()) if config.data else None,
        "weights": {name: str(file) for name, file in weights_files(config).items()},
    }


def _failure(status: str, reason: str) -> dict[str, Any]:
    return {"status": status, "reason": reason}
