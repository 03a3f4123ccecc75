"""A multivariate normal distribution of pixels: the best model that has no hidden layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import numpy as np

from ganbench.contracts import Chunk, Loss, Parameter, Penalty, Step, Task

MOST_NUMBERS = 4096  # of one sample; their covariance takes 134 MB
_BATCH_SIZE = 64


@dataclass(frozen=True)
class PixelGaussian:
    """Mean and covariance of all samples seen; any class labels are ignored."""

    name = "pixel-gaussian"
    backend = "numpy"
    needs_loss = False

    covariance: Literal["full", "diagonal"] = "full"

    def unsuitable(self, task: Task) -> str | None:
        """Refuse a full covariance of more numbers than fit, in minutes and in memory."""
        size = prod(task.shape)
        if self.covariance == "full" and size > MOST_NUMBERS:
            return (
                f"pixel-gaussian's covariance would be {size} x {size}; "
                "'pixel-gaussian[covariance=diagonal]' does without it"
            )
        return None

    def step(self, task: Task) -> Step:
        """Say what one step consumes: one number of noise for each number of a sample."""
        return Step(_BATCH_SIZE, latent_size=prod(task.shape))

    def parameters(self, task: Task) -> dict[str, Parameter]:
        """Have none that the harness would draw."""
        return {}

    def trainer(
        self,
        loss: Loss | None,
        penalties: tuple[Penalty, ...],
        task: Task,
        weights: Mapping[str, np.ndarray],
        runtime: Any,
    ) -> GaussianTrainer:
        """Begin with empty sums."""
        return GaussianTrainer(task, self.covariance)


class GaussianTrainer:
    """Sums of samples and of their products, in float64, batch after batch."""

    def __init__(self, task: Task, covariance: Literal["full", "diagonal"]) -> None:
        self._task = task
        self._full = covariance == "full"
        size = prod(task.shape)
        self._count = 0
        self._sum = np.zeros(size)
        self._products = np.zeros((size, size) if self._full else size)

    def train(self, chunk: Chunk) -> dict[str, float]:
        """Add the chunk's samples; there are no losses to give."""
        # Products of bytes, summed over a batch of at most 256, are exact in float32.
        exact = self._task.kind == "images" and chunk.real.shape[2] <= 256
        dtype = np.float32 if exact else np.float64
        for batch in chunk.real.reshape(-1, chunk.real.shape[2], len(self._sum)):
            values = batch.astype(dtype)
            self._count += len(values)
            self._sum += values.sum(axis=0)
            self._products += values.T @ values if self._full else np.square(values).sum(axis=0)
        return {}

    def trace(self, chunk: Chunk) -> dict[str, np.ndarray]:
        """Add the chunk's samples; there is nothing to trace."""
        self.train(chunk)
        return {}

    def sample(self, noise: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        """Draw one sample per row of noise; images are rounded and clipped to 0..255."""
        values = (self._mean() + self._spread(noise.astype(np.float64))).reshape(
            -1, *self._task.shape
        )
        if self._task.kind == "points":
            return values.astype(np.float32)
        return np.clip(np.rint(values), 0, 255).astype(np.uint8)

    def state(self) -> dict[str, np.ndarray]:
        """Give the count and the sums."""
        return {
            "count": np.array([self._count], np.int64),
            "sum": self._sum.copy(),
            "products": self._products.copy(),
        }

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Continue from these sums."""
        self._count = int(state["count"][0])
        self._sum = np.array(state["sum"], np.float64)
        self._products = np.array(state["products"], np.float64)

    def _mean(self) -> np.ndarray:
        return self._sum / max(self._count, 1)

    def _spread(self, noise: np.ndarray) -> np.ndarray:
        """Give the noise [n, size] the covariance of the samples."""
        mean, freedom = self._mean(), max(self._count - 1, 1)
        if not self._full:
            variances = (self._products - self._count * np.square(mean)) / freedom
            return noise * np.sqrt(np.maximum(variances, 0))
        covariance = (self._products - self._count * np.outer(mean, mean)) / freedom
        values, vectors = np.linalg.eigh(covariance)
        # The symmetric root does not depend on the signs that a decomposition leaves open.
        return noise @ (vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T)
