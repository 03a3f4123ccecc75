"""A process that trains for so long as it is told to, line by line, and answers with its rate."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np

from ganbench import child, plugins
from ganbench.contracts import Dataset, RunOptions, Split, Task
from ganbench.data import ChunkSource
from ganbench.streams import draw_weights

STEPS = {"dcgan": 2}  # in a chunk, and 16 of the other models: those steps are short


class Trainer:
    """The parent's end: one backend and model with so many threads, in its own environment."""

    def __init__(self, backend: str, model: str, threads: int, **changes: str | None) -> None:
        settings = {**os.environ, **child.thread_settings(threads), **changes}
        environment = {name: value for name, value in settings.items() if value is not None}
        self.process = subprocess.Popen(
            [sys.executable, __file__, backend, model, str(threads)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout and self.process.stdin
        self.process.stdout.readline()

    def begin(self, seconds: float) -> None:
        """Have it train for so long."""
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()

    def rate(self) -> float:
        """Images per second of what was begun."""
        return float(self.process.stdout.readline())

    def measure(self, seconds: float) -> float:
        """Both."""
        self.begin(seconds)
        return self.rate()


@contextlib.contextmanager
def started(*trainers: Trainer) -> Iterator[None]:
    """End these processes afterwards."""
    try:
        yield
    finally:
        for trainer in trainers:
            trainer.process.kill()
            trainer.process.communicate()  # which closes its pipes, too


def _work(backend: str, name: str, threads: int) -> None:
    catalog, random = plugins.load(), np.random.default_rng(0)
    images = random.integers(0, 256, (10_000, 28, 28, 1), dtype=np.uint8)
    split = Split("train", images, random.integers(0, 10, len(images)).astype(np.int32))
    dataset = Dataset(Task("noise", "images", (28, 28, 1), 10), split, split, "noise")
    loss, model = catalog.get("losses", "hinge")(), catalog.model(name, backend)()
    runtime = catalog.get("backends", backend)().prepare(RunOptions(threads))
    weights = draw_weights(0, model.parameters(dataset.task))
    trainer = model.trainer(loss, (), dataset.task, weights, runtime)
    source = ChunkSource(dataset, model.step(dataset.task), 0, None, loss)
    steps = STEPS.get(name, 16)
    chunk = source.chunk(0, steps)
    trainer.train(chunk)
    print("ready", flush=True)
    for line in sys.stdin:
        start, images_seen = time.perf_counter(), 0
        while time.perf_counter() - start < float(line):
            trainer.train(chunk)
            images_seen += steps * model.step(dataset.task).images
        print(images_seen / (time.perf_counter() - start), flush=True)


if __name__ == "__main__":
    _work(sys.argv[1], sys.argv[2], int(sys.argv[3]))
