"""A perceptron GAN that is told the class."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import ClassVar

from ganbench.contracts import Parameter, Task, Uniform
from ganbench_recipes.mlp import MLP


@dataclass(frozen=True)
class CGAN(MLP):
    """The mlp with the class beside its inputs, as a one-hot vector, in both networks.

    A layer of concatenated inputs is the sum of one matrix for the values and one for the class,
    which is how the arrays are kept: `layer0.weight` and `label.weight` [width, classes].
    """

    name = "cgan"
    source = "Mirza and Osindero 2014, arXiv:1411.1784, section 3.2: concatenation"
    conditional: ClassVar[bool] = True

    def parameters(self, task: Task) -> dict[str, Parameter]:
        """The mlp's arrays, with the class counted among the inputs of the first layers."""
        parameters = super().parameters(task)
        for network, (inputs, outputs, *_) in self.layer_sizes(task).items():
            bound = sqrt(6 / (inputs + task.classes + outputs))
            for name, columns in (("layer0", inputs), ("label", task.classes)):
                weight = Parameter((outputs, columns), Uniform(-bound, bound))
                parameters[f"{network}.{name}.weight"] = weight
        return parameters
