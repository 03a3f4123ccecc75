"""The Fréchet distance of two sets of features, and what a perfect generator would score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ganbench.contracts import FeatureSet
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
        real_mean, real_covariance = moments(real_features)
        fake_mean, fake_covariance = moments(fake_features)
        eigenvalues = np.linalg.eigvalsh(real_covariance)
        return {
            "fd": frechet_distance(real_mean, real_covariance, fake_mean, fake_covariance),
            "fd-floor": sampling_floor(eigenvalues, len(real_features), len(fake_features)),
            "effective-dimensions": effective_dimensions(real_covariance),
            "effective-dimensions-fake": effective_dimensions(fake_covariance),
        }


def moments(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the mean [d] and the unbiased covariance [d, d] of features [n, d], in float64.

    Raises ConfigError where there are fewer than two samples.
    """
    if len(features) < 2:
        raise ConfigError("fd needs at least two samples on each side; ask for more samples")
    features = np.asarray(features, np.float64)
    mean = features.mean(axis=0)
    centered = features - mean
    return mean, centered.T @ centered / (len(features) - 1)


def frechet_distance(
    first_mean: np.ndarray,
    first_covariance: np.ndarray,
    second_mean: np.ndarray,
    second_covariance: np.ndarray,
) -> float:
    """Give the squared Wasserstein-2 distance of two Gaussians, in squared feature units.

    |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^1/2). Dowson and Landau 1982; Heusel et al. 2017,
    arXiv:1706.08500.
    """
    difference = first_mean - second_mean
    root = square_root(first_covariance)
    # S1 S2 is similar to this symmetric matrix, whose eigenvalues are real by construction.
    product_values = np.linalg.eigvalsh(root @ second_covariance @ root)
    root_trace = np.sqrt(np.maximum(product_values, 0)).sum()
    traces = np.trace(first_covariance) + np.trace(second_covariance)
    return max(0.0, float(difference @ difference + traces - 2 * root_trace))


def square_root(covariance: np.ndarray) -> np.ndarray:
    """Give the symmetric root of a covariance [d, d]; eigenvalues below zero count as zero."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T


def effective_dimensions(covariance: np.ndarray) -> float:
    """Give (sum l)^2 / sum l^2 of the eigenvalues l of a covariance [d, d]: from 1 to d.

    It is d where all directions vary alike, 1 where a single one does, and nan where none does.
    """
    squares = float(np.square(covariance).sum())  # of a symmetric matrix: sum l^2
    return float(np.trace(covariance)) ** 2 / squares if squares > 0 else float("nan")


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
