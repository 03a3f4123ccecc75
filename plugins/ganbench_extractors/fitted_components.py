"""Features for images of any size: the leading principal components of the training split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ganbench.contracts import Task
from ganbench.errors import ConfigError
from ganbench_extractors import training_images
from ganbench_extractors.principal_components import leading_components

NAME = "pca-train-v1"
DIMENSIONS = 64
LONGEST_SIDE = 32  # longer ones are averaged down
RECIPE = {
    "dimensions": DIMENSIONS,
    "images": training_images.MOST_IMAGES,
    "side": LONGEST_SIDE,
}
PREPROCESSING = training_images.preprocessing(LONGEST_SIDE)


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

    @property
    def id(self) -> str:
        """Name and hash of the recipe; the data they are made of are told by `weights_sha256`."""
        return training_images.recipe_id(NAME, RECIPE)

    def fits(self, task: Task) -> bool:
        """Fit every image."""
        return task.kind == "images"

    def fit(self, training: np.ndarray) -> FittedComponents:
        """Give the space of these training images uint8 [n, height, width, channels].

        Raises ConfigError where they are fewer than two or all the same.
        """
        return fit_components(training)

    def extract(self, images: np.ndarray) -> tuple[np.ndarray, None]:
        """Refuse: there are no features before `fit`."""
        raise ConfigError(f"{NAME} has to be fitted on training images first")


class FittedComponents(NamedTuple):
    """The principal components of one training split, scaled to a total variance of d."""

    mean: np.ndarray  # float32 [pixels]
    components: np.ndarray  # float32 [d, pixels]
    shape: tuple[int, ...]  # of one image
    weights_sha256: str  # of the training images that they are made of

    name = NAME
    source = ComponentsOfTraining.source
    preprocessing = PREPROCESSING

    @property
    def id(self) -> str:
        """Name and hash of the recipe."""
        return training_images.recipe_id(NAME, RECIPE)

    def fits(self, task: Task) -> bool:
        """Fit images of the same shape."""
        return task.kind == "images" and task.shape == self.shape

    def extract(self, images: np.ndarray) -> tuple[np.ndarray, None]:
        """Map uint8 images to float32 features [n, d]; there are no logits.

        Raises ConfigError for images of another type or shape.
        """
        training_images.check(NAME, images, self.shape)
        return training_images.in_batches(images, LONGEST_SIDE, self._project), None

    def _project(self, pixels: np.ndarray) -> np.ndarray:
        return (pixels.reshape(len(pixels), -1) - self.mean) @ self.components.T


def fit_components(training: np.ndarray) -> FittedComponents:
    """Give the components of these uint8 images [n, height, width, channels]."""
    chosen = training[training_images.chosen_rows(len(training))]
    pixels = training_images.in_batches(
        chosen, LONGEST_SIDE, lambda part: part.reshape(len(part), -1)
    )
    found = leading_components(pixels.astype(np.float64), DIMENSIONS)
    projected = (pixels - found["mean"]) @ found["components"].T
    scale = training_images.scale_to_dimensions(NAME, projected)
    return FittedComponents(
        found["mean"],
        found["components"] * scale,
        training.shape[1:],
        training_images.content_of(chosen),
    )
