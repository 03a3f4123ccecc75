"""Write the tables of the README and of docs/, and tables and report of every committed folder.

    python benchmarks/update_tables.py

Three kinds of blocks are filled, each up to `<!-- end of table -->`:

    <!-- table: results/NAME -->         the headline of a folder in Markdown
    <!-- readme table: results/NAME -->  its best rows, at most four, and real images
    <!-- dirac table: results/NAME -->   one line per loss, for a folder of Dirac-GANs

A block whose folder is absent stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from ganbench.headline import folder as headlines
from ganbench.headline.headline import Headline, HeadlineRow
from ganbench.report.folder import write_page, write_tables
from ganbench.report.grid import NO_BREAK, escape
from ganbench.report.text import to_markdown
from ganbench.store import Store

ROOT = Path(__file__).resolve().parents[1]
PATTERN = re.compile(
    r"(<!-- (|readme |dirac )table: (\S+) -->\n).*?(<!-- end of table -->)", re.DOTALL
)
MOST_ROWS = 4
REAL = "real"
TRIED = "digits"  # what `ganbench run` leaves in a checkout; git ignores it


def updated(text: str) -> str:
    """Put the table of its folder between every pair of table marks."""

    def replace(match: re.Match[str]) -> str:
        if not (ROOT / match[3] / "manifest.json").exists():
            return match[0]
        return f"{match[1]}{WRITERS[match[2].strip()](match[3])}{match[4]}"

    return PATTERN.sub(replace, text)


def missing(text: str) -> list[str]:
    """The folders of a page's tables that are absent."""
    folders = [match[3] for match in PATTERN.finditer(text)]
    return [name for name in folders if not (ROOT / name / "manifest.json").exists()]


def pages() -> list[Path]:
    """The files that may hold such tables."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


# --------------------------------------------------------------------------- a folder's headline


def _table(folder: str) -> str:
    found = headlines.read(Store(ROOT / folder))
    return f"{to_markdown(found)}\n{_link(folder)}\n"


def _link(folder: str) -> str:
    name = folder.rpartition("/")[2]
    return (
        f"[The report of {name}](../{folder}/report.html) shows samples, curves and every number. "
        "Open the file in a browser. [How to read a table](reading-tables.md)."
    )


# --------------------------------------------------------------------------- the README's table


def _readme(folder: str) -> str:
    """At most four trained rows, best first, and real images; then the first closing sentence."""
    headline = headlines.read(Store(ROOT / folder))[0]
    primary, spread = headline.column("primary"), headline.column("spread")
    assert primary is not None and spread is not None
    arrow = {"lower": " ↓", "higher": " ↑"}[primary.direction]
    trained = [row for row in headline.rows if row.group != "scale"]
    lines = [
        f"| {_heading(headline, trained)} | {primary.name}{arrow} | {spread.name} | images/s |",
        "| --- | ---: | ---: | ---: |",
        *(_line(row) for row in trained[:MOST_ROWS]),
        *(_real_line(row) for row in headline.group("scale") if row.gan == REAL),
        "",
        escape(headline.sentences[0]),
        "",
    ]
    return "\n".join(lines)


def _heading(headline: Headline, trained: Iterable[HeadlineRow]) -> str:
    seeds = sorted({row.source.row.planned for row in trained})
    count = str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    kind, _, amount = headline.table.budget.partition("=")
    return f"GAN, {count} seeds of {amount} {kind}"


def _line(row: HeadlineRow) -> str:
    value = row.cells["primary"].text
    if row.mark == "best":
        value = f"**{value}**"
    elif row.mark == "tied":
        value = f"~ {value}"
    return _cells(row.name, value, row.cells["spread"].text, row.cells["speed"].text)


def _real_line(row: HeadlineRow) -> str:
    texts = ("real images", row.cells["primary"].text, row.cells["spread"].text)
    name, value, interval = (f"*{text}*" if text else "" for text in texts)
    return _cells(name, value, interval, "")


def _cells(name: str, value: str, interval: str, speed: str) -> str:
    """A line of a table. A mark stays with its value; a phone may break an interval."""
    cells = [name, value.replace(" ", NO_BREAK), interval, speed]
    return "| " + " | ".join(re.sub(r"([\[\]~])", r"\\\1", cell) for cell in cells) + " |"


# --------------------------------------------------------------------------- the Dirac-GANs


def _dirac(folder: str) -> str:
    """One line per loss: the final radius for both orders of updates, and whether it converges."""
    store = Store(ROOT / folder)
    headline = headlines.read(store)[0]
    found: dict[str, dict[str, list[float]]] = {}
    for row in headline.rows:
        label, loss = row.source.key[1], row.source.key[2]
        order = "simultaneous" if "update_order=simultaneous" in label else "alternating"
        value = row.cells["primary"].value
        assert value is not None
        found.setdefault(loss, {}).setdefault(order, []).append(value)
    converged = {
        (row.source.key[2], "update_order=simultaneous" in row.source.key[1]): row.cells[
            "second"
        ].value
        for row in headline.rows
    }
    backends = sorted({row.backend for row in headline.rows})
    lines = [
        f"Radius after 500 updates. Every value is that of {', '.join(backends[:-1])} and "
        f"{backends[-1]}: they agree to the digits that are shown.",
        "",
        "| loss | simultaneous | converges | alternating | converges |",
        "| --- | ---: | --- | ---: | --- |",
    ]
    for loss, orders in found.items():
        cells = [escape(loss)]
        for order in ("simultaneous", "alternating"):
            cells += [
                _common(orders[order]),
                "yes" if converged[loss, order == "simultaneous"] == 1 else "no",
            ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", _link(folder), ""])


def _common(values: list[float]) -> str:
    """The text that the values of all backends share; raises ValueError where there is none."""
    texts = {_digits(value) for value in values}
    if len(texts) > 1:
        raise ValueError(f"backends differ: {sorted(texts)}")
    return texts.pop()


def _digits(value: float) -> str:
    """Three significant digits, or two of a small number."""
    if value >= 1000:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.2g}" if value < 0.01 else f"{value:#.3g}"


WRITERS = {"": _table, "readme": _readme, "dirac": _dirac}


def folders() -> list[Store]:
    """The committed folders that hold results of a benchmark."""
    found = sorted(path.parent for path in (ROOT / "results").glob("*/manifest.json"))
    return [Store(path) for path in found if path.name != TRIED]


if __name__ == "__main__":
    for store in folders():
        found = headlines.read(store)
        write_tables(store, found)
        write_page(store, found)
    for page in pages():
        text = page.read_text("utf-8")
        for name in missing(text):
            print(f"{page.name}: {name} is absent, its table stays as it is")
        page.write_text(updated(text), "utf-8")
