"""The Fréchet distance at infinitely many generated samples, extrapolated from fewer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge

from ganbench.contracts import FeatureSet, Reading
from ganbench.progress import track
from ganbench_metrics.features import both_sides
from ganbench_metrics.frechet import Gaussian, moments, sampling_floor

_SIZES = 8  # from an eighth of the generated samples to all of them
_INTERVAL_PERCENT = (2.5, 97.5)


@dataclass(frozen=True)
class FrechetInfinity:
    """Fréchet distance without the part of its bias that generated samples cause.

    `fd-infinity` is where the line through the distances at eight sizes, over 1/size, meets 0; at
    size n j / 8 it is the mean over as many separate parts of that size as there are. The
    reference stays whole, so its own share of the bias remains: a perfect generator expects
    `fd-infinity-floor`. Being an estimate it may lie below 0. `fd-infinity-low` and `-high` are
    its 95 percent interval over other draws of generated samples, from `resamples` bootstrap
    samples of them, moved so that their mean lies on the estimate: drawing again repeats samples,
    which raises a Fréchet distance by itself. All are nan unless an eighth of the generated
    samples are more than there are features: below that the distance is no line over 1/size.

    Chong and Forsyth 2020, arXiv:1911.07023; equally spaced sizes and random parts are ours.
    """

    name = "frechet-infinity"
    version = 1
    needs = "features"
    columns = {
        "fd-infinity": "lower",
        "fd-infinity-low": "none",
        "fd-infinity-high": "none",
        "fd-infinity-floor": "none",
    }
    readings = {
        "fd-infinity": Reading(
            "Fréchet distance extrapolated to infinitely many generated samples; can be below 0."
        ),
        "fd-infinity-low": Reading("Lower end of the 95 % bootstrap interval of fd-infinity."),
        "fd-infinity-high": Reading("Upper end of the 95 % bootstrap interval of fd-infinity."),
        "fd-infinity-floor": Reading(
            "Value of fd-infinity that a perfect generator expects with this reference."
        ),
    }
    beside = frozenset(columns)
    sees = {
        "fd-infinity": frozenset(
            {
                *("noise", "blur", "salt-and-pepper", "contamination", "shift"),
                *("dropped-classes", "imbalance", "duplication"),
            }
        )
    }

    resamples: Annotated[int, Ge(2)] = 100

    def compute(
        self, real: FeatureSet, fake: FeatureSet, rng: np.random.Generator
    ) -> dict[str, float]:
        """Compare float64 features [n, d] and [m, d]; raises ConfigError if one is not finite."""
        real_features, fake_features = both_sides(real, fake, "fd-infinity")
        samples, dimensions = fake_features.shape
        if samples // _SIZES <= dimensions or len(real_features) < 2:
            return dict.fromkeys(self.columns, float("nan"))
        reference = Gaussian(*moments(real_features))
        shuffled = fake_features[rng.permutation(samples)] - reference.mean
        estimate = extrapolated(shuffled, reference)
        others = [
            extrapolated(shuffled[rng.integers(samples, size=samples)], reference)
            for _ in track(range(self.resamples))
        ]
        low, high = np.percentile(others, _INTERVAL_PERCENT) - np.mean(others) + estimate
        floor = sampling_floor(reference.eigenvalues, len(real_features), np.inf)
        return {
            "fd-infinity": estimate,
            "fd-infinity-low": float(low),
            "fd-infinity-high": float(high),
            "fd-infinity-floor": floor,
        }


def extrapolated(features: np.ndarray, reference: Gaussian) -> float:
    """Give the distance at 1/size = 0 of features [n, d], whose origin is the reference's mean.

    Features are taken in their order; up to seven at the end are left out.
    """
    block = len(features) // _SIZES
    blocks = features[: block * _SIZES].reshape(_SIZES, block, -1)
    sums, products = blocks.sum(axis=1), np.matmul(blocks.transpose(0, 2, 1), blocks)
    distances = []
    for width in range(1, _SIZES + 1):
        starts = range(0, _SIZES - width + 1, width)
        values = [
            _distance(
                sums[start : start + width].sum(axis=0),
                products[start : start + width].sum(axis=0),
                width * block,
                reference,
            )
            for start in starts
        ]
        distances.append(np.mean(values))
    inverse_sizes = 1 / (block * np.arange(1, _SIZES + 1))
    return float(np.polyfit(inverse_sizes, distances, 1)[1])


def _distance(
    total: np.ndarray,
    products: np.ndarray,
    count: int,
    reference: Gaussian,
) -> float:
    """Give the Fréchet distance of samples from the reference: `frechet.frechet_distance`.

    Samples are given by the sum [d] of their differences from the reference's mean and by the sum
    of the products of those, [d, d].
    """
    mean = total / count
    other = (products - count * np.outer(mean, mean)) / (count - 1)
    squares = np.linalg.eigvalsh(reference.factor @ other @ reference.factor.T)
    root_trace = np.sqrt(np.maximum(squares, 0)).sum()
    return float(mean @ mean + reference.trace + np.trace(other) - 2 * root_trace)
