"""Sets of samples whose quality is known: what metrics are tried on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ganbench.contracts import FeatureSet, Mixture, Task

ROWS = 240
CLASSES = 8
_SIZE = 12  # of features
_STEPS = 400  # of a trajectory
_CENTERS = np.array(
    [[np.cos(2 * np.pi * k / CLASSES), np.sin(2 * np.pi * k / CLASSES)] for k in range(CLASSES)]
)
_DEVIATION = 0.05


def task_for(metric: Any) -> Task:
    """The task of these sets: small images, or points of a mixture."""
    if metric.needs == "trajectory":
        return Task("line", "points", (1,))
    if metric.needs == "points":
        return Task("mixture", "points", (2,), CLASSES)
    return Task("shapes", "images", (8, 8, 1), CLASSES)


def reference(metric: Any, rows: int = ROWS) -> FeatureSet:
    """The real side, with labels, and with features of training samples where they are wanted."""
    found = _good(metric, rows, key=1)
    training = _good(metric, rows, key=2).features
    return replace(found, training=training) if getattr(metric, "uses_training", False) else found


def good(metric: Any, rows: int = ROWS) -> FeatureSet:
    """What a perfect generator would give: other samples of the same distribution."""
    return replace(_good(metric, rows, key=3), labels=None)


def noise(metric: Any, rows: int = ROWS) -> FeatureSet:
    """What a generator that has learnt nothing gives."""
    rng = _rng(4)
    points = metric.needs in ("points", "trajectory")
    samples: np.ndarray = rng.integers(256, size=(rows, 8, 8, 1)).astype(np.uint8)
    if points:
        samples = rng.uniform(-4, 4, size=(rows, 2)).astype(np.float32)
    angle = np.linspace(0, 20, _STEPS + 1)
    return FeatureSet(
        samples,
        features=None if points else 30 * rng.standard_normal((rows, _SIZE)) + 20,
        logits=None if points else (0.01 * rng.standard_normal((rows, CLASSES))).astype("f4"),
        mixture=_mixture(metric),
        trajectory=np.stack([3 * np.cos(angle), 3 * np.sin(angle)], axis=1),
    )


def _good(metric: Any, rows: int, key: int) -> FeatureSet:
    rng = _rng(key)
    labels = rng.permutation(np.arange(rows) % CLASSES).astype(np.int32)
    centers = 4 * _rng(9).standard_normal((CLASSES, _SIZE))
    points = metric.needs in ("points", "trajectory")
    samples: np.ndarray
    if points:
        spread = _DEVIATION * rng.standard_normal((rows, 2))
        samples = (_CENTERS[labels] + spread).astype(np.float32)
    else:
        patterns = _rng(8).integers(40, 200, size=(CLASSES, 8, 8, 1))
        noisy = patterns[labels] + 8 * rng.standard_normal((rows, 8, 8, 1))
        samples = np.clip(noisy, 0, 255).astype(np.uint8)
    time = np.linspace(0, 20, _STEPS + 1)[:, None]
    return FeatureSet(
        samples,
        features=None if points else centers[labels] + rng.standard_normal((rows, _SIZE)),
        logits=None
        if points
        else (9 * np.eye(CLASSES)[labels] + rng.standard_normal((rows, CLASSES))).astype("f4"),
        labels=labels,
        mixture=_mixture(metric),
        trajectory=np.exp(-time) * np.concatenate([np.cos(time), np.sin(time)], axis=1),
    )


def _mixture(metric: Any) -> Mixture | None:
    return Mixture(_CENTERS, _DEVIATION) if metric.needs == "points" else None


def permuted(side: FeatureSet, key: int) -> FeatureSet:
    """The same samples in another order."""
    order = _rng(key).permutation(len(side.samples))
    parts = {name: getattr(side, name) for name in ("samples", "features", "logits", "labels")}
    moved: dict[str, Any] = {
        name: None if part is None else part[order] for name, part in parts.items()
    }
    return replace(side, **moved)


def _rng(key: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=key))
