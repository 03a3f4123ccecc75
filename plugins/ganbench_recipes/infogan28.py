"""The network on which Lucic et al. compared GANs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from ganbench.contracts import Constant, Normal, Parameter, Task, TruncatedNormal
from ganbench_recipes.dcgan import KERNEL_SIZE
from ganbench_recipes.recipe import Count, Positive, Recipe, Share, batch_norm, wrong_size

SIZES = (28,)
SMALLEST_SIDE = 7  # of a feature map


@dataclass(frozen=True)
class InfoGAN28(Recipe):
    """InfoGAN's network for 28x28 images as in the study of Lucic et al., without its codes.

    Generator: Linear to 16 width, Linear to 2 width 7x7 maps, both normalised unit by unit,
    transposed convolutions to width, normalised, and to the image, kernel 4, stride 2, padding 1;
    LeakyReLU(0.2) between. Discriminator: convolutions to width and 2 width, Linear to 16 width,
    Linear to the logit, normalisation after the second and third layer unless
    `batch_norm_in_discriminator` is off. Weights N(0, 0.02), in the discriminator's convolutions
    truncated; a bias where no normalisation follows. Noise is uniform in [-1, 1).
    Running statistics keep 0.999 of themselves with every batch and start far from the batches'
    own, so that samples of a short training are grey.

    The paper's images are in [0, 1], after a sigmoid; here they are in [-1, 1], so that the
    generator ends in 2 sigmoid(x) - 1 and the discriminator begins with (x + 1) / 2. Gradients by
    images, and so the numbers of penalties, are meant in units of [-1, 1]: a gradient is half of
    the paper's, and a gamma stands for a quarter of it there.

    The paper's other settings, where these are for its NS and MM GAN: LSGAN `beta1=0.5,
    learning_rate=2e-4`; WGAN with clip `beta1=0.5,discriminator_updates=5`; WGAN-GP
    (weight 10) `beta1=0.5,learning_rate=1e-4,discriminator_updates=5,
    batch_norm_in_discriminator=false`; DRAGAN (weight 10) `beta1=0.5,learning_rate=1e-4`, with a
    normalisation in the discriminator that no penalty on gradients can have here.
    28x28x1: 6,634,881 and 6,558,017 parameters, 6,556,865 without normalisation.
    """

    name = "infogan28"
    source = "Lucic et al. 2018, arXiv:1711.10337; google/compare_gan v1.0"
    noise: ClassVar[Literal["normal", "uniform"]] = "uniform"
    batch_norm_keep: ClassVar[float] = 0.999
    batch_norm_epsilon: ClassVar[float] = 1e-3

    width: Count = 64
    batch_norm_in_discriminator: bool = True
    batch_size: Count | None = 64
    latent_size: Count | None = 64
    learning_rate: Positive | None = 5e-5
    beta1: Share | None = 0.0

    def unsuitable(self, task: Task) -> str | None:
        """Refuse points and sizes that are not 28x28."""
        return wrong_size(self.name, task, SIZES) or super().unsuitable(task)

    def parameters(self, task: Task) -> dict[str, Parameter]:
        """Arrays of both networks, named after what the layer does."""
        channels, width, hidden = task.shape[2], self.width, 16 * self.width
        features = 2 * width * SMALLEST_SIDE**2
        scale = Constant(1.0)
        return {
            "generator.hidden.weight": _weight(hidden, self.step(task).latent_size),
            **batch_norm("generator.norm0", hidden, scale),
            "generator.project.weight": _weight(features, hidden),
            **batch_norm("generator.norm1", features, scale),
            "generator.up1.weight": _weight(2 * width, width, KERNEL_SIZE, KERNEL_SIZE),
            **batch_norm("generator.norm2", width, scale),
            "generator.up2.weight": _weight(width, channels, KERNEL_SIZE, KERNEL_SIZE),
            "generator.up2.bias": _zeros(channels),
            "discriminator.down1.weight": _convolution(width, self.judged_shape(task)[2]),
            "discriminator.down1.bias": _zeros(width),
            "discriminator.down2.weight": _convolution(2 * width, width),
            **self._after("down2", "norm2", 2 * width),
            "discriminator.hidden.weight": _weight(hidden, features),
            **self._after("hidden", "norm3", hidden),
            "discriminator.logit.weight": _weight(1, hidden),
            "discriminator.logit.bias": _zeros(1),
        }

    def _after(self, layer: str, norm: str, channels: int) -> dict[str, Parameter]:
        """The normalisation after one of the discriminator's layers, or the layer's bias."""
        if self.batch_norm_in_discriminator:
            return batch_norm(f"discriminator.{norm}", channels, Constant(1.0))
        return {f"discriminator.{layer}.bias": _zeros(channels)}


def _weight(*shape: int) -> Parameter:
    return Parameter(shape, Normal(0.0, 0.02))


def _convolution(outputs: int, inputs: int) -> Parameter:
    return Parameter((outputs, inputs, KERNEL_SIZE, KERNEL_SIZE), TruncatedNormal(0.0, 0.02))


def _zeros(size: int) -> Parameter:
    return Parameter((size,), Constant(0.0))
