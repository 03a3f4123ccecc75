"""Images of the user's own as one uint8 array on disk, under the hash of what it holds.

Below `datasets` in ganbench's cache: `content/SHA256/` has images.npy, labels.npy and card.json,
`index/KEY.json` says which content the files of a folder, as they were when it was read, gave.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ganbench.errors import StorageError
from ganbench.feature_cache import cache_folder

_PIECE_BYTES = 4 * 2**20
_ABANDONED_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Card:
    """What an entry holds."""

    content: str  # sha256 of shape, splits, labels and pixels
    height: int
    width: int
    channels: int
    classes: int  # 0: no labels
    train: int
    validation: int
    test: int

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Shape of all images together."""
        return (self.train + self.validation + self.test, self.height, self.width, self.channels)


@dataclass(frozen=True)
class Entry:
    """An entry that is whole: its images are on disk and read where they are looked at."""

    card: Card
    images: np.ndarray  # uint8 [n, height, width, channels], read-only: train, validation, test
    labels: np.ndarray | None  # int32 [n]


class Draft:
    """An entry in the making: rows are written as they come and never held together.

    Rows of one channel become rows of three once the first such comes.
    """

    def __init__(self, folder: Path, rows: int) -> None:
        self.folder, self.rows = folder, rows
        self.row_shape: tuple[int, int, int] | None = None
        self._file: Any = None

    @property
    def path(self) -> Path:
        """The array of images."""
        return self.folder / "images.npy"

    def add(self, pixels: np.ndarray) -> None:
        """Write uint8 rows [k, height, width, channels] or one row, of one height and width."""
        rows = pixels[None] if pixels.ndim == 3 else pixels
        if self.row_shape is None:
            self._begin(rows.shape[1:])
        elif rows.shape[3] > self.row_shape[2]:
            self._widen()
        if rows.shape[3] < self.row_shape[2]:
            rows = rows.repeat(3, axis=3)
        self._file.write(np.ascontiguousarray(rows).data)

    def close(self) -> None:
        """Nothing more is written."""
        if self._file is not None:
            self._file.close()

    def _begin(self, row_shape: tuple[int, ...]) -> None:
        height, width, channels = row_shape
        self.row_shape = (height, width, channels)
        self._file = self.path.open("wb")
        shape = (self.rows, height, width, channels)
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self._file, header)

    def _widen(self) -> None:
        self._file.close()
        narrow = self.path.rename(self.folder / "narrow.npy")
        height, width, _ = self.row_shape
        self._begin((height, width, 3))
        for piece in pixel_pieces(narrow):
            self._file.write(np.frombuffer(piece, np.uint8).repeat(3).data)
        narrow.unlink()


def pixel_pieces(path: Path) -> Iterator[bytes]:
    """The bytes of an array's values, a few MiB at a time."""
    with path.open("rb") as file:
        np.lib.format.read_magic(file)
        np.lib.format.read_array_header_1_0(file)
        while piece := file.read(_PIECE_BYTES):
            yield piece


@contextlib.contextmanager
def draft(rows: int) -> Iterator[Draft]:
    """A draft of so many rows in a folder of its own, which is gone afterwards.

    Raises StorageError where the cache cannot be written.
    """
    place = _contents()
    folder = place / f".tmp-{secrets.token_hex(8)}"
    try:
        _remove_abandoned(place)
        folder.mkdir(parents=True)
        making = Draft(folder, rows)
        try:
            yield making
        finally:
            making.close()
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise StorageError(
            f"{place}: cannot be written ({error.strerror or error}); set GANBENCH_CACHE to a "
            "folder that can, with room for the images"
        ) from None


def publish(made: Draft, counts: tuple[int, int, int], labels: np.ndarray | None) -> Card:
    """Give a draft its place. `counts` are rows to train, validate and test on, in this order.

    Of two processes that make the same entry at once, one finds the other's and drops its own.
    """
    made.close()
    assert made.row_shape is not None
    classes = 0 if labels is None else int(labels.max()) + 1
    digest = hashlib.sha256(json.dumps([*made.row_shape, *counts, classes]).encode())
    if labels is not None:
        np.save(made.folder / "labels.npy", labels.astype(np.int32), allow_pickle=False)
        digest.update(labels.astype("<i4").tobytes())
    for piece in pixel_pieces(made.path):
        digest.update(piece)
    card = Card(digest.hexdigest(), *made.row_shape, classes, *counts)
    (made.folder / "card.json").write_text(json.dumps(asdict(card), indent=1) + "\n")
    final = _contents() / card.content
    for _ in range(3):
        with contextlib.suppress(OSError):  # something is there already
            os.rename(made.folder, final)
        if find(card.content) is not None:
            return card
        _set_aside(final)
    raise OSError(f"{final} cannot be made")


def find(content: str) -> Entry | None:
    """Give the entry of this content, or None where it is absent or damaged.

    Shapes and sizes of the files are looked at, not every byte of them.
    """
    folder = _contents() / content
    try:
        card = Card(**json.loads((folder / "card.json").read_text("utf-8")))
        images = np.load(folder / "images.npy", mmap_mode="r", allow_pickle=False)
        fits = card.content == content and images.shape == card.shape and images.dtype == np.uint8
        labels = None
        if card.classes:
            labels = np.load(folder / "labels.npy", allow_pickle=False)
            fits = fits and labels.shape == card.shape[:1] and labels.dtype == np.int32
    except (OSError, ValueError, TypeError, EOFError):
        return None
    return Entry(card, np.asarray(images), labels) if fits else None


def recall(key: str) -> dict[str, Any] | None:
    """Give what was noted under a key of the index."""
    try:
        noted: dict[str, Any] = json.loads(_note(key).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return noted


def note(key: str, values: dict[str, Any]) -> None:
    """Note something under a key of the index, in one piece; without it files are read again."""
    path = _note(key)
    temporary = path.with_name(f".tmp-{secrets.token_hex(8)}")
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(values, indent=1) + "\n")
        os.replace(temporary, path)


def _contents() -> Path:
    return cache_folder() / "datasets" / "content"


def _note(key: str) -> Path:
    return cache_folder() / "datasets" / "index" / f"{key}.json"


def _set_aside(final: Path) -> None:
    """Remove a damaged entry; it leaves its place in one step."""
    aside = final.with_name(f".tmp-{secrets.token_hex(8)}")
    with contextlib.suppress(OSError):
        os.rename(final, aside)
    shutil.rmtree(aside, ignore_errors=True)


def _remove_abandoned(place: Path) -> None:
    """Remove the drafts of processes that were killed, a day later."""
    for folder in place.glob(".tmp-*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > _ABANDONED_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
