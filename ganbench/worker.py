"""A child process that works off jobs: it trains, traces or checks for one backend, or scores.

Jobs come as JSON lines on standard input, events go back as JSON lines on what was standard
output. A trial's own output, and that of the frameworks, goes to its log file.
"""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from ganbench import (
    boundary,
    counting_work,
    failure,
    memory,
    parity_trace,
    peak,
    pictures,
    plugins,
    portraits,
    progress,
    scoring,
    training,
    trial,
)
from ganbench.checkpoints import samples_of
from ganbench.contracts import Dataset, RunOptions
from ganbench.errors import ConfigError
from ganbench.evaluate import Checkpoint, Evaluator, Evidence
from ganbench.feature_cache import FeatureCache, cache_folder
from ganbench.plugins import Catalog
from ganbench.samples import load
from ganbench.specification import rebuild

TRACEBACK_LINES = 30
REPORT_SECONDS = 0.2


class Workshop:
    """What a worker keeps between jobs: plugins, data sets and the features of references."""

    def __init__(self, setup: dict[str, Any]) -> None:
        start = time.perf_counter()
        self.catalog = plugins.load(setup["plugin_files"], setup["load_plugins"])
        self.import_seconds = time.perf_counter() - start  # of plugins, for the first trial
        self.location = Path(setup["data"]) if setup["data"] else None
        self.weights = {name: Path(file) for name, file in setup["weights"].items()}
        self.evaluators: dict[str, Evaluator] = {}
        self.dataset = lru_cache(maxsize=1)(self._load)

    def train(self, job: dict[str, Any], report: training.Report) -> dict[str, Any]:
        """Run one trial."""
        memory.keep_freed_memory()
        imported, self.import_seconds = self.import_seconds, 0.0
        folder = Path(job["folder"])
        return trial.run(job["specification"], folder, self.catalog, self._of, report, imported)

    def score(self, job: dict[str, Any], report: training.Report) -> dict[str, Any]:
        """Score the samples of one trial and draw a few of them, and the path of a tiny model.

        Gives the scores, and the seconds that all of it took.
        """
        start = time.perf_counter()
        folder, training = Path(job["folder"]), job["training"]
        dataset = self._of(job["specification"])
        if dataset.sha256 != training["data_sha256"]:
            raise ConfigError(
                f"{dataset.task.dataset} is not the data that this trial was trained on; "
                "remove record.json to run it again"
            )
        evidence = _evidence(folder, training, job["specification"]["seed"])
        wanted = scoring.scorings(
            job["metrics"], dataset.task, self.catalog, job["extractors"], self.weights
        )
        wanted = [item for item in wanted if item.key() in job["keys"]]
        key = json.dumps(job["specification"]["dataset"], sort_keys=True)
        cache = FeatureCache(cache_folder() / "features")
        evaluator = self.evaluators.setdefault(key, Evaluator(dataset, cache))
        reporter = Reporter(report)
        evaluator.report = reporter.phase
        with progress.heard_by(reporter.share):
            scores = evaluator.score(evidence, wanted)
        samples, trajectory = evidence.samples, evidence.trajectory
        pictures.draw(samples, dataset, folder / "samples.png")
        if trajectory is not None:
            backend, model, loss = job["labels"]
            path = portraits.of_trial(backend, model, loss, training, trajectory)
            if path:
                portraits.draw_path(path, folder / "trajectory.png")
        return {"scores": scores, "seconds": time.perf_counter() - start}

    def trace(self, job: dict[str, Any], report: training.Report) -> dict[str, Any]:
        """Trace one training into a file of arrays, and say what the backend is."""
        specification = job["specification"]
        arrays = parity_trace.trace(specification, self.catalog, report)
        file = Path(job["folder"]) / parity_trace.FILE
        np.savez(file, **arrays)  # type: ignore[arg-type]  # no array is named allow_pickle
        backend = rebuild(self.catalog, "backends", specification["backend"])
        return {"description": backend.describe()}

    def count(self, job: dict[str, Any], report: training.Report) -> dict[str, Any]:
        """Count the FLOPs of one step."""
        threads = len(os.sched_getaffinity(0))
        flops = counting_work.count(job["specification"], self.catalog, threads)
        return {"flops_per_step": flops}

    def peak(self, job: dict[str, Any], report: training.Report) -> dict[str, Any]:
        """Time what a backend does best."""
        return {"rates": peak.work(job["specification"], self.catalog)}

    def describe(self, job: dict[str, Any], report: training.Report) -> dict[str, Any]:
        """Prepare a backend and let it say what it runs on."""
        asked = job["specification"]
        backend = rebuild(self.catalog, "backends", asked["backend"])
        backend.prepare(RunOptions(asked["threads"], asked["device"]))
        return {"description": backend.describe()}

    def check(self, job: dict[str, Any], report: training.Report) -> dict[str, Any]:
        """Load a plugin step by step, or run one check on a part of it."""
        from ganbench.testing import bench  # trainings need none of it

        return bench.WORK[job["step"]](job, self.catalog)

    def _of(self, specification: dict[str, Any]) -> Dataset:
        return self.dataset(json.dumps(specification["dataset"], sort_keys=True))

    def _load(self, selection: str) -> Dataset:
        source = rebuild(self.catalog, "datasets", json.loads(selection))
        loaded: Dataset = source.load(self.location)
        boundary.dataset(source, loaded)
        return loaded


