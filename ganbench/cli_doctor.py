"""The command that looks at the machine: doctor."""

from __future__ import annotations

import sys
from typing import Any

import rich_click as click

from ganbench.cli_common import PLUGIN_OPTIONS, reports_errors, say, show, with_options
from ganbench.errors import EnvironmentNotReady


@click.command()
@click.option("--peak", "measure", is_flag=True, help="Measure the machine's highest rates first.")
@click.option("--format", "style", type=click.Choice(["rich", "json"]), default="rich")
@with_options(PLUGIN_OPTIONS)
@reports_errors
def doctor(measure: bool, style: str, files: tuple[str, ...], names: tuple[str, ...]) -> None:
    """Show what can run on this machine and how to fix what cannot.

    The exit code is 3 if no backend can train.

    With --peak, products of matrices and convolutions are timed for some seconds on every backend;
    results then tell which share of the best rate a training reaches. Keep the machine quiet.
    """
    from dataclasses import replace
    from pathlib import Path

    from ganbench import doctor as doctors
    from ganbench import doctor_page, plugins
    from ganbench import peak as peaks

    catalog = plugins.load(files, names)
    setup: dict[str, Any] = {
        "plugin_files": [str(Path(file).resolve()) for file in files],
        "load_plugins": list(names),
        "data": None,
        "weights": {},
    }
    report = doctors.examine(catalog, setup)
    if measure:
        for line in doctors.measure_peak(catalog, setup, report.backends):
            say(line)
        report = replace(report, peak=peaks.kept())
    show(doctor_page.to_json(report) if style == "json" else doctor_page.to_text(report))
    if not report.can_run:
        sys.exit(EnvironmentNotReady.exit_code)
