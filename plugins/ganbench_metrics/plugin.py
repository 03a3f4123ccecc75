"""What this package offers to ganbench."""

from __future__ import annotations

import ganbench
from ganbench_metrics.class_coverage import ClassCoverage
from ganbench_metrics.dirac import DiracConvergence
from ganbench_metrics.frechet import FrechetDistance
from ganbench_metrics.frechet_infinity import FrechetInfinity
from ganbench_metrics.gaussian_kernel import GaussianKernel
from ganbench_metrics.health import Health
from ganbench_metrics.inception_score import InceptionScore
from ganbench_metrics.kernel import KernelDistance
from ganbench_metrics.memorisation import Memorisation
from ganbench_metrics.mixture import MixtureFit
from ganbench_metrics.modes import Modes
from ganbench_metrics.neighbours import Neighbours

_OF_FEATURES = [FrechetDistance, FrechetInfinity, KernelDistance, GaussianKernel, Neighbours]
_OF_FEATURES += [Memorisation, Health]
_OF_LOGITS = [InceptionScore, ClassCoverage]
_OF_POINTS = [Modes, MixtureFit]


@ganbench.hookimpl
def ganbench_metrics():
    """Offer metrics of features, of logits, of points and of tiny models' paths."""
    return [*_OF_FEATURES, *_OF_LOGITS, *_OF_POINTS, DiracConvergence]
