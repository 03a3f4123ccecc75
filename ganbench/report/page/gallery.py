"""The samples of a page: a strip in every row of the table and a larger picture below it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from ganbench.headline import Headline, HeadlineRow
from ganbench.report.page import points, strips
from ganbench.report.page.limits import Limits
from ganbench.report.page.look import Looks, backend_name
from ganbench.report.page.samples import Samples
from ganbench.report.page.strips import Embedded
from ganbench.rows import Key

STRIP_PIXELS, GRID_PIXELS, SMALL_PIXELS = 236, 284, 72
REAL = "real"


@dataclass(frozen=True)
class Gallery:
    """Pictures of one table: `strips` by row, and figures in order, backends of a GAN adjacent."""

    strips: dict[Key, dict[str, Any]]
    figures: list[dict[str, Any]]
    kind: str  # "images", "points", "pictures" or "none"
    notes: list[str]


def gallery(
    headline: Headline, found: Mapping[Key, Samples], looks: Looks, limits: Limits, place: int
) -> Gallery:
    """Make the pictures of a table. `place` is the number of the table in the page."""
    own = {key: samples for key, samples in found.items() if limits.has_strips}
    frame = _frame(headline, own, limits)
    made_strips: dict[Key, dict[str, Any]] = {}
    figures = []
    outside = 0
    for number, row in enumerate(_adjacent(headline)):
        samples = own.get(row.source.key)
        if samples is None:
            continue
        has_figure = limits.has_grids and (limits.has_baselines or row.group != "scale")
        name = f"p{place}-{number}"
        figure: dict[str, Any] | None = None
        if samples.points is not None and frame is not None:
            shown = samples.points[: limits.points]
            label = _label(len(shown), "points", row, samples)
            outside += points.outside(frame, shown)
            figure = {"svg": points.draw(frame, shown, label, name)}
            if has_figure:
                made_strips[row.source.key] = {"svg": points.small(name, label)}
        else:
            strip, figure = _images(row, samples, limits, has_figure)
            if strip is not None:
                made_strips[row.source.key] = strip
        if figure is not None and has_figure:
            figures.append({**_caption(headline, row, looks), **figure})
    kind = _kind(own)
    return Gallery(made_strips, figures, kind, _notes(kind, own, frame, outside, limits))


def _images(
    row: HeadlineRow, samples: Samples, limits: Limits, has_figure: bool
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The strip and the grid of a row of images, or of a picture that is kept as it is."""
    if samples.tiles is not None:
        tiles = samples.tiles[: limits.images]
        strip = strips.embed(tiles[: strips.STRIP], strips.STRIP)
        small = _image(strip, STRIP_PIXELS, _label(strip.tiles, "samples", row, samples))
        if not has_figure:
            return small, None
        grid = strips.embed(tiles, strips.STRIP)
        return small, _image(grid, GRID_PIXELS, _label(grid.tiles, "samples", row, samples))
    if samples.plot is None:
        return None, None
    label = _label(0, "Points", row, samples)
    small = {**_image(samples.plot.small, SMALL_PIXELS, label), "is_plot": True}
    return small, {**_image(samples.plot.whole, GRID_PIXELS, label), "is_plot": True}


def _image(embedded: Embedded, wanted: int, alt: str) -> dict[str, Any]:
    """Attributes of an image: enlarged by a whole factor, or reduced to the wanted width."""
    factor = wanted / embedded.width
    if embedded.is_sharp:
        factor = max(1, round(factor))
    return {
        "src": Markup(embedded.source),
        "width": round(embedded.width * factor),
        "height": round(embedded.height * factor),
        "is_sharp": embedded.is_sharp,
        "alt": alt,
    }


def _frame(headline: Headline, found: Mapping[Key, Samples], limits: Limits) -> points.Frame | None:
    sets = [own.points[: limits.points] for own in found.values() if own.points is not None]
    if not sets:
        return None
    real = next(
        (
            own.points[: limits.points]
            for row in headline.group("scale")
            if row.gan == REAL
            and (own := found.get(row.source.key)) is not None
            and own.points is not None
        ),
        None,
    )
    return points.frame(sets, real)


def _adjacent(headline: Headline) -> list[HeadlineRow]:
    """Real samples first, then GANs in order with their backends adjacent, then baselines."""
    scale = headline.group("scale")
    trained = [row for row in headline.rows if row.group != "scale"]
    gans = list(dict.fromkeys(row.gan for row in trained))
    return [
        *(row for row in scale if row.gan == REAL),
        *sorted(trained, key=lambda row: gans.index(row.gan)),
        *(row for row in scale if row.gan != REAL),
    ]


def _caption(headline: Headline, row: HeadlineRow, looks: Looks) -> dict[str, Any]:
    value = row.cells["primary"].text if headline.primary is not None else ""
    names = [column.key for column in headline.identity]
    has_backends = "backend" in names and len(names) > 1
    return {
        "gan": row.gan,
        "backend": backend_name(row, headline) if has_backends else "",
        "swatch": looks.swatch(row),
        "color": looks.color(row),
        "metric": headline.primary.short_name if headline.primary is not None else "",
        "value": value,
    }


def _label(count: int, kind: str, row: HeadlineRow, samples: Samples) -> str:
    number = f"{count} " if count else ""
    return f"{number}{kind} of {row.name}, seed {samples.seed}"


def _kind(found: Mapping[Key, Samples]) -> str:
    if any(own.tiles is not None for own in found.values()):
        return "images"
    if any(own.points is not None for own in found.values()):
        return "points"
    return "pictures" if found else "none"


def _notes(
    kind: str,
    found: Mapping[Key, Samples],
    frame: points.Frame | None,
    outside: int,
    limits: Limits,
) -> list[str]:
    if kind == "none":
        return [limits.words or "No samples were kept in this folder."]
    notes = [_words(kind, found, limits)]
    if kind == "images":
        notes.append(
            "All GANs have the same noise, so that their samples at the same place can be compared."
        )
    if frame is not None:
        notes.append("All pictures have the same axes.")
        if frame.real is not None:
            notes.append("Grey: real points.")
        if frame.dimensions > 2:
            notes.append(f"Shown are the first two of {frame.dimensions} coordinates.")
        if outside:
            notes.append(f"{outside} points lie outside of the axes.")
    return [*notes, limits.words] if limits.words else notes


def _words(kind: str, found: Mapping[Key, Samples], limits: Limits) -> str:
    seeds = sorted({own.seed for own in found.values()})
    seed = f"seed {seeds[0]}" if len(seeds) == 1 else "the lowest completed seed of each row"
    if kind == "images":
        sizes = [len(own.tiles) for own in found.values() if own.tiles is not None]
        first = f"The first {min(limits.images, max(sizes))} samples"
    elif kind == "points":
        sets: list[np.ndarray] = [own.points for own in found.values() if own.points is not None]
        first = f"The first {min(limits.points, max(map(len, sets)))} points"
    else:
        first = "Points"
    return f"{first} of the final model of {seed}. They are never selected by hand."
