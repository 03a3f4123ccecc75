"""What drawing the next chunk on a thread gains, waiting for inputs counted.

Spans with and without it alternate in one process; a span trains four chunks of the same length and
times the last three, since nothing was drawn ahead of the first.
"""

from __future__ import annotations

import importlib.util
import time

import pytest
from test_streams import _pictures

from ganbench import plugins
from ganbench.contracts import RunOptions
from ganbench.data import ChunkSource
from ganbench.drawing_ahead import DrawingAhead
from ganbench.streams import draw_weights

THREADS, CHUNKS, CHUNK_SECONDS = 2, 4, 0.3


@pytest.mark.parametrize("backend", ["torch"])  # one framework a process
def test_drawing_ahead_of_a_perceptron(compare, backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    work = _Work(plugins.load(), backend)
    compare(
        f"mlp 28x28 batch 128 on {backend}: inputs drawn ahead over drawn in turn",
        lambda: work.rate(is_ahead=True),
        lambda: work.rate(is_ahead=False),
        at_least=1.0,
        names=("ahead", "in turn"),
    )


class _Work:
    def __init__(self, catalog, backend):
        dataset, model = _pictures(), catalog.model("mlp", backend)()
        loss = catalog.get("losses", "non-saturating")()
        runtime = catalog.get("backends", backend)().prepare(RunOptions(THREADS))
        weights = draw_weights(0, model.parameters(dataset.task))
        self.trainer = model.trainer(loss, (), dataset.task, weights, runtime)
        self.source = ChunkSource(dataset, model.step(dataset.task), 0, None, loss)
        self.trainer.train(self.source.chunk(0, 8))
        start = time.perf_counter()
        self.trainer.train(self.source.chunk(8, 32))
        self.length = max(1, int(32 * CHUNK_SECONDS / (time.perf_counter() - start)))
        self.position = 40

    def rate(self, is_ahead):
        """Steps per second of training and waiting."""
        seconds = 0.0
        with DrawingAhead(self.source) as inputs:
            for number in range(CHUNKS):
                start = time.perf_counter()
                chunk = inputs.chunk(self.position, self.length)
                self.position += self.length
                if is_ahead and number < CHUNKS - 1:
                    inputs.expect(self.position, self.length)
                self.trainer.train(chunk)
                seconds += time.perf_counter() - start if number else 0.0
        return (CHUNKS - 1) * self.length / seconds
