"""What every recipe states: how one step is made and how the weights move."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, Self

from annotated_types import Ge, Gt, Lt

from ganbench.contracts import Step, Task

Count = Annotated[int, Ge(1)]
Positive = Annotated[float, Gt(0)]
Share = Annotated[float, Ge(0), Lt(1)]

# Batch normalisation, wherever a recipe has it. The running mean and variance keep this share of
# their old value; the running variance takes the unbiased one of the batch.
BATCH_NORM_KEEP = 0.9
BATCH_NORM_EPSILON = 1e-5
LEAKY_RELU_SLOPE = 0.2


@dataclass(frozen=True)
class Recipe:
    """Options that every GAN has; those that are None depend on the task, see `defaults`.

    Adam is that of Kingma and Ba 2014, arXiv:1412.6980.
    """

    needs_loss = True
    # Gradients by the images are defined per image only if no image's logit depends on another.
    batch_norm_in_discriminator = False

    batch_size: Count | None = None
    latent_size: Count | None = None
    discriminator_updates: Count = 1  # per generator update
    update_order: Literal["alternating", "simultaneous"] = "alternating"
    shared_noise: bool = False  # True: one noise and one generator pass for both updates
    learning_rate: Positive | None = None
    beta1: Share | None = None
    beta2: Share = 0.999
    epsilon: Positive = 1e-8
    # False: Algorithm 1 of the paper. True: the "epsilon hat" before its section 2.1, as TensorFlow
    # has it, which adds epsilon before the bias of the second moment is corrected.
    epsilon_hat: bool = False

    def __post_init__(self) -> None:
        if self.discriminator_updates > 1 and self.update_order == "simultaneous":
            raise ValueError("simultaneous updates need discriminator_updates = 1")
        if self.discriminator_updates > 1 and self.shared_noise:
            raise ValueError("shared_noise needs discriminator_updates = 1")

    def defaults(self, task: Task) -> dict[str, Any]:
        """Values of the options that depend on the task.

        Learning rate and beta1 are DCGAN's (Radford et al. 2015, arXiv:1511.06434, section 4).
        8x8 images get the project's own, with which a thousand steps suffice; they were chosen
        among a dozen settings by the Fréchet distance on the digits, seeds 0 to 2.
        """
        if task.kind == "images" and task.shape[0] <= 8:
            return {"batch_size": 64, "latent_size": 64, "learning_rate": 2e-3, "beta1": 0.0}
        return {"batch_size": 64, "latent_size": 64, "learning_rate": 2e-4, "beta1": 0.5}

    def for_task(self, task: Task) -> Self:
        """This recipe with every option set."""
        defaults = self.defaults(task)
        open_options = {name: defaults[name] for name in defaults if getattr(self, name) is None}
        return replace(self, **open_options)

    def step(self, task: Task) -> Step:
        """Say what one step consumes."""
        recipe = self.for_task(task)
        assert recipe.batch_size and recipe.latent_size
        return Step(recipe.batch_size, recipe.latent_size, recipe.discriminator_updates)
