"""Write the tables of the README and of docs/ from the committed records."""

from __future__ import annotations

import re
from pathlib import Path

from ganbench.benchmark import read_table
from ganbench.render import to_text
from ganbench.store import Store

ROOT = Path(__file__).resolve().parents[1]
PATTERN = re.compile(r"(<!-- table: (\S+) -->\n).*?(<!-- end of table -->)", re.DOTALL)


def updated(text: str) -> str:
    """Put the table of its folder between every pair of table marks."""
    return PATTERN.sub(lambda match: f"{match[1]}{_table(match[2])}{match[3]}", text)


def _table(folder: str) -> str:
    return to_text(read_table(Store(ROOT / folder)), "md")


def pages() -> list[Path]:
    """The files that may hold such tables."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


if __name__ == "__main__":
    for page in pages():
        page.write_text(updated(page.read_text("utf-8")), "utf-8")
