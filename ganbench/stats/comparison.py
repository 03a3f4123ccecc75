"""All pairs of rows compared together: Games-Howell with moderated variances.

Each row's variance is partly shared with the others (Smyth 2004, "Linear models and empirical
Bayes methods", section 3), pairs have Satterthwaite's degrees of freedom, and p-values and
intervals come from the studentised range, so that they hold for all pairs together. Simulated: of
tables of 2 to 40 equal rows with 3 to 20 seeds, 1 to 6 % show a difference; up to 10 % where one
row of 3 seeds spreads four times as much as the others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from ganbench.stats import studentised_range

Floats = npt.NDArray[np.float64]

ALPHA = 0.05
_LEAST_EXCESS = 1e-6
_LEAST_RESOLUTION = 1e-12
_LARGEST_SHARE = 2.0  # shared degrees of freedom, at most this many times a row's own


@dataclass(frozen=True)
class Pair:
    """Row i minus row j on the scale of the comparison, with its standard error.

    `center` is the mean of the two rows' means. `p` is adjusted for all pairs. `freedom` is
    Satterthwaite's.
    """

    i: int
    j: int
    center: float
    difference: float
    error: float
    p: float
    freedom: float


@dataclass(frozen=True)
class Moderated:
    """Variances of rows after sharing, and their degrees of freedom."""

    variances: Floats
    freedoms: Floats


def trigamma_inverse(y: float) -> float:
    """Return x with trigamma(x) = y, by Newton's method (Smyth 2004, appendix)."""
    from scipy.special import polygamma

    x = 0.5 + 1 / y
    for _ in range(50):
        value = float(polygamma(1, x))
        step = value * (1 - value / y) / float(polygamma(2, x))
        x += step
        if abs(step) < 1e-12 * x:
            break
    return x


def moderate(variances: Sequence[float], freedoms: Sequence[float]) -> Moderated:
    """Share the variances of several rows; two rows keep their own, as in Welch's test."""
    from scipy.special import digamma, polygamma

    own, d = np.asarray(variances, dtype=np.float64), np.asarray(freedoms, dtype=np.float64)
    if len(own) <= 2:
        return Moderated(own, d)
    logs = np.log(own) - digamma(d / 2) + np.log(d / 2)
    excess = float(logs.var(ddof=1) - polygamma(1, d / 2).mean())
    prior = 2 * trigamma_inverse(excess) if excess > _LEAST_EXCESS else math.inf
    shared = np.minimum(prior, _LARGEST_SHARE * d)
    return Moderated((shared * own.mean() + d * own) / (shared + d), shared + d)


def floored_variances(rows: Sequence[Floats], resolution: float) -> list[float]:
    """Return the variance of each row (n - 1), at least the square of the resolution.

    A column of zeros has a resolution of zero; a least one keeps its variances positive.
    """
    least = max(resolution, _LEAST_RESOLUTION) ** 2
    return [max(float(row.var(ddof=1)), least) for row in rows]


def compare(rows: Sequence[Floats], resolution: float) -> list[Pair]:
    """Compare every two rows of values on the scale; each row has at least two.

    `resolution` is the least standard deviation of a row.
    """
    sizes = np.array([len(row) for row in rows], dtype=np.float64)
    means = [math.fsum(row) / len(row) for row in rows]
    moderated = moderate(floored_variances(rows, resolution), (sizes - 1).tolist())
    errors = moderated.variances / sizes
    total = float((sizes - 1).sum())
    places = list(combinations(range(len(rows)), 2))
    freedoms = [_satterthwaite(errors, moderated.freedoms, i, j, total) for i, j in places]
    found = []
    for (i, j), freedom in zip(places, freedoms, strict=True):
        error = math.sqrt(errors[i] + errors[j])
        difference = means[i] - means[j]
        p = studentised_range.tail(math.sqrt(2) * abs(difference) / error, len(rows), freedom)
        found.append(Pair(i, j, (means[i] + means[j]) / 2, difference, error, p, freedom))
    return found


def intervals(pairs: Sequence[Pair], rows: int) -> list[tuple[float, float]]:
    """Return the interval of each difference; with 95 % all of them hold together."""
    quantiles = studentised_range.criticals(rows, [pair.freedom for pair in pairs], ALPHA)
    halves = [q / math.sqrt(2) * pair.error for pair, q in zip(pairs, quantiles, strict=True)]
    return [
        (pair.difference - half, pair.difference + half)
        for pair, half in zip(pairs, halves, strict=True)
    ]


def _satterthwaite(errors: Floats, freedoms: Floats, i: int, j: int, total: float) -> float:
    a, b = float(errors[i]), float(errors[j])
    own = (a + b) ** 2 / (a * a / float(freedoms[i]) + b * b / float(freedoms[j]))
    return min(own, total)
