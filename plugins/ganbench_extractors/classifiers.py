"""Features of small convolutional classifiers, trained once and frozen.

A net that was trained on labels discards what varies within a class, so that it sees a collapse
within a class badly: always look at the principal components beside it.
"""

from __future__ import annotations

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
from ganbench_extractors.network import forward_images


@dataclass(frozen=True)
class ClassifierDigits:
    """16 features and 10 logits of a classifier of the 8x8 digits."""

    name = "cls-digits-v1"
    preprocessing = QUANTISATION
    source = "the project's own: python -m ganbench_extractors.train digits"
    has_logits = True

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

    def extract(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Map uint8 images [n, 8, 8, 1] to float32 features [n, 16] and logits [n, 10]."""
        return extract_with_classifier(self.name, images)


@dataclass(frozen=True)
class ClassifierFashion:
    """64 features and 10 logits of a classifier of Fashion-MNIST."""

    name = "cls-fashion-v1"
    preprocessing = QUANTISATION
    source = "the project's own: python -m ganbench_extractors.train fashion-mnist"
    has_logits = True

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

    def extract(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Map uint8 images [n, 28, 28, 1] to float32 features [n, 64] and logits [n, 10]."""
        return extract_with_classifier(self.name, images)


def extract_with_classifier(name: str, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the scaled features and the temperature-calibrated logits of a classifier.

    Features are taken before their ReLU and multiplied by the card's constant, which makes the
    trace of their covariance over real training images equal to their number. Raises
    ConfigError for images of another type or shape and for damaged weights.
    """
    check_images(name, images)
    _check_once(name)
    return _forward(name, images)


@cache
def _check_once(name: str) -> None:
    features, _ = _forward(name, read_weights(name)["probe.images"])
    check_probe(name, features)


def _forward(name: str, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    card = read_card(name)
    strides = [layer["stride"] for layer in card["architecture"]["convolutions"]]
    features, logits = forward_images(images, read_weights(name), strides)
    return features * np.float32(card["scale"]), logits / np.float32(card["temperature"])
