"""The headline in a terminal: title, table and closing sentences."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ganbench.headline.headline import Headline
from ganbench.headline.identity import shorten
from ganbench.report.clean import clean_headline
from ganbench.report.grid import GAP, Grid, GridRow, Line, split, terminal_lines
from ganbench.report.layout import FEWEST_COLUMNS, NARROWEST_NAME, fitting

PLAIN_SIGNS = {
    " · ": " | ",
    "·": "|",
    "─": "-",
    "╌": "-",
    "●": "|",
    "○": "o",
    "‹": "<",
    "›": ">",
    "…": "..",
    "—": "-",
    "↓": "lower",
    "↑": "higher",
    "é": "e",
    "\u00a0": " ",
}
_INDENT, _HANGING = " ", "   "


@dataclass(frozen=True)
class Screen:
    """Where lines go: how many characters fit, and whether the output has more than ASCII."""

    width: int
    is_unicode: bool = True

    def write(self, text: str) -> str:
        """Return a text in the characters that the output has."""
        if self.is_unicode:
            return text
        for sign, plain in PLAIN_SIGNS.items():
            text = text.replace(sign, plain)
        return text.encode("ascii", "replace").decode()

    def lines(self, grid: Grid) -> list[Line]:
        """Draw a grid."""
        return terminal_lines(grid, self.write("─"), self.write("╌"))

    def wrapped(self, text: str, style: str = "", hanging: str = _HANGING) -> list[Line]:
        """Wrap a paragraph; only a word that is longer than a line is broken."""
        lines = textwrap.wrap(
            self.write(text),
            self.width,
            initial_indent=_INDENT,
            subsequent_indent=hanging,
            break_on_hyphens=False,
        )
        return [[(line, style)] for line in lines]


def headline_lines(headline: Headline, screen: Screen) -> list[Line]:
    """Return the lines of a headline; none is longer than the width."""
    headline = clean_headline(headline)
    body = (
        _two_lines_a_row(headline, screen)
        if screen.width < FEWEST_COLUMNS
        else screen.lines(fitting(headline, screen.width, screen.write))
    )
    sentences = list(headline.sentences)
    if headline.detectable and sentences:
        sentences[0] += f" Differences below {headline.detectable} may go unnoticed."
    return [
        *heading_lines(headline, screen),
        [],
        *body,
        [],
        *(line for text in sentences for line in screen.wrapped(text)),
    ]


def heading_lines(headline: Headline, screen: Screen) -> list[Line]:
    """Return the title and the options that all rows share."""
    headline = clean_headline(headline)
    lines = screen.wrapped(" · ".join(headline.title), "bold")
    if headline.shared:
        lines += screen.wrapped("with " + ", ".join(headline.shared), "dim")
    return lines


def grid_lines(grid: Grid, screen: Screen) -> list[Line]:
    """Return a grid that may be wider than the screen, split by columns."""
    lines: list[Line] = []
    for part in split(_narrowed(grid.written(screen.write), screen), screen.width):
        lines += [[]] if lines else []
        lines += screen.wrapped(part.title, "bold") if part.title else []
        lines += screen.lines(part)
    return lines


def _narrowed(grid: Grid, screen: Screen) -> Grid:
    """Cut names, the widest first, until they leave room for the widest other column."""
    widths = grid.widths()
    names, others = widths[: grid.identity], widths[grid.identity :]
    gaps = len(GAP) * grid.identity + 1
    excess = sum(names) + gaps + max(others, default=0) - screen.width
    shown = [row.cells for row in grid.rows if row.rule is None]
    columns = [
        [cells[place].text for cells in shown if cells[place].span == 1]
        for place in range(grid.identity)
    ]
    while excess > 0 and max(names, default=0) > NARROWEST_NAME:
        widest = names.index(max(names))
        target = max(NARROWEST_NAME, names[widest] - excess)
        excess -= names[widest] - target
        names[widest] = target
    cut = [
        dict(zip(texts, shorten(texts, width, screen.write("…")), strict=True))
        for texts, width in zip(columns, names, strict=True)
    ]
    rows = [row if row.rule is not None else _with_names(row, cut) for row in grid.rows]
    return replace(grid, rows=rows)


def _with_names(row: GridRow, cut: Sequence[dict[str, str]]) -> GridRow:
    names = [
        replace(cell, text=texts.get(cell.text, cell.text)) if cell.span == 1 else cell
        for cell, texts in zip(row.cells, cut, strict=False)
    ]
    return GridRow([*names, *row.cells[len(cut) :]])


def _two_lines_a_row(headline: Headline, screen: Screen) -> list[Line]:
    """Rows of a very narrow terminal: the name, below it the value."""
    lines: list[Line] = []
    group = "ranked"
    for row in headline.rows:
        if row.group != group:
            group = row.group
            rule = headline.unranked if group == "unranked" else "for scale"
            lines += screen.wrapped(rule, "dim") if rule else []
        style = "dim" if row.group == "scale" else ""
        lines += screen.wrapped(row.name, style)
        value = row.cells["primary"].text if "primary" in row.cells else row.cells["speed"].text
        heading = headline.metric or "speed"
        lines += screen.wrapped(f"  {row.sign} {heading} {value}", style)
    return lines
