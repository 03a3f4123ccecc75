"""Which training images a feature space is fitted on, and what all images are reduced to first."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ganbench.samples import sha256_of

MOST_IMAGES = 10_000  # that a space is fitted on
_BATCH_IMAGES = 250


def chosen_rows(count: int) -> np.ndarray:
    """Row numbers of at most MOST_IMAGES training images, evenly spaced: the same for everybody."""
    return np.linspace(0, count - 1, min(count, MOST_IMAGES)).round().astype(np.int64)


def content_of(images: np.ndarray) -> str:
    """Hash of the images that a space is fitted on, their shape included.

    It stands for the fitted numbers, whose last bits depend on the machine.
    """
    return hashlib.sha256(f"{images.shape} {sha256_of(images)}".encode()).hexdigest()


def recipe_id(name: str, recipe: Mapping[str, Any]) -> str:
    """Name and eight digits of the hash of all that decides the features, but for the data."""
    text = json.dumps(dict(recipe), sort_keys=True)
    return f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def preprocessing(longest_side: int) -> str:
    """What `reduced` does, in words."""
    return f"uint8, sides over {longest_side} averaged in whole blocks, divided by 255"


def reduced(images: np.ndarray, longest_side: int) -> np.ndarray:
    """Give float32 pixels [n, h, w, channels] in [0, 1] of uint8 images, no side longer than said.

    A longer side is averaged in blocks of a whole factor; what does not fill a block at the lower
    or right edge is left out.
    """
    factors = [-(-side // longest_side) for side in images.shape[1:3]]
    height, width = (
        side // factor for side, factor in zip(images.shape[1:3], factors, strict=True)
    )
    blocks = images[:, : height * factors[0], : width * factors[1]].reshape(
        len(images), height, factors[0], width, factors[1], images.shape[3]
    )
    # Whole numbers are added exactly, in whatever order a machine adds them.
    sums = blocks.sum(axis=(2, 4), dtype=np.uint32)
    return sums.astype(np.float32) / np.float32(255 * factors[0] * factors[1])


def in_batches(
    images: np.ndarray, longest_side: int, function: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Apply a function to the reduced pixels of a few images at a time and join the results."""
    starts = range(0, max(len(images), 1), _BATCH_IMAGES)
    parts = (images[start : start + _BATCH_IMAGES] for start in starts)
    return np.concatenate([function(reduced(part, longest_side)) for part in parts])
