"""What this package offers to ganbench; torch itself is imported in the trial's process."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Literal

import ganbench
from ganbench_recipes import cgan, dcgan, dirac, infogan28, mlp, projection, r3gan_mini, sn_resnet


@dataclass(frozen=True)
class Torch:
    """PyTorch, eager with fused optimisers, or compiled by inductor.

    `compile`: off is eager, step compiles a whole step, and auto chooses by model and budget
    (docs/performance.md). `precision`: how wide the factors of products are; tf32 needs an NVIDIA
    GPU, and a CPU without bfloat16 is slow at it.
    """

    name = "torch"
    requires = ("torch",)
    extra = "torch"
    counts_flops = True
    threads_in_lockstep = True

    compile: Literal["auto", "off", "step"] = "auto"
    precision: Literal["float32", "tf32", "bfloat16"] = "float32"

    def prepare(self, options):
        """Import torch and set threads, device and determinism."""
        from ganbench_torch.runtime import prepare

        return prepare(options, self.compile, self.precision)

    def describe(self):
        """Versions, device, threads and precision."""
        from ganbench_torch.runtime import describe

        return describe(self.precision)

    def device_memory_mib(self):
        """The most memory that tensors have taken on a CUDA device since `prepare`."""
        from ganbench_torch.runtime import device_memory_mib

        return device_memory_mib()

    def peak_work(self, runtime):
        """What to time for the device's highest rates."""
        from ganbench_torch.peak import work

        return work(runtime)


class OnTorch:
    """A recipe whose networks are built by a module of this package, named by `networks`."""

    backend = "torch"

    def trainer(self, loss, penalties, task, weights, runtime):
        """Build both networks and the loop that trains them."""
        from ganbench_torch.trainer import AdversarialTrainer

        networks = importlib.import_module(f"ganbench_torch.{self.networks}")
        recipe = self.for_task(task)
        return AdversarialTrainer(
            recipe,
            networks.generator(recipe, task),
            networks.discriminator(recipe, task),
            loss,
            penalties,
            task,
            weights,
            runtime,
        )


@dataclass(frozen=True)
class MLP(OnTorch, mlp.MLP):
    __doc__ = mlp.MLP.__doc__
    networks = "mlp"


@dataclass(frozen=True)
class Tutorial(OnTorch, mlp.Tutorial):
    __doc__ = mlp.Tutorial.__doc__
    networks = "mlp"


@dataclass(frozen=True)
class MLPToy(OnTorch, mlp.MLPToy):
    __doc__ = mlp.MLPToy.__doc__
    networks = "mlp"


@dataclass(frozen=True)
class MLPToyWGANGP(OnTorch, mlp.MLPToyWGANGP):
    __doc__ = mlp.MLPToyWGANGP.__doc__
    networks = "mlp"


@dataclass(frozen=True)
class CGAN(OnTorch, cgan.CGAN):
    __doc__ = cgan.CGAN.__doc__
    networks = "cgan"


@dataclass(frozen=True)
class DCGAN(OnTorch, dcgan.DCGAN):
    __doc__ = dcgan.DCGAN.__doc__
    networks = "dcgan"


@dataclass(frozen=True)
class SNResNet(OnTorch, sn_resnet.SNResNet):
    __doc__ = sn_resnet.SNResNet.__doc__
    networks = "sn_resnet"


@dataclass(frozen=True)
class Projection(OnTorch, projection.Projection):
    __doc__ = projection.Projection.__doc__
    networks = "projection"


@dataclass(frozen=True)
class InfoGAN28(OnTorch, infogan28.InfoGAN28):
    __doc__ = infogan28.InfoGAN28.__doc__
    networks = "infogan28"


@dataclass(frozen=True)
class R3GANMini(OnTorch, r3gan_mini.R3GANMini):
    __doc__ = r3gan_mini.R3GANMini.__doc__
    networks = "r3gan_mini"


@dataclass(frozen=True)
class Dirac(OnTorch, dirac.Dirac):
    __doc__ = dirac.Dirac.__doc__
    networks = "dirac"


@ganbench.hookimpl
def ganbench_backends():
    """Offer PyTorch."""
    return [Torch]


@ganbench.hookimpl
def ganbench_models():
    """Offer the GANs written for PyTorch."""
    return [
        MLP,
        Tutorial,
        MLPToy,
        MLPToyWGANGP,
        CGAN,
        DCGAN,
        SNResNet,
        Projection,
        R3GANMini,
        InfoGAN28,
        Dirac,
    ]
