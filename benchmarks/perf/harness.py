"""The harness's own loop as a way of training: `ganbench.training`, stopped between chunks."""

from __future__ import annotations

import queue
import threading
import time
from pathlib import Path
from typing import Any

from protocols import PROTOCOLS

from ganbench import memory, plugins
from ganbench.budget import Budget
from ganbench.checkpoints import Checkpoints
from ganbench.contracts import RunOptions
from ganbench.data import ChunkSource, evaluation_noise
from ganbench.plan import read_loss
from ganbench.selectors import options
from ganbench.streams import draw_weights
from ganbench.training import Phases, Training

STEPS = 10**9  # more than there is time for
DRAWING = {"torch": "in turn", "tensorflow": "ahead"}  # as in every trial


class Harness:
    """One endless trial; called with seconds, it trains so long and gives images per second.

    What is counted is all that the loop does: drawing, training, timing and reporting. All of it
    happens on one thread, as in a trial: OpenMP keeps threads for each thread that has called it,
    and where there are more of them than cores, they wait asleep, which costs perceptrons a half.
    """

    def __init__(
        self,
        backend: str,
        threads: int,
        protocol: str,
        loss: str = "non-saturating",
        drawing: str = "",
        **way: Any,
    ) -> None:
        memory.keep_freed_memory()  # as a worker does; loops beside it gain by that, too
        self.asked: queue.Queue[float] = queue.Queue()
        self.rates: queue.Queue[float | BaseException] = queue.Queue()
        settings = backend, threads, protocol, loss, drawing or DRAWING[backend], way
        threading.Thread(target=self._train, args=settings, daemon=True).start()

    def __call__(self, seconds: float) -> float:
        """Train for at least so many seconds."""
        self.asked.put(seconds)
        rate = self.rates.get()
        if isinstance(rate, BaseException):
            raise rate
        return rate

    def _train(self, *settings: Any) -> None:
        try:
            training = _training(*settings)
            self._begin(0)
            training.run(self._chunk_done)
        except BaseException as error:
            self.rates.put(error)

    def _begin(self, images: int) -> None:
        self.seconds = self.asked.get()
        self.images, self.start = images, time.perf_counter()

    def _chunk_done(self, event: dict[str, Any]) -> None:
        elapsed = time.perf_counter() - self.start
        if elapsed >= self.seconds:
            self.rates.put((event["images"] - self.images) / elapsed)
            self._begin(event["images"])


def _training(
    backend: str, threads: int, protocol: str, loss: str, drawing: str, way: dict[str, Any]
) -> Training:
    """The loop of such a trial, as `ganbench.trial` makes it."""
    draw_threads = 1 if drawing == "one thread" else threads
    wanted, catalog = PROTOCOLS[protocol], plugins.load()
    dataset = wanted.dataset()
    model = catalog.model(wanted.recipe.name, backend)(**options(wanted.recipe))
    runtime = catalog.get("backends", backend)(**way).prepare(
        RunOptions(threads, "cpu", steps=STEPS)
    )
    ((adversarial, penalties),) = read_loss(loss, catalog)
    weights, step = draw_weights(0, model.parameters(wanted.task)), model.step(wanted.task)
    noise, labels = evaluation_noise(dataset, step, 0, 2)
    return Training(
        model.trainer(adversarial, penalties, wanted.task, weights, runtime),
        ChunkSource(dataset, step, 0, STEPS, adversarial, penalties, draw_threads),
        Budget("updates", STEPS),
        step,
        Phases(),
        Checkpoints(0, STEPS, noise, labels, wanted.task, Path()),
        None,
        draws_ahead=threads > 1 and drawing == "ahead",
    )
