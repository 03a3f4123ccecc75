"""Headlines as the HTML of a notebook's cell."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ganbench.headline.headline import Headline
from ganbench.report.clean import clean_headline
from ganbench.report.grid import Grid, GridCell
from ganbench.report.text import document_grid

_STYLES = {"best": "font-weight:bold", "dim": "opacity:.65"}


def to_html(headlines: Sequence[Headline]) -> str:
    """Write the headlines with inline styles, which need no stylesheet and follow any theme."""
    return "\n".join(_headline(clean_headline(headline)) for headline in headlines)


def _headline(headline: Headline) -> str:
    parts = [f"<p><b>{escape(' · '.join(headline.title))}</b>"]
    if headline.shared:
        parts.append(f"<br><small>with {escape(', '.join(headline.shared))}</small>")
    parts.append("</p>")
    parts.append(_table(document_grid(headline)))
    parts += [f"<p>{escape(sentence)}</p>" for sentence in headline.sentences]
    return f'<div class="ganbench">{"".join(parts)}</div>'


def _table(grid: Grid) -> str:
    heads = [
        f'<th style="{_align(heading.is_number)}">{escape(heading.text)}</th>'
        for heading in grid.headings
    ]
    rows = [f"<tr>{''.join(heads)}</tr>"]
    for row in grid.rows:
        if row.rule is not None:
            text = escape(row.rule)
            rows.append(
                f'<tr><td colspan="{len(grid.headings)}" style="text-align:left;opacity:.65">'
                f"{text}</td></tr>"
            )
            continue
        cells = [
            _cell(cell, heading.is_number)
            for cell, heading in zip(row.cells, grid.headings, strict=True)
        ]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f'<table style="font-variant-numeric:tabular-nums">{"".join(rows)}</table>'


def _cell(cell: GridCell, is_number: bool) -> str:
    style = ";".join(part for part in (_align(is_number), _STYLES.get(cell.style, "")) if part)
    return f'<td style="{style};white-space:nowrap">{escape(cell.text)}</td>'


def _align(is_number: bool) -> str:
    return f"text-align:{'right' if is_number else 'left'}"
