"""The page of a picture: title, panels, legend and notes, none of which cover another."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ganbench.plot_style import GREY, Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_INCHES = 9.0
LINE_INCHES = 0.17  # of small print
LINE_CHARACTERS = 150  # of small print, over the whole width
LEGEND_INCHES = 0.16  # a line of it
LEGEND_CHARACTER_INCHES = 0.07
LEGEND_MARK_INCHES = 0.65  # with the space around it


@dataclass(frozen=True)
class Words:
    """The words of a picture; the description is read out to those who do not see it."""

    title: str
    subtitle: str
    notes: list[str]
    description: str


@dataclass(frozen=True)
class Frame:
    """A figure whose panels leave room for the words, and its axes, row by row."""

    figure: Figure
    axes: list[Axes]


def frame(
    words: Words,
    panel_inches: float,
    shape: tuple[int, int] = (1, 1),
    labels: Sequence[str] = (),
    margins: tuple[float, float] = (0.75, 0.25),
    above: float = 0.0,
    gap: float = 0.55,
    **sharing: Any,
) -> Frame:
    """A figure with title, panels, room for a legend of these labels, and the notes below.

    `panel_inches` is the height of a row of panels, `margins` are inches left and right, `above`
    are more inches over the panels, and `gap` those below each row of them.
    """
    rows, _ = shape
    legend = LEGEND_INCHES * -(-len(labels) // legend_columns(labels)) + 0.1 if labels else 0.0
    top, panels = 0.75 + above, rows * (panel_inches + gap)
    found = _bare(words, top + panels + legend, shape, **sharing)
    total = found.figure.get_figheight()
    found.figure.subplots_adjust(
        left=margins[0] / WIDTH_INCHES,
        right=1 - margins[1] / WIDTH_INCHES,
        top=1 - top / total,
        bottom=1 - (top + panels - gap) / total,
        wspace=0.12,
        hspace=gap / panel_inches,
    )
    return found


def tight_frame(
    words: Words,
    shape: tuple[int, int],
    panel_inches: float,
    gap: float,
    left: float,
    headed: bool,
) -> Frame:
    """A figure of panels close to one another, `left` inches from the edge, without axes.

    `gap` inches part the rows; `headed` leaves room for a title above the first of them.
    """
    rows, _ = shape
    top = 0.75 + (0.2 if headed else 0.0)
    found = _bare(words, top + rows * (panel_inches + gap) + 0.2, shape)
    total = found.figure.get_figheight()
    found.figure.subplots_adjust(
        left=left / WIDTH_INCHES,
        right=1 - 0.15 / WIDTH_INCHES,
        top=1 - top / total,
        bottom=1 - (top + rows * (panel_inches + gap) - gap) / total,
        wspace=0.05,
        hspace=gap / panel_inches,
    )
    return found


def legend_columns(labels: Sequence[str]) -> int:
    """How many entries of a legend fit beside one another."""
    widest = LEGEND_MARK_INCHES + LEGEND_CHARACTER_INCHES * max(map(len, labels))
    return max(1, min(len(labels), 4, int(WIDTH_INCHES / widest)))


def add_legend(frame: Frame, looks: Sequence[Look], labels: Sequence[str], words: Words) -> None:
    """Put a legend between the panels and the notes: a line with its marker for each label."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=look.color, linestyle=look.dash, marker=look.marker, markersize=5)
        for look in looks
    ]
    notes = note_lines(words)
    total = frame.figure.get_figheight()
    frame.figure.legend(
        handles,
        list(labels),
        loc="lower left",
        bbox_to_anchor=(0.0, (0.1 + LINE_INCHES * notes) / total),
        ncols=legend_columns(labels),
        frameon=False,
        fontsize=8.5,
        handlelength=2.6,
        labelspacing=0.25,
    )


def note_lines(words: Words) -> int:
    """How many lines the notes take."""
    return sum(len(textwrap.wrap(note, LINE_CHARACTERS)) for note in words.notes)


def _bare(words: Words, inches: float, shape: tuple[int, int], **sharing: Any) -> Frame:
    """A figure with its words, `inches` high without the notes; the panels have no place yet."""
    from matplotlib.figure import Figure

    total = inches + 0.1 + LINE_INCHES * note_lines(words)
    figure = Figure(figsize=(WIDTH_INCHES, total))
    grid = figure.subplots(*shape, squeeze=False, **sharing)
    edge = 0.12 / WIDTH_INCHES
    figure.text(edge, 1 - 0.1 / total, words.title, size=13, weight="bold", va="top")
    figure.text(edge, 1 - 0.36 / total, words.subtitle, size=8.5, color=GREY, va="top")
    lines = [part for note in words.notes for part in textwrap.wrap(note, LINE_CHARACTERS)]
    figure.text(edge, 0.08 / total, "\n".join(lines), size=8, color=GREY, va="bottom")
    return Frame(figure, list(grid.flat))
