"""A table of texts, and the three formats that draw one: terminal, Markdown and LaTeX."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

Line = list[tuple[str, str]]  # runs of text with a style; see `styles`

GAP = "  "
NO_BREAK = "\u00a0"
_LATEX_SIGNS = {
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "~": r"$^{\sim}$",
    "—": "---",
    "·": r"$\cdot$",
    "…": r"\dots{}",
}


@dataclass(frozen=True)
class GridCell:
    """A text with a style: "", `best`, `tied`, `dim`, or `backend:NAME`.

    `span` is the number of columns that the text may run over; the cells after it are empty.
    """

    text: str
    style: str = ""
    span: int = 1


@dataclass(frozen=True)
class Heading:
    """The heading of a column."""

    text: str
    is_number: bool = True


@dataclass(frozen=True)
class GridRow:
    """A row of cells, or, with a `rule`, a heading between two groups of rows."""

    cells: list[GridCell] = field(default_factory=list)
    rule: str | None = None


@dataclass(frozen=True)
class Grid:
    """A table of texts with a title; `identity` columns are repeated where it is split."""

    title: str
    headings: list[Heading]
    rows: list[GridRow]
    identity: int = 1

    def part(self, columns: Sequence[int]) -> Grid:
        """The grid with the identity columns and these others."""
        kept = [*range(self.identity), *columns]
        rows = [
            row if row.rule is not None else GridRow([row.cells[place] for place in kept])
            for row in self.rows
        ]
        return Grid(self.title, [self.headings[place] for place in kept], rows, self.identity)

    def written(self, write: Callable[[str], str]) -> Grid:
        """The grid with every text in the characters that an output has."""
        rows = [
            GridRow(
                [replace(cell, text=write(cell.text)) for cell in row.cells],
                None if row.rule is None else write(row.rule),
            )
            for row in self.rows
        ]
        headings = [replace(heading, text=write(heading.text)) for heading in self.headings]
        return Grid(self.title, headings, rows, self.identity)

    def widths(self) -> list[int]:
        """The width of every column in characters."""
        cells = [row.cells for row in self.rows if row.rule is None]
        widths = [
            max(
                len(heading.text),
                *(len(row[place].text) for row in cells if row[place].span == 1),
                0,
            )
            for place, heading in enumerate(self.headings)
        ]
        for row in cells:
            for place, cell in enumerate(row):
                if cell.span > 1:
                    last = place + cell.span - 1
                    lacking = len(cell.text) - _spanned(widths, place, cell.span)
                    widths[last] += max(0, lacking)
        return widths


def _spanned(widths: Sequence[int], place: int, span: int) -> int:
    """Characters that a text over several columns has."""
    return sum(widths[place : place + span]) + len(GAP) * (span - 1)


def split(grid: Grid, width: int) -> list[Grid]:
    """Split a grid by columns into grids that fit the width; each has at least one column."""
    widths = grid.widths()
    fixed = 1 + sum(width + len(GAP) for width in widths[: grid.identity])
    parts: list[list[int]] = [[]]
    used = fixed
    for place in range(grid.identity, len(widths)):
        needed = widths[place] + len(GAP)
        if parts[-1] and used + needed - len(GAP) > width:
            parts.append([])
            used = fixed
        parts[-1].append(place)
        used += needed
    return [grid.part(part) for part in parts]


def terminal_lines(grid: Grid, dash: str, rule: str) -> list[Line]:
    """Draw a grid as lines of characters; `dash` and `rule` draw the two kinds of rules."""
    widths = grid.widths()
    total = sum(widths) + len(GAP) * (len(widths) - 1)
    headings = [GridCell(item.text, "dim") for item in grid.headings]
    lines: list[Line] = [_aligned(grid, headings, widths)]
    lines.append([(" ", ""), (dash * total, "dim")])
    for row in grid.rows:
        if row.rule is not None:
            lines.append(rule_line(row.rule, total, rule))
        else:
            lines.append(_aligned(grid, row.cells, widths))
    return lines


def rule_line(text: str, total: int, rule: str) -> Line:
    """A heading between two groups, drawn out to the width of the table."""
    label = f"{text} " if text else ""
    return [(" ", ""), (f"{label}{rule * max(0, total - len(label))}", "dim")]


def _aligned(grid: Grid, cells: Sequence[GridCell], widths: Sequence[int]) -> Line:
    line: Line = [(" ", "")]
    place = 0
    while place < len(widths):
        cell = cells[place]
        padding = " " * (_spanned(widths, place, cell.span) - len(cell.text))
        is_number = grid.headings[place].is_number
        place += cell.span
        gap = GAP if place < len(widths) else ""
        if is_number:
            line += [(padding, ""), (cell.text, cell.style), (gap, "")]
        else:
            line += [(cell.text, cell.style), (padding + gap, "")]
    return line


def markdown(grid: Grid) -> str:
    """Write a grid as a Markdown table. Spaces inside numbers do not break."""
    align = ["---:" if heading.is_number else "---" for heading in grid.headings]
    lines = [
        "| " + " | ".join(escape(heading.text) for heading in grid.headings) + " |",
        "| " + " | ".join(align) + " |",
    ]
    for row in grid.rows:
        if row.rule is not None:
            cells = [f"*{escape(row.rule)}*"] + [""] * (len(grid.headings) - 1)
        else:
            cells = [
                _markdown_cell(cell, heading.is_number)
                for cell, heading in zip(row.cells, grid.headings, strict=True)
            ]
        lines.append("| " + " | ".join(cells) + " |")
    title = [f"*{escape(grid.title)}*", ""] if grid.title else []
    return "\n".join([*title, *lines])


def _markdown_cell(cell: GridCell, is_number: bool) -> str:
    text = escape(cell.text)
    if is_number or any(character.isdigit() for character in text):
        text = text.replace(" ", NO_BREAK)
    if not text:
        return ""
    if cell.style == "best":
        return f"**{text}**"
    return f"*{text}*" if cell.style == "dim" else text


def escape(text: str) -> str:
    """Keep a text from being read as Markdown."""
    for character in "\\|`<[]*_~":
        text = text.replace(character, "\\" + character)
    return text


def latex(grid: Grid, caption: str) -> str:
    """Write a grid as a LaTeX table with booktabs."""
    columns = "".join("r" if heading.is_number else "l" for heading in grid.headings)
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{latex_text(caption)}}}",
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        " & ".join(latex_text(heading.text) for heading in grid.headings) + r" \\",
        r"\midrule",
    ]
    for place, row in enumerate(grid.rows):
        if row.rule is not None:
            lines += [r"\midrule"] if place else []
            if row.rule:
                text = rf"\emph{{{latex_text(row.rule)}}}"
                lines.append(rf"\multicolumn{{{len(grid.headings)}}}{{l}}{{{text}}} \\")
        else:
            lines.append(" & ".join(map(_latex_cell, row.cells)) + r" \\")
    lines += [r"\bottomrule", r"\end{tabular}", r"\end{table}", ""]
    return "\n".join(lines)


def _latex_cell(cell: GridCell) -> str:
    text = latex_text(cell.text)
    if not text:
        return ""
    if cell.style == "best":
        return rf"\textbf{{{text}}}"
    return rf"\emph{{{text}}}" if cell.style == "dim" else text


def latex_text(text: str) -> str:
    """Escape a text for LaTeX."""
    text = text.replace("\\", r"\textbackslash ")
    text = re.sub(r"([&%$#_{}])", r"\\\1", text)
    text = text.replace("^", r"\^{}")
    for sign, command in _LATEX_SIGNS.items():
        text = text.replace(sign, command)
    # A bracket after a line's end would be read as its option.
    return text.replace("[", "{[}").replace("]", "{]}")
