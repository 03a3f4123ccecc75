"""Count one step's FLOPs in this process, on made-up data of a task's shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from ganbench.contracts import Dataset, RunOptions, Split, Task
from ganbench.data import ChunkSource
from ganbench.errors import PluginError
from ganbench.plugins import Catalog
from ganbench.specification import rebuild, rebuild_loss
from ganbench.streams import draw_weights

ROWS = 64  # the order of rows repeats them as often as a batch needs


def count(specification: dict[str, Any], catalog: Catalog, threads: int) -> int:
    """FLOPs of the first step of what `counting` asks for.

    Raises PluginError if the backend's trainer does not count after all.
    """
    asked = specification["task"]
    task = Task(asked["dataset"], asked["kind"], tuple(asked["shape"]), asked["classes"])
    backend = rebuild(catalog, "backends", specification["backend"])
    runtime = backend.prepare(RunOptions(threads, "cpu", steps=1))
    model = rebuild(catalog, "models", specification["model"], backend.name)
    loss, penalties = rebuild_loss(catalog, specification)
    source = ChunkSource(dataset(task), model.step(task), 0, 1, loss, penalties)
    weights = draw_weights(0, model.parameters(task))
    trainer = model.trainer(loss, penalties, task, weights, runtime)
    count_flops = getattr(trainer, "count_flops", None)
    if count_flops is None:
        raise PluginError(f"{backend.name} says that it counts FLOPs, and {model.name} does not")
    return int(count_flops(source.chunk(0, 1)))


def dataset(task: Task) -> Dataset:
    """Data of the task's shape that say nothing."""
    rng = np.random.Generator(np.random.Philox(key=11))
    shape = (ROWS, *task.shape)
    labels = rng.integers(task.classes, size=ROWS).astype(np.int32) if task.classes else None
    if task.kind == "images":
        split = Split("train", rng.integers(256, size=shape).astype(np.uint8), labels)
    else:
        split = Split("train", rng.standard_normal(shape).astype(np.float32), labels)
    return Dataset(task, split, split, sha256="")
