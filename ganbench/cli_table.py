"""The commands that show a folder of results: table, report and schema."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from ganbench.cli_common import REPEATED, reports_errors, say, show
from ganbench.cli_output import output, print_links, print_notes
from ganbench.errors import NothingMatched, StorageError

if TYPE_CHECKING:
    from ganbench.headline.headline import Headline
    from ganbench.store import Store


@dataclass(frozen=True)
class Shown:
    """What `table` shows, from its options."""

    style: str
    columns: tuple[str, ...]
    is_all: bool
    has_notes: bool


@click.command()
@click.argument("folder", metavar="DIR")
@click.option(
    "--format",
    "style",
    type=click.Choice(["rich", "md", "csv", "csv-wide", "json", "latex"]),
    default="rich",
    help="Output format. csv has one line per row, metric and seed.",
)
@click.option("--all", "is_all", is_flag=True, help="Every column, in tables that fit the width.")
@click.option("--columns", metavar="A,B,...", help="These columns, such as fd,recall,images/s.")
@click.option("--notes", "has_notes", is_flag=True, help="What marks and columns mean.")
@click.option("--sort", metavar="COLUMN", help="Sort rows by a column, best first.")
@click.option(
    "--select",
    "rule",
    type=click.Choice(["final", "best-by-validation", "lucic-minimum"]),
    default="final",
    help="Which checkpoint represents a trial.",
)
@click.option(
    "--target",
    "goals",
    multiple=True,
    metavar="COLUMN=N",
    help=f"When this value is first reached. {REPEATED}",
)
@click.option("--pairs", "column", metavar="COLUMN", help="Compare every two rows by a column.")
@click.option("--no-report", is_flag=True, help="Do not write report.html.")
@reports_errors
def table(
    folder: str,
    style: str,
    is_all: bool,
    columns: str | None,
    has_notes: bool,
    sort: str | None,
    rule: str,
    goals: tuple[str, ...],
    column: str | None,
    no_report: bool,
) -> None:
    """Print the table of the results in DIR and write its report.html."""
    from ganbench import targets
    from ganbench.headline import folder as folders
    from ganbench.store import Store

    if column is not None:
        _print_pairs(folder, style, column)
        return
    store = Store(Path(folder))
    headlines = folders.read(store, rule, [targets.parse(goal) for goal in goals], sort)
    if not headlines:
        raise NothingMatched(f"{folder}: nothing was planned here")
    names = tuple(name.strip() for name in (columns or "").split(",") if name.strip())
    shown = Shown(style, names, is_all, has_notes)
    page = None
    if not no_report:
        is_plain = rule == "final" and not goals and sort is None
        page = write_page(store, headlines if is_plain else folders.read(store))
    _print_table(Path(folder), headlines, shown, page)


def _print_table(folder: Path, headlines: list[Headline], shown: Shown, page: Path | None) -> None:
    from ganbench.errors import ConfigError
    from ganbench.report import wide
    from ganbench.report.folder import to_text
    from ganbench.report.grid import markdown
    from ganbench.report.terminal import heading_lines, headline_lines

    is_wide = shown.is_all or bool(shown.columns)
    if is_wide and shown.style not in ("rich", "md"):
        raise ConfigError(
            f"--format {shown.style} has every column; use --all and --columns with rich or md"
        )
    wide.check([headline.table for headline in headlines], shown.columns)
    if shown.style != "rich" and not is_wide:
        show(to_text(headlines, shown.style, folder.resolve().name))
        return
    out = output()
    grids = [
        (wide.every_column(headline) if shown.is_all else [])
        + ([wide.chosen(headline, shown.columns)] if shown.columns else [])
        + ([] if is_wide else wide.targets(headline))
        for headline in headlines
    ]
    if shown.style == "md":
        show("\n\n".join(markdown(grid) for own in grids for grid in own) + "\n")
        return
    for place, headline in enumerate(headlines):
        out.lines([[]] if place else [])
        out.lines((heading_lines if is_wide else headline_lines)(headline, out.screen))
        for grid in grids[place]:
            out.lines([[]])
            out.grid(grid)
    if shown.has_notes:
        print_notes(headlines, out)
    print_links(folder, page, out)


def write_page(store: Store, headlines: list[Headline]) -> Path | None:
    """Write report.html; a folder that cannot be written is no obstacle to reading it."""
    from ganbench.report.folder import write_page as write

    try:
        return write(store, headlines)
    except StorageError as error:
        say(f"report.html was not written: {error}")
        return None


def _print_pairs(folder: str, style: str, column: str) -> None:
    from ganbench.analysis import pairs
    from ganbench.errors import ConfigError
    from ganbench.headline.folder import read_tables
    from ganbench.report import pairs as tables
    from ganbench.report.grid import markdown
    from ganbench.store import Store

    if style not in ("rich", "md", "json"):
        raise ConfigError(f"--pairs has no format {style!r}; use rich, md or json")
    found = pairs.compare(read_tables(Store(Path(folder))), column)
    if not any(item.pairs for item in found):
        raise NothingMatched(f"{folder}: no two rows have enough values of {column}")
    if style == "json":
        show(pairs.to_json(found))
        return
    grids = tables.grids(found)
    if style == "rich":
        output().tables(grids, tables.CAPTION)
        return
    for grid in grids:
        show(f"{markdown(grid)}\n\n")
    show(f"{tables.CAPTION}\n")


@click.command()
@click.argument("folder", metavar="DIR")
@click.option("--open", "is_opened", is_flag=True, help="Open it in the browser.")
@reports_errors
def report(folder: str, is_opened: bool) -> None:
    """Write DIR/report.html: one page with the table, samples, curves and every number."""
    import webbrowser

    from ganbench.headline import folder as folders
    from ganbench.report.folder import write_page as write
    from ganbench.store import Store

    store = Store(Path(folder))
    page = write(store, folders.read(store))
    click.echo(page)
    if is_opened and not webbrowser.open(page.resolve().as_uri()):
        say("no browser could be opened; open the file by hand")


@click.command()
@reports_errors
def schema() -> None:
    """Print the JSON Schema of `ganbench table DIR --format json`."""
    import json

    import pydantic

    from ganbench.report.document import Document

    described = pydantic.TypeAdapter(Document).json_schema()
    show(json.dumps(described, indent=1) + "\n")
