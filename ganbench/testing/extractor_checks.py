"""Checks of a feature extractor, on noise images of a data set that it fits."""

from __future__ import annotations

from typing import Any

import numpy as np

from ganbench.contracts import Task
from ganbench.errors import GanbenchError
from ganbench.testing.check import Check, NotApplicable, require
from ganbench.testing.subject import Subject, ready, tasks
from ganbench.testing.surroundings import unchanged

_COUNT = 70
_RELATIVE = 1e-5


def images_for(subject: Subject) -> np.ndarray:
    """Noise images [n, ...] of the first data set that the extractor fits."""
    return _images(subject, _COUNT, key=17)


def _images(subject: Subject, count: int, key: int) -> np.ndarray:
    candidates = tasks(subject.catalog)
    candidates += [
        Task("noise", "images", shape) for shape in ((8, 8, 1), (28, 28, 1), (32, 32, 3))
    ]
    for task in candidates:
        if task.kind == "images" and subject.part.fits(task):
            rng = np.random.Generator(np.random.Philox(key=key))
            # Of different brightness, so that features differ.
            tops = rng.integers(2, 256, size=(count, 1, 1, 1))
            return (rng.integers(256, size=(count, *task.shape)) % tops).astype(np.uint8)
    raise NotApplicable("it fits no data set of a plugin that is loaded")


def _space(subject: Subject) -> Any:
    """The extractor, or what it makes of training images where it is fitted on them."""
    fit = getattr(subject.part, "fit", None)
    return fit(_images(subject, _COUNT, key=19)) if fit else ready(subject.part)


def has_a_fixed_id(subject: Subject) -> None:
    """`id` is a text that begins with its name and is the same for the same object."""
    one, other = subject.part.id, type(subject.part)().id
    require(
        isinstance(one, str) and one.startswith(subject.part.name) and " " not in one,
        f"id is {one!r}; give f'{{self.name}}-{{hash}}', a hash of weights and code",
    )
    if type(subject.part)() == subject.part:
        require(one == other, f"two such objects have the ids {one!r} and {other!r}; hash contents")


def features_are_rows(subject: Subject) -> None:
    """Features are finite float32 [n, d]; logits are there if it says so, [n, classes]."""
    images = images_for(subject)
    features, logits = _space(subject).extract(images)
    require(
        isinstance(features, np.ndarray)
        and features.dtype == np.float32
        and features.ndim == 2
        and len(features) == len(images)
        and np.isfinite(features).all(),
        f"extract() gave features {getattr(features, 'dtype', type(features))} "
        f"{getattr(features, 'shape', '')}; give finite float32 [{len(images)}, d]",
    )
    has_logits = getattr(subject.part, "has_logits", False)
    if logits is None:
        require(not has_logits, "it says `has_logits = True` and extract() gives None for them")
        return
    require(has_logits, "extract() gives logits and `has_logits` is not True; say so")
    require(
        isinstance(logits, np.ndarray) and logits.ndim == 2 and len(logits) == len(images),
        f"extract() gave logits {getattr(logits, 'shape', type(logits))}; give [{len(images)}, "
        "classes]",
    )


def same_images_same_features(subject: Subject) -> None:
    """The same images have the same features bit for bit."""
    images = images_for(subject)
    one, other = (_space(subject).extract(images)[0] for _ in range(2))
    require(
        np.array_equal(one, other),
        "the same images have other features the second time; switch drop-out and augmentation "
        "off, and draw nothing",
    )


def batch_size_changes_nothing(subject: Subject) -> None:
    """An image's features do not depend on how many others are given with it."""
    images = images_for(subject)
    space = _space(subject)
    whole, _ = space.extract(images)
    scale = np.abs(whole).max()
    for size in (1, 7, 64):
        parts = [
            space.extract(images[start : start + size])[0] for start in range(0, len(images), size)
        ]
        worst = np.abs(np.concatenate(parts) - whole).max() / scale
        require(
            worst <= _RELATIVE,
            f"features of the same images in batches of {size} differ by {worst:.1e} of the "
            "largest; use running statistics, and normalise each image by itself",
        )


def rows_keep_their_order(subject: Subject) -> None:
    """Images in another order have their features in that order."""
    images = images_for(subject)
    order = np.random.Generator(np.random.Philox(key=3)).permutation(len(images))
    space = _space(subject)
    usual, _ = space.extract(images)
    shuffled, _ = space.extract(images[order])
    worst = np.abs(shuffled - usual[order]).max() / np.abs(usual).max()
    require(
        worst <= _RELATIVE,
        f"images in another order have features that differ by {worst:.1e} of the largest; row i "
        "has to be image i",
    )


def inputs_are_left_alone(subject: Subject) -> None:
    """Images are the same after they were looked at."""
    images = images_for(subject)
    copy = images.copy()
    _space(subject).extract(images)
    require(np.array_equal(copy, images), "extract() changes its images; copy what is changed")


def leaves_the_process_alone(subject: Subject) -> None:
    """Extracting leaves generators, environment, folder, signals and threads as they are."""
    images = images_for(subject)
    _space(subject).extract(images[:2])  # what is loaded for the first image may set things up
    with unchanged(f"extracting {subject.part.name}"):
        _space(subject).extract(images)


def fitting_is_repeatable(subject: Subject) -> None:
    """What is fitted on training images tells by a hash which, and is the same for the same."""
    fit = getattr(subject.part, "fit", None)
    if fit is None:
        raise NotApplicable("it is not fitted on training images")
    training, others = images_for(subject), _images(subject, _COUNT, key=23)
    one, again, other = fit(training), fit(training.copy()), fit(others)
    require(
        one.weights_sha256 == again.weights_sha256 != other.weights_sha256,
        f"fit() of the same training images twice and of others gives the weights_sha256 "
        f"{one.weights_sha256!r}, {again.weights_sha256!r} and {other.weights_sha256!r}; hash the "
        "images that the space is made of",
    )
    require(
        np.array_equal(one.extract(others)[0], again.extract(others)[0]),
        "two spaces fitted on the same images have other features; draw from a fixed seed",
    )


def other_types_are_refused(subject: Subject) -> None:
    """Float images are refused in one line: their range would be anybody's guess."""
    images = images_for(subject).astype(np.float32) / 255
    try:
        _space(subject).extract(images)
    except (GanbenchError, TypeError, ValueError) as error:
        require(
            str(error).strip() and "\n" not in str(error),
            f"float images are refused with {str(error)!r}; say in one line what is wanted",
        )
        return
    require(
        False,
        "extract() takes float32 images, whose range nobody knows, and gives features; refuse all "
        "but uint8, such as: if images.dtype != np.uint8: raise ConfigError(...)",
    )


CHECKS = (
    Check(has_a_fixed_id),
    Check(features_are_rows),
    Check(same_images_same_features, after=("features_are_rows",)),
    Check(batch_size_changes_nothing, after=("features_are_rows", "same_images_same_features")),
    Check(rows_keep_their_order, after=("features_are_rows", "same_images_same_features")),
    Check(inputs_are_left_alone, after=("features_are_rows",)),
    Check(leaves_the_process_alone, after=("features_are_rows",)),
    Check(fitting_is_repeatable, after=("features_are_rows",)),
    Check(other_types_are_refused, after=("features_are_rows",)),
)
