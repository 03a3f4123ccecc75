"""Modes of a mixture of Gaussians that a generator of points finds."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

import numpy as np

from ganbench.contracts import FeatureSet, Mixture, Reading, Task
from ganbench.errors import ConfigError
from ganbench_metrics.histogram import kl_from_uniform

_HIGH_QUALITY_DEVIATIONS = 3


@dataclass(frozen=True)
class Modes:
    """Modes captured, share of high-quality samples and reverse KL of a known mixture.

    A sample is of high quality if it lies less than three standard deviations from its nearest
    center. `modes` counts centers with such a sample, `modes-half` those with half their fair
    share or more of all samples; `reverse-kl` is the divergence of the high-quality samples'
    histogram from uniform, in nats, and nan if there are none. `high-quality`, in percent, has
    no better direction: `high-quality-ceiling`, the data's own, is 100 (1 - exp(-4.5)) = 98.889,
    and more means modes that are too narrow. `reverse-kl-floor` is what a perfect generator of k
    modes expects with n samples, (k - 1) / (2n); never is reverse KL below ln(k / modes).

    Srivastava et al. 2017 (VEEGAN), arXiv:1705.07761, section 4.1; reverse KL as in Lin et al.
    2018 (PacGAN), arXiv:1712.04086, section 4.1.
    """

    name = "modes"
    version = 2
    needs = "points"
    columns = {
        "modes": "higher",
        "modes-half": "higher",
        "high-quality": "none",
        "reverse-kl": "lower",
        "high-quality-ceiling": "none",
        "reverse-kl-floor": "none",
    }
    readings = {
        "modes": Reading("Number of modes of the mixture that have a generated point nearby."),
        "modes-half": Reading(
            "Number of modes that have at least half of their fair share of the generated points."
        ),
        "high-quality": Reading(
            "Percentage of generated points within three standard deviations of a mode."
        ),
        "reverse-kl": Reading(
            "KL divergence of the histogram over modes from uniform, in nats; 0 is best.", "log"
        ),
        "high-quality-ceiling": Reading(
            "Percentage of points drawn from the true mixture that are of high quality."
        ),
        "reverse-kl-floor": Reading(
            "KL divergence that a perfect generator expects with this many samples.", "log"
        ),
    }
    beside = frozenset({"modes-half", "high-quality-ceiling", "reverse-kl-floor"})
    at_checkpoints = True

    def fits(self, task: Task) -> bool:
        """Fit points whose labels are the modes of a mixture."""
        return task.kind == "points" and task.classes > 0

    def compute(
        self, real: FeatureSet, fake: FeatureSet, rng: np.random.Generator
    ) -> dict[str, float]:
        """Assign the fake points [n, 2]; raises ConfigError where no mixture is known."""
        if real.mixture is None:
            raise ConfigError("the metric 'modes' needs a known mixture; use it on ring or grid")
        counts = count_high_quality(fake.samples, real.mixture)
        samples, modes = len(fake.samples), len(counts)
        return {
            "modes": float(np.sum(counts > 0)),
            "modes-half": float(np.sum(counts >= samples / (2 * modes))),
            "high-quality": 100 * float(counts.sum()) / samples,
            "reverse-kl": kl_from_uniform(counts),
            "high-quality-ceiling": 100 * (1 - exp(-(_HIGH_QUALITY_DEVIATIONS**2) / 2)),
            "reverse-kl-floor": (modes - 1) / (2 * samples),
        }


def count_high_quality(points: np.ndarray, mixture: Mixture) -> np.ndarray:
    """Give the number of high-quality points [n, 2] nearest to each center: int [modes].

    Points that are not finite are of no quality.
    """
    differences = points.astype(np.float64)[:, None] - mixture.centers  # [n, modes, 2]
    squared_distances = np.square(differences).sum(axis=2)
    nearest = squared_distances.argmin(axis=1)
    limit = (_HIGH_QUALITY_DEVIATIONS * mixture.standard_deviation) ** 2
    high_quality = squared_distances.min(axis=1) < limit
    return np.bincount(nearest[high_quality], minlength=len(mixture.centers))
