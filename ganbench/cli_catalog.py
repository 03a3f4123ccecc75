"""The commands that tell what there is: list, info and plugins."""

from __future__ import annotations

import rich_click as click

from ganbench.cli_common import PLUGIN_OPTIONS, reports_errors, show, with_options

KINDS = ("backends", "models", "losses", "penalties", "metrics", "datasets", "extractors")


@click.command(name="list")
@click.argument("kind", required=False, type=click.Choice(KINDS))
@with_options(PLUGIN_OPTIONS)
@reports_errors
def list_(kind: str | None, files: tuple[str, ...], names: tuple[str, ...]) -> None:
    """List what can be named: backends, models, losses, metrics, data sets and extractors."""
    from ganbench import listing, plugins

    show(listing.offers(plugins.load(files, names), [kind] if kind else list(KINDS)))


@click.command()
@click.argument("name")
@with_options(PLUGIN_OPTIONS)
@reports_errors
def info(name: str, files: tuple[str, ...], names: tuple[str, ...]) -> None:
    """Describe NAME: what it is, its source, its options and their defaults."""
    from ganbench import listing, plugins

    show(listing.info(plugins.load(files, names), name))


@click.command()
@with_options(PLUGIN_OPTIONS)
@reports_errors
def plugins(files: tuple[str, ...], names: tuple[str, ...]) -> None:
    """Show which plugins are loaded, from where, and which failed or were left out, and why."""
    from ganbench import listing
    from ganbench import plugins as loader

    show(listing.plugins(loader.load(files, names)))
