"""How generated points compare with a known mixture: distance and exact likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge

from ganbench.contracts import FeatureSet, Mixture, Reading, Task
from ganbench.errors import ConfigError
from ganbench_metrics.features import cut_alike, require_finite
from ganbench_metrics.log_sum_exp import log_sum_exp

_FLOOR_DRAWS = 5
_TILE_POINTS = 8192


@dataclass(frozen=True)
class MixtureFit:
    """Distance of points from those of a mixture, and their density under it.

    `sliced-w2` is the sliced Wasserstein-2 distance from the reference points, in units of the
    points, 0 is best: the root of the mean over `directions` of the squared distance of both
    sides' projections, the larger side being cut to the smaller one's number by chance. Directions
    divide half a turn equally. It sees lost modes, uneven ones and wrong widths. `sliced-w2-floor`
    is the mean of a few draws from the mixture itself.

    `log-likelihood` is the mean log density of the generated points under the true mixture, in
    nats, and `log-likelihood-of-data` that of the reference points. It has no better direction:
    points too close to the centers, or all in one mode, have more than the data.

    Bonneel et al. 2015, J. Math. Imaging Vis. 51.
    """

    name = "mixture"
    version = 1
    needs = "points"
    columns = {
        "sliced-w2": "lower",
        "sliced-w2-floor": "none",
        "log-likelihood": "none",
        "log-likelihood-of-data": "none",
    }
    readings = {
        "sliced-w2": Reading(
            "Sliced Wasserstein-2 distance to the reference points; 0 is best.", "log"
        ),
        "sliced-w2-floor": Reading(
            "Sliced Wasserstein-2 distance that points drawn from the true mixture have.", "log"
        ),
        "log-likelihood": Reading(
            "Mean log density of the generated points under the true mixture, in nats."
        ),
        "log-likelihood-of-data": Reading(
            "Mean log density of the reference points under the true mixture, in nats."
        ),
    }
    beside = frozenset({"sliced-w2-floor", "log-likelihood", "log-likelihood-of-data"})

    directions: Annotated[int, Ge(1)] = 100

    def fits(self, task: Task) -> bool:
        """Fit points whose labels are the modes of a mixture."""
        return task.kind == "points" and task.classes > 0

    def compute(
        self, real: FeatureSet, fake: FeatureSet, rng: np.random.Generator
    ) -> dict[str, float]:
        """Compare points [n, 2] and [m, 2]; nan where a side has none.

        Raises ConfigError where no mixture is known and for points that are not finite.
        """
        if real.mixture is None:
            raise ConfigError("the metric 'mixture' needs a known mixture; use it on ring or grid")
        reference, points = real.samples.astype(np.float64), fake.samples.astype(np.float64)
        require_finite(points, "sliced-w2", "generated points")
        if not len(reference) or not len(points):
            return dict.fromkeys(self.columns, float("nan"))
        rows, fake_rows = cut_alike(len(reference), len(points), rng)
        alike = reference[rows]
        draws = [draw(real.mixture, len(rows), rng) for _ in range(_FLOOR_DRAWS)]
        floors = [sliced_distance(alike, other, self.directions) for other in draws]
        return {
            "sliced-w2": sliced_distance(alike, points[fake_rows], self.directions),
            "sliced-w2-floor": float(np.mean(floors)),
            "log-likelihood": log_likelihood(points, real.mixture),
            "log-likelihood-of-data": log_likelihood(reference, real.mixture),
        }


def sliced_distance(first: np.ndarray, second: np.ndarray, directions: int) -> float:
    """Give the sliced Wasserstein-2 distance of equally many points [n, 2] on both sides.

    On a line the best transport joins the points in their order, so that the squared distance is
    the mean squared difference of the sorted projections.
    """
    squares = []
    for angle in np.pi * np.arange(directions) / directions:
        direction = np.array([np.cos(angle), np.sin(angle)])
        gaps = np.sort(first @ direction) - np.sort(second @ direction)
        squares.append(np.mean(np.square(gaps)))
    return float(np.sqrt(np.mean(squares)))


def log_likelihood(points: np.ndarray, mixture: Mixture) -> float:
    """Give the mean log density of points [n, 2] under the mixture, in nats."""
    variance = mixture.standard_deviation**2
    log_scale = np.log(len(mixture.centers)) + np.log(2 * np.pi * variance)
    total = 0.0
    for start in range(0, len(points), _TILE_POINTS):
        differences = points[start : start + _TILE_POINTS, None] - mixture.centers
        exponents = -np.square(differences).sum(axis=2) / (2 * variance)  # [n, modes]
        total += float(log_sum_exp(exponents, axis=1).sum())
    return total / len(points) - float(log_scale)


def draw(mixture: Mixture, count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw points [count, 2] from the mixture."""
    modes = rng.integers(len(mixture.centers), size=count)
    return mixture.centers[modes] + mixture.standard_deviation * rng.normal(size=(count, 2))
