"""The commands that train and score: run, plan and score."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from ganbench.cli_common import (
    BENCHMARK_OPTIONS,
    INTERRUPTED,
    TERMINATED,
    Function,
    Terminated,
    given,
    reports_errors,
    say,
    show,
    show_outcome,
    terminate,
    view,
    with_options,
)

if TYPE_CHECKING:
    from ganbench.benchmark import Prepared


def benchmark_options(function: Function) -> Function:
    """The options that say what is run, shared by `run` and `plan`."""
    no_baselines = click.option("--no-baselines", is_flag=True, help="Leave the baselines out.")
    function = with_options(BENCHMARK_OPTIONS)(no_baselines(function))
    return click.argument("benchmark", required=False, metavar="[BENCHMARK.toml]")(function)


@click.command()
@benchmark_options
@click.option("--out", metavar="DIR", help="Folder for the results; results/NAME by default.")
@reports_errors
def run(benchmark: str | None, out: str | None, no_baselines: bool, **options: Any) -> None:
    """Train, sample, score and print the table; the same command again runs what is missing."""
    from ganbench import benchmark as benchmarks

    prepared = _prepare(benchmark, no_baselines, {**options, "out": out})
    for line in _notes(prepared):
        say(line)
    signal.signal(signal.SIGTERM, terminate)
    try:
        outcome = benchmarks.run(prepared, view)
    except KeyboardInterrupt as stop:
        say("stopped; what is done is kept: the same command again runs what is missing")
        sys.exit(TERMINATED if isinstance(stop, Terminated) else INTERRUPTED)
    show_outcome(outcome)


@click.command()
@benchmark_options
@click.option("--format", "style", type=click.Choice(["rich", "json"]), default="rich")
@reports_errors
def plan(benchmark: str | None, no_baselines: bool, style: str, **options: Any) -> None:
    """Show what `run` would do with the same arguments: trials, and what is skipped and why."""
    from ganbench import listing

    prepared = _prepare(benchmark, no_baselines, options)
    show(listing.plan_json(prepared.plan) if style == "json" else listing.plan(prepared.plan))


_SCORE_FLAGS = ("--metric", "--extractor", "--data", "--weights", "--plugin", "--load-plugin -p")
_SCORE_OPTIONS = [option for option in BENCHMARK_OPTIONS if option[0] in _SCORE_FLAGS]


@click.command()
@click.argument("folder", metavar="DIR")
@with_options(_SCORE_OPTIONS)
@reports_errors
def score(folder: str, **options: Any) -> None:
    """Score the samples kept in DIR with more metrics; nothing is trained, older values stay."""
    from ganbench import benchmark

    try:
        outcome = benchmark.score(Path(folder), given(options), view)
    except KeyboardInterrupt:
        say("stopped; what is scored is kept: the same command again scores what is missing")
        sys.exit(INTERRUPTED)
    show_outcome(outcome)


def _prepare(file: str | None, no_baselines: bool, options: dict[str, Any]) -> Prepared:
    from ganbench import benchmark
    from ganbench.view import reading

    overrides = given(options)
    if no_baselines:
        overrides["baselines"] = []
    with reading():
        return benchmark.prepare(file, overrides)


def _notes(prepared: Prepared) -> list[str]:
    """What the user should know before it starts: broken plugins, own files, what is skipped."""
    from ganbench import schedule

    notes = [
        f"plugin {failure.name!r} ({failure.distribution}) was not loaded: {failure.reason}"
        for failure in prepared.catalog.failures
    ]
    for source in prepared.plan.sources:
        notes += getattr(source, "notes", ())
    for item in prepared.plan.skipped:
        notes.append(f"skipped {item.backend} {item.model} {item.loss}: {item.reason}")
    if prepared.config.jobs != 1 and not prepared.plan.beside:
        reason = schedule.obstacle(prepared.config) or "no model here gains from it"
        notes.append(f"no trial runs beside another: {reason}")
    return notes
