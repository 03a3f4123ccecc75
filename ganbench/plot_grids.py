"""Samples side by side: what each row makes of the same noise, at the end and on the way."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ganbench import plot_frame
from ganbench.palette import COLORS
from ganbench.plot_frame import WIDTH_INCHES, Words
from ganbench.plot_samples import Samples, Strip, lowest_seed
from ganbench.plot_style import GREY
from ganbench.rows import Row
from ganbench.sections import Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BESIDE = 12  # images of a row at the end of training
ON_THE_WAY = 8  # at each of three moments
PANEL_CHARACTERS = 32
TITLE_LINE_INCHES = 0.14
POINTS = 1500
LABEL_INCHES = 2.05
LABEL_CHARACTERS = 25
LABEL_LINE_INCHES = 0.14
SHORTEST_SIDE_PIXELS = 32  # smaller images are enlarged, so that every viewer shows clear squares
GAP_SHARE = 8  # a gap is this part of an image's side


def draw_ends(section: Section, strips: Sequence[Strip]) -> tuple[Any, Words] | None:
    """Images in rows, or points in panels; None for no samples and for single numbers."""
    kind = _kind(strips)
    title = f"Samples of {section.dataset}, seed {lowest_seed(section)}"
    if kind == "points":
        return _draw_points(section, strips, title)
    if kind != "images":
        return None
    sizes = {_latent_size(strip) for strip in strips if strip.moments and not strip.row.is_baseline}
    noise = "One column has the same noise in every trained row" + (
        "." if len(sizes) == 1 else " of the same latent size."
    )
    notes = [f"{noise} The first {BESIDE} samples at the end of the budget, not chosen."]
    return _draw_images(section, strips, title, notes, BESIDE)


def draw_progress(section: Section, strips: Sequence[Strip]) -> tuple[Any, Words] | None:
    """Images in rows at three moments; None for other samples."""
    if _kind(strips) != "images":
        return None
    title = f"Samples of {section.dataset} along training, seed {lowest_seed(section)}"
    notes = [f"The first {ON_THE_WAY} samples, not chosen, of the same noise at every moment."]
    return _draw_images(section, strips, title, notes, ON_THE_WAY)


def sheet(samples: Samples, count: int) -> Samples:
    """The first images side by side, enlarged pixel by pixel: uint8 [height, width, 3].

    White gaps part them, and stand in for images that are not there.
    """
    images = samples[:count]
    factor = max(1, -(-SHORTEST_SIDE_PIXELS // images.shape[1]))
    images = images.repeat(factor, 1).repeat(factor, 2)
    if images.shape[3] == 1:
        images = images.repeat(3, 3)
    _, height, width, _ = images.shape
    gap = max(1, height // GAP_SHARE)
    laid = np.full((height, count, width + gap, 3), 255, np.uint8)
    laid[:, : len(images), :width] = images.transpose(1, 0, 2, 3)
    return laid.reshape(height, count * (width + gap), 3)[:, :-gap]


def _kind(strips: Sequence[Strip]) -> str:
    """What the samples are: images, points in the plane, or something not drawn."""
    samples = [samples for strip in strips for _, samples in strip.moments]
    if samples and samples[0].ndim == 4 and samples[0].dtype == np.uint8:
        return "images"
    return "points" if samples and samples[0].ndim == 2 and samples[0].shape[1] == 2 else "none"


def _latent_size(strip: Strip) -> Any:
    return strip.row.completed[0].training.get("recipe", {}).get("latent_size")


def _draw_images(
    section: Section, strips: Sequence[Strip], title: str, notes: list[str], count: int
) -> tuple[Any, Words]:
    columns = max(len(strip.moments) for strip in strips)
    height, width, _ = sheet(
        next(samples for strip in strips for _, samples in strip.moments), count
    ).shape
    panel_width = (WIDTH_INCHES - LABEL_INCHES - 0.15) / (columns + 0.05 * (columns - 1))
    panel_height = panel_width * height / width
    lines = max(1 + _wrapped(strip.row, LABEL_CHARACTERS).count("\n") for strip in strips)
    gap = max(0.07, LABEL_LINE_INCHES * lines - panel_height)
    words = _words(section, strips, title, notes)
    frame = plot_frame.tight_frame(
        words, (len(strips), columns), panel_height, gap, LABEL_INCHES, headed=columns > 1
    )
    for number, strip in enumerate(strips):
        panels = frame.axes[number * columns : (number + 1) * columns]
        for axes in panels:
            axes.set_axis_off()
        _label(panels[0], strip)
        for axes, (moment, samples) in zip(panels, strip.moments, strict=False):
            axes.imshow(sheet(samples, count), interpolation="none", aspect="auto")
            if number == _first_drawn(strips):
                axes.set_title(moment, size=8.5)
    return frame.figure, words


def _first_drawn(strips: Sequence[Strip]) -> int:
    return next(number for number, strip in enumerate(strips) if strip.moments)


def _label(axes: Axes, strip: Strip) -> None:
    """Write the row's name left of its first panel, and why it is empty if it is."""
    name = _wrapped(strip.row, LABEL_CHARACTERS)
    place: dict[str, Any] = {
        "xycoords": "axes fraction",
        "textcoords": "offset points",
        "va": "center",
    }
    axes.annotate(name, (0, 0.5), (-6, 0), ha="right", size=8, **place)
    if strip.reason:
        axes.annotate(strip.reason, (0, 0.5), (6, 0), color=GREY, style="italic", **place)


