"""What this package offers to ganbench; torch itself is imported in the trial's process."""

from __future__ import annotations

from dataclasses import dataclass

import ganbench
from ganbench_recipes import dcgan, mlp


@dataclass(frozen=True)
class Torch:
    """PyTorch, eager, with fused optimisers."""

    name = "torch"
    requires = ("torch",)
    extra = "torch"

    def prepare(self, options):
        """Import torch and set threads, device and determinism."""
        from ganbench_torch.runtime import prepare

        return prepare(options)

    def describe(self):
        """Versions, device and precision."""
        from ganbench_torch.runtime import describe

        return describe()


@dataclass(frozen=True)
class MLP(mlp.MLP):
    __doc__ = mlp.MLP.__doc__
    backend = "torch"

    def trainer(self, loss, penalties, task, weights, runtime):
        """Build both perceptrons."""
        from ganbench_torch.mlp import build

        return build(self.for_task(task), loss, penalties, task, weights, runtime)


@dataclass(frozen=True)
class Tutorial(mlp.Tutorial):
    __doc__ = mlp.Tutorial.__doc__
    backend = "torch"

    def trainer(self, loss, penalties, task, weights, runtime):
        """Build both perceptrons."""
        from ganbench_torch.mlp import build

        return build(self.for_task(task), loss, penalties, task, weights, runtime)


@dataclass(frozen=True)
class DCGAN(dcgan.DCGAN):
    __doc__ = dcgan.DCGAN.__doc__
    backend = "torch"

    def trainer(self, loss, penalties, task, weights, runtime):
        """Build both convolutional networks."""
        from ganbench_torch.dcgan import build

        return build(self.for_task(task), loss, penalties, task, weights, runtime)


@ganbench.hookimpl
def ganbench_backends():
    """Offer PyTorch."""
    return [Torch]


@ganbench.hookimpl
def ganbench_models():
    """Offer the GANs written for PyTorch."""
    return [MLP, Tutorial, DCGAN]
