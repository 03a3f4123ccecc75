"""Features for images of any size: the leading principal components of the training split."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from ganbench.contracts import Task
from ganbench_extractors import projection, training_images
from ganbench_extractors.projection import Projection

NAME = "pca-train-v1"
DIMENSIONS = 64
LONGEST_SIDE = 32  # longer ones are averaged down
RECIPE = {
    "dimensions": DIMENSIONS,
    "images": training_images.MOST_IMAGES,
    "side": LONGEST_SIDE,
}
PREPROCESSING = training_images.preprocessing(LONGEST_SIDE)
STEPS = projection.Recipe(
    NAME, LONGEST_SIDE, DIMENSIONS, values_of=lambda pixels: pixels.reshape(len(pixels), -1)
)


@dataclass(frozen=True)
class ComponentsOfTraining:
    """The 64 leading principal components of the data set's own training split, without labels.

    They see layout, colour and contrast, as the components that ship for digits and clothes do;
    sharpness and fine texture they see badly. Numbers compare within one data set only: another
    training split is another space.
    """

    name = NAME
    source = "the project's own; principal components of at most 10,000 training images"
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
        """Fit every image."""
        return task.kind == "images"

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
