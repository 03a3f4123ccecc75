"""A data set of a few coloured images, small enough for Inception on a CPU."""

from dataclasses import dataclass

import numpy as np

import ganbench
from ganbench.contracts import Dataset, Split, Task


@dataclass(frozen=True)
class Patches:
    """Fifty 16x16 images: stripes of two colours of random width and hue."""

    name = "patches"
    source = "the tests' own"
    default_samples = 20

    def task(self):
        return Task("patches", "images", (16, 16, 3))

    def load(self, location):
        rng = np.random.Generator(np.random.Philox(key=7))
        colours = rng.integers(0, 256, (50, 2, 3))
        widths = rng.integers(1, 8, (50, 1, 1))
        stripes = (np.arange(16)[None, :, None] + np.arange(16)[None, None, :]) // widths % 2
        images = colours[np.arange(50)[:, None, None], stripes].astype(np.uint8)
        train, test = Split("train", images[:25]), Split("test", images[25:])
        return Dataset(self.task(), train, test, sha256="3" * 64)


@ganbench.hookimpl
def ganbench_datasets():
    return [Patches]
