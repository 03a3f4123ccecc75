"""Write the README's table from the committed records."""

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


if __name__ == "__main__":
    readme = ROOT / "README.md"
    readme.write_text(updated(readme.read_text("utf-8")), "utf-8")
