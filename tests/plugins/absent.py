"""A backend whose framework nobody has."""

from dataclasses import dataclass

import ganbench
from ganbench.contracts import Step


@dataclass(frozen=True)
class Absent:
    """A framework that is not installed."""

    name = "absent"
    requires = ("no_such_module",)
    extra = "absent-extra"

    def prepare(self, options):
        raise AssertionError("never reached")

    def describe(self):
        raise AssertionError("never reached")


@dataclass(frozen=True)
class AbsentGAN:
    """The toy GAN on the framework that nobody has."""

    name = "toy"
    backend = "absent"

    def unsuitable(self, task):
        return None

    def step(self, task):
        return Step(4, latent_size=2)

    def parameters(self, task):
        return {}

    def trainer(self, loss, penalties, task, weights, runtime):
        raise AssertionError("never reached")


@ganbench.hookimpl
def ganbench_backends():
    return [Absent]


@ganbench.hookimpl
def ganbench_models():
    return [AbsentGAN]
