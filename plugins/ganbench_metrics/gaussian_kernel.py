"""The squared maximum mean discrepancy with a wide Gaussian kernel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import numpy as np

from ganbench.contracts import FeatureSet, Reading
from ganbench.progress import track
from ganbench_metrics.distances import Cloud, cloud, column_parts, squared_distances
from ganbench_metrics.features import both_sides

_SIGMA = 10
_SCALE = 1000  # as its authors print it


@dataclass(frozen=True)
class GaussianKernel:
    """1000 times the squared maximum mean discrepancy with the kernel exp(-|x - y|^2 / 200): `gk`.

    0 is best. It is biased upward, by about (2 - E k) / n of both sides, so compare only within
    one number of samples. With `normalise` every sample's features are scaled to length 1 first,
    which makes the kernel nearly linear: |x - y|^2 is at most 4. It is called CMMD only on CLIP's
    features.

    Jayasumana et al. 2024, arXiv:2401.09603, section 4; the estimator with all pairs, each sample
    with itself too.
    """

    name = "gaussian-kernel"
    version = 1
    by_default = False
    needs = "features"
    columns = {"gk": "lower"}
    readings = {
        "gk": Reading(
            "1000 times the biased squared discrepancy under a wide Gaussian kernel; 0 is best.",
            "log",
        ),
    }
    beside = frozenset(columns)
    sees = {"gk": frozenset({"blur", "contamination", "shift", "imbalance"})}

    normalise: bool = True

    def compute(
        self, real: FeatureSet, fake: FeatureSet, rng: np.random.Generator
    ) -> dict[str, float]:
        """Compare float64 features [n, d] and [m, d]; nan where a side is empty.

        Raises ConfigError for features that are not finite.
        """
        first, second = both_sides(real, fake, "gk")
        if not len(first) or not len(second):
            return {"gk": float("nan")}
        if self.normalise:
            first, second = _normalised(first), _normalised(second)
        center = first.mean(axis=0)
        sides = cloud(first, center), cloud(second, center)
        parts = sides[0].tiles()
        steps = track([*parts * 2, *sides[1].tiles()])
        within = _mean_kernel(sides[0], sides[0], islice(steps, len(parts)))
        between = _mean_kernel(sides[0], sides[1], islice(steps, len(parts)))
        return {"gk": _SCALE * (within + _mean_kernel(sides[1], sides[1], steps) - 2 * between)}


def _mean_kernel(first: Cloud, second: Cloud, parts: Iterable[slice]) -> float:
    """Give the mean over all pairs of the kernel less 1.

    The ones cancel out of the discrepancy, so leaving them out saves its digits: kernels of
    normalised features all lie within 2 percent of 1.
    """
    total = 0.0
    for part in parts:
        rows = first.tile(part)
        for others in column_parts(second):
            exponents = squared_distances(rows, second.tile(others)) / (-2 * _SIGMA**2)
            total += float(np.expm1(exponents, out=exponents).sum())
    return total / (len(first) * len(second))


def _normalised(features: np.ndarray) -> np.ndarray:
    """Scale rows to length 1; a row of zeros has no direction and stays."""
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    return features / np.where(lengths > 0, lengths, 1)
