"""What this package offers to ganbench."""

from __future__ import annotations

import ganbench
from ganbench_metrics.class_coverage import ClassCoverage
from ganbench_metrics.dirac import DiracConvergence
from ganbench_metrics.frechet import FrechetDistance
from ganbench_metrics.inception_score import InceptionScore
from ganbench_metrics.modes import Modes


@ganbench.hookimpl
def ganbench_metrics():
    """Offer a metric of features, two of logits, one of points and one of tiny models' paths."""
    return [FrechetDistance, InceptionScore, ClassCoverage, Modes, DiracConvergence]
