"""The files of a folder of images: which are images, which are something else, and which label."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ganbench.errors import ConfigError

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif"})
# What systems leave behind; these and names that begin with a dot are no part of the data.
LITTER = frozenset({"thumbs.db", "desktop.ini", "__macosx"})


@dataclass(frozen=True)
class Listed:
    """One image file, with what changes when it is written to."""

    path: str  # relative to the folder, with /
    size_bytes: int
    modified_ns: int
    changed_ns: int


@dataclass
class Listing:
    """What lies in a folder, however deep; images are sorted by the bytes of their paths."""

    images: list[Listed] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)  # files that are no images, by suffix
    problems: list[str] = field(default_factory=list)

    def notes(self) -> tuple[str, ...]:
        """Say what was left alone."""
        if not self.others:
            return ()
        kinds = ", ".join(f"{count} {suffix}" for suffix, count in sorted(self.others.items()))
        return (f"left alone, since they are no images: {kinds}",)


def read_listing(folder: Path) -> Listing:
    """List a folder. Links to files within it are followed; other links are problems.

    Raises ConfigError where there is no such folder.
    """
    if not folder.is_dir():
        raise ConfigError(f"{folder}: no such folder of images")
    root, listing = os.path.realpath(folder), Listing()
    for path, entry in _walk(root, "", listing):
        suffix = os.path.splitext(entry.name)[1].lower()
        if suffix not in SUFFIXES:
            listing.others[suffix or "without a suffix"] += 1
            continue
        try:
            found = entry.stat()
        except OSError as error:
            listing.problems.append(f"{shown(path)}: cannot be read ({error.strerror})")
            continue
        if entry.is_symlink() and not _is_within(root, entry.path):
            listing.problems.append(
                f"{shown(path)}: is a link that leaves the folder; copy the file"
            )
        elif not stat.S_ISREG(found.st_mode):
            listing.problems.append(f"{shown(path)}: is no regular file")
        else:
            times = found.st_mtime_ns, found.st_ctime_ns
            listing.images.append(Listed(path, found.st_size, *times))
    listing.images.sort(key=lambda item: os.fsencode(item.path))
    listing.problems.sort()
    return listing


def shown(path: str) -> str:
    """A path as one printable line."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


def _is_within(root: str, link: str) -> bool:
    return os.path.commonpath([root, os.path.realpath(link)]) == root


def _walk(root: str, inner: str, listing: Listing) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Relative path and entry of every file that is not litter."""
    try:
        entries = list(os.scandir(os.path.join(root, inner)))
    except OSError as error:
        listing.problems.append(f"{shown(inner)}: cannot be listed ({error.strerror})")
        return
    for entry in entries:
        path = f"{inner}/{entry.name}" if inner else entry.name
        if entry.name.startswith(".") or entry.name.lower() in LITTER:
            continue
        if not entry.is_dir():
            yield path, entry
        elif entry.is_symlink():
            listing.problems.append(
                f"{shown(path)}: is a link to a folder; put the images themselves there"
            )
        else:
            yield from _walk(root, path, listing)
