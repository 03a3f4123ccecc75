"""The commands that draw, compare and merge folders of results."""

from __future__ import annotations

import sys
from pathlib import Path

import rich_click as click

from ganbench.cli_common import DIFFERENCE_FOUND, REPEATED, reports_errors, say, show
from ganbench.cli_output import output
from ganbench.cli_table import write_page


@click.command()
@click.argument("folder", metavar="DIR")
@click.option("--out", metavar="FOLDER", help="Where the pictures go; DIR/plots by default.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="NAME",
    help=f"Draw this column only, such as fd. {REPEATED}",
)
@reports_errors
def plot(folder: str, out: str | None, columns: tuple[str, ...]) -> None:
    """Draw the results in DIR as SVG and PNG: curves, speed, profiles and samples."""
    from ganbench import plots
    from ganbench.store import Store

    drawn = plots.draw(Store(Path(folder)), Path(out or f"{folder}/{plots.FOLDER}"), columns)
    for remark in drawn.remarks:
        say(remark)
    for path in drawn.paths:
        click.echo(path)


@click.command()
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.option(
    "--fail-on",
    "limits",
    multiple=True,
    metavar="LIMIT",
    help="Exit 4 if a column of B is worse by more: 'fd:+5%', 'classes:-1'. May be repeated.",
)
@click.option("--format", "style", type=click.Choice(["rich", "md", "json"]), default="rich")
@reports_errors
def compare(a: str, b: str, limits: tuple[str, ...], style: str) -> None:
    """Compare the results in B with those in A, row by row, where they may be compared."""
    from ganbench import compare_table, fail_on, measured
    from ganbench.compare import compare as held_against
    from ganbench.errors import ConfigError
    from ganbench.store import Store

    report = held_against(*(measured.of_folder(Store(Path(folder))) for folder in (a, b)))
    findings = fail_on.judge(fail_on.read(limits, report), report)
    if style == "rich":
        notes = compare_table.notes(report, findings)
        output().tables(compare_table.grids(report), compare_table.CAPTION, notes)
    else:
        write = {"md": compare_table.to_markdown, "json": compare_table.to_json}
        show(write[style](report, findings))
    unjudged = [item for item in findings if item.verdict == "not comparable"]
    exceeded = [item for item in findings if item.verdict == "exceeded"]
    if unjudged:
        more = f" (and {len(unjudged) - 1} more)" if len(unjudged) > 1 else ""
        raise ConfigError(f"--fail-on {unjudged[0].text}{more}")
    if exceeded:
        say(f"{len(exceeded)} of {len(findings)} comparisons with a limit exceed it")
        sys.exit(DIFFERENCE_FOUND)


@click.command()
@click.argument("folders", nargs=-1, required=True, metavar="A B ...")
@click.option("--out", "-o", required=True, metavar="C", help="A folder without results.")
@reports_errors
def merge(folders: tuple[str, ...], out: str) -> None:
    """Combine records and pictures of several folders. Samples are not copied."""
    from ganbench.headline.folder import read
    from ganbench.merge import merge as merged
    from ganbench.report.folder import write_tables
    from ganbench.store import Store

    store = Store(Path(out))
    count = merged([Store(Path(folder)) for folder in folders], store)
    headlines = read(store)
    write_tables(store, headlines)
    write_page(store, headlines)
    click.echo(f"{out}: {count} records of {len(folders)} folders, and their tables")