class Reporter:
    """Says which phase a scoring is in and, a few times a second, how far it is."""

    def __init__(self, report: training.Report) -> None:
        self.report, self.now, self.last = report, "", 0.0

    def phase(self, name: str) -> None:
        """A phase begins."""
        self.now = name
        self.report({"event": "phase", "phase": name, "share": 0.0})

    def share(self, done: float) -> None:
        """So much of the phase is done."""
        if done >= 1 or time.monotonic() - self.last > REPORT_SECONDS:
            self.last = time.monotonic()
            self.report({"event": "phase", "phase": self.now, "share": done})


def _evidence(folder: Path, trained: dict[str, Any], seed: int) -> Evidence:
    """What a trial left in its folder; raises ConfigError where it is gone or changed."""
    trajectory = None
    if "trajectory_sha256" in trained:
        trajectory = load(folder / "trajectory.npy", trained["trajectory_sha256"])
    steps = ("images", "updates", "train_seconds")
    checkpoints = [
        Checkpoint({name: item[name] for name in steps}, partial(samples_of, item, folder))
        for item in trained["checkpoints"]
    ]
    samples = load(folder / "samples.npy", trained["samples_sha256"])
    return Evidence(samples, seed, trained["images"], trajectory, checkpoints)


def main() -> None:
    """Work off jobs until the parent closes standard input."""
    events = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)  # what frameworks print must not reach the event channel
    faulthandler.enable()
    jobs = _read_jobs()
    workshop = Workshop(jobs.get())
    kinds: dict[str, Callable[..., dict[str, Any]]] = {
        "train": workshop.train,
        "score": workshop.score,
        "trace": workshop.trace,
        "count": workshop.count,
        "peak": workshop.peak,
        "describe": workshop.describe,
        "check": workshop.check,
    }
    while True:
        job = jobs.get()
        _redirect_output(Path(job["folder"]) / "log.txt")
        _send(events, {"event": "begun"})
        _send(events, _outcome(kinds[job["kind"]], job, events, workshop.catalog))
        gc.collect()
        if not gc.get_freeze_count():  # a framework stays: to go through it takes 0.2 s a trial
            gc.freeze()


def _outcome(
    work: Callable[..., dict[str, Any]], job: dict[str, Any], events: Any, catalog: Catalog
) -> dict[str, Any]:
    try:
        return {"event": "done", "result": work(job, partial(_send, events))}
    except BaseException as error:  # a plugin's SystemExit must not look like success
        lines = traceback.format_exc().splitlines()[-TRACEBACK_LINES:]
        print("\n".join(lines), file=sys.stderr, flush=True)
        return failure.event(error, job, catalog)


def _read_jobs() -> queue.Queue[dict[str, Any]]:
    """Read jobs on a thread of their own, so that a dead parent ends even a busy worker."""
    jobs: queue.Queue[dict[str, Any]] = queue.Queue()

    def read() -> None:
        for line in sys.stdin:
            jobs.put(json.loads(line))
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    return jobs


def _redirect_output(path: Path) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def _send(events: Any, event: dict[str, Any]) -> None:
    events.write(json.dumps(event) + "\n")


if __name__ == "__main__":
    main()
