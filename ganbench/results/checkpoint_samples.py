"""Small samples of every checkpoint in one file, `checkpoints.npz`, that git can hold.

All sets of samples come from the same noise, so that one sample can be followed through training.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganbench.contracts import Task
from ganbench.samples import sha256_of

FILE = "checkpoints.npz"
IMAGES = 32  # samples kept per checkpoint
POINTS = 512
LONGEST_SIDE_PIXELS = 32


@dataclass(frozen=True)
class CheckpointSamples:
    """The first samples at every checkpoint; the last entry is the end of the budget.

    `samples` is uint8 [checkpoints, n, height, width, channels], or float32
    [checkpoints, n, dimensions] of points. `images` is int64 [checkpoints], the number of real
    images shown to the discriminator so far.
    """

    samples: np.ndarray
    images: np.ndarray


def select(samples: np.ndarray, task: Task) -> np.ndarray:
    """Return the first samples of a set. Images above 32 pixels a side are reduced."""
    if task.kind == "points":
        return np.ascontiguousarray(samples[:POINTS])
    return np.stack([_reduced(image) for image in samples[:IMAGES]])


def write(path: Path, sets: Sequence[np.ndarray], images: Sequence[int]) -> str:
    """Write the selected samples of every checkpoint and return their sha256."""
    samples = np.stack(sets)
    np.savez_compressed(path, samples=samples, images=np.asarray(images, dtype=np.int64))
    return sha256_of(samples)


def read(path: Path, sha256: str) -> CheckpointSamples | None:
    """Read the file of a trial; None where it is absent, damaged or not the trial's own."""
    try:
        # np.load leaves a file open that it opened itself and could not read.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            found = CheckpointSamples(arrays["samples"], arrays["images"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
    return found if sha256_of(found.samples) == sha256 else None


def _reduced(image: np.ndarray) -> np.ndarray:
    """Reduce an image [height, width, channels] by averaging whole areas of pixels."""
    height, width = image.shape[:2]
    longest = max(height, width)
    if longest <= LONGEST_SIDE_PIXELS:
        return image
    from PIL import Image

    scale = LONGEST_SIDE_PIXELS / longest
    size = max(1, round(width * scale)), max(1, round(height * scale))
    channels = [
        np.asarray(Image.fromarray(image[:, :, place]).resize(size, Image.Resampling.BOX))
        for place in range(image.shape[2])
    ]
    return np.stack(channels, axis=2)
