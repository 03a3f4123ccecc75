"""Write what a results folder shows: its tables and its report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ganbench.headline import folder
from ganbench.headline.headline import Headline
from ganbench.report import document, text, tidy, wide_csv
from ganbench.store import Store

FORMATS = ("md", "csv", "csv-wide", "json", "latex")
FILES = {"table.md": "md", "table.csv": "csv", "table.json": "json", "table.tex": "latex"}
PAGE = "report.html"


def to_text(headlines: Sequence[Headline], style: str, name: str) -> str:
    """Write headlines in one of the FORMATS; `name` is that of the folder."""
    if style == "json":
        return document.to_json(headlines, name)
    if style == "csv":
        return tidy.to_csv(headline.table for headline in headlines)
    if style == "csv-wide":
        return wide_csv.to_csv(headlines)
    return text.to_latex(headlines) if style == "latex" else text.to_markdown(headlines)


def write_tables(store: Store, headlines: Sequence[Headline]) -> None:
    """Write the tables of everything in the folder in every text format."""
    for name, style in FILES.items():
        store.write(f"tables/{name}", to_text(headlines, style, store.root.resolve().name))


def write_page(store: Store, headlines: Sequence[Headline]) -> Path:
    """Write report.html and return its path."""
    from ganbench.report import page

    return page.write(store, list(headlines), description=folder.wishes(store).description)
