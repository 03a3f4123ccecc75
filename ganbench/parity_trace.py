"""Trace one training for parity: every loss, gradient norm and weight of every step.

The data set is made here and each model is given the same chunks and weights as in a trial, so
that two backends can be compared without any file of data. One thread, on the CPU.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from ganbench.contracts import Dataset, Model, RunOptions, Split, Task, Trainer
from ganbench.data import ChunkSource, evaluation_noise
from ganbench.errors import PluginError, UnknownName
from ganbench.parity import LOSSES, MAGNITUDE
from ganbench.plugins import Catalog
from ganbench.specification import rebuild, rebuild_loss
from ganbench.streams import draw_weights

TASKS = ("points", "8x8x1", "28x28x1", "32x32x3")  # the first that suits a model is taken
ROWS = 256  # a few epochs in a long trace, so that the order of rows is shuffled anew
CLASSES = 10
SAMPLES = 64
FILE = "trace.npz"  # in the folder of a worker's job
_IMAGES = re.compile(r"([1-9]\d*)x([1-9]\d*)x([1-9]\d*)")

Report = Callable[[dict[str, Any]], None]


def task(name: str) -> Task:
    """The task of this name: 'points', 'line' or 'HEIGHTxWIDTHxCHANNELS' with ten labels."""
    if name in ("points", "line"):
        return Task(name, "points", (2,) if name == "points" else (1,))
    found = _IMAGES.fullmatch(name)
    if not found:
        raise UnknownName("task", name, [*TASKS, "line"])
    height, width, channels = map(int, found.groups())
    return Task(name, "images", (height, width, channels), CLASSES)


def dataset(name: str) -> Dataset:
    """Noise images, points on a ring or points on a line, the same each time."""
    asked = task(name)
    rng = np.random.Generator(np.random.Philox(key=7))
    if asked.kind == "images":
        images = rng.integers(256, size=(ROWS, *asked.shape)).astype(np.uint8)
        split = Split("train", images, rng.integers(CLASSES, size=ROWS).astype(np.int32))
    else:
        angles = rng.integers(8, size=ROWS) * (np.pi / 4)
        points = np.stack([np.cos(angles), np.sin(angles)], axis=1)[:, : asked.shape[0]]
        points += 0.02 * rng.standard_normal(points.shape)
        split = Split("train", points.astype(np.float32))
    return Dataset(asked, split, split, sha256="")


def trace(
    specification: dict[str, Any], catalog: Catalog, report: Report = lambda event: None
) -> dict[str, np.ndarray]:
    """Train and give what `parity.compare` compares; see there for names and shapes.

    The specification has backend, model, loss, penalties, task, steps, dtype and seed. Raises
    PluginError if the trainer's trace lacks a loss or the magnitude of the logits.
    """
    backend = rebuild(catalog, "backends", specification["backend"])
    runtime = backend.prepare(RunOptions(1, "cpu", specification["dtype"]))
    model = rebuild(catalog, "models", specification["model"], backend.name)
    loss, penalties = rebuild_loss(catalog, specification)
    data = dataset(specification["task"])
    seed, steps = specification["seed"], specification["steps"]
    step = model.step(data.task)
    source = ChunkSource(data, step, seed, steps, loss, penalties)
    weights = draw_weights(seed, model.parameters(data.task))
    trainer = model.trainer(loss, penalties, data.task, weights, runtime)
    kept: dict[str, np.ndarray] = {}
    for number in range(steps):
        traced = trainer.trace(source.chunk(number, 1))
        _require(traced, model)
        arrays = {name: array[0] for name, array in traced.items()}
        arrays |= _state(trainer, model, data.task)
        if number == 0:
            kept = {name: _empty(steps, array) for name, array in arrays.items()}
        if arrays.keys() != kept.keys():
            raise PluginError(f"{model.name} on {model.backend}: its trace's names change")
        for name, array in arrays.items():
            kept[name][number] = array
        report({"event": "traced", "step": number + 1})
    return kept | {"samples": _samples(trainer, *evaluation_noise(data, step, seed, SAMPLES), data)}


def _require(traced: dict[str, np.ndarray], model: Model) -> None:
    for name in (*LOSSES, MAGNITUDE):
        if name not in traced:
            raise PluginError(f"{model.name} on {model.backend}: its trace has no {name!r}")


def _state(trainer: Trainer, model: Model, task: Task) -> dict[str, np.ndarray]:
    """Weights and buffers after the step; the optimisers' moments show in the next weights."""
    parameters = model.parameters(task)
    found = {}
    for name, array in trainer.state().items():
        if not name.startswith("optimizer."):
            is_weight = name in parameters and parameters[name].trainable
            found[f"{'weight' if is_weight else 'buffer'}/{name}"] = np.asarray(array)
    return found


def _empty(steps: int, array: np.ndarray) -> np.ndarray:
    """Room for one such array per step: a list of them would need twice the memory in the end."""
    return np.empty((steps, *np.shape(array)), np.asarray(array).dtype)


def _samples(
    trainer: Trainer, noise: np.ndarray, labels: np.ndarray | None, data: Dataset
) -> np.ndarray:
    """What the generator makes in the end; not-a-number where it refuses to."""
    try:
        return trainer.sample(noise, labels)
    except FloatingPointError:
        dtype = data.train.samples.dtype
        kind = np.float64 if dtype == np.uint8 else dtype
        return np.full((len(noise), *data.task.shape), np.nan, kind)
