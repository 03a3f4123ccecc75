"""Which classes a generator makes, and how evenly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ganbench.contracts import FeatureSet, Reading
from ganbench_metrics.features import require_finite
from ganbench_metrics.histogram import kl_from_uniform


@dataclass(frozen=True)
class ClassCoverage:
    """Classes found among the samples, by the classifier's greatest logit.

    `classes` counts those with a sample, `classes-half` those with half their fair share or
    more, and `class-kl` is the divergence of their histogram from uniform, in nats: 0 is best,
    (classes - 1) / (2n) what a perfect generator expects. A classifier's errors and any input
    that is no image of a class count as classes too, so `classes` is lenient.
    """

    name = "class-coverage"
    version = 1
    needs = "logits"
    columns = {"classes": "higher", "classes-half": "higher", "class-kl": "lower"}
    readings = {
        "classes": Reading("Number of classes that a classifier finds among the generated images."),
        "classes-half": Reading(
            "Number of classes that have at least half of their fair share of the generated images."
        ),
        "class-kl": Reading(
            "KL divergence of the class histogram from uniform, in nats; 0 is best.", "log"
        ),
    }
    beside = frozenset({"classes-half"})
    at_checkpoints = True
    sees = {
        "classes-half": frozenset({"dropped-classes"}),
        "class-kl": frozenset({"dropped-classes", "imbalance"}),
    }
    ignores = {"classes": frozenset({"duplication"})}

    def compute(
        self, real: FeatureSet, fake: FeatureSet, rng: np.random.Generator
    ) -> dict[str, float]:
        """Count the fake logits' [n, classes] classes; raises ConfigError if one is not finite."""
        require_finite(fake.logits, "class coverage", "logits of the generated samples")
        samples, classes = fake.logits.shape
        counts = np.bincount(fake.logits.argmax(axis=1), minlength=classes)
        return {
            "classes": float(np.sum(counts > 0)),
            "classes-half": float(np.sum(counts >= samples / (2 * classes))),
            "class-kl": kl_from_uniform(counts),
        }
