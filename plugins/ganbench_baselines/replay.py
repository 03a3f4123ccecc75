"""Baselines that show training samples again: many of them, or few."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import erf, sqrt
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge

from ganbench.contracts import Chunk, Loss, Parameter, Penalty, Step, Task

_BATCH_SIZE = 64


@dataclass(frozen=True)
class Real:
    """Training samples as they are: what a perfect generator would score.

    The most recent distinct samples are kept, and drawn from with replacement.
    """

    name = "real"
    backend = "numpy"
    needs_loss = False

    images: Annotated[int, Ge(1)] = 20_000
    conditional: bool = False  # True: show the class that a label asks for

    def unsuitable(self, task: Task) -> str | None:
        """Fit any task."""
        return None

    def step(self, task: Task) -> Step:
        """Say what one step consumes: one number of noise chooses a sample."""
        return Step(_BATCH_SIZE, latent_size=1)

    def parameters(self, task: Task) -> dict[str, Parameter]:
        """Have none."""
        return {}

    def trainer(
        self,
        loss: Loss | None,
        penalties: tuple[Penalty, ...],
        task: Task,
        weights: Mapping[str, np.ndarray],
        runtime: Any,
    ) -> ReplayTrainer:
        """Begin with an empty memory."""
        return ReplayTrainer(task, self.images, self.conditional)


@dataclass(frozen=True)
class Memorizer(Real):
    """A generator that repeats the last few training samples: a cheat that metrics must see."""

    name = "memorizer"

    images: Annotated[int, Ge(1)] = 64


class ReplayTrainer:
    """Remembers the most recent distinct samples, each with its label, and shows them again."""

    def __init__(self, task: Task, capacity: int, conditional: bool) -> None:
        self._shape = task.shape
        self._dtype = np.uint8 if task.kind == "images" else np.float32
        self._capacity = capacity
        self._conditional = conditional
        self._memory: dict[bytes, int] = {}  # sample -> label or -1, the oldest first

    def train(self, chunk: Chunk) -> dict[str, float]:
        """Remember the chunk's samples; there are no losses to give."""
        samples = chunk.real.reshape(-1, *self._shape)
        unlabelled = np.full(len(samples), -1)
        labels = unlabelled if chunk.labels is None else chunk.labels.reshape(-1)
        for sample, label in zip(samples, labels.tolist(), strict=True):
            key = sample.tobytes()
            self._memory.pop(key, None)  # so that it becomes the most recent one
            self._memory[key] = label
            if len(self._memory) > self._capacity:
                del self._memory[next(iter(self._memory))]
        return {}

    def trace(self, chunk: Chunk) -> dict[str, np.ndarray]:
        """Remember the chunk's samples; there is nothing to trace."""
        self.train(chunk)
        return {}

    def sample(self, noise: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        """Show one remembered sample per row of noise; all zeros before the first has been seen.

        Conditional ones keep to the label's class, or show any sample of an unseen class.
        """
        memory = self.state()
        if not self._memory:
            return np.zeros((len(noise), *self._shape), self._dtype)
        share = _normal_distribution(noise[:, 0])
        if labels is None or not self._conditional:
            return memory["samples"][_pick(np.arange(len(self._memory)), share)]
        chosen = np.empty(len(noise), np.int64)
        for label in np.unique(labels):
            of_label = np.flatnonzero(memory["labels"] == label)
            pool = of_label if len(of_label) else np.arange(len(self._memory))
            chosen[labels == label] = _pick(pool, share[labels == label])
        return memory["samples"][chosen]

    def state(self) -> dict[str, np.ndarray]:
        """Give the remembered samples and labels, the oldest first."""
        samples = np.frombuffer(b"".join(self._memory), self._dtype)
        return {
            "samples": samples.reshape(len(self._memory), *self._shape),
            "labels": np.array(list(self._memory.values()), np.int32),
        }

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Continue from these samples and labels."""
        labels = state["labels"].tolist()
        samples = np.asarray(state["samples"], self._dtype)
        self._memory = {
            sample.tobytes(): label for sample, label in zip(samples, labels, strict=True)
        }


def _normal_distribution(values: np.ndarray) -> np.ndarray:
    """Share of the standard normal distribution below each value: uniform where they are normal."""
    return np.array([(1 + erf(value / sqrt(2))) / 2 for value in values.tolist()])


def _pick(pool: np.ndarray, share: np.ndarray) -> np.ndarray:
    return pool[np.minimum((share * len(pool)).astype(np.int64), len(pool) - 1)]
