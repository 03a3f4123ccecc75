"""Fashion-MNIST from Debian's package, a folder of IDX files, or its authors' repository."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganbench.contracts import Dataset, Split, Task
from ganbench.errors import ConfigError, EnvironmentNotReady
from ganbench.feature_cache import cache_folder
from ganbench_datasets import pinned
from ganbench_datasets.idx import parse_idx
from ganbench_datasets.payload import Payload, find_payload, read_payload

DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
UPSTREAM_URL = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion"
TRAIN_IMAGES = 50_000  # the last 10,000 of the training file are kept for validation
PAYLOADS = (
    Payload(
        "train-images-idx3-ubyte",
        47_040_016,
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    ),
    Payload(
        "train-labels-idx1-ubyte",
        60_008,
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    ),
    Payload(
        "t10k-images-idx3-ubyte",
        7_840_016,
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    ),
    Payload(
        "t10k-labels-idx1-ubyte",
        10_008,
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
)
# Of the four payloads above, one after the other.
SHA256 = "14410854cf7a289477dcfc7df3f8ec24741e281cdcc425ede0d9a748ca630214"


@dataclass(frozen=True)
class FashionMNIST:
    """60,000 + 10,000 grey 28x28 pictures of clothes in ten classes.

    Training takes the first 50,000 of the training file, validation the other 10,000; the
    reference is the test file.
    Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747.
    """

    name = "fashion-mnist"
    source = "Xiao et al. 2017, arXiv:1708.07747; Debian's dataset-fashion-mnist or the upstream"
    default_samples = 10_000

    def task(self) -> Task:
        """Say what a model has to generate."""
        return Task(self.name, "images", (28, 28, 1), classes=10)

    def missing(self) -> str | None:
        """Say how to get the files where `load` would download them."""
        return pinned.missing(
            [DEBIAN_FOLDER, cache_folder() / self.name],
            PAYLOADS,
            "apt install dataset-fashion-mnist; or else the first run downloads them",
        )

    def load(self, location: Path | None) -> Dataset:
        """Read uint8 images [50000, 10000 and 10000, 28, 28, 1], verified by sha256.

        Looks in `location` or, without one, in Debian's folder and then in the cache
        (`GANBENCH_CACHE`, by default ~/.cache/ganbench), which is filled from the upstream.

        Raises ConfigError for a file in `location` that is damaged or not there, and
        EnvironmentNotReady where nothing is found and the download fails.
        """
        arrays = [parse_idx(content, name) for name, content in _contents(location)]
        images, labels, test_images, test_labels = arrays
        return Dataset(
            self.task(),
            _split("train", images[:TRAIN_IMAGES], labels[:TRAIN_IMAGES]),
            _split("test", test_images, test_labels),
            SHA256,
            validation=_split("validation", images[TRAIN_IMAGES:], labels[TRAIN_IMAGES:]),
        )


def cached_contents(folder: Path, base_url: str) -> list[tuple[str, bytes]]:
    """Give the four payloads from the cache; those absent or damaged are downloaded first.

    Raises EnvironmentNotReady where the download fails.
    """
    return [(payload.name, _cached(folder, base_url, payload)) for payload in PAYLOADS]


def _split(name: str, images: np.ndarray, labels: np.ndarray) -> Split:
    return Split(name, images[..., None], labels.astype(np.int32))


def _contents(location: Path | None) -> list[tuple[str, bytes]]:
    if location is not None:
        inner = location / FashionMNIST.name
        return _folder_contents(inner if inner.is_dir() else location)
    if DEBIAN_FOLDER.is_dir():
        return _folder_contents(DEBIAN_FOLDER)
    try:
        return cached_contents(cache_folder() / FashionMNIST.name, UPSTREAM_URL)
    except EnvironmentNotReady as error:
        raise EnvironmentNotReady(
            f"Fashion-MNIST is not here: install Debian's package dataset-fashion-mnist or pass "
            f"--data FOLDER with its four IDX files; {error}"
        ) from None


def _folder_contents(folder: Path) -> list[tuple[str, bytes]]:
    contents = []
    for payload in PAYLOADS:
        path = find_payload(folder, payload)
        if path is None:
            raise ConfigError(
                f"{folder} has no {payload.name} or {payload.name}.gz; --data wants the folder "
                "of Fashion-MNIST's four IDX files"
            )
        contents.append((payload.name, read_payload(path, payload)))
    return contents


def _cached(folder: Path, base_url: str, payload: Payload) -> bytes:
    path = find_payload(folder, payload)
    if path is not None:
        try:
            return read_payload(path, payload)
        except ConfigError:
            path.unlink()  # the cache is ours: what is damaged in it is fetched again
    from ganbench_datasets.download import download_payload

    return read_payload(download_payload(payload, base_url, folder), payload)
