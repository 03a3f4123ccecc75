"""What this package offers to ganbench."""

from __future__ import annotations

import ganbench
from ganbench_baselines.backend import NumPyBackend
from ganbench_baselines.pixel_gaussian import PixelGaussian
from ganbench_baselines.replay import Memorizer, Real


@ganbench.hookimpl
def ganbench_backends():
    """Offer the backend that is always installed."""
    return [NumPyBackend]


@ganbench.hookimpl
def ganbench_models():
    """Offer an upper bound, a cheat and a simple honest model."""
    return [Real, Memorizer, PixelGaussian]
