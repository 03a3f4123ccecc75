"""How far a histogram is from uniform."""

from __future__ import annotations

import numpy as np


def kl_from_uniform(counts: np.ndarray) -> float:
    """Give the Kullback-Leibler divergence of counts [k] from the uniform distribution, in nats.

    sum p ln(p k): 0 where all are equal, ln k where only one is used, and never below
    ln(k / number used). A perfect sampler of n samples expects (k - 1) / (2n). Gives nan where
    nothing was counted.
    """
    total = counts.sum()
    if total == 0:
        return float("nan")
    shares = counts[counts > 0] / total
    # The sum of a uniform histogram may round to just below zero.
    return max(0.0, float(np.sum(shares * np.log(shares * len(counts)))))
