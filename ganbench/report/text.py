"""Headlines as Markdown and LaTeX."""

from __future__ import annotations

from collections.abc import Sequence

from ganbench.headline.headline import Column, Headline
from ganbench.report.clean import clean_headline
from ganbench.report.grid import Grid, GridCell, GridRow, escape, latex, markdown
from ganbench.report.layout import grid_of, texts_of
from ganbench.report.notes import VALUE, marks

LOWEST_PRIORITY = 5  # the last one that documents show
MOST_COLUMNS = 7  # what fits GitHub's 830 pixels


def to_markdown(headlines: Sequence[Headline]) -> str:
    """Write the headlines as Markdown: title, table, closing sentences and how to read it."""
    return "\n".join(_markdown(clean_headline(headline)) for headline in headlines)


def to_latex(headlines: Sequence[Headline]) -> str:
    """Write the headlines as LaTeX tables with booktabs."""
    return "\n".join(
        latex(document_grid(headline), f"{_title(headline)}. {VALUE}")
        for headline in map(clean_headline, headlines)
    )


def document_grid(headline: Headline) -> Grid:
    """Return the grid of a document: at most seven columns, marks next to the value."""
    columns = [
        column
        for column in headline.columns
        if column.priority <= LOWEST_PRIORITY and column.role not in ("mark", "drawn")
    ]
    while len(columns) > MOST_COLUMNS:
        columns.remove(max(columns, key=lambda column: column.priority))
    grid = grid_of(headline, [texts_of(headline, column) for column in columns])
    return _with_marks(headline, columns, grid)


def _with_marks(headline: Headline, columns: Sequence[Column], grid: Grid) -> Grid:
    """Write marks before the values that they belong to; bold is `*`, `~` is not bold."""
    values = [place for place, column in enumerate(columns) if column.role == "primary"]
    rows = iter(headline.rows)
    marked = []
    for own in grid.rows:
        if own.rule is not None:
            marked.append(own)
            continue
        row = next(rows)
        styles = ("best", "dim") if row.group == "scale" else ("best",)
        cells = [
            GridCell(cell.text.strip(), cell.style if cell.style in styles else "")
            for cell in own.cells
        ]
        for place in values:
            if row.mark == "tied":
                cells[place] = GridCell(f"~ {cells[place].text}", "")
        marked.append(GridRow(cells))
    return Grid(grid.title, grid.headings, marked, grid.identity)


def _markdown(headline: Headline) -> str:
    lines = [f"**{escape(_title(headline))}**", ""]
    if headline.shared:
        lines += [f"with {escape(', '.join(headline.shared))}", ""]
    lines += [markdown(document_grid(headline)), ""]
    sentences = " ".join(headline.sentences)
    lines += [escape(sentences), ""]
    lines += [f"- {_prose(note)}" for note in (VALUE, *marks(headline))]
    return "\n".join([*lines, ""])


def _prose(text: str) -> str:
    """Escape a note, but for what stands between backticks."""
    parts = text.split("`")
    return "".join(f"`{part}`" if place % 2 else escape(part) for place, part in enumerate(parts))


def _title(headline: Headline) -> str:
    return " · ".join(headline.title)
