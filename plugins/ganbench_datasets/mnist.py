"""MNIST from a folder of its four IDX files, or a download."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganbench.contracts import Dataset, Split, Task
from ganbench.errors import EnvironmentNotReady
from ganbench.feature_cache import cache_folder
from ganbench_datasets import pinned
from ganbench_datasets.idx import parse_idx
from ganbench_datasets.payload import Payload

MIRROR_URL = "https://ossci-datasets.s3.amazonaws.com/mnist"
KEPT_FOR_VALIDATION = 10_000  # the last ones of the training file
FOLDERS = ("mnist", "MNIST/raw")  # below --data; the second is torchvision's
PAYLOADS = (
    Payload(
        "train-images-idx3-ubyte",
        47_040_016,
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    Payload(
        "train-labels-idx1-ubyte",
        60_008,
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    Payload(
        "t10k-images-idx3-ubyte",
        7_840_016,
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    Payload(
        "t10k-labels-idx1-ubyte",
        10_008,
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
)


@dataclass(frozen=True)
class MNIST:
    """60,000 + 10,000 grey 28x28 handwritten digits in ten classes.

    Training takes the first 50,000 of the training file, validation the other 10,000; the
    reference is the test file.
    LeCun, Bottou, Bengio and Haffner 1998, Proceedings of the IEEE 86(11).
    """

    name = "mnist"
    source = "LeCun et al. 1998, yann.lecun.com/exdb/mnist; from torchvision's mirror"
    default_samples = 10_000

    def task(self) -> Task:
        """Say what a model has to generate."""
        return Task(self.name, "images", (28, 28, 1), classes=10)

    def missing(self) -> str | None:
        """Say how to get the files where `load` would download them."""
        folders = [cache_folder() / self.name]
        return pinned.missing(folders, PAYLOADS, "the first run downloads them")

    def load(self, location: Path | None) -> Dataset:
        """Read uint8 images [50000, 10000 and 10000, 28, 28, 1], verified by sha256.

        Looks in `location` or, without one, in the cache, which is filled from the mirror.

        Raises ConfigError for a file in `location` that is damaged or not there, and
        EnvironmentNotReady where the download fails.
        """
        contents = _contents(location)
        arrays = [parse_idx(content, name) for name, content in contents]
        images, labels, test_images, test_labels = arrays
        train = len(images) - KEPT_FOR_VALIDATION
        return Dataset(
            self.task(),
            _split("train", images[:train], labels[:train]),
            _split("test", test_images, test_labels),
            pinned.sha256_of(contents),
            validation=_split("validation", images[train:], labels[train:]),
        )


def _contents(location: Path | None) -> pinned.Contents:
    if location is not None:
        folder = pinned.first_folder(location, FOLDERS)
        return pinned.folder_contents(folder, PAYLOADS, "the folder of MNIST's four IDX files")
    try:
        return pinned.cached_contents(cache_folder() / MNIST.name, PAYLOADS, MIRROR_URL)
    except EnvironmentNotReady as error:
        raise EnvironmentNotReady(
            f"MNIST is not here: pass --data FOLDER with its four IDX files; {error}"
        ) from None


def _split(name: str, images: np.ndarray, labels: np.ndarray) -> Split:
    return Split(name, images[..., None], labels.astype(np.int32))
