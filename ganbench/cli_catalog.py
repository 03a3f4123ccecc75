"""The commands that tell what there is: list, info and plugins."""

from __future__ import annotations

import rich_click as click

from ganbench.cli_common import PLUGIN_OPTIONS, reports_errors, show, with_options
from ganbench.errors import ConfigError, UnknownName

SINGULAR = {
    "backend": "backends",
    "model": "models",
    "loss": "losses",
    "penalty": "penalties",
    "metric": "metrics",
    "dataset": "datasets",
    "extractor": "extractors",
}
KINDS = tuple(SINGULAR.values())


def kind_of(text: str) -> str:
    """The kind in the plural; an unknown one is a usage error that suggests the near one."""
    kind = SINGULAR.get(text, text)
    if kind not in KINDS:
        raise click.BadParameter(str(UnknownName("kind", text, KINDS, also=SINGULAR)))
    return kind


@click.command(name="list")
@click.argument("kind", required=False, type=kind_of, metavar="[KIND]")
@with_options(PLUGIN_OPTIONS)
@reports_errors
def list_(kind: str | None, files: tuple[str, ...], names: tuple[str, ...]) -> None:
    """List what you can choose: every KIND, or one of them.

    KIND is backends, models, losses, penalties, metrics, datasets or extractors.
    """
    from ganbench import listing, plugins

    show(listing.offers(plugins.load(files, names), [kind] if kind else list(KINDS)))


@click.command()
@click.argument("name")
@click.option("--dataset", metavar="D", help="Show the defaults on this data set, such as digits.")
@with_options(PLUGIN_OPTIONS)
@reports_errors
def info(name: str, dataset: str | None, files: tuple[str, ...], names: tuple[str, ...]) -> None:
    """Describe NAME: what it is, its source, its options and their defaults."""
    from ganbench import datasets, info_page, plugins

    catalog = plugins.load(files, names)
    chosen = datasets.chosen([dataset], catalog) if dataset else []
    if len(chosen) > 1:
        raise ConfigError(f"--dataset {dataset}: name one data set")
    show(info_page.info(catalog, name, chosen[0].task() if chosen else None))


@click.command()
@with_options(PLUGIN_OPTIONS)
@reports_errors
def plugins(files: tuple[str, ...], names: tuple[str, ...]) -> None:
    """Show which plugins are loaded, from where, and which failed or were left out, and why."""
    from ganbench import listing
    from ganbench import plugins as loader

    show(listing.plugins(loader.load(files, names)))
