"""The inception score, of whichever classifier gave the logits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ganbench.contracts import FeatureSet

_SPLITS = 10


@dataclass(frozen=True)
class InceptionScore:
    """Classifier score from 1 to the number of classes: sure of each image, and varied over all.

    `is` uses all samples at once; `is-10-splits` is the conventional mean over ten parts, which
    is biased further down and is there for comparison with papers. Neither notices duplicates,
    and neither looks at real data. Compare only within one classifier and number of samples.
    """

    name = "inception-score"
    version = 1
    needs = "logits"
    columns = {"is": "higher", "is-10-splits": "none"}
    beside = frozenset({"is-10-splits"})

    def compute(
        self, real: FeatureSet, fake: FeatureSet, rng: np.random.Generator
    ) -> dict[str, float]:
        """Score the fake logits [n, classes]; the split value is nan under ten samples."""
        shuffled = fake.logits[rng.permutation(len(fake.logits))]
        if len(shuffled) < _SPLITS:
            split_score = float("nan")
        else:
            parts = np.array_split(shuffled, _SPLITS)
            split_score = float(np.mean([inception_score(part) for part in parts]))
        return {"is": inception_score(fake.logits), "is-10-splits": split_score}


def inception_score(logits: np.ndarray) -> float:
    """Give exp of the mean divergence of each image's class distribution from their mean.

    exp(E KL(p(y|x) || p(y))), computed from logits [n, classes] in float64, so that no
    probability underflows. Salimans et al. 2016, arXiv:1606.03498, section 4.
    """
    logits = np.asarray(logits, np.float64)
    log_shares = logits - _log_sum_exp(logits, axis=1)  # [n, classes]
    log_marginal = _log_sum_exp(log_shares, axis=0) - np.log(len(logits))  # [1, classes]
    divergences = np.sum(np.exp(log_shares) * (log_shares - log_marginal), axis=1)
    return float(np.exp(divergences.mean()))


def _log_sum_exp(values: np.ndarray, axis: int) -> np.ndarray:
    greatest = values.max(axis=axis, keepdims=True)
    return greatest + np.log(np.sum(np.exp(values - greatest), axis=axis, keepdims=True))
