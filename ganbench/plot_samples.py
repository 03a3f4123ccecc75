"""The samples that pictures show: one seed of each row, at the end and on the way."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from ganbench.checkpoints import samples_of
from ganbench.errors import ConfigError
from ganbench.record import Record
from ganbench.rows import Row
from ganbench.samples import load
from ganbench.sections import Section
from ganbench.store import Store

Samples = npt.NDArray[Any]
GONE = "samples are gone"


@dataclass(frozen=True)
class Strip:
    """One row's samples of one seed: moments with a title each; or, without any, why not."""

    row: Row
    moments: list[tuple[str, Samples]]
    reason: str = ""


def ends(section: Section, store: Store) -> list[Strip]:
    """For every row its samples at the end of training, of the lowest seed of the section."""
    return [_strip(row, store, lowest_seed(section), _end) for row in section.rows]


def progress(section: Section, store: Store) -> list[Strip]:
    """For every trained row its samples at the start, in the middle and at the end."""
    strips = [_strip(row, store, lowest_seed(section), _way) for row in section.gans]
    return [strip for strip in strips if strip.reason or len(strip.moments) > 1]


def lowest_seed(section: Section) -> int:
    """The seed whose samples are shown: the lowest that ran in any row."""
    seeds = [item.seed for row in section.rows for item in (*row.completed, *row.failed)]
    return min(seeds, default=0)


def _strip(row: Row, store: Store, seed: int, moments: Any) -> Strip:
    record = next((item for item in row.completed if item.seed == seed), None)
    if record is None:
        broken = next((item for item in row.failed if item.seed == seed), None)
        return Strip(row, [], broken.status if broken else "not run yet")
    try:
        return Strip(row, moments(record, store.root / "trials" / record.id))
    except ConfigError:
        return Strip(row, [], GONE)


def _end(record: Record, folder: Path) -> list[tuple[str, Samples]]:
    return [("", load(folder / "samples.npy", record.training["samples_sha256"]))]


def _way(record: Record, folder: Path) -> list[tuple[str, Samples]]:
    taken = record.training.get("checkpoints", [])
    if not taken:
        return []
    chosen = [taken[number] for number in sorted({0, len(taken) // 2})]
    moments = [(_after(point["images"]), samples_of(point, folder)) for point in chosen]
    (_, last), *_ = _end(record, folder)
    return [*moments, (_after(record.training["images"]), last)]


def _after(images: int) -> str:
    return f"after {images:,} images" if images else "before training"
