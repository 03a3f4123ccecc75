"""Printing headlines and tables: with styles on a terminal, as clean text elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

if TYPE_CHECKING:
    from ganbench.headline.headline import Headline
    from ganbench.report.grid import Grid, Line
    from ganbench.report.terminal import Screen

PIPE_WIDTH = 200  # so that lines stay whole; programs are better served by --format csv
STYLES = {
    "bold": "bold",
    "dim": "dim",
    "best": "bold green",
    "tied": "green",
    "backend:torch": "cyan",
    "backend:tensorflow": "yellow",
    "backend:jax": "magenta",
}
# Set in the kernels of notebooks, whose shell cells look like terminals and keep every frame.
_NOTEBOOKS = ("JPY_PARENT_PID", "COLAB_RELEASE_TAG", "KAGGLE_KERNEL_RUN_TYPE")


@dataclass(frozen=True)
class Output:
    """Where results are printed."""

    screen: Screen
    has_styles: bool

    def lines(self, lines: Iterable[Line]) -> None:
        """Print lines as they are; none is wrapped."""
        if not self.has_styles:
            for line in lines:
                click.echo("".join(text for text, _ in line).rstrip())
            return
        from rich.console import Console
        from rich.text import Text

        console = Console(highlight=False, markup=False)
        for line in lines:
            text = Text(no_wrap=True, overflow="ignore")
            for part, style in line:
                base = style.partition("[")[0]  # 'backend:torch[compile=off]'
                text.append(part, STYLES.get(base, ""))
            text.rstrip()
            console.print(text, soft_wrap=True)

    def grid(self, grid: Grid) -> None:
        """Print a table, split by columns where it is wider than the screen."""
        from ganbench.report.terminal import grid_lines

        self.lines(grid_lines(grid, self.screen))

    def tables(self, grids: Sequence[Grid], caption: str, notes: Sequence[str] = ()) -> None:
        """Print tables with one caption and notes below them."""
        for grid in grids:
            self.grid(grid)
            self.lines([[]])
        if caption:
            self.paragraph(caption, "dim")
        for note in notes:
            self.paragraph(note)

    def paragraph(self, text: str, style: str = "") -> None:
        """Print wrapped text."""
        self.lines(self.screen.wrapped(text, style))


def output() -> Output:
    """Return the output that stdout is: a terminal of its width, or 200 columns of clean text."""
    from rich.console import Console

    from ganbench.report.terminal import Screen

    console = Console()
    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "")
    is_unicode = encoding.startswith("utf")
    is_plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    is_plain = is_plain or is_notebook()
    width = console.width if console.is_terminal else PIPE_WIDTH
    return Output(Screen(width, is_unicode), console.is_terminal and not is_plain)


def is_notebook() -> bool:
    """Whether this runs in a notebook's shell cell, which looks like a terminal."""
    return any(name in os.environ for name in _NOTEBOOKS)


def is_live() -> bool:
    """Whether stderr is a terminal that can redraw a line."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not is_notebook()


def print_headlines(headlines: Sequence[Headline], out: Output) -> None:
    """Print the headlines, one below the other."""
    from ganbench.report.terminal import headline_lines

    for place, headline in enumerate(headlines):
        out.lines([[]] if place else [])
        out.lines(headline_lines(headline, out.screen))


def print_notes(headlines: Sequence[Headline], out: Output) -> None:
    """Print what marks and columns mean, each note once."""
    from ganbench.report.notes import notes

    found = dict.fromkeys(note for headline in headlines for note in notes(headline))
    out.lines([[]])
    for note in found:
        out.paragraph(note, "dim")


def print_links(folder: Path, page: Path | None, out: Output) -> None:
    """Print where the page is and what shows more; nothing follows these lines."""
    out.lines([[]])
    if page is not None:
        out.lines([[(out.screen.write(f" page   {page}"), "")]])
    more = f" more   ganbench table {folder} and --all | --notes | --columns"
    if len(more) > out.screen.width:
        more = " more   --all | --notes | --columns"
    out.lines([[(out.screen.write(more), "")]])
