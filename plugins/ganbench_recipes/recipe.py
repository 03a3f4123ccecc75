"""What every recipe states: how one step is made and how the weights move."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt
from typing import Annotated, Any, ClassVar, Literal, Self

from annotated_types import Ge, Gt, Lt

from ganbench.contracts import Constant, Normal, Parameter, Step, Task

Count = Annotated[int, Ge(1)]
Positive = Annotated[float, Gt(0)]
Share = Annotated[float, Ge(0), Lt(1)]


@dataclass(frozen=True)
class Recipe:
    """Options that every GAN has; those that are None depend on the task, see `defaults`.

    Adam is that of Kingma and Ba 2014, arXiv:1412.6980. Packing is that of Lin et al. 2018
    (PacGAN), arXiv:1712.04086: the discriminator judges so many images at once, side by side in
    the channels' axis; a batch has as many images as without. `ema_decay` above 0 samples from the
    moving average of the generator's weights.
    """

    needs_loss = True
    # Gradients by the images are defined per image only if no image's logit depends on another.
    batch_norm_in_discriminator = False
    gains_side_by_side: ClassVar[bool] = False  # two trials of one thread beat one of two threads
    conditional: ClassVar[bool] = False  # networks take the labels of their samples
    noise: ClassVar[Literal["normal", "uniform"]] = "normal"
    # Batch normalisation: the running mean and variance keep this share of their old value; the
    # running variance takes the unbiased one of the batch.
    batch_norm_keep: ClassVar[float] = 0.9
    batch_norm_epsilon: ClassVar[float] = 1e-5
    leaky_relu_slope: ClassVar[float] = 0.2

    batch_size: Count | None = None
    generator_batch_size: Count | None = None  # None: the same
    latent_size: Count | None = None
    discriminator_updates: Count = 1  # per generator update
    update_order: Literal["alternating", "simultaneous"] = "alternating"
    shared_noise: bool = False  # True: one noise and one generator pass for both updates
    packing: Literal[1, 2, 3] = 1
    ema_decay: Share = 0.0
    optimizer: Literal["adam", "sgd"] = "adam"
    learning_rate: Positive | None = None
    learning_rate_schedule: Literal["constant", "linear"] = "constant"  # linear: down to 0
    beta1: Share | None = None
    beta2: Share = 0.999
    epsilon: Positive = 1e-8
    # False: Algorithm 1 of the paper. True: the "epsilon hat" before its section 2.1, as TensorFlow
    # has it, which adds epsilon before the bias of the second moment is corrected.
    epsilon_hat: bool = False

    def __post_init__(self) -> None:
        if self.discriminator_updates > 1 and self.update_order == "simultaneous":
            raise ValueError("simultaneous updates need discriminator_updates = 1")
        if self.shared_noise and (self.discriminator_updates > 1 or self.generator_batch_size):
            raise ValueError(
                "shared_noise needs discriminator_updates = 1 and no generator_batch_size"
            )
        if self.conditional and self.packing > 1:
            raise ValueError("a pack of images has no one label; packing needs another model")

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

    def unsuitable(self, task: Task) -> str | None:
        """Say why the task cannot be done: missing labels, or batches that packs do not fill."""
        if self.conditional and task.classes == 0:
            return f"{self.name} needs labels and {task.dataset} has none"
        step = self.step(task)
        for size in (step.batch_size, step.generator_samples):
            if size % self.packing:
                return f"a batch of {size} cannot be divided into packs of {self.packing}"
        return None

    def step(self, task: Task) -> Step:
        """Say what one step consumes."""
        recipe = self.for_task(task)
        assert recipe.batch_size and recipe.latent_size
        return Step(
            recipe.batch_size,
            recipe.latent_size,
            recipe.discriminator_updates,
            recipe.generator_batch_size,
            self.noise,
        )

    def judged_shape(self, task: Task) -> tuple[int, ...]:
        """Shape of what the discriminator judges: a pack of images [height, width, channels]."""
        return (*task.shape[:-1], self.packing * task.shape[-1])

    def learning_rate_at(self, progress: float) -> float:
        """The learning rate when this share of the budget is used."""
        assert self.learning_rate is not None
        if self.learning_rate_schedule == "linear":
            return self.learning_rate * (1 - progress)
        return self.learning_rate

    def adam_rates(self, update: int, progress: float) -> tuple[float, float]:
        """Adam's step size and epsilon in its update of this number, from 1; in float64.

        a m / (sqrt(v / (1 - beta2^t)) + e) = a c m / (sqrt(v) + e c), where c = sqrt(1 - beta2^t)
        and a = learning rate / (1 - beta1^t); epsilon hat is the same without the c beside e.
        """
        assert self.beta1 is not None
        bias_correction = sqrt(1 - self.beta2**update)
        step_size = self.learning_rate_at(progress) * bias_correction / (1 - self.beta1**update)
        return step_size, self.epsilon if self.epsilon_hat else self.epsilon * bias_correction


def batch_norm(name: str, channels: int, scale: Normal | Constant) -> dict[str, Parameter]:
    """Arrays of a batch normalisation: scale and bias, and the running statistics."""
    return {
        f"{name}.scale": Parameter((channels,), scale),
        f"{name}.bias": Parameter((channels,), Constant(0.0)),
        f"{name}.mean": Parameter((channels,), Constant(0.0), trainable=False),
        f"{name}.var": Parameter((channels,), Constant(1.0), trainable=False),
    }


def wrong_size(name: str, task: Task, sides: tuple[int, ...]) -> str | None:
    """Say why a network for square images of these sides cannot do the task, or None."""
    if task.kind != "images":
        return f"{name} makes images and {task.dataset} has points"
    height, width, channels = task.shape
    sizes = ", ".join(f"{side}x{side}" for side in sides)
    if height != width or height not in sides:
        return f"{name} makes images of {sizes} and {task.dataset} has {height}x{width}"
    if channels not in (1, 3):
        return f"{name} makes 1 or 3 channels and {task.dataset} has {channels}"
    return None
