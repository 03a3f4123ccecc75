"""Is a training healthy? A few cheap indicators, and what their course says in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ganbench.contracts import FeatureSet, Reading
from ganbench_metrics.distances import cloud, nearest_squares
from ganbench_metrics.features import both_sides, require_finite
from ganbench_metrics.frechet import fitted, frechet_distance
from ganbench_metrics.memorisation import share_of_copies

_NEIGHBOUR_SAMPLES = 2000  # of each side, for coverage and spacing
_COPY_SAMPLES = 1000  # of each side, whose nearest training samples are looked up
_NEIGHBOUR = 5  # as in the metric `neighbours`

# Thresholds. Measured on all samples of digits and Fashion-MNIST, in both feature spaces of each:
#                                   health-fd     spacing     variety     copied
#   real samples, one half by other 0.001-0.02    0.93-1.01   0.98-1.01   0
#   a Gaussian of pixels            0.05-0.21     1.17-1.29   0.42-0.67   0
#   samples of one class            0.63-1.66     0.42-0.86   0.10-0.57   (1: they are training's)
#   ten images with 3 % noise       0.40-0.62     0.06-0.12   0.74-0.97   0
#   the mean image                  0.99-1.10     0.01        0.000       0
#   64 training images              0.03-0.12     0           0.95-1.09   1
COLLAPSED_SPACING = 0.2  # between few images with noise and the samples of one class
COLLAPSED_VARIETY = 0.05  # half of what the least varied class has
MEMORISING_FROM = 0.1  # share of copies: one in ten, where chance gives none
DIVERGED_FACTOR = 3.0  # times the best distance before: an order more than sampling does
DIVERGED_FROM = 0.1  # and half a Gaussian of pixels' or more: else it is a good model still
STUCK_FROM = 0.25  # no nearer than a Gaussian of pixels,
STUCK_SHARE = 0.8  # and never nearer than this share of where it began
STUCK_LOOKS = 3  # two would call slow what only began

History = Sequence[tuple[int, Mapping[str, float | None]]]


@dataclass(frozen=True)
class Health:
    """Indicators of a training's health, cheap enough for every checkpoint, and a verdict.

    `health-fd` is the Fréchet distance as a share of the reference's variance tr S. With up to
    2,000 samples of each side `health-coverage` is the coverage of the metric `neighbours`, and
    `health-spacing` the median distance of generated samples to their fifth neighbour by that of
    real ones: near 0 where few images are repeated. `health-variety` is tr S of the generated
    samples by that of the real ones. `health-copied` is `copied` of the metric `memorisation`, of
    1,000 samples, and nan where the training split is not known. Which of them is better depends
    on the others, so a table shows the verdict instead.

    A verdict is one of `memorising`, `stuck`, `collapsed` and `diverged`, of which the first that
    holds at the end counts, and since when it has held at every checkpoint. A model that shows
    training samples, as the baseline `real` does, is memorising. The definitions are the
    project's own.
    """

    name = "health"
    version = 1
    needs = "features"
    columns = {
        "health-fd": "lower",
        "health-coverage": "higher",
        "health-spacing": "none",
        "health-variety": "none",
        "health-copied": "lower",
    }
    readings = {
        "health-fd": Reading(
            "Fréchet distance divided by the variance of the reference images; 0 is best.", "log"
        ),
        "health-coverage": Reading(
            "Coverage of the reference images, from at most 2,000 samples of each side.", "share"
        ),
        "health-spacing": Reading(
            "Median distance between neighbouring generated images, relative to the reference."
        ),
        "health-variety": Reading(
            "Total variance of the generated features, relative to that of the reference."
        ),
        "health-copied": Reading(
            "Share of generated images that copy a training image, from at most 1,000 samples.",
            "share",
        ),
    }
    beside = frozenset(columns)
    # By verdict, in the order in which they are tried; a look is a checkpoint or the end.
    thresholds = {
        "memorising": f"health-copied is at least {MEMORISING_FROM:g}.",
        "stuck": (
            f"health-fd is at least {STUCK_FROM:g}, and at least {STUCK_SHARE:g} times its first "
            f"value, at every look, of {STUCK_LOOKS} or more."
        ),
        "collapsed": (
            f"health-spacing is below {COLLAPSED_SPACING:g} or health-variety is below "
            f"{COLLAPSED_VARIETY:g}."
        ),
        "diverged": (
            f"health-fd is at least {DIVERGED_FROM:g} and more than {DIVERGED_FACTOR:g} times its "
            "least value at earlier looks."
        ),
    }
    uses_training = True
    at_checkpoints = True
    sees = {
        "health-fd": frozenset({"noise", "blur", "contamination", "dropped-classes", "imbalance"}),
        "health-coverage": frozenset({"dropped-classes", "duplication"}),
        "health-copied": frozenset({"training-copies"}),
    }
    ignores = {"health-copied": frozenset({"noise", "duplication"})}

    def compute(
        self, real: FeatureSet, fake: FeatureSet, rng: np.random.Generator
    ) -> dict[str, float]:
        """Compare float64 features [n, d] with the reference's [m, d] and `real.training` [k, d].

        Raises ConfigError under two samples and for features that are not finite.
        """
        reference, generated = both_sides(real, fake, "health")
        first, second = fitted(reference), fitted(generated)
        variance = first.trace
        values = dict.fromkeys(self.columns, float("nan"))
        if variance > 0:
            values["health-fd"] = frechet_distance(first, second) / variance
            values["health-variety"] = second.trace / variance
        count = min(len(reference), len(generated), _NEIGHBOUR_SAMPLES)
        if count > _NEIGHBOUR:
            values |= _neighbourhoods(
                _some(reference, count, rng), _some(generated, count, rng), first.mean
            )
        if real.training is not None and len(real.training):
            values["health-copied"] = _copied(reference, generated, real.training, first.mean, rng)
        return values

    def verdict(self, history: History) -> str:
        """Say in words what is wrong at the end and since when, or "" where nothing is.

        `history` has, the earliest first, the images shown and this metric's columns then; values
        may be None or nan, of which nothing follows.
        """
        if not history:
            return ""
        for words, holds in _STATES.items():
            onset = _onset(history, holds)
            if onset is not None:
                return words + _since(history, onset)
        return ""


# --------------------------------------------------------------------------- indicators


def _some(features: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    return features[rng.choice(len(features), min(count, len(features)), replace=False)]


def _neighbourhoods(
    reference: np.ndarray, generated: np.ndarray, center: np.ndarray
) -> dict[str, float]:
    first, second = cloud(reference, center), cloud(generated, center)
    parts = first.tiles()
    radii = nearest_squares(first, first, _NEIGHBOUR, parts, skip_self=True)[:, -1]
    spacing = nearest_squares(second, second, _NEIGHBOUR, parts, skip_self=True)[:, -1]
    closest = nearest_squares(first, second, 1, parts)[:, 0]
    real_spacing = float(np.median(np.sqrt(radii)))
    ratio = float(np.median(np.sqrt(spacing))) / real_spacing if real_spacing > 0 else math.nan
    return {"health-coverage": float(np.mean(closest < radii)), "health-spacing": ratio}


def _copied(
    reference: np.ndarray,
    generated: np.ndarray,
    training: np.ndarray,
    center: np.ndarray,
    rng: np.random.Generator,
) -> float:
    require_finite(training, "health", "features of the training samples")
    points = cloud(np.asarray(training, np.float64), center)
    distances = []
    for side in (generated, reference):
        queries = cloud(_some(side, _COPY_SAMPLES, rng), center)
        distances.append(np.sqrt(nearest_squares(queries, points, 1, queries.tiles())[:, 0]))
    return share_of_copies(*distances)


# --------------------------------------------------------------------------- the verdict


def _value(history: History, index: int, name: str) -> float:
    value = history[index][1].get(f"health-{name}")
    return math.nan if value is None else value


def _is_memorising(history: History, index: int) -> bool:
    return _value(history, index, "copied") >= MEMORISING_FROM


def _is_stuck(history: History, index: int) -> bool:
    """Whether nothing has been learnt until then."""
    first, *later = (_value(history, i, "fd") for i in range(index + 1))
    limit = max(STUCK_FROM, STUCK_SHARE * first)
    return len(history) >= STUCK_LOOKS and all(value >= limit for value in (first, *later))


def _is_collapsed(history: History, index: int) -> bool:
    return (
        _value(history, index, "spacing") < COLLAPSED_SPACING
        or _value(history, index, "variety") < COLLAPSED_VARIETY
    )


def _is_diverged(history: History, index: int) -> bool:
    """Whether the distance is far from the best before, at which point it was a good model."""
    before = [_value(history, i, "fd") for i in range(index)]
    known = [value for value in before if not math.isnan(value)]
    now = _value(history, index, "fd")
    return bool(known) and now >= DIVERGED_FROM and now > DIVERGED_FACTOR * min(known)


_STATES: dict[str, Callable[[History, int], bool]] = {
    "memorising": _is_memorising,
    "stuck": _is_stuck,
    "collapsed": _is_collapsed,
    "diverged": _is_diverged,
}


def _onset(history: History, holds: Callable[[History, int], bool]) -> int | None:
    """Give the number of the first look from which on it holds, None if not at the end."""
    onset = None
    for index in reversed(range(len(history))):
        if not holds(history, index):
            break
        onset = index
    return onset


def _since(history: History, onset: int) -> str:
    """Say from which look on; what has been so at all of them needs no date."""
    return f" since {_short(history[onset][0])} images" if onset else ""


def _short(images: int) -> str:
    for size, letter in ((10**6, "M"), (10**3, "k")):
        if images >= size:
            return f"{images / size:.3g}{letter}"
    return str(images)