def _wrapped(row: Row, characters: int) -> str:
    return textwrap.fill(
        row.label.replace("+", " + ").replace(",", ", "), characters, break_on_hyphens=False
    )


def _draw_points(section: Section, strips: Sequence[Strip], heading: str) -> tuple[Any, Words]:
    columns = min(4, len(strips))
    rows = -(-len(strips) // columns)
    notes = [f"The first {POINTS:,} samples at the end of the budget, or all, on the same axes."]
    words = _words(section, strips, heading, notes)
    titles = [_wrapped(strip.row, PANEL_CHARACTERS) for strip in strips]
    taken = TITLE_LINE_INCHES * max(1 + title.count("\n") for title in titles)
    margins, above = (0.55, 0.15), taken - TITLE_LINE_INCHES
    frame = plot_frame.frame(
        words,
        2.0,
        (rows, columns),
        margins=margins,
        above=above,
        gap=0.25 + taken,
        sharex=True,
        sharey=True,
    )
    everything = np.concatenate([samples for strip in strips for _, samples in strip.moments])
    low, high = np.percentile(everything, [0.5, 99.5], axis=0)
    margin = 0.1 * float((high - low).max()) or 1.0
    for axes in frame.axes[len(strips) :]:
        axes.set_axis_off()
    for axes, strip, title in zip(frame.axes, strips, titles, strict=False):
        axes.set_title(title, size=8)
        axes.set(xlim=(low[0] - margin, high[0] + margin), ylim=(low[1] - margin, high[1] + margin))
        axes.set_aspect("equal")
        for _, samples in strip.moments:
            axes.scatter(
                samples[:POINTS, 0],
                samples[:POINTS, 1],
                s=2,
                color=COLORS[0],
                linewidths=0,
            )
        if strip.reason:
            axes.text(0.5, 0.5, strip.reason, transform=axes.transAxes, ha="center", color=GREY)
    return frame.figure, words


def _words(section: Section, strips: Sequence[Strip], title: str, notes: list[str]) -> Words:
    empty = [f"{strip.row.label} ({strip.reason})" for strip in strips if strip.reason]
    told = f"{title}, for {section.heading}: {', '.join(strip.row.label for strip in strips)}."
    if empty:
        told += f" Empty: {', '.join(empty)}."
    return Words(title, section.heading, notes, told)
