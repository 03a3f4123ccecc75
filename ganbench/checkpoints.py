"""Samples taken on the way, with the clock stopped: at the start and at equal shares of the budget.

They are made from the noise of the final samples, so that one image of noise can be followed.
Sampling does not change the training state.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ganbench import boundary
from ganbench.contracts import Task, Trainer
from ganbench.results import checkpoint_samples
from ganbench.samples import keep, load

FOLDER = "checkpoints"


@dataclass
class Checkpoints:
    """Takes `wanted` sets of samples at the shares 0, 1 / wanted, 2 / wanted, ... of a budget."""

    wanted: int
    total_steps: int | None  # None: time decides
    noise: np.ndarray
    labels: np.ndarray | None
    task: Task
    folder: Path
    taken: list[dict[str, Any]] = field(default_factory=list)
    _small: list[np.ndarray] = field(default_factory=list)
    _images: list[int] = field(default_factory=list)

    def is_due(self, steps: int, share: float) -> bool:
        """Whether the next one is to be taken at this point."""
        number = len(self.taken)
        if number >= self.wanted:
            return False
        if self.total_steps is None:
            return share >= number / self.wanted
        return steps >= self._step(number)

    def steps_to_next(self, steps: int) -> int | None:
        """Steps after which the next one is due; None where no step is known to be its."""
        if self.total_steps is None or len(self.taken) >= self.wanted:
            return None
        return max(1, self._step(len(self.taken)) - steps)

    def take(self, trainer: Trainer, reached: dict[str, Any]) -> None:
        """Keep samples of the generator as it is; `reached` says how far training has come.

        Raises FloatingPointError where the generator gives values that are not finite.
        """
        samples = trainer.sample(self.noise, self.labels)
        boundary.samples(trainer, samples, len(self.noise), self.task)
        file = f"{FOLDER}/{len(self.taken):03d}.npy"
        (self.folder / FOLDER).mkdir(exist_ok=True)
        kept = keep(samples, len(self.noise), self.task, self.folder / file)
        if "samples_sha256" not in kept:
            raise FloatingPointError(kept["reason"])
        self.taken.append({**reached, "file": file, **kept})
        self.add_small(samples, reached["images"])

    def add_small(self, samples: np.ndarray, images: int) -> None:
        """Keep the first samples in memory, for the small file that reports show."""
        self._small.append(checkpoint_samples.select(samples, self.task))
        self._images.append(images)

    def write_small(self) -> dict[str, str]:
        """Write `checkpoints.npz`, where there are samples, and return its hash for the record."""
        if not self._small:
            return {}
        path = self.folder / checkpoint_samples.FILE
        sha256 = checkpoint_samples.write(path, self._small, self._images)
        return {"checkpoint_samples_sha256": sha256}

    def _step(self, number: int) -> int:
        return number * (self.total_steps or 0) // self.wanted


def samples_of(checkpoint: dict[str, Any], folder: Path) -> np.ndarray:
    """Read the samples of a checkpoint; raises ConfigError where they are gone or changed."""
    return load(folder / checkpoint["file"], checkpoint["samples_sha256"])
