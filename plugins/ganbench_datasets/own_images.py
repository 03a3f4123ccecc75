"""A data set of the user's own images: its fields say what it holds, never where it came from."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from ganbench.contracts import Dataset, Split, Task
from ganbench.errors import ConfigError, EnvironmentNotReady
from ganbench_datasets import content_cache
from ganbench_datasets.content_cache import Card, Entry

MOST_SAMPLES = 10_000
# A file may change again within the clock tick in which it was listed, and look the same after.
SETTLED_NS = 100_000_000


@dataclass(frozen=True, kw_only=True)
class OwnImages:
    """Images by the sha256 of their pixels, labels and splits; kept in ganbench's cache."""

    source = "files of the user's own, named by the sha256 of their pixels, labels and splits"

    title: str
    content: str
    height: int
    width: int
    channels: int
    classes: int
    train: int
    validation: int
    test: int
    notes: tuple[str, ...] = field(default=(), init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9a-f]{64}", self.content):
            raise ValueError(f"content is a sha256, 64 hexadecimal digits, not {self.content!r}")
        check_title(self.title)

    @property
    def label(self) -> str:
        """What tables call it."""
        return f"{self.title}@{self.content[:8]}"

    @property
    def default_samples(self) -> int:
        """As many as there are to compare with, at most 10,000."""
        return min(self.test, MOST_SAMPLES)

    def task(self) -> Task:
        """Say what a model has to generate."""
        return Task(self.title, "images", (self.height, self.width, self.channels), self.classes)

    def load(self, location: Path | None) -> Dataset:
        """Give uint8 images [n, height, width, channels] that are read from disk when looked at.

        They come from the cache; where they are not there, from the user's files in `location`.
        Raises EnvironmentNotReady where neither is there and ConfigError where `location` holds
        others.
        """
        entry = content_cache.find(self.content) or self._read_again(location)
        fields = {name: getattr(self, name) for name in vars(entry.card)}
        if fields != vars(entry.card):
            raise ConfigError(
                f"{self.label}: the configuration does not say what its content holds; name the "
                f"files again with --dataset {self.name}:PATH"
            )
        ends = (self.train, self.train + self.validation)
        return Dataset(
            self.task(),
            _split("train", entry, slice(0, ends[0])),
            _split("test", entry, slice(ends[1], None)),
            self.content,
            validation=_split("validation", entry, slice(*ends)) if self.validation else None,
        )

    def again(self, location: Path) -> Self:
        """Read the files once more, in the same way."""
        raise NotImplementedError

    def _read_again(self, location: Path | None) -> Entry:
        if location is None:
            raise EnvironmentNotReady(
                f"the images of {self.label} are not in this machine's cache; add --data PATH "
                f"with what {self.name}:PATH named when they were first read"
            )
        found = self.again(location)
        entry = content_cache.find(found.content)
        if found.content != self.content or entry is None:
            raise ConfigError(
                f"{location}: holds other images ({found.label}) than {self.label}; to train on "
                f"these, use --dataset {self.name}:{location}"
            )
        return entry


def check_title(title: str | None) -> None:
    """Raise ValueError for a title that could not be part of a file's name."""
    if title is not None and not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", title):
        raise ValueError(f"title has at most 40 lower-case letters, digits and -, not {title!r}")


def recalled(key: str) -> tuple[Card, list[str]] | None:
    """What the files of this key gave before, if it is still there: its card and its notes."""
    known = content_cache.recall(key)
    entry = content_cache.find(str(known.get("content"))) if known else None
    return (entry.card, list(known["notes"])) if known and entry else None


def remember(key: str, card: Card, notes: list[str], newest_ns: int, listed_ns: int) -> None:
    """Note what the files of a key gave, unless one had only just been written."""
    if listed_ns - newest_ns > SETTLED_NS:
        content_cache.note(key, {"content": card.content, "notes": notes})


def now_ns() -> int:
    """The wall clock, which the times of files come from."""
    return time.time_ns()


def with_notes(source: Any, notes: list[str]) -> Any:
    """The same data set, with what the user is told before a run."""
    object.__setattr__(source, "notes", tuple(f"{source.title}: {line}" for line in notes))
    return source


def _split(name: str, entry: Entry, rows: slice) -> Split:
    labels = None if entry.labels is None else entry.labels[rows]
    return Split(name, entry.images[rows], labels)
