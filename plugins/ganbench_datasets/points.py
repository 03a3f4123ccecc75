"""Mixtures of Gaussians in the plane: a ring of eight and a grid of twenty-five.

Srivastava et al. 2017 (VEEGAN), arXiv:1705.07761, section 4.1; sizes after Lin et al. 2018
(PacGAN), arXiv:1712.04086, section 4.1. The draw is part of the data set: its seeds are fixed
here and do not follow the trial's.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from math import cos, pi, sin
from pathlib import Path

import numpy as np

from ganbench.contracts import Dataset, Mixture, Split, Task

TRAIN_POINTS, TRAIN_SEED = 100_000, 1
REFERENCE_POINTS, REFERENCE_SEED = 10_000, 2


@dataclass(frozen=True)
class Ring:
    """Eight modes of standard deviation 0.01 on the unit circle, the first at (1, 0)."""

    name = "ring"
    source = "synthetic; PacGAN, arXiv:1712.04086, section 4.1"
    default_samples = 2500

    def task(self) -> Task:
        """Say what a model has to generate."""
        return Task(self.name, "points", (2,), classes=8)

    def load(self, location: Path | None) -> Dataset:
        """Draw float32 points [100000 and 10000, 2], always the same; labels are modes."""
        angles = [2 * pi * mode / 8 for mode in range(8)]
        centers = np.array([(cos(angle), sin(angle)) for angle in angles])
        return _draw_dataset(self.task(), Mixture(centers, standard_deviation=0.01))


@dataclass(frozen=True)
class Grid:
    """Twenty-five modes of standard deviation 0.05 at {-4, -2, 0, 2, 4} squared."""

    name = "grid"
    source = "synthetic; PacGAN, arXiv:1712.04086, section 4.1"
    default_samples = 2500

    def task(self) -> Task:
        """Say what a model has to generate."""
        return Task(self.name, "points", (2,), classes=25)

    def load(self, location: Path | None) -> Dataset:
        """Draw float32 points [100000 and 10000, 2], always the same; labels are modes."""
        sides = (-4.0, -2.0, 0.0, 2.0, 4.0)
        centers = np.array([(x, y) for x in sides for y in sides])
        return _draw_dataset(self.task(), Mixture(centers, standard_deviation=0.05))


def _draw_dataset(task: Task, mixture: Mixture) -> Dataset:
    train = _draw_split("train", mixture, TRAIN_POINTS, TRAIN_SEED)
    reference = _draw_split("test", mixture, REFERENCE_POINTS, REFERENCE_SEED)
    digest = hashlib.sha256()
    for split in (train, reference):
        digest.update(split.samples.astype("<f4").tobytes())
        digest.update(split.labels.astype("<i4").tobytes())
    return Dataset(task, train, reference, digest.hexdigest(), mixture)


def _draw_split(name: str, mixture: Mixture, points: int, seed: int) -> Split:
    rng = np.random.Generator(np.random.Philox(key=seed))
    labels = rng.integers(len(mixture.centers), size=points, dtype=np.int32)
    noise = rng.standard_normal((points, 2))
    samples = mixture.centers[labels] + mixture.standard_deviation * noise
    return Split(name, samples.astype(np.float32), labels)
