"""Principal components of whatever images are turned into, fitted on the training split."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ganbench.errors import ConfigError
from ganbench_extractors.principal_components import leading_components
from ganbench_extractors.training_images import chosen_rows, content_of, in_batches


@dataclass(frozen=True)
class Recipe:
    """What is done to images before the components are taken."""

    name: str  # of the space
    longest_side: int  # longer ones are averaged down
    dimensions: int  # at most
    values_of: Callable[[np.ndarray], np.ndarray]  # pixels [n, h, w, channels] to float32 [n, p]


@dataclass(frozen=True)
class Projection:
    """The components of one training split, scaled to a total variance of d."""

    mean: np.ndarray  # float32 [p]
    components: np.ndarray  # float32 [d, p]
    shape: tuple[int, ...]  # of one image
    training_sha256: str  # of the training images that they are made of


def fit(recipe: Recipe, training: np.ndarray) -> Projection:
    """Give the components of these uint8 images [n, height, width, channels].

    Raises ConfigError where they are fewer than two or all the same.
    """
    chosen = training[chosen_rows(len(training))]
    values = in_batches(chosen, recipe.longest_side, recipe.values_of)
    found = leading_components(values, recipe.dimensions)
    mean, components = found["mean"], found["components"]
    scale = _scale_to_dimensions(recipe.name, (values - mean) @ components.T)
    return Projection(mean, components * scale, training.shape[1:], content_of(chosen))


def project(recipe: Recipe, fitted: Projection | None, images: np.ndarray) -> np.ndarray:
    """Give float32 features [n, d] of uint8 images.

    Raises ConfigError where nothing was fitted, and for images of another type or shape than it
    was fitted on.
    """
    if fitted is None:
        raise ConfigError(f"{recipe.name} has to be fitted on training images first")
    if images.dtype != np.uint8 or images.shape[1:] != fitted.shape:
        raise ConfigError(
            f"{recipe.name} was fitted on uint8 images [n, {', '.join(map(str, fitted.shape))}], "
            f"not {images.dtype} {list(images.shape)}; score them against data of their own shape"
        )
    return in_batches(
        images,
        recipe.longest_side,
        lambda pixels: (recipe.values_of(pixels) - fitted.mean) @ fitted.components.T,
    )


def _scale_to_dimensions(name: str, features: np.ndarray) -> np.float32:
    """Give the factor that makes the total variance of float features [n, d] equal to d."""
    many = len(features) > 1
    variance = float(features.var(axis=0, ddof=1, dtype=np.float64).sum()) if many else 0
    if not variance > 0:
        raise ConfigError(
            f"{name} needs training images that differ; {len(features)} that do not are too few"
        )
    return np.float32(np.sqrt(features.shape[1] / variance))
