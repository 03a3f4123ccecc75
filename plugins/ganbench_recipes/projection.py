"""The residual networks of spectral normalisation, told the class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ganbench.contracts import Constant, Normal, Parameter, Task
from ganbench_recipes.sn_resnet import SNResNet, layer, spectral_norm


@dataclass(frozen=True)
class Projection(SNResNet):
    """The sn-resnet with conditional batch normalisation and a projection discriminator.

    The blocks' normalisations have a scale and a bias for each class, [classes, channels], and
    share the running statistics; the scale is kept as its difference from 1, drawn from
    N(0, 0.02). The logit is that of the sn-resnet plus <E[label], h>, where h is the sum over all
    places and E [classes, width] is Glorot-uniform, without bias, and has a spectral norm of its
    own. 32x32x3 with 10 classes: width 128 has 4,304,387 and 1,055,104 parameters, width 32 has
    375,683 and 67,168. Its loss is `hinge`.
    """

    name = "projection"
    source = "Miyato and Koyama 2018, arXiv:1802.05637; pfnet-research/sngan_projection"
    conditional: ClassVar[bool] = True

    def parameters(self, task: Task) -> dict[str, Parameter]:
        """The sn-resnet's arrays and the classes' embedding."""
        embedding = layer("discriminator.embedding", task.classes, self.width, bias=False)
        return super().parameters(task) | spectral_norm(embedding)

    def norm(self, path: str, channels: int, task: Task) -> dict[str, Parameter]:
        """Arrays of a conditional batch normalisation."""
        shape = (task.classes, channels)
        return {
            f"{path}.scale": Parameter(shape, Normal(0.0, 0.02)),
            f"{path}.bias": Parameter(shape, Constant(0.0)),
            f"{path}.mean": Parameter((channels,), Constant(0.0), trainable=False),
            f"{path}.var": Parameter((channels,), Constant(1.0), trainable=False),
        }
