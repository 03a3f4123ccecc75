"""Arrays of images in one file as a data set: `npz:FILE`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import PIL

from ganbench import selectors
from ganbench.errors import ConfigError
from ganbench.progress import track
from ganbench_datasets import content_cache, splits
from ganbench_datasets.content_cache import Card
from ganbench_datasets.image_options import ImageOptions, Side
from ganbench_datasets.image_policy import DECODER, Refused, fit
from ganbench_datasets.npy_stream import ArrayFile, ArrayHeader
from ganbench_datasets.own_images import (
    OwnImages,
    check_title,
    now_ns,
    recalled,
    remember,
    with_notes,
)

# Split -> what its images and labels may be called; the first name is ours.
IMAGES = {
    "train": ("images", "train_images", "x_train", "arr_0", ""),
    "validation": ("validation_images", "val_images"),
    "test": ("test_images", "x_test"),
}
LABELS = {
    "train": ("labels", "train_labels", "y_train", "arr_1"),
    "validation": ("validation_labels", "val_labels"),
    "test": ("test_labels", "y_test"),
}
MOST_CLASSES = 100_000
_PIECE_ROWS = 1024

Found = Mapping[str, ArrayHeader]


@dataclass(frozen=True, kw_only=True)
class NpzReader:
    """How a file of arrays is read."""

    name = "npz"

    resize: Side | None = None
    center_crop: Side | None = None
    labels: bool = True  # where the file has them; false leaves them out
    title: str | None = None  # None: the file's own name

    def __post_init__(self) -> None:
        check_title(self.title)

    def read(self, path: Path) -> Npz:
        """Copy the images into the cache, piece by piece; an unchanged file is not read again.

        Raises ConfigError for a file that is not what docs/data.md says.
        """
        listed_ns = now_ns()
        key, newest_ns = self._key(path)
        known = recalled(key)
        if known is None:
            known = self._copied(path), []
            remember(key, *known, newest_ns, listed_ns)
        card, notes = known
        source = Npz(
            title=self.title or selectors.title(str(path)),
            **asdict(card),
            resize=self.resize,
            center_crop=self.center_crop,
            labels=self.labels,
        )
        return with_notes(source, notes)

    def _copied(self, path: Path) -> Card:
        file = ArrayFile(path)
        images = _images(file)
        starts, rows = {}, 0
        for split, header in images.items():
            starts[split] = rows
            rows += header.shape[0]
        if "test" in images:
            spans = {
                split: range(start, start + images[split].shape[0])
                for split, start in starts.items()
            }
            arranged = splits.declared(spans, str(path))
        else:
            arranged = splits.fixed(rows, str(path))
        labels = _labels(file, images) if self.labels else None
        with content_cache.draft(rows) as draft:
            staged = draft.folder / "staged"
            with staged.open("wb") as target:
                for header in images.values():
                    for piece in file.pieces(header):
                        target.write(piece.data)
            row_shape = _row_shape(next(iter(images.values())))
            raw = np.memmap(staged, np.uint8, "r", shape=(rows, *row_shape))
            for start in track(range(0, rows, _PIECE_ROWS)):
                draft.add(self._fitted(raw[arranged.order[start : start + _PIECE_ROWS]], path))
            del raw
            staged.unlink()
            if labels is not None:
                labels = labels[arranged.order]
            return content_cache.publish(draft, arranged.counts, labels)

    def _fitted(self, images: np.ndarray, path: Path) -> np.ndarray:
        if self.resize is None and self.center_crop is None:
            return images
        options = ImageOptions(resize=self.resize, center_crop=self.center_crop)
        try:
            return np.stack([fit(image, options) for image in images])
        except Refused as refused:
            raise ConfigError(f"{path}: every image {refused}") from None

    def _key(self, path: Path) -> tuple[str, int]:
        """What decides the content, and when the file was last written to."""
        if not path.is_file():
            raise ConfigError(f"{path}: no such file of arrays")
        found = path.stat()
        values = {
            "file": [found.st_size, found.st_mtime_ns, found.st_ctime_ns],
            "options": {**asdict(self), "title": None},
            "decoder": DECODER,
            "pillow": PIL.__version__,
        }
        key = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
        return key, max(found.st_mtime_ns, found.st_ctime_ns)


@dataclass(frozen=True, kw_only=True)
class Npz(OwnImages):
    """Your own images in one .npz or .npy file: uint8 [n, height, width] or [..., 1 or 3].

    The array `images`, with `labels` where there are some; `test_images` and `validation_images`
    with their labels are splits of their own, otherwise a tenth is kept back for each by fixed
    index. The names of Keras (x_train) and MedMNIST (train_images) are known too. resize and
    center_crop are those of `folder`.
    """

    name = "npz"
    reader: ClassVar[type[NpzReader]] = NpzReader

    resize: Side | None = None
    center_crop: Side | None = None
    labels: bool = True

    def again(self, location: Path) -> Self:
        """Read the file once more, in the same way."""
        reader = NpzReader(
            resize=self.resize, center_crop=self.center_crop, labels=self.labels, title=self.title
        )
        return reader.read(location)


def _images(file: ArrayFile) -> Found:
    """Headers of the arrays of images that are there, in the order of splits.SPLITS."""
    found = _named(file, IMAGES)
    if "train" not in found:
        raise ConfigError(
            f"{file.path}: has no array `images` (its arrays: {', '.join(file.names)[:200]})"
        )
    for header in found.values():
        where = f"{file.path}: {header.name or 'the array'}"
        if header.dtype != np.uint8:
            raise ConfigError(
                f"{where} is {header.dtype}; save it as uint8 from 0 to 255, so that its range is "
                "no guess"
            )
        if len(header.shape) not in (3, 4) or (*header.shape, 1)[3] not in (1, 3):
            raise ConfigError(
                f"{where} has the shape {header.shape}; it has to be [n, height, width] or "
                "[n, height, width, 1 or 3], channels last"
            )
        if 0 in header.shape or _row_shape(header) != _row_shape(found["train"]):
            raise ConfigError(f"{where} has no images, or others than {found['train'].name} has")
    return {split: found[split] for split in splits.SPLITS if split in found}


def _labels(file: ArrayFile, images: Found) -> np.ndarray | None:
    """Labels int32 [n] of all images, or None where there are none."""
    found = _named(file, LABELS)
    if not set(found) & set(images):
        return None
    if missing := set(images) - set(found):
        raise ConfigError(
            f"{file.path}: has labels but none of {', '.join(sorted(missing))}; add them, or "
            "leave all out with labels=false"
        )
    parts = [_label_values(file, found[split], images[split].shape[0]) for split in images]
    if any(part.max() > parts[0].max() for part in parts[1:]):
        raise ConfigError(
            f"{file.path}: has a label that no training image has; mend it, or leave the labels "
            "out with labels=false"
        )
    return np.concatenate(parts)


def _label_values(file: ArrayFile, header: ArrayHeader, rows: int) -> np.ndarray:
    where = f"{file.path}: {header.name}"
    if header.shape not in ((rows,), (rows, 1)) or header.dtype.kind not in "iu":
        raise ConfigError(f"{where} is {header.dtype} {header.shape}; labels are integers [{rows}]")
    values = np.concatenate(list(file.pieces(header))).reshape(-1)
    if values.min() < 0 or values.max() >= MOST_CLASSES:
        raise ConfigError(f"{where} has labels outside of 0 to {MOST_CLASSES - 1}")
    return values.astype(np.int32)


def _named(file: ArrayFile, names: Mapping[str, tuple[str, ...]]) -> dict[str, ArrayHeader]:
    return {
        split: file.header(next(name for name in known if name in file.names))
        for split, known in names.items()
        if any(name in file.names for name in known)
    }


def _row_shape(header: ArrayHeader) -> tuple[int, int, int]:
    height, width, channels = (*header.shape, 1)[1:4]
    return height, width, channels
