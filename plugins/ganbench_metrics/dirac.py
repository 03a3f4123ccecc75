"""Whether the training of a Dirac-GAN reaches its equilibrium."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ganbench.contracts import FeatureSet, Reading, Task
from ganbench.errors import ConfigError

_TAIL_SHARE = 5  # the last fifth of all steps
_ARRIVED_SHARE = 10  # a tenth of the radius at the start


@dataclass(frozen=True)
class DiracConvergence:
    """Distance of generator and discriminator from the equilibrium of the Dirac-GAN, the origin.

    `radius` is sqrt(theta^2 + psi^2) at the end and `tail-radius` its mean over the last fifth of
    the steps, which sees a cycle whatever its phase. `converges` is 1 where `tail-radius` is below
    a tenth of the radius at the start, else 0: arrived within the budget, up to the noise of a
    stochastic gradient. So a limit cycle and a spiral outwards have 0, and so has a path that
    would arrive, but slower than exponentially, in a longer run. The mean over seeds is the share
    that arrived.

    Mescheder et al. 2018, arXiv:1801.04406, section 2; the threshold is the project's own.
    """

    name = "dirac"
    version = 1
    needs = "trajectory"
    columns = {"radius": "lower", "tail-radius": "lower", "converges": "higher"}
    readings = {
        "radius": Reading(
            "Distance from the equilibrium at the end of training; 0 is best.", "log"
        ),
        "tail-radius": Reading(
            "Mean distance from the equilibrium over the last fifth of training; 0 is best.", "log"
        ),
        "converges": Reading(
            "1 if the tail radius is below a tenth of the radius at the start, else 0."
        ),
    }

    def fits(self, task: Task) -> bool:
        """Fit the data set `dirac`, whose equilibrium is known."""
        return task.dataset == "dirac"

    def compute(
        self, real: FeatureSet, fake: FeatureSet, rng: np.random.Generator
    ) -> dict[str, float]:
        """Measure the trajectory [steps + 1, p]; raises ConfigError where none was kept."""
        if fake.trajectory is None:
            raise ConfigError("the metric 'dirac' needs a trajectory; use it with the model dirac")
        radii = np.sqrt(np.square(fake.trajectory).sum(axis=1))
        steps = len(radii) - 1
        tail_radius = float(radii[-max(1, steps // _TAIL_SHARE) :].mean())
        return {
            "radius": float(radii[-1]),
            "tail-radius": tail_radius,
            "converges": float(tail_radius < radii[0] / _ARRIVED_SHARE),
        }
