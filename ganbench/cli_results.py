"""The commands that read folders of results: table, plot, compare and merge."""

from __future__ import annotations

import sys
from pathlib import Path

import rich_click as click

from ganbench.cli_common import DIFFERENCE_FOUND, reports_errors, say, show
from ganbench.errors import NothingMatched


@click.command()
@click.argument("folder", metavar="DIR")
@click.option(
    "--format",
    "style",
    type=click.Choice(["rich", "md", "csv", "json", "latex"]),
    default="rich",
    help="How to write it.",
)
@click.option(
    "--select",
    "rule",
    type=click.Choice(["final", "best-by-validation", "lucic-minimum"]),
    default="final",
    help="Which checkpoint speaks for a trial; all but the final one under their own name.",
)
@click.option(
    "--target", "goals", multiple=True, metavar="COLUMN=N", help="Tell when this is first reached."
)
@click.option("--pairs", "column", metavar="COLUMN", help="Every two rows against each other.")
@reports_errors
def table(folder: str, style: str, rule: str, goals: tuple[str, ...], column: str | None) -> None:
    """Print the table of the results in DIR."""
    from ganbench import benchmark, render, targets
    from ganbench.store import Store

    if column is not None:
        _print_pairs(folder, style, column)
        return
    wanted = [targets.parse(goal) for goal in goals]
    sections = benchmark.read_table(Store(Path(folder)), rule, wanted)
    if not sections:
        raise NothingMatched(f"{folder}: nothing was planned here")
    show(render.to_rich(sections) if style == "rich" else render.to_text(sections, style))


def _print_pairs(folder: str, style: str, column: str) -> None:
    from ganbench import benchmark, pairs, render
    from ganbench.errors import ConfigError
    from ganbench.store import Store

    if style not in ("rich", "md", "json"):
        raise ConfigError(f"--pairs has no format {style!r}; take rich, md or json")
    found = benchmark.read_pairs(Store(Path(folder)), column)
    if style == "json":
        show(pairs.to_json(found))
        return
    for view in pairs.views(found, column):
        show(render.rich_view(view) if style == "rich" else f"{render.markdown_view(view)}\n\n")
    show(f"{pairs.CAPTION}\n")


@click.command()
@click.argument("folder", metavar="DIR")
@click.option("--out", metavar="FOLDER", help="Where the pictures go; DIR/plots by default.")
@click.option("--column", "columns", multiple=True, metavar="NAME", help="Of this column alone.")
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
    help="Exit 4 if a column of B is worse by more: 'fd:+5%', 'classes:-1'; may be repeated.",
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
    write = {
        "rich": compare_table.to_rich,
        "md": compare_table.to_markdown,
        "json": compare_table.to_json,
    }
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
    """Bring the records and pictures of several folders together; samples stay where they are."""
    from ganbench import benchmark
    from ganbench.merge import merge as merged
    from ganbench.store import Store

    store = Store(Path(out))
    count = merged([Store(Path(folder)) for folder in folders], store)
    benchmark.write_tables(store)
    click.echo(f"{out}: {count} records of {len(folders)} folders, and their tables")
