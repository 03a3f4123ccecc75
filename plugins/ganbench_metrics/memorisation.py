"""Whether generated samples are copies: of training samples, or of each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Annotated

import numpy as np
from annotated_types import Ge

from ganbench.contracts import FeatureSet, Reading
from ganbench.progress import track
from ganbench_metrics.distances import Cloud, cloud, nearest_squares
from ganbench_metrics.features import both_sides, cut_alike, require_finite
from ganbench_metrics.frechet import fitted, frechet_distance, sampling_floor

_NEAR_PERCENT = 1  # of the reference samples: as close to training as real samples come
_COPY_SHARE = 0.5  # of that distance: closer than this is no chance


@dataclass(frozen=True)
class Memorisation:
    """How close generated samples are to those of the training split, by features.

    `copied` is the share of generated samples that are copies: closer to a training sample than
    half the distance to which the closest one percent of reference samples come to theirs. An
    honest generator has 0, one that repeats training samples 1. `duplicates` is the share that
    only repeats another generated image, byte for byte.

    `copied-ratio` is the median over generated samples of the distance to the nearest training
    sample by that to the nearest reference sample, out of equally many of both: 1 where training
    samples are nothing special. It has no better direction, since more than 1 is no merit.
    `fd-training-gap` is the Fréchet distance to the reference less that to the training split,
    each less what a perfect generator expects: above 0 the generator fits its training samples
    better than the distribution, by as much as both splits differ.

    Nearest samples are looked up for at most `samples` of each side, drawn by chance: the share of
    2,500 is known to 1 percent, and a training split is large.

    All but `duplicates` are nan where the training split is not known. The definitions are the
    project's own; ratio and gap are in the spirit of Meehan et al. 2020, arXiv:2004.05675.
    """

    name = "memorisation"
    version = 1
    needs = "features"
    columns = {
        "copied": "lower",
        "duplicates": "lower",
        "copied-ratio": "none",
        "fd-training-gap": "none",
    }
    readings = {
        "copied": Reading("Share of generated images that copy a training image.", "share"),
        "duplicates": Reading(
            "Share of generated images that repeat another one byte for byte.", "share"
        ),
        "copied-ratio": Reading(
            "Median ratio of the distances to the nearest training and reference image."
        ),
        "fd-training-gap": Reading(
            "Excess Fréchet distance to the reference minus that to the training images."
        ),
    }
    beside = frozenset({"duplicates", "copied-ratio", "fd-training-gap"})
    uses_training = True
    sees = {
        "copied": frozenset({"training-copies"}),
        "duplicates": frozenset({"duplication"}),
    }
    # None of these brings an image closer to training than another real image is.
    ignores = {
        "copied": frozenset({"noise", "salt-and-pepper", "imbalance", "duplication"}),
        "duplicates": frozenset({"noise"}),
    }

    samples: Annotated[int, Ge(2)] = 2500

    def compute(
        self, real: FeatureSet, fake: FeatureSet, rng: np.random.Generator
    ) -> dict[str, float]:
        """Compare float64 features [n, d] with the reference's [m, d] and `real.training` [k, d].

        Raises ConfigError for features that are not finite.
        """
        reference, generated = both_sides(real, fake, "memorisation")
        values = dict.fromkeys(self.columns, float("nan"))
        values["duplicates"] = share_of_duplicates(fake.samples)
        if real.training is None:
            return values
        training = np.asarray(real.training, np.float64)
        require_finite(training, "memorisation", "features of the training samples")
        if min(len(reference), len(generated), len(training)) >= 2:
            values |= _closeness(reference, generated, training, self.samples, rng)
            values["fd-training-gap"] = _gap(reference, generated, training)
        return values


def share_of_duplicates(samples: np.ndarray) -> float:
    """Give the share of samples [n, ...] that are not the first of their bytes, nan for none."""
    if not len(samples):
        return float("nan")
    return 1 - len({sample.tobytes() for sample in samples}) / len(samples)


def share_of_copies(to_training: np.ndarray, references_to_training: np.ndarray) -> float:
    """Give the share of distances [n] to training that only copies have.

    `references_to_training` [m] are those of samples that the generator cannot have copied.
    """
    near = np.percentile(references_to_training, _NEAR_PERCENT)
    return float(np.mean(to_training <= _COPY_SHARE * near))


def _closeness(
    reference: np.ndarray,
    generated: np.ndarray,
    training: np.ndarray,
    samples: int,
    rng: np.random.Generator,
) -> dict[str, float]:
    center = reference.mean(axis=0)
    queries = cloud(_some(generated, samples, rng), center)
    references = cloud(_some(reference, samples, rng), center)
    chosen, reference_rows = cut_alike(len(training), len(reference), rng)
    rest = np.setdiff1d(np.arange(len(training)), chosen, assume_unique=True)
    cut, others = (cloud(training, center, rows) for rows in (chosen, rest))
    parts = queries.tiles()
    steps = track([*parts * 3, *references.tiles()])
    to_cut = _nearest(queries, cut, islice(steps, len(parts)))
    to_rest = _nearest(queries, others, islice(steps, len(parts)))
    to_reference = _nearest(
        queries, cloud(reference, center, reference_rows), islice(steps, len(parts))
    )
    references_to_training = _nearest(references, cloud(training, center), steps)
    # A sample that is in both is as near to one as to the other.
    ratios = np.divide(
        to_cut,
        to_reference,
        out=np.where(to_cut > 0, np.inf, 1.0),
        where=to_reference > 0,
    )
    return {
        "copied": share_of_copies(np.minimum(to_cut, to_rest), references_to_training),
        "copied-ratio": float(np.median(ratios)),
    }


def _some(features: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    if len(features) <= count:
        return features
    return features[rng.choice(len(features), count, replace=False)]


def _nearest(queries: Cloud, points: Cloud, parts: Iterable[slice]) -> np.ndarray:
    """Give each query's distance to its nearest point, [n]."""
    return np.sqrt(nearest_squares(queries, points, 1, parts)[:, 0])


def _gap(reference: np.ndarray, generated: np.ndarray, training: np.ndarray) -> float:
    second = fitted(generated)
    excess = []
    for side in (reference, training):
        first = fitted(side)
        floor = sampling_floor(first.eigenvalues, len(side), len(generated))
        excess.append(frechet_distance(first, second) - floor)
    return excess[0] - excess[1]
