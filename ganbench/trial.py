"""Run ONE trial in this process: build, train for the budget, sample. The file to read first.

Nothing here knows a framework. What it gives back is plain data; what it writes in the trial's
folder is `samples.npy`, `checkpoints/`, `checkpoints.npz` and `events.jsonl`, and a tiny model's
`trajectory.npy`.
Scoring happens later, from these files alone.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ganbench import boundary, energy, importing, selectors, timing
from ganbench.budget import Budget
from ganbench.checkpoints import Checkpoints
from ganbench.contracts import Backend, Dataset, Model, RunOptions, Task, Trainer
from ganbench.data import ChunkSource, evaluation_noise
from ganbench.energy import MeteredClock
from ganbench.memory import PeakMemory
from ganbench.plugins import Catalog
from ganbench.samples import keep
from ganbench.specification import rebuild, rebuild_loss
from ganbench.streams import draw_weights
from ganbench.training import Phases, Report, Training
from ganbench.trajectory import follow


def run(
    specification: dict[str, Any],
    folder: Path,
    catalog: Catalog,
    load: Callable[[dict[str, Any]], Dataset],
    report: Report,
    imported: float = 0.0,
) -> dict[str, Any]:
    """Train and sample one GAN; returns status, counters, phases, losses and environment.

    `load` gives the data set of a specification, `report` passes progress on to whoever watches.
    `imported` are seconds of imports that this trial was the first to need, before its beginning.
    """
    began = time.perf_counter()
    phases, memory = Phases(), PeakMemory()
    with phases.load.running():
        dataset = load(specification)
    with importing.apart(phases.import_, phases.prepare):
        backend = rebuild(catalog, "backends", specification["backend"])
        model = rebuild(catalog, "models", specification["model"], backend.name)
        step = model.step(dataset.task)
        boundary.step(model, step)
        budget = Budget(**specification["budget"])
        total = budget.steps(step, specification.get("flops_per_step"))
        runtime = backend.prepare(_run_options(specification, total, budget))
        counters = energy.find(on_gpu=_is_on_gpu(specification, backend))
        phases.train = meter = MeteredClock(counters=counters.counters)
    with importing.apart(phases.import_, phases.build):
        loss, penalties = rebuild_loss(catalog, specification)
        trainer = _trainer(model, loss, penalties, dataset.task, specification["seed"], runtime)
    trajectory = follow(model.parameters(dataset.task))
    seed, threads = specification["seed"], specification["threads"]
    source = ChunkSource(dataset, step, seed, total, loss, penalties, threads)
    noise, labels = evaluation_noise(dataset, step, seed, specification["samples"])
    checkpoints = Checkpoints(
        specification["checkpoints"], total, noise, labels, dataset.task, folder
    )
    with phases.probe.running():
        before = timing.moment()
    draws_ahead = _may_draw_ahead(specification, backend)
    with (folder / "events.jsonl").open("w", encoding="utf-8") as events:
        training = Training(
            trainer, source, budget, step, phases, checkpoints, trajectory, draws_ahead
        )
        progress = training.run(_tee(report, events))
    with phases.probe.running():
        after = timing.moment()
    result = {
        "status": progress.status,
        "reason": progress.reason,
        **progress.counters(step),
        "timing": {
            **timing.describe(training.times, step.images, before, after),
            "drawn_ahead": training.draws_ahead,
        },
        "parameters": _parameter_counts(model, dataset),
        "recipe": _recipe(model, dataset),
        "losses": progress.losses,
        "checkpoints": checkpoints.taken,
        "data_sha256": dataset.sha256,
        "sample_kind": dataset.task.kind,
        "backend_description": {**backend.describe(), **_described(trainer)},
        **(trajectory.keep(folder / "trajectory.npy") if trajectory else {}),
    }
    if progress.status == "completed":
        report({"event": "phase", "phase": "sample"})
        try:
            with phases.sample.running():
                samples = trainer.sample(noise, labels)
        except FloatingPointError as error:
            result |= {"status": "diverged", "reason": str(error)}
        else:
            boundary.samples(trainer, samples, len(noise), dataset.task)
            result |= keep(samples, len(noise), dataset.task, folder / "samples.npy")
            if "samples_sha256" in result:
                checkpoints.add_small(samples, progress.counters(step)["images"])
    with phases.checkpoint.running():
        result |= checkpoints.write_small()
    total_seconds, spent = time.perf_counter() - began, phases.seconds()
    return {
        **result,
        **spent,
        "import_seconds": spent["import_seconds"] + imported,
        "other_seconds": total_seconds - sum(spent.values()),
        "total_seconds": total_seconds,
        "peak_memory_mib": memory.peak_mib(),
        "peak_device_memory_mib": _device_memory(backend),
        "energy_joules": meter.joules,
        "energy_source": counters.source,
    }


def _trainer(
    model: Any, loss: Any, penalties: tuple[Any, ...], task: Task, seed: int, runtime: Any
) -> Trainer:
    """Draw the weights and build the networks with them."""
    parameters = model.parameters(task)
    boundary.parameters(model, parameters)
    weights = draw_weights(seed, parameters)
    try:
        trainer: Trainer = model.trainer(loss, penalties, task, weights, runtime)
    except KeyError as error:
        if error.args and error.args[0] not in weights:
            error.add_note(f"parameters() declares {', '.join(weights) or 'nothing'}")
        raise
    boundary.trainer(model, trainer)
    return trainer


def _tee(report: Report, events: Any) -> Report:
    """Report an event and keep it in the trial's own file."""

    def both(event: dict[str, Any]) -> None:
        events.write(json.dumps(event) + "\n")
        report(event)

    return both


def _may_draw_ahead(specification: dict[str, Any], backend: Backend) -> bool:
    """Whether a thread may work beside a step: not where the step has none to spare."""
    has_threads_to_spare = not getattr(backend, "threads_in_lockstep", False)
    return _is_on_gpu(specification, backend) or (
        specification["threads"] > 1 and has_threads_to_spare
    )


def _run_options(specification: dict[str, Any], steps: int | None, budget: Budget) -> RunOptions:
    threads, device, dtype = (specification[name] for name in ("threads", "device", "dtype"))
    seconds = budget.value if budget.kind == "seconds" else None
    return RunOptions(threads, device, dtype, steps, seconds)


def _described(trainer: Trainer) -> dict[str, str]:
    describe = getattr(trainer, "describe", None)
    found: dict[str, str] = describe() if describe else {}
    return found


def _is_on_gpu(specification: dict[str, Any], backend: Backend) -> bool:
    name = backend.describe().get("device_name", "cpu")
    return specification["device"] != "cpu" and name != "cpu"


def _device_memory(backend: Backend) -> float | None:
    device_memory = getattr(backend, "device_memory_mib", None)
    return device_memory() if device_memory else None


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
