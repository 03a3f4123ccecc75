"""A folder of images as a data set: `folder:PATH`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import ClassVar, Literal, Self

import PIL

from ganbench import selectors
from ganbench_datasets import content_cache
from ganbench_datasets.arrangement import arrange
from ganbench_datasets.content_cache import Card
from ganbench_datasets.decoding import Findings, decode_into
from ganbench_datasets.folder_listing import SUFFIXES, Listing, read_listing
from ganbench_datasets.image_options import ImageOptions, Side
from ganbench_datasets.image_policy import DECODER
from ganbench_datasets.own_images import (
    OwnImages,
    check_title,
    now_ns,
    recalled,
    remember,
    with_notes,
)


@dataclass(frozen=True, kw_only=True)
class FolderReader(ImageOptions):
    """How a folder is read."""

    name = "folder"

    labels: bool = True  # from sub-folders; false leaves them out
    title: str | None = None  # None: the folder's own name

    def __post_init__(self) -> None:
        check_title(self.title)

    def read(self, path: Path) -> Folder:
        """Decode every image once; what is in the cache and unchanged is not read again.

        Raises ConfigError with a line for each file that cannot be used.
        """
        listed_ns = now_ns()
        listing = read_listing(path)
        if not listing.images:
            kinds = " ".join(sorted(SUFFIXES))
            Findings(listing.problems or [f"none is there ({kinds})"]).check(str(path))
        key = _key(listing, self)
        known = None if listing.problems else recalled(key)
        if known is None:
            known = self._decoded(path, listing)
            newest = max(max(item.modified_ns, item.changed_ns) for item in listing.images)
            remember(key, *known, newest, listed_ns)
        card, notes = known
        return with_notes(self._source(path, card), notes)

    def _decoded(self, path: Path, listing: Listing) -> tuple[Card, list[str]]:
        paths = [item.path for item in listing.images]
        arranged = arrange(paths, self.labels, str(path))
        with content_cache.draft(len(paths)) as draft:
            ordered = [paths[row] for row in arranged.rows.order]
            remarks = decode_into(draft, path, ordered, self, listing.problems)
            card = content_cache.publish(draft, arranged.rows.counts, arranged.labels)
        told = [f"{count} images {remark}" for remark, count in sorted(remarks.items())]
        return card, [*listing.notes(), *told]

    def _source(self, path: Path, card: Card) -> Folder:
        """The data set that these options and this content make."""
        return Folder(
            title=self.title or selectors.title(str(path)),
            **asdict(card),
            resize=self.resize,
            center_crop=self.center_crop,
            background=self.background,
            animated=self.animated,
            labels=self.labels,
        )


@dataclass(frozen=True, kw_only=True)
class Folder(OwnImages):
    """Your own folder of images, however deep: png, jpg, webp, bmp, tiff or gif.

    Every file is decoded once, by a fixed policy, into ganbench's cache; a folder that has not
    changed is not read again, wherever it lies. Images have to be of one size, or get one:
    resize=N scales the shorter side to N (Lanczos), center_crop=N then cuts the central square.
    The folders train and test (and validation) are the splits; otherwise a tenth of the images is
    kept back as the reference and a tenth for validation, by fixed index. Sub-folders below are
    labels. docs/data.md has the whole policy.
    """

    name = "folder"
    reader: ClassVar[type[FolderReader]] = FolderReader

    resize: Side | None = None
    center_crop: Side | None = None
    background: Literal["refuse", "white", "black"] = "refuse"
    animated: Literal["refuse", "first"] = "refuse"
    labels: bool = True

    def again(self, location: Path) -> Self:
        """Read the folder once more, in the same way."""
        asked = {item.name: getattr(self, item.name) for item in fields(FolderReader)}
        return FolderReader(**asked).read(location)


def _key(listing: Listing, reader: FolderReader) -> str:
    """What decides the content: files with their times, options, decoder and its versions."""
    values = {
        "files": [list(vars(item).values()) for item in listing.images],
        "others": dict(sorted(listing.others.items())),
        "options": {**asdict(reader), "title": None},  # a name changes no pixel
        "decoder": DECODER,
        "pillow": PIL.__version__,
    }
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
