"""The Fréchet distance of two sets of features, and what a perfect generator would score."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ganbench.contracts import FeatureSet, Reading
from ganbench.errors import ConfigError
from ganbench_metrics.features import both_sides


@dataclass(frozen=True)
class FrechetDistance:
    """Fréchet distance `fd` (0 is best) and its expectation for a perfect generator, `fd-floor`.

    Compare values only within one extractor and one number of samples: the distance falls as
    samples grow. It is called FID only with Inception's features. `effective-dimensions` counts
    the directions in which the reference varies, `effective-dimensions-fake` those of the
    generated samples; fewer of them mean less variety.
    """

    name = "frechet"
    version = 1
    needs = "features"
    columns = {
        "fd": "lower",
        "fd-floor": "none",
        "effective-dimensions": "none",
        "effective-dimensions-fake": "none",
    }
    readings = {
        "fd": Reading(
            "Fréchet distance to the reference images in feature space; 0 is best.", "log"
        ),
        "fd-floor": Reading(
            "Fréchet distance that a perfect generator expects with this many samples.", "log"
        ),
        "effective-dimensions": Reading(
            "Number of directions in which the features of the reference images vary.", "log"
        ),
        "effective-dimensions-fake": Reading(
            "Number of directions in which the features of the generated images vary.", "log"
        ),
    }
    beside = frozenset({"fd-floor", "effective-dimensions", "effective-dimensions-fake"})
    at_checkpoints = True
    sees = {
        "fd": frozenset(
            {
                *("noise", "blur", "salt-and-pepper", "contamination", "shift"),
                *("dropped-classes", "imbalance", "duplication"),
            }
        )
    }

    def compute(
        self, real: FeatureSet, fake: FeatureSet, rng: np.random.Generator
    ) -> dict[str, float]:
        """Compare float64 features [n, d] and [m, d].

        Raises ConfigError under two samples and for features that are not finite.
        """
        real_features, fake_features = both_sides(real, fake, "fd")
        first, second = fitted(real_features), fitted(fake_features)
        return {
            "fd": frechet_distance(first, second),
            "fd-floor": sampling_floor(first.eigenvalues, len(real_features), len(fake_features)),
            "effective-dimensions": effective_dimensions(first),
            "effective-dimensions-fake": effective_dimensions(second),
        }


@dataclass(frozen=True)
class Gaussian:
    """A mean [d] and a covariance: as it is, or as F^T F of a factor F [k, d] with k < d."""

    mean: np.ndarray
    covariance: np.ndarray | None = None
    thin: np.ndarray | None = None  # the factor, where it says all with fewer numbers

    @cached_property
    def trace(self) -> float:
        """The sum of the variances."""
        if self.thin is not None:
            return float(np.vdot(self.thin, self.thin))
        return float(np.trace(self.covariance))

    @cached_property
    def products(self) -> np.ndarray:
        """F F^T [k, k] or the covariance: they have the same eigenvalues but for zeros."""
        return self.covariance if self.thin is None else self.thin @ self.thin.T

    @cached_property
    def factor(self) -> np.ndarray:
        """F [k, d] with the covariance F^T F; eigenvalues below zero count as zero."""
        if self.thin is not None:
            return self.thin
        try:  # a tenth of the work of eigenvectors
            return np.linalg.cholesky(self.covariance).T
        except np.linalg.LinAlgError:  # not positive definite: some directions do not vary
            values, vectors = np.linalg.eigh(self.covariance)
            return (vectors * np.sqrt(np.maximum(values, 0))).T

    @cached_property
    def eigenvalues(self) -> np.ndarray:
        """Those of the covariance, ascending; [k], the others being zero."""
        return np.linalg.eigvalsh(self.products)


def fitted(features: np.ndarray) -> Gaussian:
    """Give the Gaussian with the mean and unbiased covariance of features [n, d], in float64.

    Raises ConfigError where there are fewer than two samples.
    """
    if len(features) >= features.shape[1]:
        return Gaussian(*moments(features))
    mean, centered = _centered(features)
    return Gaussian(mean, thin=centered / np.sqrt(len(features) - 1))


def moments(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the mean [d] and the unbiased covariance [d, d] of features [n, d], in float64.

    Raises ConfigError where there are fewer than two samples.
    """
    mean, centered = _centered(features)
    return mean, centered.T @ centered / (len(features) - 1)


def _centered(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if len(features) < 2:
        raise ConfigError("fd needs at least two samples on each side; ask for more samples")
    features = np.asarray(features, np.float64)
    mean = features.mean(axis=0)
    return mean, features - mean


def frechet_distance(first: Gaussian, second: Gaussian) -> float:
    """Give the squared Wasserstein-2 distance of two Gaussians, in squared feature units.

    |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^1/2). Dowson and Landau 1982; Heusel et al. 2017,
    arXiv:1706.08500.
    """
    difference = first.mean - second.mean
    traces = first.trace + second.trace
    return max(0.0, float(difference @ difference + traces - 2 * _root_trace(first, second)))


def _root_trace(first: Gaussian, second: Gaussian) -> float:
    """Give tr (S1 S2)^1/2, the sum of the singular values of F1 F2^T for S = F^T F."""
    if first.thin is not None and second.thin is not None:
        return float(np.linalg.norm(first.thin @ second.thin.T, "nuc"))
    if second.thin is not None:
        first, second = second, first
    # Their squares are the eigenvalues of this symmetric matrix: they are real by construction.
    squares = np.linalg.eigvalsh(first.factor @ second.covariance @ first.factor.T)
    return float(np.sqrt(np.maximum(squares, 0)).sum())


def effective_dimensions(gaussian: Gaussian) -> float:
    """Give (sum l)^2 / sum l^2 of the eigenvalues l of a covariance [d, d]: from 1 to d.

    It is d where all directions vary alike, 1 where a single one does, and nan where none does.
    """
    squares = float(np.square(gaussian.products).sum())  # of a symmetric matrix: sum l^2
    return gaussian.trace**2 / squares if squares > 0 else float("nan")


def sampling_floor(eigenvalues: np.ndarray, real_count: int, fake_count: int) -> float:
    """Give the distance to expect between two finite samples of one Gaussian.

    `eigenvalues` [d] are those of its covariance. To first order in 1/n, for both sides:
    (1/n + 1/m) (tr S + (tr S + sum over i != j of a_i a_j / (a_i + a_j)) / 2), which for S = I
    is (1/n + 1/m) (d + d (d + 1) / 4). The project's own derivation; tests check it by drawing.
    """
    values = np.maximum(np.asarray(eigenvalues, np.float64), 0)
    sums = values[:, None] + values[None, :]
    pairs = np.divide(np.outer(values, values), sums, out=np.zeros_like(sums), where=sums > 0)
    off_diagonal = pairs.sum() - np.trace(pairs)
    trace = values.sum()
    one_sided = trace + (off_diagonal + trace) / 2
    return float((1 / real_count + 1 / fake_count) * one_sided)
