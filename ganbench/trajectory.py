"""The path of a tiny model through its parameters, kept beside its samples."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ganbench.contracts import Parameter
from ganbench.samples import sha256_of

MOST_PARAMETERS = 8  # of both networks; such a model is followed, one step at a time


@dataclass
class Trajectory:
    """The trainable parameters before the first step and after every one."""

    shapes: dict[str, tuple[int, ...]]  # by canonical name
    points: list[np.ndarray] = field(default_factory=list)

    def add(self, state: Mapping[str, np.ndarray]) -> None:
        """Note where training is, from what `Trainer.state` gives."""
        parts = [np.asarray(state[name], np.float64).reshape(-1) for name in self.shapes]
        self.points.append(np.concatenate(parts))

    def keep(self, path: Path) -> dict[str, Any]:
        """Write float64 [steps + 1, p] and give the names of the p parameters and its sha256."""
        array = np.stack(self.points)
        np.save(path, array, allow_pickle=False)
        return {"trajectory_parameters": self.names(), "trajectory_sha256": sha256_of(array)}

    def names(self) -> list[str]:
        """The canonical name of each number, with its place where an array holds several."""
        return [
            name if math.prod(shape) == 1 else f"{name}[{place}]"
            for name, shape in self.shapes.items()
            for place in range(math.prod(shape))
        ]


def follow(parameters: Mapping[str, Parameter]) -> Trajectory | None:
    """An empty trajectory of a model that is tiny, None of any other and of one without any."""
    trainable = {name: item.shape for name, item in parameters.items() if item.trainable}
    count = sum(math.prod(shape) for shape in trainable.values())
    return Trajectory(trainable) if 0 < count <= MOST_PARAMETERS else None
