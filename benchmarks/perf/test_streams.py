"""What the harness costs: drawing and gathering a chunk, as a share of training on it.

The aim is at most 2 % on dcgan at 28x28. Draws and training alternate in one process.
"""

from __future__ import annotations

import importlib.util
import statistics
import time

import numpy as np
import pytest

from ganbench import plugins
from ganbench.contracts import Dataset, RunOptions, Split, Task
from ganbench.data import ChunkSource
from ganbench.streams import draw_weights

STEPS, PAIRS = 8, 30


@pytest.mark.parametrize("name", ["dcgan", "mlp"])
def test_share_of_drawing_and_gathering(benchmark, finding, name):
    if importlib.util.find_spec("torch") is None:
        pytest.skip("torch is not installed")
    catalog = plugins.load()
    dataset = _pictures()
    loss, model = catalog.get("losses", "hinge")(), catalog.model(name, "torch")()
    runtime = catalog.get("backends", "torch")().prepare(RunOptions(threads=2))
    weights = draw_weights(0, model.parameters(dataset.task))
    trainer = model.trainer(loss, (), dataset.task, weights, runtime)
    source = ChunkSource(dataset, model.step(dataset.task), 0, None, loss)
    trainer.train(source.chunk(0, STEPS))
    shares, position = [], STEPS

    def pair():
        nonlocal position
        start = time.perf_counter()
        chunk = source.chunk(position, STEPS)
        drawn = time.perf_counter()
        trainer.train(chunk)
        shares.append((drawn - start) / (time.perf_counter() - drawn))
        position += STEPS

    benchmark.pedantic(pair, rounds=PAIRS)
    finding(
        f"{name} 28x28: drawing and gathering take {statistics.median(shares):.2%} of training, "
        f"from {min(shares):.2%} to {max(shares):.2%} over {PAIRS} pairs"
    )


def _pictures():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (50_000, 28, 28, 1), dtype=np.uint8)
    split = Split("train", images, rng.integers(0, 10, 50_000).astype(np.int32))
    return Dataset(Task("noise", "images", (28, 28, 1), 10), split, split, "noise")
