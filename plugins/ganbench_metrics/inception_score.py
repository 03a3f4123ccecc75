"""The inception score, of whichever classifier gave the logits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ganbench.contracts import FeatureSet, Reading
from ganbench_metrics.features import require_finite
from ganbench_metrics.log_sum_exp import log_sum_exp

_SPLITS = 10
_BLOCK = 2**20  # numbers that are worked on at once


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
    readings = {
        "is": Reading(
            "Inception score of all samples, from 1 to the number of classes; higher is better.",
            "log",
        ),
        "is-10-splits": Reading(
            "Mean inception score of ten parts of the samples, as papers report it.", "log"
        ),
    }
    beside = frozenset({"is-10-splits"})
    at_checkpoints = True
    sees = {"is": frozenset({"dropped-classes", "imbalance"})}
    ignores = {"is": frozenset({"duplication"})}

    def compute(
        self, real: FeatureSet, fake: FeatureSet, rng: np.random.Generator
    ) -> dict[str, float]:
        """Score the fake logits [n, classes]; the split value is nan under ten samples.

        Raises ConfigError for logits that are not finite.
        """
        require_finite(fake.logits, "is", "logits of the generated samples")
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
    probability underflows; block by block, as the entropy of the mean distribution less the mean
    of the entropies. Salimans et al. 2016, arXiv:1606.03498, section 4.
    """
    rows = max(1, _BLOCK // logits.shape[1])
    marginal, entropies = np.zeros(logits.shape[1]), 0.0
    for start in range(0, len(logits), rows):
        block = logits[start : start + rows].astype(np.float64)
        log_shares = block - log_sum_exp(block, axis=1)
        shares = np.exp(log_shares)
        marginal += shares.sum(axis=0)
        entropies -= float(np.sum(shares * log_shares))
    marginal /= len(logits)
    used = marginal[marginal > 0]  # p ln p nears 0 with p
    return float(np.exp(-np.sum(used * np.log(used)) - entropies / len(logits)))
