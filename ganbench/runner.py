"""Run a plan in child processes and store a record per trial; several trials at once on demand."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from ganbench import environment, peak, provenance, record, schedule, scoring, timing, together
from ganbench.child import ChildLost
from ganbench.config import Config
from ganbench.counting import Count
from ganbench.crew import Crew, Stopped, setup
from ganbench.errors import EnvironmentNotReady
from ganbench.plan import Plan
from ganbench.plugins import Catalog
from ganbench.record import RETRIED, SCORING_ERROR, Record
from ganbench.scoring import Scoring
from ganbench.specification import Trial
from ganbench.store import Store


class View(Protocol):
    """Whoever watches a run; it is told of one thing at a time."""

    def started(self, trial: Trial, phase: str) -> None:
        """A trial is being trained or scored; others may be, too."""

    def progressed(self, trial: Trial, event: dict[str, Any]) -> None:
        """A chunk is done; the event is the one in events.jsonl."""

    def waits(self, trial: Trial) -> None:
        """A trial has been trained; its scoring comes when nothing is timed."""

    def ended(self, trial: Trial, found: Record, was_stored: bool) -> None:
        """A trial has its record; `was_stored` says that it was there already."""


@dataclass
class Runner:
    """Works off a plan and stores a record of each trial; `jobs` says how many at once."""

    config: Config
    catalog: Catalog
    store: Store
    scorings: dict[str, list[Scoring]]  # by data set label
    view: View
    counts: dict[str, Count] = field(default_factory=dict)  # FLOPs, by id of a trial
    _telling: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._crew = Crew(setup(self.config))

    def run(self, plan: Plan) -> list[Record]:
        """Give the record of every trial, in the plan's order, running what is missing."""
        known = {trial.id: self.store.load(trial.id) for trial in plan.trials}
        missing = {id for id, found in known.items() if not found or found.status in RETRIED}
        size = schedule.TRIALS_PER_LANE * schedule.lanes(self.config)
        ended: dict[str, Record] = {}
        try:
            for trials in schedule.rounds(plan.trials, plan.beside & missing, size):
                lanes = min(schedule.lanes(self.config), len(trials))

                def train(trial: Trial, lanes: int = lanes) -> None:
                    known[trial.id] = self._train(trial, known[trial.id], lanes)

                def score(trial: Trial) -> None:
                    found = known[trial.id]
                    assert found
                    ended[trial.id] = self._scored(trial, found, trial.id in missing)

                untrained = [trial for trial in trials if trial.id in missing]
                together.work(untrained, train, lanes, self._crew.stop)
                together.work(trials, score, lanes, self._crew.stop)
        finally:
            self._crew.stop()
        return [ended[trial.id] for trial in plan.trials]

    def score(self, trials: list[Trial]) -> list[Record]:
        """Give the record of every trial that completed, scoring what its samples lack."""
        known = [(trial, self.store.load(trial.id)) for trial in trials]
        try:
            return [
                self._scored(trial, found, was_trained=False)
                for trial, found in known
                if found and found.status == "completed"
            ]
        finally:
            self._crew.stop()

    def _tell(self, what: Callable[..., None], *arguments: Any) -> None:
        with self._telling:
            what(*arguments)

    def _scored(self, trial: Trial, found: Record, was_trained: bool) -> Record:
        """The record with every score that is wanted and that it lacks."""
        wanted = scoring.applicable(
            self.scorings[trial.dataset], "trajectory_sha256" in found.training
        )
        lacking = found.lacking([item.key() for item in wanted])
        score = bool(lacking) and found.status == "completed"
        if score:
            found = self._score(trial, found, lacking)
        self._tell(self.view.ended, trial, found, not (was_trained or score))
        return found

    def _train(self, trial: Trial, last: Record | None, lanes: int) -> Record:
        self._tell(self.view.started, trial, "train")
        surroundings = environment.describe()
        attempt = last.attempt + 1 if last else 1
        limit = self.config.trial_timeout_seconds
        try:
            result = self._job(trial, "train", trial.backend, limit)
        except Stopped:
            self._keep(trial, _failure("interrupted", "interrupted"), surroundings, attempt)
            raise
        result["side_by_side"] = lanes
        if "wall_seconds" in result:
            result = timing.seen_from_outside(result, result["wall_seconds"], surroundings)
        if trial.id in self.counts:
            result |= self.counts[trial.id].used(result)
            result["peak"] = peak.of(trial.specification, result.get("backend_description", {}))
        found = self._keep(trial, result, surroundings, attempt)
        self._tell(self.view.waits, trial)
        return found

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
        self._tell(self.view.started, trial, "score")
        wanted = {"training": found.training, "keys": keys}
        result = self._job(trial, "score", "scoring", None, wanted)
        if "scores" not in result:
            return self._unscored(found, result)
        scores = [
            {**score, "plugins": provenance.of_score(self.catalog, score)}
            for score in result["scores"]
        ]
        scored = found.with_scores(scores, result["seconds"])
        self.store.replace(scored)
        return scored

    def _unscored(self, found: Record, result: dict[str, Any]) -> Record:
        """Note in the record that scoring failed; its training stays, and a next run scores it."""
        training = {**found.training, SCORING_ERROR: result["reason"]}
        self.store.replace(dataclasses.replace(found, training=training))
        check = {"check": result["check"]} if "check" in result else {}
        return dataclasses.replace(
            found,
            status="failed",
            reason=f"scoring: {result['reason']}",
            training={**training, **check},
        )

    def _job(
        self,
        trial: Trial,
        kind: str,
        place: str,
        limit: float | None,
        more: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Have a worker do a job; one that is lost has failed, and so has the job."""
        job = {
            "kind": kind,
            "folder": str(self.store.trial_folder(trial.id).resolve()),
            "specification": trial.specification,
            "metrics": self.config.metrics,
            "extractors": self.config.extractors,
            "labels": [trial.backend, trial.model, trial.loss],
            **(more or {}),
        }

        def told(event: dict[str, Any]) -> None:
            self._tell(self.view.progressed, trial, event)

        try:
            event = self._crew.do((place, trial.specification["threads"]), job, told, limit)
        except ChildLost as lost:
            return _failure(*lost.args)
        if event["event"] == "done":
            return {**event["result"], "wall_seconds": event["wall_seconds"]}
        if event["exit_code"] == EnvironmentNotReady.exit_code:
            raise EnvironmentNotReady(event["message"])
        check = {"check": event["check"]} if "check" in event else {}
        return {**_failure("failed", event["reason"]), **check}


def _failure(status: str, reason: str) -> dict[str, Any]:
    return {"status": status, "reason": reason}
