"""The command line. Commands import what they need when they run, so that --help stays quick."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import rich_click as click

from ganbench import __version__
from ganbench.errors import GanbenchError, NothingMatched, StorageError

if TYPE_CHECKING:
    from ganbench.benchmark import Outcome, Prepared

Function = TypeVar("Function", bound=Callable[..., Any])
KINDS = ("backends", "models", "losses", "penalties", "metrics", "datasets", "extractors")
SOME_FAILED, DIFFERENCE_FOUND = 1, 4
INTERRUPTED, TERMINATED = 130, 143

_BENCHMARK_OPTIONS: list[tuple[str, str, dict[str, Any], str]] = [
    ("--backend", "backends", {"multiple": True}, "Framework; all installed ones if not given."),
    ("--model", "models", {"multiple": True}, "GAN, such as dcgan or 'dcgan[width=32]'."),
    ("--loss", "losses", {"multiple": True}, "Loss, such as hinge or 'LOSS+PENALTY'."),
    ("--dataset", "datasets", {"multiple": True}, "Data set, such as digits or fashion-mnist."),
    ("--metric", "metrics", {"multiple": True}, "Metric; all that apply if not given."),
    ("--extractor", "extractors", {"multiple": True}, "Feature space; all that fit if not given."),
    ("--baseline", "baselines", {"multiple": True}, "Baseline to put beside the GANs."),
    ("--seeds", "seeds", {"type": int}, "Number of seeds: 0, 1, ..., N-1."),
    ("--budget", "budget", {"metavar": "KIND=N"}, "images=200k, updates=5k or seconds=60."),
    ("--samples", "samples", {"type": int}, "Samples that a trial is scored on."),
    ("--checkpoints", "checkpoints", {"type": int}, "Sets of samples taken on the way."),
    ("--threads", "threads", {"type": int}, "CPU threads of every backend; all cores by default."),
    ("--device", "device", {"type": click.Choice(["auto", "cpu", "cuda"])}, "Where to train."),
    ("--timeout", "trial_timeout_seconds", {"type": float}, "Seconds after which a trial ends."),
    ("--data", "data", {"metavar": "PATH"}, "Folder with the data set's own files."),
    ("--plugin", "plugins", {"multiple": True, "metavar": "FILE"}, "Single-file plugin to load."),
]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ganbench")
def main() -> None:
    """Train the same GAN on every backend under a fixed budget; tabulate quality and speed."""


def _benchmark_options(function: Function) -> Function:
    """The options that say what is run, shared by `run` and `plan`."""
    no_baselines = click.option("--no-baselines", is_flag=True, help="Leave the baselines out.")
    function = no_baselines(function)
    for flag, name, settings, text in reversed(_BENCHMARK_OPTIONS):
        function = click.option(flag, name, help=text, **settings)(function)
    return click.argument("benchmark", required=False, metavar="[BENCHMARK.toml]")(function)


def _reports_errors(function: Function) -> Function:
    """Turn errors that users can mend into one line and an exit code."""
    import functools

    @functools.wraps(function)
    def wrapped(*arguments: Any, **options: Any) -> Any:
        try:
            return function(*arguments, **options)
        except GanbenchError as error:
            _say(f"ganbench: {error}")
            sys.exit(error.exit_code)
        except BrokenPipeError:
            sys.stderr.close()
            sys.exit(StorageError.exit_code)

    return wrapped  # type: ignore[return-value]  # the same signature, by functools.wraps


@main.command()
@_benchmark_options
@click.option("--out", metavar="DIR", help="Folder for the results; results/NAME by default.")
@_reports_errors
def run(benchmark: str | None, out: str | None, no_baselines: bool, **options: Any) -> None:
    """Train, sample, score and print the table; the same command again runs what is missing."""
    from ganbench import benchmark as benchmarks

    prepared = _prepare(benchmark, no_baselines, {**options, "out": out})
    for line in _notes(prepared):
        _say(line)
    signal.signal(signal.SIGTERM, _terminate)
    try:
        outcome = benchmarks.run(prepared, _view)
    except KeyboardInterrupt as stop:
        _say("stopped; what is done is kept: the same command again runs what is missing")
        sys.exit(TERMINATED if isinstance(stop, _Terminated) else INTERRUPTED)
    _show(outcome)


@main.command()
@_benchmark_options
@click.option("--format", "style", type=click.Choice(["rich", "json"]), default="rich")
@_reports_errors
def plan(benchmark: str | None, no_baselines: bool, style: str, **options: Any) -> None:
    """Show what `run` would do with the same arguments: trials, and what is skipped and why."""
    from ganbench import listing

    prepared = _prepare(benchmark, no_baselines, options)
    _print(listing.plan_json(prepared.plan) if style == "json" else listing.plan(prepared.plan))


@main.command(name="list")
@click.argument("kind", required=False, type=click.Choice(KINDS))
@click.option("--plugin", "files", multiple=True, metavar="FILE", help="Single-file plugin.")
@_reports_errors
def list_(kind: str | None, files: tuple[str, ...]) -> None:
    """List what can be named: backends, models, losses, metrics, data sets and extractors."""
    from ganbench import listing, plugins

    _print(listing.offers(plugins.load(files), [kind] if kind else list(KINDS)))


@main.command()
@click.argument("name")
@click.option("--plugin", "files", multiple=True, metavar="FILE", help="Single-file plugin.")
@_reports_errors
def info(name: str, files: tuple[str, ...]) -> None:
    """Describe NAME: what it is, its source, its options and their defaults."""
    from ganbench import listing, plugins

    _print(listing.info(plugins.load(files), name))


@main.command()
@click.option("--plugin", "files", multiple=True, metavar="FILE", help="Single-file plugin.")
@_reports_errors
def plugins(files: tuple[str, ...]) -> None:
    """Show which plugins are loaded, from where, and which failed and why."""
    from ganbench import listing
    from ganbench import plugins as loader

    _print(listing.plugins(loader.load(files)))


_SCORE_OPTIONS = ("--metric", "--extractor", "--data", "--plugin")


def _score_options(function: Function) -> Function:
    for flag, name, settings, text in reversed(_BENCHMARK_OPTIONS):
        if flag in _SCORE_OPTIONS:
            function = click.option(flag, name, help=text, **settings)(function)
    return function


@main.command()
@click.argument("folder", metavar="DIR")
@_score_options
@_reports_errors
def score(folder: str, **options: Any) -> None:
    """Score the samples kept in DIR with more metrics; nothing is trained, older values stay."""
    from ganbench import benchmark

    try:
        outcome = benchmark.score(Path(folder), _given(options), _view)
    except KeyboardInterrupt:
        _say("stopped; what is scored is kept: the same command again scores what is missing")
        sys.exit(INTERRUPTED)
    _show(outcome)


@main.command()
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
@_reports_errors
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
    _print(render.to_rich(sections) if style == "rich" else render.to_text(sections, style))


def _print_pairs(folder: str, style: str, column: str) -> None:
    from ganbench import benchmark, pairs, render
    from ganbench.errors import ConfigError
    from ganbench.store import Store

    if style not in ("rich", "md", "json"):
        raise ConfigError(f"--pairs has no format {style!r}; take rich, md or json")
    found = benchmark.read_pairs(Store(Path(folder)), column)
    if style == "json":
        _print(pairs.to_json(found))
        return
    for view in pairs.views(found, column):
        _print(render.rich_view(view) if style == "rich" else f"{render.markdown_view(view)}\n\n")
    _print(f"{pairs.CAPTION}\n")


@main.command()
@click.argument("folder", metavar="DIR")
@click.option("--out", metavar="FOLDER", help="Where the pictures go; DIR/plots by default.")
@click.option("--column", "columns", multiple=True, metavar="NAME", help="Of this column alone.")
@_reports_errors
def plot(folder: str, out: str | None, columns: tuple[str, ...]) -> None:
    """Draw the results in DIR as SVG and PNG: curves, speed, profiles and samples."""
    from ganbench import plots
    from ganbench.store import Store

    drawn = plots.draw(Store(Path(folder)), Path(out or f"{folder}/{plots.FOLDER}"), columns)
    for remark in drawn.remarks:
        _say(remark)
    for path in drawn.paths:
        click.echo(path)


@main.command()
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
@_reports_errors
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
    _print(write[style](report, findings))
    unjudged = [item for item in findings if item.verdict == "not comparable"]
    exceeded = [item for item in findings if item.verdict == "exceeded"]
    if unjudged:
        more = f" (and {len(unjudged) - 1} more)" if len(unjudged) > 1 else ""
        raise ConfigError(f"--fail-on {unjudged[0].text}{more}")
    if exceeded:
        _say(f"{len(exceeded)} of {len(findings)} comparisons with a limit exceed it")
        sys.exit(DIFFERENCE_FOUND)


@main.command()
@click.argument("folders", nargs=-1, required=True, metavar="A B ...")
@click.option("--out", "-o", required=True, metavar="C", help="A folder without results.")
@_reports_errors
def merge(folders: tuple[str, ...], out: str) -> None:
    """Bring the records and pictures of several folders together; samples stay where they are."""
    from ganbench import benchmark
    from ganbench.merge import merge as merged
    from ganbench.store import Store

    store = Store(Path(out))
    count = merged([Store(Path(folder)) for folder in folders], store)
    benchmark.write_tables(store)
    click.echo(f"{out}: {count} records of {len(folders)} folders, and their tables")


_PARITY_OPTIONS: list[tuple[str, str, dict[str, Any], str]] = [
    ("--model", "models", {"multiple": True}, "GAN, such as dcgan or 'dcgan[width=8|16]'."),
    ("--loss", "losses", {"multiple": True}, "Loss, such as hinge or 'LOSS+PENALTY'."),
    ("--backends", "backends", {"metavar": "A,B"}, "The others are held against the first."),
    (
        "--steps",
        "steps",
        {"type": click.IntRange(1)},
        "200 by default; float32 at most 10; of a file at most so many.",
    ),
    ("--dtype", "dtype", {"type": click.Choice(["float64", "float32"])}, "float64 by default."),
    ("--task", "task", {}, "points, line or 8x8x1 and the like; the first that suits by default."),
    ("--seed", "seed", {"type": click.IntRange(0), "default": 0}, "Seed of weights and streams."),
    ("--out", "out", {"metavar": "DIR", "default": "results/parity"}, "Folder for the verdicts."),
    ("--plugin", "files", {"multiple": True, "metavar": "FILE"}, "Single-file plugin to load."),
]


def _parity_options(function: Function) -> Function:
    for flag, name, settings, text in reversed(_PARITY_OPTIONS):
        function = click.option(flag, name, help=text, **settings)(function)
    return click.argument("matrix", required=False, metavar="[MATRIX.toml]")(function)


@main.command()
@_parity_options
@click.option("--format", "style", type=click.Choice(["rich", "json", "md"]), default="rich")
@_reports_errors
def parity(matrix: str | None, style: str, seed: int, out: str, **options: Any) -> None:
    """Train the same GAN on two backends and compare every number of every step; 4 if they part."""
    from ganbench import parity_plan, parity_runner, parity_table, plugins

    files = options.pop("files")
    catalog = plugins.load(files)
    planned = parity_plan.make(_matrix(matrix, options), seed, catalog)
    signal.signal(signal.SIGTERM, _terminate)
    verdicts = []
    total = sum(len(case.specifications) - 1 for case in planned.cases)
    try:
        for found in parity_runner.run(planned.cases, files, Path(out)):
            verdicts.append(found)
            _say(f"[{len(verdicts)}/{total}] {parity_table.line(found)}")
    except KeyboardInterrupt as stop:
        _say("stopped; the verdicts so far are kept")
        sys.exit(TERMINATED if isinstance(stop, _Terminated) else INTERRUPTED)
    write = {
        "rich": parity_table.to_rich,
        "md": parity_table.to_markdown,
        "json": parity_table.to_json,
    }
    _print(write[style](verdicts, planned.skipped))
    failed = sum(not found.agrees for found in verdicts)
    if failed:
        _say(f"{failed} of {total} comparisons failed")
        sys.exit(DIFFERENCE_FOUND)


def _matrix(file: str | None, options: dict[str, Any]) -> Any:
    """The matrix of a file with --steps and --backends on top, or that of the options alone."""
    from ganbench import parity_matrix
    from ganbench.errors import ConfigError

    given = {name: value for name, value in options.items() if value}
    if "backends" in given:
        given["backends"] = parity_matrix.split(given["backends"])
    if file is None:
        lists = {name: list(given.pop(name, ())) for name in ("models", "losses")}
        group = {**lists, **({"task": given.pop("task")} if "task" in given else {})}
        return parity_matrix.resolve({**given, "group": [group]}, "command line")
    for name, flag in (
        ("models", "model"),
        ("losses", "loss"),
        ("task", "task"),
        ("dtype", "dtype"),
    ):
        if name in given:
            raise ConfigError(f"--{flag} goes with no matrix file: {file} says what is compared")
    return parity_matrix.resolve_file(Path(file), given)


_VALIDATION_OPTIONS: list[tuple[str, str, dict[str, Any], str]] = [
    ("--dataset", "datasets", {"multiple": True, "default": ["digits"]}, "Images; digits if none."),
    ("--metric", "metrics", {"multiple": True}, "Metric; all that score images if not given."),
    ("--extractor", "extractors", {"multiple": True}, "Feature space; all that fit if not given."),
    ("--samples", "samples", {"type": int}, "Images a side; at most half of the reference."),
    ("--data", "data", {"metavar": "PATH"}, "Folder with the data set's own files."),
    ("--out", "out", {"metavar": "DIR", "default": "results/metric-validation"}, "For reports."),
    ("--plugin", "files", {"multiple": True, "metavar": "FILE"}, "Single-file plugin to load."),
]


def _validation_options(function: Function) -> Function:
    for flag, name, settings, text in reversed(_VALIDATION_OPTIONS):
        function = click.option(flag, name, help=text, **settings)(function)
    return function


@main.command(name="validate-metrics")
@_validation_options
@click.option("--format", "style", type=click.Choice(["rich", "md", "json"]), default="rich")
@_reports_errors
def validate_metrics(
    datasets: tuple[str, ...], files: tuple[str, ...], out: str, style: str, **options: Any
) -> None:
    """Score real images with known defects: do metrics see what they promise? 4 if they do not.

    The report and pictures of each data set go into DIR/NAME.
    """
    from ganbench import plugins, validation_report

    catalog = plugins.load(files)
    reports = [_validated(name, catalog, Path(out), options) for name in datasets]
    if style == "rich":
        _print(validation_report.to_rich(reports))
    elif style == "md":
        click.echo("\n".join(map(validation_report.to_markdown, reports)), nl=False)
    else:
        click.echo(validation_report.to_json(reports), nl=False)
    _say(f"reports and pictures: {out}")
    failed = [line for report in reports for line in validation_report.broken(report)]
    for line in failed:
        _say(line)
    if failed:
        sys.exit(DIFFERENCE_FOUND)


def _validated(text: str, catalog: Any, out: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Measure, judge and keep what one data set says of the metrics."""
    from ganbench import selectors, validation, validation_pictures, validation_report
    from ganbench import validation_verdicts as verdicts
    from ganbench.store import Store

    (selector,) = selectors.parse(text)
    source = selectors.build(catalog.get("datasets", selector.name), selector)
    dataset = source.load(Path(options["data"]) if options["data"] else None)
    wanted = validation.choose(options["metrics"], options["extractors"], dataset, catalog)
    verdicts.refuse_impossible(wanted)
    found = validation.measure(dataset, wanted, catalog, options["samples"], _say)
    checks = verdicts.judge(wanted, found)
    report = validation_report.values_of(dataset, wanted, found, checks)
    store = Store(out / dataset.task.dataset)
    store.write("report.json", validation_report.to_json(report))
    store.write("report.md", validation_report.to_markdown(report))
    validation_pictures.draw(report, dataset, store.root)
    return report


