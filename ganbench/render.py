"""Tables for people and for papers: rich, Markdown, CSV, JSON and LaTeX of the same numbers."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ganbench.cells import Cell
from ganbench.table import KEYS, Section, to_frame
from ganbench.table_views import View, captions, title, views

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import RenderableType


def to_text(sections: list[Section], style: str) -> str:
    """The whole table in one of the text formats."""
    if style == "json":
        return json.dumps(_json_rows(sections), indent=1, allow_nan=False) + "\n"
    if style == "csv":
        return str(_flat(sections).to_csv(index=False, lineterminator="\n"))
    if style == "latex":
        return "\n".join(_latex(section, view) for section in sections for view in views(section))
    return "\n".join(_markdown(section) for section in sections)


def to_rich(sections: list[Section]) -> RenderableType:
    """The whole table for a terminal."""
    from rich.console import Group
    from rich.text import Text

    parts: list[Any] = []
    for section in sections:
        parts.append(Text(title(section), style="bold"))
        parts += map(rich_view, views(section))
        parts += [Text(line, style="dim") for line in captions(section)]
    return Group(*parts)


def rich_view(view: View) -> RenderableType:
    """One table for a terminal."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(view.title) if view.title else None, title_justify="left")
    for index, heading in enumerate(view.headings):
        justify: Any = "left" if index < len(KEYS) else "right"
        table.add_column(Text(heading), justify=justify, overflow="fold", no_wrap=index < len(KEYS))
    for row in view.rows:
        table.add_row(*(Text(cell.text, "bold" if cell.is_best else "") for cell in row))
    return table


def _markdown(section: Section) -> str:
    lines = [f"**{title(section)}**"]
    for view in views(section):
        lines += ["", markdown_view(view)]
    return "\n".join([*lines, "", *(f"- {line}" for line in captions(section)), ""])


def markdown_view(view: View) -> str:
    """One table for a document, with its title."""
    align = ["---" if index < len(KEYS) else "---:" for index in range(len(view.headings))]
    rows = [
        [f"**{escape(cell.text)}**" if cell.is_best else escape(cell.text) for cell in row]
        for row in view.rows
    ]
    lines = ["| " + " | ".join(row) + " |" for row in [list(map(escape, view.headings)), *rows]]
    heading = [f"*{escape(view.title)}*", ""] if view.title else []
    return "\n".join([*heading, lines[0], "| " + " | ".join(align) + " |", *lines[1:]])


def escape(text: str) -> str:
    """Keep a cell from being read as markup."""
    for character in "\\|`<[]*_~":
        text = text.replace(character, "\\" + character)
    return text


def _latex(section: Section, view: View) -> str:
    import pandas as pd

    frame = pd.DataFrame([[_latex_cell(cell) for cell in row] for row in view.rows])
    frame.columns = [_latex_text(heading) for heading in view.headings]
    caption = ", ".join(part for part in (title(section), view.title) if part)
    text: str = frame.style.hide(axis="index").to_latex(
        hrules=True,
        column_format="l" * len(KEYS) + "r" * (len(view.headings) - len(KEYS)),
        caption=_latex_text(f"{caption}. {captions(section)[0]}"),
        position_float="centering",
    )
    return text


def _latex_cell(cell: Cell) -> str:
    text = _latex_text(cell.text)
    return rf"\textbf{{{text}}}" if cell.is_best else text


def _latex_text(text: str) -> str:
    text = re.sub(r"([&%$#_{}])", r"\\\1", text)
    signs = {"↑": r"$\uparrow$", "↓": r"$\downarrow$", "~": r"$\sim$", "—": "---", "·": r"$\cdot$"}
    for sign, command in signs.items():
        text = text.replace(sign, command)
    # A bracket after a line's end would be read as its option.
    return text.replace("[", "{[}").replace("]", "{]}")


def _flat(sections: list[Section]) -> pd.DataFrame:
    """One frame for CSV: points are written with spaces between them."""
    frame = to_frame(sections)
    for name in frame.columns:
        if name.endswith("_points"):
            frame[name] = [
                " ".join(map(repr, points)) if isinstance(points, list) else ""
                for points in frame[name]
            ]
    return frame


def _json_rows(sections: list[Section]) -> list[dict[str, Any]]:
    """Rows without NaN: a value that is not known is null."""
    frame = to_frame(sections)
    rows: list[dict[str, Any]] = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return rows
