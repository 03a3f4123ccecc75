"""A model in training as a trial would have it, on a small data set made here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ganbench import parity_trace
from ganbench.contracts import Chunk, Dataset, RunOptions, Trainer
from ganbench.data import ChunkSource, evaluation_noise
from ganbench.streams import draw_weights
from ganbench.testing.check import NotApplicable
from ganbench.testing.subject import Subject

SEED = 5
STEPS = 3
SAMPLES = 9
TASKS = (*parity_trace.TASKS, "line")


@dataclass(frozen=True)
class Logistic:
    """The non-saturating loss, so that models can be tried where no plugin of losses is loaded."""

    name = "logistic"
    generator_needs_real = False

    def discriminator_loss(self, ops: Any, discriminator: Any, real: Any, fake: Any) -> Any:
        """Sigmoid cross-entropy."""
        real_term = ops.mean(ops.softplus(-discriminator(real)))
        return real_term + ops.mean(ops.softplus(discriminator(fake)))

    def generator_loss(self, ops: Any, discriminator: Any, real: Any, fake: Any) -> Any:
        """Mean softplus(-fake)."""
        return ops.mean(ops.softplus(-discriminator(fake)))


def dataset_for(model: Any) -> Dataset:
    """The first small data set that the model says it can do; raises NotApplicable for none."""
    reasons = []
    for name in TASKS:
        reason = model.unsuitable(parity_trace.task(name))
        if reason is None:
            return parity_trace.dataset(name)
        reasons.append(f"{name}: {reason}")
    raise NotApplicable(f"it suits none of the tasks of the checks ({'; '.join(reasons)})")


class Run:
    """One training from its first step, and what it has been given."""

    def __init__(
        self,
        subject: Subject,
        seed: int = SEED,
        model: Any = None,
        loss: tuple[Any, tuple[Any, ...]] = (Logistic(), ()),
        dtype: Any = "float32",
    ) -> None:
        self.model = model or subject.part
        self.dataset = dataset_for(self.model)
        task = self.dataset.task
        self.step = self.model.step(task)
        runtime = subject.backend.prepare(RunOptions(1, "cpu", dtype))
        adversarial, penalties = loss if getattr(self.model, "needs_loss", True) else (None, ())
        self.source = ChunkSource(self.dataset, self.step, seed, STEPS, adversarial, penalties)
        self.weights = draw_weights(seed, self.model.parameters(task))
        self.trainer: Trainer = self.model.trainer(
            adversarial, penalties, task, dict(self.weights), runtime
        )

    def chunk(self, start: int, steps: int) -> Chunk:
        """The inputs of so many steps."""
        return self.source.chunk(start, steps)

    def train(self, start: int = 0, stop: int = STEPS, length: int = STEPS) -> dict[str, float]:
        """Train from step to step in chunks of this length; the last chunk's losses."""
        losses: dict[str, float] = {}
        for first in range(start, stop, length):
            losses = self.trainer.train(self.chunk(first, min(length, stop - first)))
        return losses

    def noise(self, count: int = SAMPLES) -> tuple[np.ndarray, np.ndarray | None]:
        """Noise and labels, the same for every seed of the weights."""
        return evaluation_noise(self.dataset, self.step, SEED, count)

    def sample(self, count: int = SAMPLES) -> np.ndarray:
        """What the generator makes of that noise."""
        return self.trainer.sample(*self.noise(count))

    def state(self) -> dict[str, np.ndarray]:
        """A copy of the state."""
        return {name: np.array(array) for name, array in self.trainer.state().items()}


def difference(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> str | None:
    """The first array in which two states differ by a bit, in words, or None."""
    if one.keys() != other.keys():
        return f"names that only one has: {', '.join(sorted(one.keys() ^ other.keys())[:5])}"
    for name in one:
        if not same(one[name], other[name]):
            return name
    return None


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays are equal bit for bit."""
    one, other = np.asarray(one), np.asarray(other)
    alike = (one.dtype, one.shape) == (other.dtype, other.shape)
    return alike and np.ascontiguousarray(one).tobytes() == np.ascontiguousarray(other).tobytes()
