"""A single point, at zero: the simplest data on which a GAN's training can circle for ever."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganbench.contracts import Dataset, Split, Task

ROWS = 256


@dataclass(frozen=True)
class Dirac:
    """The Dirac distribution at 0 on the line.

    With the model `dirac`, whose generator is a point and whose discriminator is a slope, it is
    the Dirac-GAN of Mescheder et al. 2018, arXiv:1801.04406, section 2: its equilibrium is known,
    and so is which losses reach it.
    """

    name = "dirac"
    source = "synthetic; Mescheder et al. 2018, arXiv:1801.04406, section 2"
    default_samples = 16

    def task(self) -> Task:
        """Say what a model has to generate."""
        return Task(self.name, "points", (1,))

    def load(self, location: Path | None) -> Dataset:
        """Give float32 points [256, 1], all 0, unlabelled; both parts are the same."""
        points = np.zeros((ROWS, 1), np.float32)
        digest = hashlib.sha256(points.tobytes()).hexdigest()
        return Dataset(self.task(), Split("train", points), Split("test", points), digest)
