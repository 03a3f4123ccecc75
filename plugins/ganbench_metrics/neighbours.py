"""Precision, recall, density and coverage: how two sets lie among each other's neighbours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Annotated

import numpy as np
from annotated_types import Ge

from ganbench.contracts import FeatureSet, Reading
from ganbench.progress import track
from ganbench_metrics.distances import ROUNDING, cloud
from ganbench_metrics.features import both_sides, cut_alike
from ganbench_metrics.near_pairs import (
    Screen,
    column_parts,
    exact_in_tile,
    limits_of,
    own_neighbours,
    row_parts,
    screens,
    where,
)


@dataclass(frozen=True)
class Neighbours:
    """How many samples of each side lie among the other's, by nearest neighbours.

    A sample's ball reaches to its k-th neighbour on its own side. `precision` is the share of
    generated samples in the ball of a real one, `recall` that of real ones in the ball of a
    generated one (k = `nearest`, a tie is inside). `coverage` is the share of real samples whose
    ball holds a generated one, and `density` how many balls a generated sample lies in, divided by
    k (k = `nearest_for_coverage`, a tie is outside); density may exceed 1, which is no merit.
    `coverage-ceiling` is what two samples of one distribution expect.

    All depend on the number of samples, so the larger side is cut to the smaller one's by chance.
    Precision does not see missing modes. Values are nan where there are no more than k samples.

    Two weaknesses, as `ganbench validate-metrics` measured them on Fashion-MNIST. One real outlier
    has a ball so wide that anything may lie in it: in one of three draws images of uniform noise
    had precision 1.00 in `pca-fashion-v1`, where real ones had 0.86, so contamination is no promise
    of precision. Recall is 0 as soon as every sample is there k + 1 times, so it sees duplication
    at once and cannot tell a fifth of unique images from a hundredth.

    Kynkäänniemi et al. 2019, arXiv:1904.06991 (precision, recall); Naeem et al. 2020,
    arXiv:2002.09797 (density, coverage, and what coverage expects).
    """

    name = "neighbours"
    version = 1
    needs = "features"
    columns = {
        "precision": "higher",
        "recall": "higher",
        "coverage": "higher",
        "density": "none",
        "coverage-ceiling": "none",
    }
    readings = {
        "precision": Reading(
            "Share of generated images that lie among the reference images in feature space.",
            "share",
        ),
        "recall": Reading(
            "Share of reference images that lie among the generated images in feature space.",
            "share",
        ),
        "coverage": Reading(
            "Share of reference images with a generated image in their neighbourhood.", "share"
        ),
        "density": Reading(
            "Mean number of reference neighbourhoods around a generated image, divided by k."
        ),
        "coverage-ceiling": Reading(
            "Coverage that a perfect generator expects with this many samples.", "share"
        ),
    }
    beside = frozenset({"density", "coverage-ceiling"})
    # Samples off the data cost precision, whatever is missing. What is missing leaves balls empty.
    sees = {
        "precision": frozenset({"noise", "salt-and-pepper", "shift"}),
        "recall": frozenset({"dropped-classes"}),
        "coverage": frozenset({"dropped-classes", "imbalance", "duplication", "shift"}),
    }
    ignores = {"precision": frozenset({"dropped-classes", "imbalance"})}

    nearest: Annotated[int, Ge(1)] = 3
    nearest_for_coverage: Annotated[int, Ge(1)] = 5

    def compute(
        self, real: FeatureSet, fake: FeatureSet, rng: np.random.Generator
    ) -> dict[str, float]:
        """Compare float64 features [n, d] and [m, d]; raises ConfigError if one is not finite."""
        real_features, fake_features = both_sides(real, fake, "precision and recall")
        rows = cut_alike(len(real_features), len(fake_features), rng)
        center = real_features.mean(axis=0)
        first, second = screens(
            cloud(real_features, center, rows[0]), cloud(fake_features, center, rows[1])
        )
        parts = row_parts(first)
        steps = track([*parts] * 3)  # one account of all three passes
        most = max(self.nearest, self.nearest_for_coverage)
        real_squares = own_neighbours(first, most, islice(steps, len(parts)))
        fake_squares = own_neighbours(second, self.nearest, islice(steps, len(parts)))
        count = _count(
            first,
            second,
            _inside(real_squares[:, self.nearest - 1], first.norms, 1),
            _inside(fake_squares[:, self.nearest - 1], second.norms, 1),
            _inside(real_squares[:, self.nearest_for_coverage - 1], first.norms, -1),
            steps,
        )
        return self._shares(count, len(first))

    def _shares(self, count: _Count, samples: int) -> dict[str, float]:
        k, wide = self.nearest, self.nearest_for_coverage
        nan = float("nan")
        return {
            "precision": count.precise / samples if samples > k else nan,
            "recall": count.recalled / samples if samples > k else nan,
            "coverage": count.covered / samples if samples > wide else nan,
            "density": count.memberships / (wide * samples) if samples > wide else nan,
            "coverage-ceiling": expected_coverage(samples, samples, wide),
        }


def expected_coverage(real_count: int, fake_count: int, k: int) -> float:
    """Give the coverage that two samples of one distribution expect, nan for at most k real ones.

    1 - prod over i < k of (n - 1 - i) / (m + n - 1 - i): the chance that among a real sample's
    neighbours of both sides the first k are all real. Nears 1 - 2^-k for n = m.
    """
    if real_count <= k:
        return float("nan")
    i = np.arange(k)
    return float(1 - np.prod((real_count - 1 - i) / (fake_count + real_count - 1 - i)))


@dataclass
class _Count:
    precise: int  # generated samples in the ball of a real one
    recalled: int  # real samples in the ball of a generated one
    covered: int  # real samples whose wider ball holds a generated one
    memberships: int  # generated samples in wider balls of real ones


def _inside(squared_radii: np.ndarray, squared_norms: np.ndarray, sign: int) -> np.ndarray:
    """Give the squared distance up to which a sample is in the ball: [n].

    A generator that copies gives distances that equal a radius but for rounding. With `sign` 1
    such a tie lies within, with -1 beyond; a sample b on the ball has |b|^2 <= 2 (|a|^2 + r^2).
    """
    slack = sign * ROUNDING
    return squared_radii * (1 + 2 * slack) + 3 * slack * squared_norms


def _count(
    first: Screen,
    second: Screen,
    real_closed: np.ndarray,
    fake_closed: np.ndarray,
    real_open: np.ndarray,
    parts: Iterable[slice],
) -> _Count:
    """Count memberships over the tiles of all pairs of both sides that may be near."""
    precise, recalled = np.zeros(len(second), bool), np.zeros(len(first), bool)
    covered, memberships = np.zeros(len(first), bool), 0
    row_limits = limits_of(np.maximum(real_closed, real_open) / first.scale)
    column_limits = limits_of(fake_closed / second.scale)
    for part in parts:
        rows = first.left(part)
        for others in column_parts(second):
            lower = rows @ second.right(others).T
            near = lower <= row_limits[part, None]
            near |= lower <= column_limits[others]
            i, j = where(near)
            squares = lower[i, j].astype(np.float64)
            i, j = i + part.start, j + others.start
            radii = real_closed[i], fake_closed[j], real_open[i]
            doubtful = _may_be_either(first, second, (i, j), squares, radii)
            squares *= first.scale
            pairs = i[doubtful], j[doubtful]
            squares[doubtful] = exact_in_tile(first, second, part, others, pairs)
            precise[j[squares <= radii[0]]] = True
            recalled[i[squares <= radii[1]]] = True
            within = squares < radii[2]
            covered[i[within]] = True
            memberships += int(np.count_nonzero(within))
    return _Count(int(precise.sum()), int(recalled.sum()), int(covered.sum()), memberships)


def _may_be_either(
    first: Screen,
    second: Screen,
    pairs: tuple[np.ndarray, np.ndarray],
    lower: np.ndarray,
    radii: tuple[np.ndarray, ...],
) -> np.ndarray:
    """Tell for which pairs a radius lies between both bounds of the squared distance: [pairs]."""
    upper = lower + first.slack(pairs[0]) + second.slack(pairs[1])
    between = [
        (lower <= squares / first.scale) & (squares / first.scale <= upper) for squares in radii
    ]
    return np.logical_or.reduce(between)
