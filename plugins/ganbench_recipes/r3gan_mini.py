"""R3GAN at the size of small images."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod, sqrt
from typing import Annotated

import numpy as np
from annotated_types import Ge, MultipleOf

from ganbench.contracts import Constant, Normal, Parameter, Task
from ganbench_recipes.recipe import Count, Positive, Recipe, Share, wrong_size

EXPANSION = 2  # a block's hidden channels per channel
CHANNELS_PER_GROUP = 8
RESAMPLING_KERNEL = (1, 3, 3, 1)  # [1, 2, 1] convolved with [1, 1]

# Side of an image: side of the smallest feature map, and quarters of `width` for each stage.
STAGES = {8: (4, (4, 3)), 28: (7, (4, 3, 2)), 32: (4, (4, 4, 3, 2))}


@dataclass(frozen=True)
class R3GANMini(Recipe):
    """R3GAN with one residual block a stage; widths 64, 64, 48, 32 from 4x4 up to 32x32.

    Block: y = x + F(x), F a 1x1 convolution to twice the channels, a 3x3 one in groups of 8
    channels (padding 1) and a 1x1 one back; bias and LeakyReLU(0.2) after the first two, no
    normalisation. Generator: a learned basis [width, 4, 4], each channel times a number that one
    matrix makes of the noise; then for every stage a block, and between stages a 1x1 convolution
    where widths differ, then `resampling_matrix` up; a 1x1 convolution to the image, no tanh. The
    discriminator is its mirror image: 1x1 from the image, blocks, `resampling_matrix` down and then
    1x1; a depthwise convolution over the whole last map and a matrix to the logit. There are no
    other biases than those in the blocks.

    Initial weights are N(0, gain^2 / fan-in): in blocks of a network with L of them the gain is
    sqrt(2 / 1.04) L^(-1/4) and the last convolution 0, elsewhere it is 1; the basis is N(0, 1),
    biases are 0. 32x32x3: 86,688 and 82,656 parameters. 28x28x1, which has three stages of 64, 48
    and 32 from 7x7 (not the paper's, whose smallest map is 4x4): 62,880 and 58,848. 8x8x1, with
    two stages of 64 and 48 from 4x4: 50,416 and 46,384.

    Its loss is 'relativistic+r1[gamma=1]+r2[gamma=1]'. Optimiser settings are the paper's at its
    start; its cosine schedules of learning rate, beta2 and gamma are left out, and so is the
    augmentation. Weights are averaged with one decay, without the paper's warm-up: after
    n updates the start still has a share of ema_decay^n, so that fewer than some 3,000 want less.
    """

    name = "r3gan-mini"
    source = "Huang et al. 2024, arXiv:2501.05441, and brownvc/R3GAN; sizes are the project's own"

    # Widths are 4, 3 or 2 quarters of it, and twice each has to fill groups of 8.
    width: Annotated[int, Ge(1), MultipleOf(16)] = 64
    batch_size: Count | None = 64
    latent_size: Count | None = 64
    ema_decay: Share = 0.999
    learning_rate: Positive | None = 2e-4
    beta1: Share | None = 0.0
    beta2: Share = 0.9

    def unsuitable(self, task: Task) -> str | None:
        """Refuse points and sizes that are not 8x8, 28x28 or 32x32."""
        return wrong_size(self.name, task, tuple(STAGES)) or super().unsuitable(task)

    def smallest_side(self, task: Task) -> int:
        """Side of the smallest feature map."""
        return STAGES[task.shape[0]][0]

    def widths(self, task: Task) -> tuple[int, ...]:
        """Channels of every stage, from the smallest feature map to the largest."""
        return tuple(quarters * self.width // 4 for quarters in STAGES[task.shape[0]][1])

    def parameters(self, task: Task) -> dict[str, Parameter]:
        """Arrays of both networks, named after what the layer does."""
        widths, side = self.widths(task), self.smallest_side(task)
        smallest, largest = widths[0], widths[-1]
        basis = Parameter((smallest * side * side,), Normal(0.0, 1.0))
        return {
            "generator.basis.maps": basis,
            "generator.basis.scale.weight": _weight(smallest, self.step(task).latent_size),
            **_stages("generator", widths),
            "generator.to_image.weight": _weight(task.shape[2], largest, 1, 1),
            "discriminator.from_image.weight": _weight(largest, self.judged_shape(task)[2], 1, 1),
            **_stages("discriminator", widths[::-1]),
            "discriminator.basis.weight": _weight(smallest, 1, side, side),
            "discriminator.logit.weight": _weight(1, smallest),
        }


def _stages(network: str, widths: tuple[int, ...]) -> dict[str, Parameter]:
    """A block for each stage, and transitions where the width changes from one to the next."""
    parameters = {}
    for stage, width in enumerate(widths):
        if stage > 0 and widths[stage - 1] != width:
            parameters[f"{network}.transition{stage}.weight"] = _weight(
                width, widths[stage - 1], 1, 1
            )
        parameters |= _block(f"{network}.block{stage}", width, blocks=len(widths))
    return parameters


def _block(name: str, width: int, blocks: int) -> dict[str, Parameter]:
    """Fix-up: the residual is 0 at first, and its m = 3 convolutions share L^(-1 / (2 m - 2))."""
    hidden = EXPANSION * width
    gain = sqrt(2 / (1 + Recipe.leaky_relu_slope**2)) * blocks ** (-1 / 4)
    return {
        f"{name}.expand.weight": _weight(hidden, width, 1, 1, gain=gain),
        f"{name}.expand.bias": Parameter((hidden,), Constant(0.0)),
        f"{name}.grouped.weight": _weight(hidden, CHANNELS_PER_GROUP, 3, 3, gain=gain),
        f"{name}.grouped.bias": Parameter((hidden,), Constant(0.0)),
        f"{name}.contract.weight": Parameter((width, hidden, 1, 1), Constant(0.0)),
    }


def _weight(*shape: int, gain: float = 1.0) -> Parameter:
    return Parameter(shape, Normal(0.0, gain / sqrt(prod(shape[1:]))))


def resampling_matrix(side: int, direction: str) -> np.ndarray:
    """Bilinear resampling by 2 along one axis, as a matrix that both axes are multiplied by.

    With k = [1, 3, 3, 1] and x = 0 outside of the map, "up" is y[2i] = (x[i - 1] + 3 x[i]) / 4 and
    y[2i + 1] = (3 x[i] + x[i + 1]) / 4, "down" is y[i] = (x[2i - 1] + 3 x[2i] + 3 x[2i + 1] +
    x[2i + 2]) / 8: a transposed convolution with k / 4, and a convolution with k / 8, of stride 2
    and padding 1, which is what upfirdn2d's upsample2d and downsample2d give. A constant stays so,
    except at the border. float32 [2 side, side] or [side / 2, side], exact in it.
    """
    large, small = (2 * side, side) if direction == "up" else (side, side // 2)
    spread = np.zeros((large + 2, small), np.float32)  # with one row outside on either side
    for column in range(small):
        spread[2 * column : 2 * column + 4, column] = RESAMPLING_KERNEL
    spread = spread[1:-1]
    return spread / 4 if direction == "up" else spread.T / 8
