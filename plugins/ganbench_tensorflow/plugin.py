"""What this package offers to ganbench; TensorFlow is imported in the trial's process."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Literal

import ganbench
from ganbench_recipes import cgan, dcgan, dirac, infogan28, mlp, projection, r3gan_mini, sn_resnet


@dataclass(frozen=True)
class TensorFlow:
    """TensorFlow, by graphs or compiled by XLA.

    `compile`: off runs one graph for each step, step compiles it, chunk compiles a loop of many
    steps, and auto chooses by model, budget and CPU (docs/performance.md). `precision`: how wide
    the factors of products are; tf32 needs an NVIDIA GPU, and a CPU without bfloat16 is slow at it.
    """

    name = "tensorflow"
    requires = ("tensorflow",)
    extra = "tensorflow"

    compile: Literal["auto", "off", "step", "chunk"] = "auto"
    precision: Literal["float32", "tf32", "bfloat16"] = "float32"

    def prepare(self, options):
        """Import TensorFlow and set threads, device and determinism."""
        from ganbench_tensorflow.runtime import prepare

        return prepare(options, self.compile, self.precision)

    def describe(self):
        """Versions, device, threads and precision."""
        from ganbench_tensorflow.runtime import describe

        return describe(self.precision)

    def device_memory_mib(self):
        """The most memory that tensors have taken on a GPU since `prepare`."""
        from ganbench_tensorflow.runtime import device_memory_mib

        return device_memory_mib()

    def peak_work(self, runtime):
        """What to time for the device's highest rates."""
        from ganbench_tensorflow.peak import work

        return work(runtime)


class OnTensorFlow:
    """A recipe whose networks are built by a module of this package, named by `networks`."""

    backend = "tensorflow"

    def trainer(self, loss, penalties, task, weights, runtime):
        """Build both networks and the loop that trains them."""
        from ganbench_tensorflow.trainer import AdversarialTrainer

        networks = importlib.import_module(f"ganbench_tensorflow.{self.networks}")
        recipe = self.for_task(task)
        return AdversarialTrainer(
            recipe,
            networks.Generator(recipe, task, runtime.dtype),
            networks.Discriminator(recipe, task, runtime.dtype),
            loss,
            penalties,
            task,
            weights,
            runtime,
        )


@dataclass(frozen=True)
class MLP(OnTensorFlow, mlp.MLP):
    __doc__ = mlp.MLP.__doc__
    networks = "mlp"


@dataclass(frozen=True)
class Tutorial(OnTensorFlow, mlp.Tutorial):
    __doc__ = mlp.Tutorial.__doc__
    networks = "mlp"


@dataclass(frozen=True)
class MLPToy(OnTensorFlow, mlp.MLPToy):
    __doc__ = mlp.MLPToy.__doc__
    networks = "mlp"


@dataclass(frozen=True)
class MLPToyWGANGP(OnTensorFlow, mlp.MLPToyWGANGP):
    __doc__ = mlp.MLPToyWGANGP.__doc__
    networks = "mlp"


@dataclass(frozen=True)
class CGAN(OnTensorFlow, cgan.CGAN):
    __doc__ = cgan.CGAN.__doc__
    networks = "cgan"


@dataclass(frozen=True)
class DCGAN(OnTensorFlow, dcgan.DCGAN):
    __doc__ = dcgan.DCGAN.__doc__
    networks = "dcgan"


@dataclass(frozen=True)
class SNResNet(OnTensorFlow, sn_resnet.SNResNet):
    __doc__ = sn_resnet.SNResNet.__doc__
    networks = "sn_resnet"


@dataclass(frozen=True)
class Projection(OnTensorFlow, projection.Projection):
    __doc__ = projection.Projection.__doc__
    networks = "projection"


@dataclass(frozen=True)
class InfoGAN28(OnTensorFlow, infogan28.InfoGAN28):
    __doc__ = infogan28.InfoGAN28.__doc__
    networks = "infogan28"


@dataclass(frozen=True)
class R3GANMini(OnTensorFlow, r3gan_mini.R3GANMini):
    __doc__ = r3gan_mini.R3GANMini.__doc__
    networks = "r3gan_mini"


@dataclass(frozen=True)
class Dirac(OnTensorFlow, dirac.Dirac):
    __doc__ = dirac.Dirac.__doc__
    networks = "dirac"


@ganbench.hookimpl
def ganbench_backends():
    """Offer TensorFlow."""
    return [TensorFlow]


@ganbench.hookimpl
def ganbench_models():
    """Offer the GANs written for TensorFlow."""
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
