"""The features of both sides of a comparison, checked before anything is made of them."""

from __future__ import annotations

import numpy as np

from ganbench.contracts import FeatureSet
from ganbench.errors import ConfigError


def both_sides(real: FeatureSet, fake: FeatureSet, what: str) -> tuple[np.ndarray, np.ndarray]:
    """Give float64 features [n, d] and [m, d]; `what` names the score in messages.

    Raises ConfigError for features of different spaces and for any that is not finite, since
    nothing that is made of those would be a score.
    """
    sides = (np.asarray(real.features, np.float64), np.asarray(fake.features, np.float64))
    if sides[0].shape[1:] != sides[1].shape[1:]:
        raise ConfigError(f"{what} compares features of one extractor; score both sides again")
    for features, side in zip(sides, ("reference", "generated"), strict=True):
        require_finite(features, what, f"features of the {side} samples")
    return sides


def require_finite(values: np.ndarray, what: str, where: str) -> None:
    """Raise ConfigError if any value is nan or infinite; makes no copy of the values."""
    if values.size and not (np.isfinite(values.min()) and np.isfinite(values.max())):
        raise ConfigError(
            f"{what} cannot be computed: {where} hold numbers that are not finite; "
            "look at the samples and at the extractor"
        )


def cut_alike(first: int, second: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Give the rows of two sides that make both as large as the smaller one.

    The larger side's are drawn without replacement and stay in order; the smaller one's are all.
    """
    count = min(first, second)
    rows = [
        np.arange(size) if size == count else np.sort(rng.choice(size, count, replace=False))
        for size in (first, second)
    ]
    return rows[0], rows[1]
