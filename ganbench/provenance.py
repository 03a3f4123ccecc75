"""Which plugins answered for a result: name, distribution, version and hashes of their sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ganbench.plugins import Catalog
from ganbench.sources import class_hashes


def of_sources(catalog: Catalog, sources: Mapping[str, str]) -> list[dict[str, Any]]:
    """The plugins that these modules, with their hashes, belong to.

    A package that is no plugin itself, such as recipes that two plugins share, has no distribution
    here.
    """
    by_top = {plugin.module.partition(".")[0]: plugin for plugin in catalog.plugins}
    grouped: dict[str, dict[str, str]] = {}
    for module, source in sources.items():
        grouped.setdefault(module.partition(".")[0], {})[module] = source
    found = []
    for top, hashes in grouped.items():
        plugin = by_top.get(top)
        found.append(
            {
                "name": plugin.name if plugin else top,
                "distribution": plugin.package if plugin else None,
                "version": plugin.version if plugin else None,
                "sources": hashes,
            }
        )
    return found


def of_score(catalog: Catalog, score: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The plugins of a score's metric and of its feature space."""
    classes = [catalog.get("metrics", score["metric"])]
    if score["extractor"] is not None:
        classes.append(catalog.get("extractors", score["extractor"]))
    sources: dict[str, str] = {}
    for cls in classes:
        sources |= class_hashes(cls)
    return of_sources(catalog, sources)
