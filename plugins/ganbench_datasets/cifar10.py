"""CIFAR-10 from its binary version: extracted in a folder, as its archive, or a download."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganbench.contracts import Dataset, Split, Task
from ganbench.errors import ConfigError, EnvironmentNotReady
from ganbench.feature_cache import cache_folder
from ganbench_datasets import archive, pinned
from ganbench_datasets.archive import Archive
from ganbench_datasets.payload import Payload

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
ARCHIVE = Archive(
    "cifar-10-binary.tar.gz",
    170_052_171,
    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
)
FOLDERS = ("cifar10/cifar-10-batches-bin", "cifar-10-batches-bin", "cifar10")  # below --data
PICKLED = "cifar-10-batches-py"
RECORD_BYTES = 1 + 32 * 32 * 3  # the label, then the red, the green and the blue plane
BATCH_BYTES = 10_000 * RECORD_BYTES
PAYLOADS = (
    Payload(
        "data_batch_1.bin",
        BATCH_BYTES,
        "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
    ),
    Payload(
        "data_batch_2.bin",
        BATCH_BYTES,
        "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
    ),
    Payload(
        "data_batch_3.bin",
        BATCH_BYTES,
        "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
    ),
    Payload(
        "data_batch_4.bin",
        BATCH_BYTES,
        "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
    ),
    Payload(
        "data_batch_5.bin",
        BATCH_BYTES,
        "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
    ),
    Payload(
        "test_batch.bin",
        BATCH_BYTES,
        "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
    ),
)


@dataclass(frozen=True)
class CIFAR10:
    """50,000 + 10,000 colour 32x32 pictures in ten classes.

    Training takes the batches 1 to 4, validation batch 5; the reference is the test batch.
    Krizhevsky 2009, "Learning multiple layers of features from tiny images".
    """

    name = "cifar10"
    source = "Krizhevsky 2009, www.cs.toronto.edu/~kriz/cifar.html, binary version"
    default_samples = 10_000

    def task(self) -> Task:
        """Say what a model has to generate."""
        return Task(self.name, "images", (32, 32, 3), classes=10)

    def missing(self) -> str | None:
        """Say how to get the archive where `load` would download it."""
        is_here = (cache_folder() / self.name / ARCHIVE.name).is_file()
        return None if is_here else "the first run downloads it"

    def load(self, location: Path | None) -> Dataset:
        """Read uint8 images [40000, 10000 and 10000, 32, 32, 3], verified by sha256.

        Looks in `location`, a folder or the archive itself, or, without one, in the cache, which
        is filled from the authors' page.

        Raises ConfigError for files in `location` that are damaged or not there, and
        EnvironmentNotReady where the download fails.
        """
        contents = _contents(location)
        batches = [_batch(content) for _, content in contents]
        images = np.concatenate([batch[0] for batch in batches[:-2]])
        labels = np.concatenate([batch[1] for batch in batches[:-2]])
        return Dataset(
            self.task(),
            Split("train", images, labels),
            Split("test", *batches[-1]),
            pinned.sha256_of(contents),
            validation=Split("validation", *batches[-2]),
        )


def _batch(content: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 [n, 32, 32, 3] and labels int32 [n] of one file of records."""
    records = np.frombuffer(content, np.uint8).reshape(-1, RECORD_BYTES)
    planes = records[:, 1:].reshape(-1, 3, 32, 32)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), records[:, 0].astype(np.int32)


def _contents(location: Path | None) -> pinned.Contents:
    if location is None:
        return _downloaded()
    if location.is_file():
        return archive.members(location, ARCHIVE, PAYLOADS)
    folder = pinned.first_folder(location, FOLDERS)
    if (folder / ARCHIVE.name).is_file():
        return archive.members(folder / ARCHIVE.name, ARCHIVE, PAYLOADS)
    has_bins = any((folder / payload.name).exists() for payload in PAYLOADS)
    if not has_bins and (folder.name == PICKLED or (folder / PICKLED).is_dir()):
        raise ConfigError(
            f"{folder}: has CIFAR-10's version of pickles, which can run code and are never read; "
            f"fetch the binary version, {URL}"
        )
    wanted = f"{ARCHIVE.name} of {URL}, or the folder cifar-10-batches-bin that is in it"
    return pinned.folder_contents(folder, PAYLOADS, wanted)


def _downloaded() -> pinned.Contents:
    try:
        path = archive.download(ARCHIVE, URL, cache_folder() / CIFAR10.name)
    except EnvironmentNotReady as error:
        raise EnvironmentNotReady(
            f"CIFAR-10 is not here: pass --data PATH with its {ARCHIVE.name}; {error}"
        ) from None
    return archive.members(path, ARCHIVE, PAYLOADS)
