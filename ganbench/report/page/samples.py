"""Find the samples of each row: the first ones of the lowest completed seed, never chosen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ganbench.errors import ConfigError
from ganbench.headline import Headline, HeadlineRow
from ganbench.report.page import strips
from ganbench.report.page.strips import Plot
from ganbench.results import checkpoint_samples
from ganbench.rows import Key
from ganbench.samples import load

if TYPE_CHECKING:
    from ganbench.record import Record
    from ganbench.store import Store

MOST_IMAGES, MOST_POINTS = 64, 512


@dataclass(frozen=True)
class Samples:
    """What is shown of a row. One of the three is there.

    `tiles` is uint8 [n, height, width, channels], `points` float [n, dimensions]; `plot` is a
    picture that cannot be taken apart.
    """

    seed: int
    tiles: np.ndarray | None = None
    points: np.ndarray | None = None
    plot: Plot | None = None


def collect(store: Store, headline: Headline) -> dict[Key, Samples]:
    """Read the samples of every row that has any."""
    found: dict[Key, Samples] = {}
    for row in headline.rows:
        own = _of_row(store, row)
        if own is not None:
            found[row.source.key] = own
    return _at_native_size(found)


def _of_row(store: Store, row: HeadlineRow) -> Samples | None:
    for record in sorted(row.source.row.completed, key=lambda record: record.seed):
        folder = store.root / "trials" / record.id
        own = _of_trial(folder, record)
        if own is not None:
            return own
    return None


def _of_trial(folder: Path, record: Record) -> Samples | None:
    picture = folder / "samples.png"
    is_there = picture.is_file()
    if is_there:
        count = int(record.specification.get("samples") or MOST_IMAGES)
        tiles = strips.tiles_of(picture, count)
        if tiles is not None:
            return Samples(record.seed, tiles=tiles)
    kept = _kept(folder, record)
    if kept is not None and kept.ndim == 4 and kept.dtype == np.uint8:
        return Samples(record.seed, tiles=kept[:MOST_IMAGES])
    if kept is not None and kept.ndim == 2 and np.isfinite(kept).all():
        return Samples(record.seed, points=kept[:MOST_POINTS].astype(np.float64))
    plot = strips.embed_file(picture) if is_there else None
    return Samples(record.seed, plot=plot) if plot is not None else None


def _kept(folder: Path, record: Record) -> np.ndarray | None:
    """The first samples at the end of the budget, from either file of arrays."""
    sha256 = record.training.get("checkpoint_samples_sha256")
    if sha256:
        small = checkpoint_samples.read(folder / checkpoint_samples.FILE, sha256)
        if small is not None and len(small.samples):
            last: np.ndarray = small.samples[-1]
            return last
    try:
        samples = load(folder / "samples.npy", record.training.get("samples_sha256", ""))
    except (ConfigError, OSError, ValueError, EOFError):
        return None  # gone, damaged or not those of the record
    return samples[:MOST_POINTS].copy()


def _at_native_size(found: dict[Key, Samples]) -> dict[Key, Samples]:
    """Undo the enlargement of tiles, by the factor that fits every row of the same size."""
    factors: dict[tuple[int, ...], int] = {}
    for own in found.values():
        if own.tiles is not None:
            shape = own.tiles.shape[1:3]
            factor = strips.factor_of(own.tiles)
            factors[shape] = min(factor, factors.get(shape, factor))
    return {
        key: own
        if own.tiles is None
        else Samples(own.seed, tiles=strips.reduced(own.tiles, factors[own.tiles.shape[1:3]]))
        for key, own in found.items()
    }
