"""The commands that examine ganbench itself: parity and validate-metrics."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Any

import rich_click as click

from ganbench.cli_common import (
    DIFFERENCE_FOUND,
    INTERRUPTED,
    PLUGIN_OPTIONS,
    TERMINATED,
    Option,
    Terminated,
    reports_errors,
    say,
    show,
    terminate,
    with_options,
)
from ganbench.cli_output import output

_PARITY_OPTIONS: list[Option] = [
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
    ("--out", "out", {"metavar": "DIR", "default": "results/parity"}, "Folder of verdicts.jsonl."),
    *PLUGIN_OPTIONS,
]


@click.command()
@click.argument("matrix", required=False, metavar="[MATRIX.toml]")
@with_options(_PARITY_OPTIONS)
@click.option("--format", "style", type=click.Choice(["rich", "json", "md"]), default="rich")
@reports_errors
def parity(matrix: str | None, style: str, seed: int, out: str, **options: Any) -> None:
    """Train the same GAN on two backends and compare losses, gradients and weights step by step.

    The exit code is 4 if they differ. Verdicts go to DIR/verdicts.jsonl.
    """
    from ganbench import parity_plan, parity_runner, parity_table, plugins

    files, names = options.pop("files"), options.pop("names")
    catalog = plugins.load(files, names)
    planned = parity_plan.make(_matrix(matrix, options), seed, catalog)
    signal.signal(signal.SIGTERM, terminate)
    verdicts = []
    total = sum(len(case.specifications) - 1 for case in planned.cases)
    try:
        for found in parity_runner.run(planned.cases, files, Path(out), names):
            verdicts.append(found)
            say(f"[{len(verdicts)}/{total}] {parity_table.line(found)}")
    except KeyboardInterrupt as stop:
        say("stopped; the verdicts so far are kept")
        sys.exit(TERMINATED if isinstance(stop, Terminated) else INTERRUPTED)
    if style == "rich":
        notes = parity_table.notes(verdicts, planned.skipped)
        output().tables(parity_table.grids(verdicts), parity_table.CAPTION, notes)
    else:
        write = {"md": parity_table.to_markdown, "json": parity_table.to_json}
        show(write[style](verdicts, planned.skipped))
    failed = sum(not found.agrees for found in verdicts)
    if failed:
        say(f"{failed} of {total} comparisons failed")
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


_VALIDATION_OPTIONS: list[Option] = [
    ("--dataset", "datasets", {"multiple": True, "default": ["digits"]}, "Images; digits if none."),
    ("--metric", "metrics", {"multiple": True}, "Metric; all that score images if not given."),
    ("--extractor", "extractors", {"multiple": True}, "Feature space; all that fit if not given."),
    ("--samples", "samples", {"type": int}, "Images a side; at most half of the reference."),
    ("--data", "data", {"metavar": "PATH"}, "Folder, or file, with the data set's own files."),
    ("--out", "out", {"metavar": "DIR", "default": "results/metric-validation"}, "For reports."),
    *PLUGIN_OPTIONS,
]


@click.command(name="validate-metrics")
@with_options(_VALIDATION_OPTIONS)
@click.option("--format", "style", type=click.Choice(["rich", "md", "json"]), default="rich")
@reports_errors
def validate_metrics(
    datasets: tuple[str, ...],
    files: tuple[str, ...],
    names: tuple[str, ...],
    out: str,
    style: str,
    **options: Any,
) -> None:
    """Score real images with known defects: do metrics see what they promise? 4 if they do not.

    The report and pictures of each data set go into DIR/NAME.
    """
    from ganbench import plugins, validation_report

    catalog = plugins.load(files, names)
    reports = [_validated(name, catalog, Path(out), options) for name in datasets]
    if style == "rich":
        out_of = output()
        for report in reports:
            out_of.tables([validation_report.grid(report)], "", [validation_report.summary(report)])
        for rule in validation_report.RULES:
            out_of.paragraph(rule, "dim")
    elif style == "md":
        click.echo("\n".join(map(validation_report.to_markdown, reports)), nl=False)
    else:
        click.echo(validation_report.to_json(reports), nl=False)
    say(f"reports and pictures: {out}")
    failed = [line for report in reports for line in validation_report.broken(report)]
    for line in failed:
        say(line)
    if failed:
        sys.exit(DIFFERENCE_FOUND)


def _validated(text: str, catalog: Any, out: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Measure, judge and keep what one data set says of the metrics."""
    from ganbench import datasets, validation, validation_pictures, validation_report
    from ganbench import validation_verdicts as verdicts
    from ganbench.store import Store
    from ganbench.view import reading

    with reading():
        (source,) = datasets.chosen([text], catalog)
    dataset = source.load(Path(options["data"]) if options["data"] else None)
    wanted = validation.choose(options["metrics"], options["extractors"], dataset, catalog)
    verdicts.refuse_impossible(wanted)
    found = validation.measure(dataset, wanted, catalog, options["samples"], say)
    checks = verdicts.judge(wanted, found)
    report = validation_report.values_of(dataset, wanted, found, checks)
    store = Store(out / dataset.task.dataset)
    store.write("report.json", validation_report.to_json(report))
    store.write("report.md", validation_report.to_markdown(report))
    validation_pictures.draw(report, dataset, store.root)
    return report