class _Terminated(KeyboardInterrupt):
    """SIGTERM has come."""


def _terminate(*_: object) -> None:
    raise _Terminated


def _prepare(file: str | None, no_baselines: bool, options: dict[str, Any]) -> Prepared:
    from ganbench import benchmark

    given = _given(options)
    if no_baselines:
        given["baselines"] = []
    return benchmark.prepare(file, given)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """The options that were given, as keys of a configuration."""
    lists = {
        name: list(value) if isinstance(value, tuple) else value for name, value in options.items()
    }
    return {name: value for name, value in lists.items() if value not in (None, [])}


def _notes(prepared: Prepared) -> list[str]:
    """What the user should know before it starts: broken plugins and skipped combinations."""
    notes = [
        f"plugin {failure.name!r} ({failure.distribution}) was not loaded: {failure.reason}"
        for failure in prepared.catalog.failures
    ]
    for item in prepared.plan.skipped:
        notes.append(f"skipped {item.backend} {item.model} {item.loss}: {item.reason}")
    return notes


def _view(plan: Any) -> Any:
    from rich.console import Console

    from ganbench.view import LineView, LiveView

    console = Console(stderr=True)
    return (LiveView if console.is_terminal else LineView)(plan, console)


def _show(outcome: Outcome) -> None:
    """Print the table, the failures and where everything is; exit 1 if a trial failed."""
    from ganbench import render

    console = _console()
    console.print(render.to_rich(outcome.sections))
    for record in outcome.failures:
        text = f"{record.status}: {record.id}: {record.reason}"
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    text = f"results, records and tables: {outcome.folder}"
    console.print(text, markup=False, highlight=False, soft_wrap=True)
    if outcome.failures:
        _say(f"{len(outcome.failures)} of {len(outcome.records)} trials did not complete")
        sys.exit(SOME_FAILED)


def _console() -> Any:
    """A console for results; a pipe or file gets lines as wide as they need to be."""
    from rich.console import Console

    console = Console()
    return console if console.is_terminal else Console(width=240)


def _print(renderable: Any) -> None:
    if isinstance(renderable, str):
        click.echo(renderable, nl=False)
    else:
        _console().print(renderable)


def _say(text: str) -> None:
    click.echo(text, err=True)


if __name__ == "__main__":
    main()
