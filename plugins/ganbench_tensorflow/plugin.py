"""What this package offers to ganbench; TensorFlow is imported in the trial's process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import ganbench
from ganbench_recipes import dcgan, mlp


@dataclass(frozen=True)
class TensorFlow:
    """TensorFlow; every step is one graph, compiled by XLA unless `compile` is off."""

    name = "tensorflow"
    requires = ("tensorflow",)
    extra = "tensorflow"

    compile: Literal["step", "off"] = "step"

    def prepare(self, options):
        """Import TensorFlow and set threads, device and determinism."""
        from ganbench_tensorflow.runtime import prepare

        return prepare(options, self.compile)

    def describe(self):
        """Versions, device, compiler and precision."""
        from ganbench_tensorflow.runtime import describe

        return describe(self.compile)


@dataclass(frozen=True)
class MLP(mlp.MLP):
    __doc__ = mlp.MLP.__doc__
    backend = "tensorflow"

    def trainer(self, loss, penalties, task, weights, runtime):
        """Build both perceptrons."""
        from ganbench_tensorflow.mlp import build

        return build(self.for_task(task), loss, penalties, task, weights, runtime)


@dataclass(frozen=True)
class Tutorial(mlp.Tutorial):
    __doc__ = mlp.Tutorial.__doc__
    backend = "tensorflow"

    def trainer(self, loss, penalties, task, weights, runtime):
        """Build both perceptrons."""
        from ganbench_tensorflow.mlp import build

        return build(self.for_task(task), loss, penalties, task, weights, runtime)


@dataclass(frozen=True)
class DCGAN(dcgan.DCGAN):
    __doc__ = dcgan.DCGAN.__doc__
    backend = "tensorflow"

    def trainer(self, loss, penalties, task, weights, runtime):
        """Build both convolutional networks."""
        from ganbench_tensorflow.dcgan import build

        return build(self.for_task(task), loss, penalties, task, weights, runtime)


@ganbench.hookimpl
def ganbench_backends():
    """Offer TensorFlow."""
    return [TensorFlow]


@ganbench.hookimpl
def ganbench_models():
    """Offer the GANs written for TensorFlow."""
    return [MLP, Tutorial, DCGAN]
