"""Run cases of parity: one child process per backend, side by side, and a verdict per pair."""

from __future__ import annotations

import math
import queue
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ganbench import parity, schedule
from ganbench.child import Child, ChildLost
from ganbench.errors import EnvironmentNotReady
from ganbench.parity_plan import Case
from ganbench.parity_trace import FILE
from ganbench.results import parity_verdict
from ganbench.results.parity_verdict import Verdict

MOST_LANES = 4  # every process of a lane takes 1 to 2 GiB


@dataclass
class Tracers:
    """The child processes, by backend label; each keeps alive over several jobs."""

    plugin_files: list[str]
    plugin_names: Sequence[str] = ()  # the values of -p
    _children: dict[str, Child] = field(default_factory=dict)

    def trace(self, case: Case, folder: Path) -> dict[str, dict[str, Any]]:
        """Trace a case on all of its backends, into `folder`/N; give what each answered.

        An answer has `description`, or `reason` where there is no trace. Raises
        EnvironmentNotReady.
        """
        jobs = {}
        for number, (label, specification) in enumerate(case.specifications.items()):
            place = folder / str(number)
            place.mkdir()
            jobs[label] = {"kind": "trace", "folder": str(place), "specification": specification}
            if label not in self._children:
                self._children[label] = self._start(place)
        with ThreadPoolExecutor(len(jobs)) as pool:
            try:
                answers = list(pool.map(self._job, jobs, jobs.values()))
            except BaseException:
                self.close()  # or the threads would wait for their children
                raise
        return dict(zip(jobs, answers, strict=True))

    def close(self) -> None:
        """End every child process."""
        for child in list(self._children.values()):  # a thread takes out the one that it lost
            child.kill()
        self._children.clear()

    def _start(self, place: Path) -> Child:
        files = [str(Path(file).resolve()) for file in self.plugin_files]
        names = list(self.plugin_names)
        setup: dict[str, Any] = {
            "plugin_files": files,
            "load_plugins": names,
            "data": None,
            "weights": {},
        }
        return Child(setup, threads=1, log=place / "log.txt")

    def _job(self, label: str, job: dict[str, Any]) -> dict[str, Any]:
        child = self._children[label]
        try:
            event = child.run(job, lambda event: None, None)
        except ChildLost as lost:
            self._children.pop(label, None)
            return {"reason": f"{label}: {lost.args[1]}"}
        if event["event"] == "done":
            result: dict[str, Any] = event["result"]
            return result
        self._children.pop(label).kill()  # what a failure left behind must not reach the next
        if event["exit_code"] == EnvironmentNotReady.exit_code:
            raise EnvironmentNotReady(event["message"])
        return {"reason": f"{label}: {event['reason']}"}


def run(
    cases: list[Case], plugin_files: list[str], folder: Path, plugin_names: Sequence[str] = ()
) -> Iterator[Verdict]:
    """Compare every backend of every case with its first one; write verdicts into `folder`.

    Cases run in parallel where there are enough cores; verdicts come in the order of the cases.
    Raises ConfigError before any training if the file in `folder` is damaged.
    """
    parity_verdict.read(folder)
    lanes = [Tracers(plugin_files, plugin_names) for _ in range(_lanes(cases))]
    free: queue.SimpleQueue[Tracers] = queue.SimpleQueue()
    for tracers in lanes:
        free.put(tracers)

    def judged(case: Case) -> list[Verdict]:
        tracers = free.get()
        try:
            return _verdicts(case, tracers)
        finally:
            free.put(tracers)

    with ThreadPoolExecutor(len(lanes)) as pool:
        try:
            for found in pool.map(judged, cases):
                for one in found:
                    parity_verdict.write(folder, one)
                    yield one
        finally:  # also where whoever asked wants no more
            pool.shutdown(wait=False, cancel_futures=True)
            for tracers in lanes:
                tracers.close()


def _lanes(cases: list[Case]) -> int:
    """So many cases at once that backends which wait for a slower one leave no core idle."""
    backends = max((len(case.specifications) for case in cases), default=1)
    return max(1, min(MOST_LANES, len(cases), 2 * schedule.cores() // backends))


def _verdicts(case: Case, tracers: Tracers) -> list[Verdict]:
    with tempfile.TemporaryDirectory(prefix="ganbench-parity-") as temporary:
        answers = tracers.trace(case, Path(temporary))
        return [
            _verdict(case, answers, number, Path(temporary)) for number in range(1, len(answers))
        ]


def _verdict(case: Case, answers: dict[str, dict[str, Any]], number: int, folder: Path) -> Verdict:
    labels = list(answers)
    pair = (labels[0], labels[number])
    specifications = [case.specifications[label] for label in pair]
    asked = specifications[0]
    compared = _compare(answers, pair, (folder / "0", folder / str(number)), asked["dtype"])
    return Verdict(
        backends=list(pair),
        model=case.model,
        loss=case.loss,
        task=asked["task"],
        steps=asked["steps"],
        dtype=asked["dtype"],
        seed=asked["seed"],
        verdict=parity_verdict.VERIFIED if compared.agrees else parity_verdict.FAILED,
        reason=compared.reason,
        deviations={name: _number(value) for name, value in compared.deviations.items()},
        first_disagreement=_plain(compared.first),
        asked={
            "backends": [specification["backend"] for specification in specifications],
            **{name: asked[name] for name in ("model", "loss", "penalties")},
        },
        sources=dict(sorted({**case.sources[pair[0]], **case.sources[pair[1]]}.items())),
        frameworks={label: answers[label].get("description", {}) for label in pair},
    )


def _compare(
    answers: dict[str, dict[str, Any]],
    pair: tuple[str, str],
    folders: tuple[Path, Path],
    dtype: str,
) -> parity.Comparison:
    """Read the two traces, array by array, and judge them; without one there is no agreement."""
    reasons = [answers[label]["reason"] for label in pair if "reason" in answers[label]]
    if reasons:
        return parity.Comparison(False, "; ".join(reasons), {}, None)
    with np.load(folders[0] / FILE) as one, np.load(folders[1] / FILE) as other:
        return parity.compare(one, other, dtype, pair)


def _plain(first: parity.Disagreement | None) -> dict[str, Any] | None:
    if first is None:
        return None
    return {**asdict(first), "values": [_number(value) for value in first.values]}


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
