"""The command line. Commands import what they need when they run, so that --help stays quick."""

from __future__ import annotations

import rich_click as click

from ganbench import (
    __version__,
    cli_catalog,
    cli_check,
    cli_checks,
    cli_doctor,
    cli_results,
    cli_run,
    cli_table,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ganbench")
def main() -> None:
    """Train the same GAN on every backend under a fixed budget; tabulate quality and speed."""


for command in (
    *(cli_run.run, cli_run.plan, cli_run.score),
    *(cli_table.table, cli_table.report, cli_results.plot),
    *(cli_results.compare, cli_results.merge, cli_table.schema),
    *(cli_checks.parity, cli_checks.validate_metrics, cli_check.check),
    *(cli_catalog.list_, cli_catalog.info, cli_catalog.plugins, cli_doctor.doctor),
):
    main.add_command(command)

if __name__ == "__main__":
    main()
