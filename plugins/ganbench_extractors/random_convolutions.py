"""Features for images of any size: convolutions that were drawn once and never trained."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from functools import cache
from typing import Self

import numpy as np

from ganbench.contracts import Task
from ganbench_extractors import projection, training_images
from ganbench_extractors.network import convolve
from ganbench_extractors.projection import Projection

NAME = "random-conv-v1"
WIDTHS = (16, 32, 64)  # channels after each convolution
KERNEL, STRIDE = 4, 2
SMALLEST_SIDE = KERNEL  # of a map that is convolved once more
DIMENSIONS = 64
LONGEST_SIDE = 64  # longer ones are averaged down
CELLS = 2  # each map is averaged over so many cells a side
KEY = 20_261_123  # of the generator that the weights are drawn with
RECIPE = {
    "dimensions": DIMENSIONS,
    "widths": WIDTHS,
    "kernel": KERNEL,
    "stride": STRIDE,
    "first layer": "zero mean",
    "cells": CELLS,
    "key": KEY,
    "images": training_images.MOST_IMAGES,
    "side": LONGEST_SIDE,
}
PREPROCESSING = training_images.preprocessing(LONGEST_SIDE)


@dataclass(frozen=True)
class RandomConvolutions:
    """64 directions among averages over maps of three convolutions with random weights.

    The weights are He's (2015, arXiv:1502.01852, equation 10), drawn with a fixed key and never
    trained; those of the first layer have a mean of zero in each channel, so that flat areas of
    any brightness look alike. Every map is averaged over a grid of 2x2 cells, and the leading
    principal components of these averages over the training split are the features. They see
    edges, texture, noise and roughly where in the image those are, and know nothing of objects:
    numbers say how alike the local statistics of two sets are, not whether a picture makes sense.
    Compare them within one data set only.
    """

    name = NAME
    source = "the project's own; random weights of a frozen seed, components of the training split"
    general = True
    preprocessing = PREPROCESSING

    _fitted: Projection | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def id(self) -> str:
        """Name and hash of the recipe; the data they are made of are told by `weights_sha256`."""
        return training_images.recipe_id(NAME, RECIPE)

    @property
    def weights_sha256(self) -> str | None:
        """Hash of the training images that the space is made of; None before `fit`."""
        return self._fitted.training_sha256 if self._fitted else None

    def fits(self, task: Task) -> bool:
        """Fit images of at least 4 pixels a side."""
        return task.kind == "images" and min(task.shape[:2]) >= SMALLEST_SIDE

    def fit(self, training: np.ndarray) -> Self:
        """Give the space of these training images uint8 [n, height, width, channels].

        Raises ConfigError where they are fewer than two or all the same.
        """
        fitted = copy.copy(self)
        object.__setattr__(fitted, "_fitted", projection.fit(STEPS, training))
        return fitted

    def extract(self, images: np.ndarray) -> tuple[np.ndarray, None]:
        """Map uint8 images to float32 features [n, d]; there are no logits.

        Raises ConfigError before `fit`, and for images of another type or shape.
        """
        return projection.project(STEPS, self._fitted, images), None


def averages_of_maps(pixels: np.ndarray) -> np.ndarray:
    """Give float32 [n, 4 * channels of all maps] of pixels [n, height, width, channels] in [0, 1].

    A map smaller than 4 pixels a side is convolved no further.
    """
    values, found = pixels - np.float32(0.5), []
    for weight in weights(pixels.shape[3]):
        if min(values.shape[1:3]) < SMALLEST_SIDE:
            break
        values = np.maximum(convolve(values, weight, np.zeros(len(weight), np.float32), STRIDE), 0)
        found.append(_averages(values))
    return np.concatenate(found, axis=1)


@cache
def weights(channels: int) -> tuple[np.ndarray, ...]:
    """Give the float32 weights [out, in, 4, 4] of the three convolutions, the same for ever."""
    from scipy.special import ndtri

    layers, inputs = [], channels
    for number, outputs in enumerate(WIDTHS):
        shape = (outputs, inputs, KERNEL, KERNEL)
        # NumPy promises the raw numbers of Philox for ever, those of its distributions it does not.
        raw = np.random.Philox(key=KEY + number).random_raw(shape)
        uniform = ((raw >> np.uint64(11)) + 0.5) * 2.0**-53
        weight = ndtri(uniform) * np.sqrt(2 / (inputs * KERNEL**2))
        if number == 0:
            # Nine tenths of the variance of photographs is brightness, behind which noise hides.
            weight -= weight.mean(axis=(2, 3), keepdims=True)
        layers.append(weight.astype(np.float32))
        inputs = outputs
    return tuple(layers)


def _averages(values: np.ndarray) -> np.ndarray:
    """Average maps [n, h, w, channels] over CELLS x CELLS cells: [n, cells * channels]."""
    bounds = [
        [(side * cell // CELLS, -(-side * (cell + 1) // CELLS)) for cell in range(CELLS)]
        for side in values.shape[1:3]
    ]
    cells = [values[:, a:b, c:d].mean(axis=(1, 2)) for a, b in bounds[0] for c, d in bounds[1]]
    return np.concatenate(cells, axis=1)


STEPS = projection.Recipe(NAME, LONGEST_SIDE, DIMENSIONS, averages_of_maps)
