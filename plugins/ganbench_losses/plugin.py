"""What this package offers to ganbench."""

from __future__ import annotations

import ganbench
from ganbench_losses.at_samples import R1, R2
from ganbench_losses.clip import Clip
from ganbench_losses.hinge import Hinge
from ganbench_losses.interpolated import Dragan, GradientPenalty, ZeroCenteredPenalty
from ganbench_losses.least_squares import LeastSquares
from ganbench_losses.noise import Consistency, InstanceNoise
from ganbench_losses.relativistic import Relativistic, RelativisticAverage
from ganbench_losses.standard import Minimax, NonSaturating
from ganbench_losses.wasserstein import Wasserstein


@ganbench.hookimpl
def ganbench_losses():
    """Offer the adversarial losses."""
    return [
        Minimax,
        NonSaturating,
        LeastSquares,
        Wasserstein,
        Hinge,
        Relativistic,
        RelativisticAverage,
    ]


@ganbench.hookimpl
def ganbench_penalties():
    """Offer the penalties."""
    return [
        Clip,
        GradientPenalty,
        ZeroCenteredPenalty,
        R1,
        R2,
        Dragan,
        InstanceNoise,
        Consistency,
    ]
