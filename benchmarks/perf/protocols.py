"""What is trained in the benchmarks of training: four recipes, whose numbers all loops share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ganbench.contracts import Dataset, Split, Task
from ganbench_recipes.dcgan import DCGAN
from ganbench_recipes.mlp import MLP, MLPToy
from ganbench_recipes.recipe import Recipe

ROWS = 20_000


@dataclass(frozen=True)
class Protocol:
    """A recipe and the shape of what it generates; the loss is non-saturating."""

    recipe: Recipe
    shape: tuple[int, ...]

    @property
    def task(self) -> Task:
        """What is to be generated."""
        return Task("random", "points" if len(self.shape) == 1 else "images", self.shape)

    @property
    def settled(self) -> Any:
        """The recipe with every number set."""
        return self.recipe.for_task(self.task)

    def dataset(self) -> Dataset:
        """Random images, or points: what is in them does not matter to the clock."""
        rng = np.random.default_rng(0)
        if len(self.shape) == 1:
            samples = rng.normal(size=(ROWS, *self.shape)).astype(np.float32)
        else:
            samples = rng.integers(0, 256, (ROWS, *self.shape), dtype=np.uint8)
        split = Split("train", samples)
        return Dataset(self.task, split, split, "random")


PROTOCOLS = {
    "dcgan 28x28": Protocol(DCGAN(), (28, 28, 1)),
    "dcgan[width=64] 32x32x3": Protocol(DCGAN(width=64), (32, 32, 3)),
    "mlp 28x28": Protocol(MLP(), (28, 28, 1)),
    "mlp-toy": Protocol(MLPToy(), (2,)),
}
