"""Run ONE trial in this process: build, train for the budget, sample. The file to read first.

Nothing here knows a framework. What it gives back is plain data; what it writes is `samples.npy`,
`events.jsonl` in the trial's folder, and a tiny model's `trajectory.npy`. Scoring happens later,
from these files alone.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ganbench import selectors
from ganbench.budget import Budget, Clock
from ganbench.contracts import Dataset, Model, RunOptions, Step, Trainer
from ganbench.data import ChunkSource, evaluation_noise
from ganbench.memory import PeakMemory
from ganbench.plugins import Catalog
from ganbench.samples import keep
from ganbench.specification import rebuild, rebuild_loss
from ganbench.streams import draw_weights
from ganbench.trajectory import Trajectory, follow

CHUNK_SECONDS = 0.5  # long enough that handing over costs nothing, short enough for a live view
LONGEST_CHUNK_BYTES = 32 * 2**20
FIRST_TIMED_STEPS = 4  # after the first step, to estimate how long a chunk may be

Report = Callable[[dict[str, Any]], None]


@dataclass
class Phases:
    """Seconds spent in each phase of a trial; compile covers the first call and its updates."""

    prepare: Clock = field(default_factory=Clock)
    load: Clock = field(default_factory=Clock)
    build: Clock = field(default_factory=Clock)
    compile: Clock = field(default_factory=Clock)
    draw: Clock = field(default_factory=Clock)
    train: Clock = field(default_factory=Clock)
    sample: Clock = field(default_factory=Clock)

    def seconds(self) -> dict[str, float]:
        """The phases as `<phase>_seconds`."""
        return {f"{name}_seconds": clock.seconds for name, clock in vars(self).items()}


def run(
    specification: dict[str, Any],
    folder: Path,
    catalog: Catalog,
    load: Callable[[dict[str, Any]], Dataset],
    report: Report,
) -> dict[str, Any]:
    """Train and sample one GAN; returns status, counters, phases, losses and environment.

    `load` gives the data set of a specification, `report` passes progress on to whoever watches.
    """
    phases, memory = Phases(), PeakMemory()
    with phases.prepare.running():
        backend = rebuild(catalog, "backends", specification["backend"])
        runtime = backend.prepare(_run_options(specification))
    with phases.load.running():
        dataset = load(specification)
    with phases.build.running():
        model = rebuild(catalog, "models", specification["model"], backend.name)
        loss, penalties = rebuild_loss(catalog, specification)
        step = model.step(dataset.task)
        weights = draw_weights(specification["seed"], model.parameters(dataset.task))
        trainer = model.trainer(loss, penalties, dataset.task, weights, runtime)
    trajectory = follow(model.parameters(dataset.task))
    budget = Budget(**specification["budget"])
    source = ChunkSource(dataset, step, specification["seed"], budget.steps(step), loss, penalties)
    with (folder / "events.jsonl").open("w", encoding="utf-8") as events:
        progress = _train(trainer, source, budget, step, phases, _tee(report, events), trajectory)
    result = {
        "status": progress.status,
        "reason": progress.reason,
        **progress.counters(step),
        **phases.seconds(),
        "parameters": _parameter_counts(model, dataset),
        "recipe": _recipe(model, dataset),
        "losses": progress.losses,
        "data_sha256": dataset.sha256,
        "backend_description": backend.describe(),
        **(trajectory.keep(folder / "trajectory.npy") if trajectory else {}),
    }
    if progress.status == "completed":
        report({"event": "phase", "phase": "sample"})
        noise, labels = evaluation_noise(
            dataset, step, specification["seed"], specification["samples"]
        )
        try:
            with phases.sample.running():
                samples = trainer.sample(noise, labels)
        except FloatingPointError as error:
            result |= {"status": "diverged", "reason": str(error)}
        else:
            result |= keep(samples, len(noise), dataset.task, folder / "samples.npy")
        result["sample_seconds"] = phases.sample.seconds
    return {**result, "peak_memory_mib": memory.peak_mib()}


@dataclass
class Progress:
    """How far training has come."""

    steps: int = 0
    status: str = "completed"
    reason: str = ""
    losses: dict[str, float | None] = field(default_factory=dict)
    timed_images: int = 0

    def counters(self, step: Step) -> dict[str, int]:
        """What the discriminator and the generator were given, by every way of counting."""
        return {
            "steps": self.steps,
            "images": self.steps * step.images,
            "discriminator_updates": self.steps * step.discriminator_updates,
            "generator_updates": self.steps,
            "generated_images": self.steps * step.generator_samples,
            "timed_images": self.timed_images,
        }


def _train(
    trainer: Trainer,
    source: ChunkSource,
    budget: Budget,
    step: Step,
    phases: Phases,
    report: Report,
    trajectory: Trajectory | None,
) -> Progress:
    """Train until the budget is used up. The first step is charged to compilation."""
    total = budget.steps(step)
    progress, length = Progress(), 1
    if trajectory:
        trajectory.add(trainer.state())
    while _remaining(budget, total, progress.steps, phases.train.seconds) > 0:
        if total is not None:
            length = min(length, total - progress.steps)
        with phases.draw.running():
            chunk = source.chunk(progress.steps, length)
        first = progress.steps == 0
        clock = phases.compile if first else phases.train
        start = time.perf_counter()
        with clock.running():
            losses = trainer.train(chunk)
        seconds = time.perf_counter() - start
        progress.steps += length
        progress.timed_images += 0 if first else length * step.images
        progress.losses = {name: _finite(value) for name, value in losses.items()}
        if trajectory:
            trajectory.add(trainer.state())
        report(_progress_event(progress, step, phases, budget, total))
        if any(value is None for value in progress.losses.values()):
            progress.status = "diverged"
            progress.reason = f"a loss was not finite after step {progress.steps}"
            break
        left = _seconds_left(budget, phases.train.seconds)
        if trajectory is None:  # a model that is followed takes one step at a time
            length = _next_length(first, length, seconds, left, _bytes_per_step(chunk))
    return progress


def _remaining(budget: Budget, total: int | None, steps: int, train_seconds: float) -> float:
    return budget.value - train_seconds if total is None else total - steps


def _seconds_left(budget: Budget, train_seconds: float) -> float:
    return budget.value - train_seconds if budget.kind == "seconds" else math.inf


def _next_length(
    first: bool, length: int, seconds: float, seconds_left: float, bytes_per_step: int
) -> int:
    """Steps that take about CHUNK_SECONDS; the length of a chunk never changes a result."""
    if first:
        return FIRST_TIMED_STEPS
    wanted = min(CHUNK_SECONDS, seconds_left)
    length = min(int(length * wanted / max(seconds, 1e-9)), 8 * length)
    return max(1, min(length, LONGEST_CHUNK_BYTES // bytes_per_step))


def _bytes_per_step(chunk: Any) -> int:
    arrays = [array for array in chunk if isinstance(array, np.ndarray)]
    return max(1, sum(array.nbytes for array in arrays) // len(chunk.noise))


def _progress_event(
    progress: Progress, step: Step, phases: Phases, budget: Budget, total: int | None
) -> dict[str, Any]:
    used = phases.train.seconds / budget.value if total is None else progress.steps / total
    return {
        "event": "progress",
        "share": min(1.0, used),
        "images": progress.steps * step.images,
        "updates": progress.steps,
        "timed_images": progress.timed_images,
        "train_seconds": phases.train.seconds,
        **progress.losses,
    }


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _tee(report: Report, events: Any) -> Report:
    """Report an event and keep it in the trial's own file."""

    def both(event: dict[str, Any]) -> None:
        events.write(json.dumps(event) + "\n")
        report(event)

    return both


def _run_options(specification: dict[str, Any]) -> RunOptions:
    return RunOptions(specification["threads"], specification["device"], specification["dtype"])


def _recipe(model: Any, dataset: Dataset) -> dict[str, Any]:
    """The model's options with those that depend on the task filled in, where it can say so."""
    for_task = getattr(model, "for_task", None)
    return selectors.options(for_task(dataset.task) if for_task else model)


def _parameter_counts(model: Model, dataset: Dataset) -> dict[str, int]:
    """Trainable parameters of each network."""
    counts = {"generator": 0, "discriminator": 0}
    for name, parameter in model.parameters(dataset.task).items():
        if parameter.trainable:
            counts[name.partition(".")[0]] += math.prod(parameter.shape)
    return counts
