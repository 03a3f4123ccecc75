"""How many floating-point operations a step takes: asked of one backend for all, kept on disk.

The same model, loss and penalties are the same arithmetic everywhere, so a backend that can count
(`counts_flops`) does so for those that cannot: once, in a process of its own, on its CPU.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ganbench import selectors, small_files
from ganbench.budget import Budget
from ganbench.child import Child, ChildLost
from ganbench.contracts import Task
from ganbench.errors import ConfigError, EnvironmentNotReady
from ganbench.feature_cache import cache_folder
from ganbench.plan import Plan, Skipped, how_to_install, installed
from ganbench.plugins import Catalog
from ganbench.specification import Trial, hashes, identified, rebuild, rebuild_loss, selection

FORMAT = 1  # raise it when a count would change
LIMIT_SECONDS = 600.0


@dataclass(frozen=True)
class Count:
    """FLOPs of one step, and who counted them; or None, and why nobody did."""

    per_step: int | None
    source: str
    is_mendable: bool = False  # something has to be installed, which the source names

    def used(self, training: dict[str, Any]) -> dict[str, Any]:
        """What a record says of a training of so many steps."""
        steps = training.get("steps")
        known = self.per_step is not None and steps is not None
        return {
            "flops_per_step": self.per_step,
            "flops": self.per_step * steps if known else None,  # type: ignore[operator]
            "flops_source": self.source,
        }


@dataclass
class Counter:
    """Counts what has not been counted before; to be closed."""

    catalog: Catalog
    setup: dict[str, Any]  # what a worker is told first, see `ganbench.worker`
    _child: Child | None = None
    _known: dict[str, Count] = field(default_factory=dict)
    _folder: Any = field(default_factory=lambda: tempfile.TemporaryDirectory(prefix="ganbench-"))

    def of(self, specification: dict[str, Any]) -> Count:
        """The count for a trial's specification."""
        asked = _asked(specification, self.catalog)
        if isinstance(asked, Count):
            return asked
        key = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
        if key not in self._known:
            self._known[key] = self._kept(cache_folder() / "flops" / f"{key}.json", asked)
        return self._known[key]

    def close(self) -> None:
        """End the process, if one was needed."""
        if self._child:
            self._child.kill()
            self._child = None
        self._folder.cleanup()

    def _kept(self, path: Path, asked: dict[str, Any]) -> Count:
        found = small_files.read(path)
        if found is not None and isinstance(found.get("flops_per_step"), int):
            return Count(found["flops_per_step"], found["source"])
        count = self._count(asked)
        if count.per_step is not None:
            kept = {"flops_per_step": count.per_step, "source": count.source, "of": asked}
            small_files.write(path, kept)
        return count

    def _count(self, asked: dict[str, Any]) -> Count:
        folder = Path(self._folder.name)
        name = asked["backend"]["name"]
        if self._child is None:
            self._child = Child(self.setup, len(os.sched_getaffinity(0)), folder / "log.txt")
        job = {"kind": "count", "folder": str(folder), "specification": asked}
        try:
            event = self._child.run(job, lambda event: None, LIMIT_SECONDS)
        except ChildLost as lost:
            self._child = None
            return Count(None, f"counting on {name} failed: {lost.args[1]}")
        if event["event"] != "done":
            return Count(None, f"counting on {name} failed: {event['reason']}")
        flops: int = event["result"]["flops_per_step"]
        if not flops:
            return Count(None, f"no products of matrices and no convolutions to count on {name}")
        return Count(flops, f"counted on {', '.join([name, *asked['libraries']])}")


def of_trials(trials: Iterable[Trial], catalog: Catalog, setup: dict[str, Any]) -> dict[str, Count]:
    """The count of every trial, by id."""
    counter = Counter(catalog, setup)
    try:
        return {trial.id: counter.of(trial.specification) for trial in trials}
    finally:
        counter.close()


def with_steps(planned: Plan, counts: dict[str, Count]) -> Plan:
    """The plan for a budget of FLOPs: what a step takes becomes part of every specification.

    Baselines train no networks and are left out. Raises EnvironmentNotReady where nothing that
    counts is installed, and ConfigError where a trial's FLOPs are not known for another reason.
    """
    trials, skipped = [], list(planned.skipped)
    for trial in planned.trials:
        count = counts[trial.id]
        labels = (trial.backend, trial.model, trial.loss, trial.dataset)
        if trial.specification["loss"] is None:
            skipped.append(Skipped(*labels, "a baseline has no FLOPs to be given"))
        elif count.per_step is None:
            budget = Budget(**trial.specification["budget"])
            raise (EnvironmentNotReady if count.is_mendable else ConfigError)(
                f"budget {budget}: the FLOPs of {trial.model} {trial.loss} on {trial.dataset} are "
                f"not known ({count.source}); take images=, updates= or seconds="
            )
        else:
            specification = {**trial.specification, "flops_per_step": count.per_step}
            trials.append(identified(replace(trial, specification=specification)))
    return replace(planned, trials=trials, skipped=list(dict.fromkeys(skipped)))


def _asked(specification: dict[str, Any], catalog: Catalog) -> dict[str, Any] | Count:
    """All that decides a count, which is its key and the job; or why there is none."""
    if specification["loss"] is None:
        return Count(None, "a baseline trains no networks")
    name = specification["model"]["name"]
    offers = [entry.cls for entry in catalog.entries("backends") if _counts(entry.cls)]
    offers = [cls for cls in offers if catalog.model(name, cls.name)]
    ready = [cls for cls in offers if installed(cls)]
    if not offers:
        return Count(None, f"no backend that counts FLOPs has a model {name!r}")
    if not ready:
        return Count(None, "; ".join(map(how_to_install, offers)), is_mendable=True)
    backend = selectors.build(ready[0], selectors.Selector(ready[0].name))
    try:
        model = rebuild(catalog, "models", specification["model"], backend.name)
    except ConfigError as error:  # it has other options there
        return Count(None, str(error))
    task = rebuild(catalog, "datasets", specification["dataset"]).task()
    reason = model.unsuitable(task)
    if reason:
        return Count(None, str(reason))
    loss, penalties = rebuild_loss(catalog, specification)
    return {
        "format": FORMAT,
        "backend": selection(backend),
        "libraries": [f"{name} {importlib.metadata.version(name)}" for name in backend.requires],
        "model": selection(model),
        "loss": selection(loss),
        "penalties": [selection(penalty) for penalty in penalties],
        "task": asdict(Task("", task.kind, task.shape, task.classes)),
        "sources": hashes([model, loss, *penalties]),
    }


def _counts(backend: type[Any]) -> bool:
    return bool(getattr(backend, "counts_flops", False))
