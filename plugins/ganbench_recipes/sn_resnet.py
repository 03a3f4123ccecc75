"""The residual networks of spectral normalisation."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod, sqrt
from typing import Any, Literal

from ganbench.contracts import Constant, Normal, Parameter, Task, Uniform
from ganbench_recipes.recipe import Count, Positive, Recipe, Share, batch_norm, wrong_size

STAGES = {8: 1, 28: 2, 32: 3}  # image side -> how often the generator doubles its own
DOWNSAMPLED = (True, True, False, False)  # the discriminator's blocks, the first one optimised
RESIDUAL_GAIN = sqrt(2)


@dataclass(frozen=True)
class SNResNet(Recipe):
    """Residual blocks with a spectral norm on every layer of the discriminator.

    Generator: Linear to 4x4 with 2 width channels; up-blocks of batch normalisation, ReLU, nearest
    upsampling, 3x3 convolution, normalisation, ReLU, 3x3 convolution; normalisation, ReLU, 3x3
    convolution, tanh. Discriminator: two blocks that halve the side by averaging, two that keep it,
    ReLU, sum over all places, Linear without bias. Shortcuts are 1x1 convolutions where the side
    changes. Glorot-uniform weights, sqrt 2 as large in the residual convolutions; biases 0. 32x32
    has three up-blocks as in the paper; 28x28 has two from 7x7, 8x8 one from 4x4: the same blocks.

    `sn-resnet[width=128]` is the paper's. 32x32x3: width 128 has 4,276,739 and 1,053,824
    parameters, width 32 has 368,771 and 66,848. Its loss is `hinge`.
    """

    name = "sn-resnet"
    source = "Miyato et al. 2018, arXiv:1802.05957, table 4; pfnet-research/sngan_projection"
    batch_norm_epsilon = 2e-5

    width: Count = 32  # channels of the discriminator
    batch_size: Count | None = 64
    generator_batch_size: Count | None = 128
    latent_size: Count | None = 128
    discriminator_updates: Count = 5
    learning_rate: Positive | None = 2e-4
    learning_rate_schedule: Literal["constant", "linear"] = "linear"
    beta1: Share | None = 0.0
    beta2: Share = 0.9

    def unsuitable(self, task: Task) -> str | None:
        """Refuse points and sizes that are not 8x8, 28x28 or 32x32."""
        return wrong_size(self.name, task, tuple(STAGES)) or super().unsuitable(task)

    def defaults(self, task: Task) -> dict[str, Any]:
        """Nothing depends on the task."""
        return {}

    def stages(self, task: Task) -> int:
        """Number of up-blocks."""
        return STAGES[task.shape[0]]

    def smallest_side(self, task: Task) -> int:
        """Side of the generator's first feature map."""
        return task.shape[0] >> self.stages(task)

    def parameters(self, task: Task) -> dict[str, Parameter]:
        """Arrays of both networks; u and v are those of the spectral norms."""
        channels, side = 2 * self.width, self.smallest_side(task)
        latent_size = self.step(task).latent_size
        generator = layer("generator.project", channels * side * side, latent_size)
        for stage in range(self.stages(task)):
            generator |= self.up_block(f"generator.block{stage}", channels, task)
        generator |= batch_norm("generator.norm", channels, Constant(1.0))
        generator |= layer("generator.image", task.shape[2], channels, 3, 3)
        discriminator, inputs = {}, self.judged_shape(task)[2]
        for block, downsampled in enumerate(DOWNSAMPLED):
            path = f"discriminator.block{block}"
            discriminator |= down_block(path, inputs, self.width, downsampled)
            inputs = self.width
        discriminator |= spectral_norm(layer("discriminator.logit", 1, self.width, bias=False))
        return generator | discriminator

    def up_block(self, path: str, channels: int, task: Task) -> dict[str, Parameter]:
        """Arrays of one of the generator's blocks."""
        return {
            **self.norm(f"{path}.norm1", channels, task),
            **layer(f"{path}.convolution1", channels, channels, 3, 3, gain=RESIDUAL_GAIN),
            **self.norm(f"{path}.norm2", channels, task),
            **layer(f"{path}.convolution2", channels, channels, 3, 3, gain=RESIDUAL_GAIN),
            **layer(f"{path}.shortcut", channels, channels, 1, 1),
        }

    def norm(self, path: str, channels: int, task: Task) -> dict[str, Parameter]:
        """Arrays of a normalisation in the generator's blocks."""
        return batch_norm(path, channels, Constant(1.0))


def down_block(path: str, inputs: int, outputs: int, downsampled: bool) -> dict[str, Parameter]:
    """Arrays of one of the discriminator's blocks."""
    first = layer(f"{path}.convolution1", outputs, inputs, 3, 3, gain=RESIDUAL_GAIN)
    second = layer(f"{path}.convolution2", outputs, outputs, 3, 3, gain=RESIDUAL_GAIN)
    block = spectral_norm(first) | spectral_norm(second)
    if downsampled:
        block |= spectral_norm(layer(f"{path}.shortcut", outputs, inputs, 1, 1))
    return block


def layer(
    path: str, outputs: int, inputs: int, *kernel: int, gain: float = 1.0, bias: bool = True
) -> dict[str, Parameter]:
    """Glorot-uniform weight and zero bias of a linear layer or a convolution."""
    bound = gain * sqrt(6 / ((inputs + outputs) * prod(kernel)))
    arrays = {f"{path}.weight": Parameter((outputs, inputs, *kernel), Uniform(-bound, bound))}
    if bias:
        arrays[f"{path}.bias"] = Parameter((outputs,), Constant(0.0))
    return arrays


def spectral_norm(arrays: dict[str, Parameter]) -> dict[str, Parameter]:
    """A layer's arrays and the vectors u [out] and v [everything else] of its spectral norm."""
    ((path, weight),) = (
        (name.removesuffix(".weight"), array)
        for name, array in arrays.items()
        if name.endswith(".weight")
    )
    outputs, *others = weight.shape
    return {
        **arrays,
        f"{path}.u": Parameter((outputs,), Normal(0.0, 1.0), trainable=False),
        f"{path}.v": Parameter((prod(others),), Normal(0.0, 1.0), trainable=False),
    }
