"""The smallest GAN there is, whose every step is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from ganbench.contracts import Constant, Parameter, Task
from ganbench_recipes.recipe import Count, Positive, Recipe


@dataclass(frozen=True)
class Dirac(Recipe):
    """Dirac-GAN: a generator that gives theta, a discriminator psi x, data at 0.

    Plain gradient descent from theta = psi = 1, by default with learning rate 0.2 as in the
    authors' notebook. The equilibrium is theta = psi = 0; which losses reach it is known.
    """

    name = "dirac"
    source = "Mescheder et al. 2018, arXiv:1801.04406, section 2"
    gains_side_by_side: ClassVar[bool] = True

    batch_size: Count | None = 1
    latent_size: Count | None = 1
    optimizer: Literal["adam", "sgd"] = "sgd"
    learning_rate: Positive | None = 0.2

    def unsuitable(self, task: Task) -> str | None:
        """Refuse everything but numbers."""
        if task.shape != (1,):
            return f"dirac makes single numbers and {task.dataset} has {task.kind}"
        if self.packing > 1:
            return "dirac judges one number at a time"
        return super().unsuitable(task)

    def defaults(self, task: Task) -> dict[str, Any]:
        """Adam's first moment, if Adam is asked for."""
        return {"beta1": 0.0}

    def parameters(self, task: Task) -> dict[str, Parameter]:
        """One number for each network."""
        return {
            "generator.theta": Parameter((1,), Constant(1.0)),
            "discriminator.psi": Parameter((1,), Constant(1.0)),
        }
