"""Features without labels: the leading principal components of the training images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from ganbench.contracts import Task
from ganbench_extractors.bundle import (
    QUANTISATION,
    check_images,
    check_probe,
    read_card,
    read_weights,
)

_SMALLEST_SHARE = 1e-9  # of the largest variance; what varies less is rounding


@dataclass(frozen=True)
class ComponentsDigits:
    """The 16 leading principal components of the 1000 training digits."""

    name = "pca-digits-v1"
    preprocessing = QUANTISATION
    source = "the project's own: python -m ganbench_extractors.train digits"

    @property
    def id(self) -> str:
        """Name and content hash."""
        return read_card(self.name)["id"]

    @property
    def weights_sha256(self) -> str:
        """Hash of the file of weights."""
        return read_card(self.name)["weights_sha256"]

    def fits(self, task: Task) -> bool:
        """Fit the digits."""
        return task.dataset == "digits"

    def extract(self, images: np.ndarray) -> tuple[np.ndarray, None]:
        """Map uint8 images [n, 8, 8, 1] to float32 features [n, 16]; there are no logits."""
        return extract_components(self.name, images), None


@dataclass(frozen=True)
class ComponentsFashion:
    """The 64 leading principal components of Fashion-MNIST's first 50,000 images."""

    name = "pca-fashion-v1"
    preprocessing = QUANTISATION
    source = "the project's own: python -m ganbench_extractors.train fashion-mnist"

    @property
    def id(self) -> str:
        """Name and content hash."""
        return read_card(self.name)["id"]

    @property
    def weights_sha256(self) -> str:
        """Hash of the file of weights."""
        return read_card(self.name)["weights_sha256"]

    def fits(self, task: Task) -> bool:
        """Fit Fashion-MNIST."""
        return task.dataset == "fashion-mnist"

    def extract(self, images: np.ndarray) -> tuple[np.ndarray, None]:
        """Map uint8 images [n, 28, 28, 1] to float32 features [n, 64]; there are no logits."""
        return extract_components(self.name, images), None


def extract_components(name: str, images: np.ndarray) -> np.ndarray:
    """Give the scaled projections float32 [n, d] of the centred images.

    The card's constant makes the trace of their covariance over real training images equal to
    d. Raises ConfigError for images of another type or shape and for damaged weights.
    """
    check_images(name, images)
    _check_once(name)
    return _project(name, images)


@cache
def _check_once(name: str) -> None:
    check_probe(name, _project(name, read_weights(name)["probe.images"]))


def _project(name: str, images: np.ndarray) -> np.ndarray:
    return project_images(images, read_weights(name)) * np.float32(read_card(name)["scale"])


def project_images(images: np.ndarray, weights: Mapping[str, np.ndarray]) -> np.ndarray:
    """Give the unscaled projections float32 [n, d] of uint8 images, divided by 255."""
    flat = images.reshape(len(images), len(weights["mean"])).astype(np.float32) / np.float32(255)
    return (flat - weights["mean"]) @ weights["components"].T


def leading_components(pixels: np.ndarray, count: int) -> dict[str, np.ndarray]:
    """Give the float32 `mean` [pixels] and `components` [count, pixels] of float64 [n, pixels].

    Largest variance first, at most `count`, and none of those in which the images do not vary. The
    sign that a decomposition leaves open is fixed: the largest entry is positive.
    """
    mean = pixels.mean(axis=0)
    centered = pixels - mean
    if len(centered) < centered.shape[1]:
        # The images' inner products have the same variances as the pixels, in a smaller matrix.
        variances, shares = np.linalg.eigh(centered @ centered.T)
        vectors = centered.T @ shares
    else:
        variances, vectors = np.linalg.eigh(centered.T @ centered)
    varying = variances > _SMALLEST_SHARE * variances[-1]
    components = vectors[:, varying][:, ::-1][:, :count].T
    components /= np.linalg.norm(components, axis=1, keepdims=True)
    largest = np.take_along_axis(components, np.abs(components).argmax(axis=1)[:, None], axis=1)
    components = components * np.sign(largest)
    return {"mean": mean.astype(np.float32), "components": components.astype(np.float32)}
