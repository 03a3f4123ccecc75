"""DCGAN at the size of small images."""

from __future__ import annotations

from dataclasses import dataclass

from ganbench.contracts import Constant, Normal, Parameter, Task
from ganbench_recipes.recipe import Count, Recipe, batch_norm, wrong_size

KERNEL_SIZE = 4  # with stride 2 and padding 1: the one setting that all frameworks pad alike
SIZES = (8, 28, 32)


@dataclass(frozen=True)
class DCGAN(Recipe):
    """Two transposed convolutions up, two convolutions down, kernel 4, stride 2, padding 1.

    Generator: Linear to [4 width, height/4, width/4], then 2 width and the image's channels, batch
    normalisation and ReLU between, tanh at the end. Discriminator: 2 width, 4 width, Linear to the
    logit, LeakyReLU(0.2); no normalisation, or, on demand, one after the second convolution.
    Weights N(0, 0.02), normalisation scales N(1, 0.02); a bias where no normalisation follows.
    28x28x1: width 16 has 234,177 and 36,513 parameters, width 32 has 533,889 and 138,561.
    """

    name = "dcgan"
    source = "Radford et al. 2015, arXiv:1511.06434, shortened to two stages for small images"

    width: Count = 16
    batch_norm_in_discriminator: bool = False

    def unsuitable(self, task: Task) -> str | None:
        """Refuse points and sizes that are not 8x8, 28x28 or 32x32."""
        return wrong_size(self.name, task, SIZES) or super().unsuitable(task)

    def smallest_side(self, task: Task) -> int:
        """Side of the smallest feature map: a quarter of the image's."""
        return task.shape[0] // 4

    def parameters(self, task: Task) -> dict[str, Parameter]:
        """Arrays of both networks, named after what the layer does."""
        channels, width, side = task.shape[2], self.width, self.smallest_side(task)
        features = 4 * width * side * side
        kernel = (KERNEL_SIZE, KERNEL_SIZE)
        scale = Normal(1.0, 0.02)
        if self.batch_norm_in_discriminator:
            after_down2 = batch_norm("discriminator.norm2", 4 * width, scale)
        else:
            after_down2 = {"discriminator.down2.bias": Parameter((4 * width,), Constant(0.0))}
        return {
            "generator.project.weight": _weight(features, self.step(task).latent_size),
            **batch_norm("generator.norm0", 4 * width, scale),
            "generator.up1.weight": _weight(4 * width, 2 * width, *kernel),
            **batch_norm("generator.norm1", 2 * width, scale),
            "generator.up2.weight": _weight(2 * width, channels, *kernel),
            "generator.up2.bias": Parameter((channels,), Constant(0.0)),
            "discriminator.down1.weight": _weight(2 * width, self.judged_shape(task)[2], *kernel),
            "discriminator.down1.bias": Parameter((2 * width,), Constant(0.0)),
            "discriminator.down2.weight": _weight(4 * width, 2 * width, *kernel),
            **after_down2,
            "discriminator.logit.weight": _weight(1, features),
            "discriminator.logit.bias": Parameter((1,), Constant(0.0)),
        }


def _weight(*shape: int) -> Parameter:
    return Parameter(shape, Normal(0.0, 0.02))
