"""What this package offers to ganbench; JAX is imported in the trial's process."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

import ganbench
from ganbench_recipes import dcgan, dirac, mlp


@dataclass(frozen=True)
class Jax:
    """JAX; every step is one pure function, compiled by XLA."""

    name = "jax"
    requires = ("jax",)
    extra = "jax"

    def prepare(self, options):
        """Import JAX and set threads, device and precision."""
        from ganbench_jax.runtime import prepare

        return prepare(options)

    def describe(self):
        """Versions, device, compiler, threads and precision."""
        from ganbench_jax.runtime import describe

        return describe()


class OnJax:
    """A recipe whose networks are built by a module of this package, named by `networks`."""

    backend = "jax"

    def trainer(self, loss, penalties, task, weights, runtime):
        """Build both networks and the loop that trains them."""
        from ganbench_jax.trainer import AdversarialTrainer

        networks = importlib.import_module(f"ganbench_jax.{self.networks}")
        recipe = self.for_task(task)
        return AdversarialTrainer(
            recipe,
            networks.Generator(recipe, task),
            networks.Discriminator(recipe, task),
            loss,
            penalties,
            task,
            weights,
            runtime,
        )


@dataclass(frozen=True)
class MLP(OnJax, mlp.MLP):
    __doc__ = mlp.MLP.__doc__
    networks = "mlp"


@dataclass(frozen=True)
class Tutorial(OnJax, mlp.Tutorial):
    __doc__ = mlp.Tutorial.__doc__
    networks = "mlp"


@dataclass(frozen=True)
class MLPToy(OnJax, mlp.MLPToy):
    __doc__ = mlp.MLPToy.__doc__
    networks = "mlp"


@dataclass(frozen=True)
class MLPToyWGANGP(OnJax, mlp.MLPToyWGANGP):
    __doc__ = mlp.MLPToyWGANGP.__doc__
    networks = "mlp"


@dataclass(frozen=True)
class DCGAN(OnJax, dcgan.DCGAN):
    __doc__ = dcgan.DCGAN.__doc__
    networks = "dcgan"


@dataclass(frozen=True)
class Dirac(OnJax, dirac.Dirac):
    __doc__ = dirac.Dirac.__doc__
    networks = "dirac"


@ganbench.hookimpl
def ganbench_backends():
    """Offer JAX."""
    return [Jax]


@ganbench.hookimpl
def ganbench_models():
    """Offer the GANs written for JAX."""
    return [MLP, Tutorial, MLPToy, MLPToyWGANGP, DCGAN, Dirac]
