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
    no_baselines = click.option("--no-baselines", is_flag=True, help="Include no baselines.")
    function = with_options(BENCHMARK_OPTIONS)(no_baselines(function))
    return click.argument("benchmark", required=False, metavar="[BENCHMARK.toml]")(function)


_GROUPS = {
    "What to compare": (
        *("--backend", "--model", "--loss", "--dataset", "--metric", "--extractor"),
        *("--baseline", "--no-baselines"),
    ),
    "Budget and seeds": ("--budget", "--seeds", "--samples", "--checkpoints"),
    "How to run": ("--device", "--threads", "--jobs", "--timeout"),
    "Data and plugins": ("--data", "--weights", "--plugin", "--load-plugin"),
    "Output": ("--out", "--no-report", "--help"),
}


def grouped(function: Function) -> Function:
    """Show the options of `run` in groups."""
    for title, flags in reversed(_GROUPS.items()):
        function = click.option_panel(title, options=list(flags))(function)
    return function


@click.command()
@grouped
@benchmark_options
@click.option("--out", metavar="DIR", help="Folder for the results. Default: results/NAME.")
@click.option("--no-report", is_flag=True, help="Do not write report.html.")
@reports_errors
def run(
    benchmark: str | None, out: str | None, no_baselines: bool, no_report: bool, **options: Any
) -> None:
    """Train, sample, score and print the table; the same command again runs what is missing."""
    from ganbench import benchmark as benchmarks

    prepared = _prepare(benchmark, no_baselines, {**options, "out": out})
    for line in [*_notes(prepared), *_skipped(prepared)]:
        say(line)
    signal.signal(signal.SIGTERM, terminate)
    try:
        outcome = benchmarks.run(prepared, view, with_page=not no_report)
    except KeyboardInterrupt as stop:
        say("stopped; what is done is kept: the same command again runs what is missing")
        sys.exit(TERMINATED if isinstance(stop, Terminated) else INTERRUPTED)
    show_outcome(outcome, prepared.config.plugins)


@click.command()
@benchmark_options
@click.option("--format", "style", type=click.Choice(["rich", "json"]), default="rich")
@reports_errors
def plan(benchmark: str | None, no_baselines: bool, style: str, **options: Any) -> None:
    """Show what `run` would do with the same arguments: trials, devices, and what is skipped."""
    from ganbench import crew, devices, listing
    from ganbench.errors import EnvironmentNotReady

    prepared = _prepare(benchmark, no_baselines, options)
    for line in [*_notes(prepared), *_absent_data(prepared)]:
        say(line)
    config, planned = prepared.config, prepared.plan
    placements = devices.of_trials(planned.trials, config.device, crew.setup(config))
    if style == "json":
        show(listing.plan_json(planned, placements))
    else:
        show(listing.plan(planned))
        for line in devices.in_words(placements, config.device):
            show(f"{line}\n")
    problems = [f"{place.backend}: {place.problem}" for place in placements if place.problem]
    if problems:
        raise EnvironmentNotReady("; ".join(problems))


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
    show_outcome(outcome, options["plugins"])


def _prepare(file: str | None, no_baselines: bool, options: dict[str, Any]) -> Prepared:
    from ganbench import benchmark
    from ganbench.view import reading

    overrides = given(options)
    if no_baselines:
        overrides["baselines"] = []
    with reading():
        return benchmark.prepare(file, overrides)


def _notes(prepared: Prepared) -> list[str]:
    """What the user should know before it starts: broken plugins, own files, trials in turn."""
    from ganbench import schedule

    notes = [
        f"plugin {failure.name!r} ({failure.distribution}) was not loaded: {failure.reason}"
        for failure in prepared.catalog.failures
    ]
    for source in prepared.plan.sources:
        notes += getattr(source, "notes", ())
    if prepared.config.jobs != 1 and not prepared.plan.beside:
        reason = schedule.obstacle(prepared.config) or "no model here gains from it"
        notes.append(f"trials run one at a time: {reason}")
    return notes


def _skipped(prepared: Prepared) -> list[str]:
    return [
        f"skipped {item.backend} {item.model} {item.loss}: {item.reason}"
        for item in prepared.plan.skipped
    ]


def _absent_data(prepared: Prepared) -> list[str]:
    """Data sets whose files `run` would have to get first, and how."""
    if prepared.config.data:
        return []
    sources = ((source, getattr(source, "missing", None)) for source in prepared.plan.sources)
    found = [(source.name, missing()) for source, missing in sources if missing]
    return [f"data set {name} is not here: {how}" for name, how in found if how]
