"""The command for authors of plugins: check."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import rich_click as click

from ganbench.cli_common import (
    DIFFERENCE_FOUND,
    INTERRUPTED,
    PLUGIN_OPTIONS,
    REPEATED,
    reports_errors,
    say,
    with_options,
)

if TYPE_CHECKING:
    from ganbench.testing.check import Result


@click.command()
@click.argument("target", metavar="PLUGIN|FILE", required=False)
@click.option(
    "--backend", "backends", multiple=True, help=f"Check on this backend only. {REPEATED}"
)
@click.option("--timeout", "seconds", type=float, default=300.0, help="Seconds for one check.")
@click.option("--list", "only_list", is_flag=True, help="Say what is checked, and check nothing.")
@click.option("--format", "style", type=click.Choice(["rich", "json"]), default="rich")
@with_options(PLUGIN_OPTIONS)
@reports_errors
def check(
    target: str | None,
    backends: tuple[str, ...],
    seconds: float,
    only_list: bool,
    style: str,
    files: tuple[str, ...],
    names: tuple[str, ...],
) -> None:
    """Hold a plugin to the rules that the others rely on; 4 if it breaks one.

    PLUGIN is an installed plugin, such as losses, or something that one offers, such as hinge or
    'dcgan[width=8]'; FILE is a single-file plugin. Frameworks run in processes of their own.
    """
    from ganbench.errors import ConfigError
    from ganbench.testing import command, report
    from ganbench.testing.session import Session

    if only_list:
        for line in report.descriptions():
            click.echo(line)
        return
    if target is None:
        raise ConfigError("say what to check: the name of a plugin, or a file")
    session = Session(list(files), list(names), seconds)
    results: list[Result] = []
    try:
        for line in report.lines(_kept(command.check(target, backends, session), results)):
            if style == "rich":
                click.echo(line)
    except KeyboardInterrupt:
        say("stopped; the results so far are above")
        sys.exit(INTERRUPTED)
    finally:
        session.close()
    if style == "json":
        click.echo(report.to_json(results), nl=False)
    say(f"{target}: {report.summary(results)}")
    if any(result.outcome == "failed" for result in results):
        sys.exit(DIFFERENCE_FOUND)


def _kept(results: Iterable[Result], kept: list[Result]) -> Iterator[Result]:
    """Pass results on as they come, and keep them for the end."""
    for result in results:
        kept.append(result)
        yield result
