"""What every recipe states: how one step is made and how the weights move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

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
    """Options that every GAN has. Adam is that of Kingma and Ba 2014, arXiv:1412.6980."""

    needs_loss = True
    # Gradients by the images are defined per image only if no image's logit depends on another.
    batch_norm_in_discriminator = False

    batch_size: Count = 64
    latent_size: Count = 64
    discriminator_updates: Count = 1  # per generator update
    update_order: Literal["alternating", "simultaneous"] = "alternating"
    shared_noise: bool = False  # True: one noise and one generator pass for both updates
    learning_rate: Positive = 2e-4
    beta1: Share = 0.5
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

    def step(self, task: Task) -> Step:
        """Say what one step consumes."""
        return Step(self.batch_size, self.latent_size, self.discriminator_updates)
