"""Known defects of known severity, done to real images: what metrics are put to the test with.

Level 0 is clean. A level's number never changes how many images there are nor their type, so that
whatever a metric makes of it is due to the defect. Give every level a generator at its beginning:
a worse level then holds the defects of the milder one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_REFERENCE_PIXELS = 28  # the width at which a shift's level is a whole number of pixels


@dataclass(frozen=True)
class Material:
    """Real images to corrupt: `count` of the pool are the clean ones, the others are spare."""

    pool: np.ndarray  # uint8 [m, height, width, channels], m >= count, in random order
    count: int
    training: np.ndarray  # uint8 [k, height, width, channels], what a generator could copy
    labels: np.ndarray | None = None  # int32 [m]

    @property
    def clean(self) -> np.ndarray:
        """The first `count` images."""
        return self.pool[: self.count]


@dataclass(frozen=True)
class Corruption:
    """A defect at five levels, from none to severe."""

    name: str
    levels: tuple[float, ...]
    unit: str  # what a level counts
    corrupt: Callable[[Material, float, np.random.Generator], np.ndarray]
    needs_labels: bool = False

    def apply(self, material: Material, level: int, rng: np.random.Generator) -> np.ndarray:
        """Give uint8 images [count, ...]; level 0 gives the clean ones as they are."""
        if level == 0:
            return material.clean
        return self.corrupt(material, self.levels[level], rng)


# --------------------------------------------------------------------------- worse images


def add_noise(material: Material, sigma: float, rng: np.random.Generator) -> np.ndarray:
    """Add Gaussian noise, its standard deviation a share of the range, and clip."""
    noise: np.ndarray = rng.standard_normal(material.clean.shape, dtype=np.float32)
    return _as_bytes(material.clean + np.float32(255 * sigma) * noise)


def blur(material: Material, sigma: float, rng: np.random.Generator) -> np.ndarray:
    """Blur with a Gaussian of `sigma` pixels, mirrored at the border."""
    from scipy.ndimage import gaussian_filter

    return _as_bytes(gaussian_filter(material.clean.astype(np.float32), (0, sigma, sigma, 0)))


def salt_and_pepper(material: Material, share: float, rng: np.random.Generator) -> np.ndarray:
    """Make this share of the pixels black or white, all channels alike."""
    clean = material.clean
    struck = rng.random(clean.shape[:3]) < share
    white = rng.random(clean.shape[:3]) < 0.5
    specks = np.where(white, 255, 0).astype(np.uint8)[..., None]
    return np.where(struck[..., None], specks, clean)


def contaminate(material: Material, share: float, rng: np.random.Generator) -> np.ndarray:
    """Put images of uniform noise in the place of this share of the images."""
    noise = rng.integers(0, 256, material.clean.shape, dtype=np.uint8)
    return _replace(material, noise, share, rng)


def shift(material: Material, pixels: float, rng: np.random.Generator) -> np.ndarray:
    """Move images to the right, on average by so many 28ths of their width.

    An image moves by whole pixels, the lower or the higher neighbour of that number, so that
    nothing is interpolated; what comes in repeats the left border.
    """
    clean = material.clean
    distance = pixels * clean.shape[2] / _REFERENCE_PIXELS
    moves = np.floor(distance + rng.random(len(clean))).astype(int)
    columns = np.maximum(np.arange(clean.shape[2]) - moves[:, None], 0)
    shifted: np.ndarray = np.take_along_axis(clean, columns[:, None, :, None], axis=2)
    return shifted


# --------------------------------------------------------------------------- another distribution


def drop_classes(material: Material, share: float, rng: np.random.Generator) -> np.ndarray:
    """Leave out this share of the classes, chosen at random; spare images fill the gaps.

    Where the kept classes have fewer images than are needed, all of them are repeated alike.
    """
    labels = _labels(material)
    classes = rng.permutation(np.unique(labels))
    kept = classes[min(round(share * len(classes)), len(classes) - 1) :]
    rows = np.flatnonzero(np.isin(labels, kept))
    return material.pool[np.resize(rows, material.count)]


def unbalance(material: Material, ratio: float, rng: np.random.Generator) -> np.ndarray:
    """Make the commonest class `ratio` times as frequent as the rarest, in geometric steps.

    Spare images serve as well; where a class has too few of them, all are repeated alike.
    """
    labels = _labels(material)
    classes = rng.permutation(np.unique(labels))
    weights = ratio ** -np.linspace(0, 1, len(classes))
    weights *= [np.count_nonzero(labels == label) for label in classes]
    wanted = material.count * weights / weights.sum()
    ends = np.rint(np.cumsum(wanted)).astype(int)
    parts = [
        np.resize(np.flatnonzero(labels == label), number)
        for label, number in zip(classes, np.diff(ends, prepend=0), strict=True)
    ]
    images: np.ndarray = material.pool[rng.permutation(np.concatenate(parts))]
    return images


def duplicate(material: Material, share: float, rng: np.random.Generator) -> np.ndarray:
    """Keep this share of the images, at least one of a class, and repeat those of each class.

    Classes stay as frequent as they were: it is the variety within them that is lost.
    """
    labels = np.zeros(material.count) if material.labels is None else material.labels
    chosen = np.arange(material.count)
    for label in np.unique(labels[: material.count]):
        rows = np.flatnonzero(labels[: material.count] == label)
        chosen[rows] = np.resize(rows[: max(1, round(share * len(rows)))], len(rows))
    return material.pool[chosen]


def copy_training(material: Material, share: float, rng: np.random.Generator) -> np.ndarray:
    """Put training images in the place of this share of the images: what a memorizer does."""
    rows = np.resize(rng.permutation(len(material.training)), material.count)
    return _replace(material, material.training[rows], share, rng)


CORRUPTIONS = (
    Corruption("noise", (0, 0.05, 0.1, 0.2, 0.4), "standard deviation / range", add_noise),
    Corruption("blur", (0, 0.5, 1, 1.5, 2), "standard deviation, pixels", blur),
    Corruption("salt-and-pepper", (0, 0.01, 0.03, 0.1, 0.3), "share of pixels", salt_and_pepper),
    Corruption("contamination", (0, 0.02, 0.1, 0.3, 1), "share of images", contaminate),
    Corruption("shift", (0, 1, 2, 3, 4), "28ths of the width", shift),
    Corruption("dropped-classes", (0, 0.1, 0.3, 0.5, 0.8), "share of classes", drop_classes, True),
    Corruption("imbalance", (1, 2, 5, 20, 100), "commonest / rarest class", unbalance, True),
    Corruption("duplication", (1, 0.5, 0.2, 0.05, 0.01), "share that is unique", duplicate),
    Corruption("training-copies", (0, 0.1, 0.3, 0.6, 1), "share of images", copy_training),
)


def _replace(
    material: Material, others: np.ndarray, share: float, rng: np.random.Generator
) -> np.ndarray:
    images = material.clean.copy()
    rows = rng.permutation(material.count)[: round(share * material.count)]
    images[rows] = others[rows]
    return images


def _labels(material: Material) -> np.ndarray:
    if material.labels is None:
        raise ValueError("this corruption needs labels")
    return material.labels


def _as_bytes(values: np.ndarray) -> np.ndarray:
    clipped: np.ndarray = np.clip(np.rint(values), 0, 255)
    return clipped.astype(np.uint8)
