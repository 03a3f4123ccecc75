"""Which data sets a benchmark names; files of the user's own are read here, once."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

from ganbench import selectors
from ganbench.errors import ConfigError
from ganbench.plugins import Catalog
from ganbench.selectors import Selector


def chosen(texts: list[str], catalog: Catalog) -> list[Any]:
    """Give the data sets that these selectors select, one for each combination of alternatives.

    `NAME:PATH` is read and becomes a data set that is named by what the files hold: nothing after
    this knows the path. Raises ConfigError for unknown names and options and for files that
    cannot be used.
    """
    return [
        _chosen(catalog.get("datasets", selector.name), selector)
        for text in texts
        for selector in selectors.parse(text)
    ]


def kept(texts: list[str], sources: list[Any]) -> list[str]:
    """The selectors that give the same data sets again and name no path of this machine."""
    if all(selector.path is None for text in texts for selector in selectors.parse(text)):
        return texts
    return list(dict.fromkeys(selectors.spelled(source) for source in sources))


def _chosen(cls: type[Any], selector: Selector) -> Any:
    reader = getattr(cls, "reader", None)
    if reader is None:
        return selectors.build(cls, selector)
    if selector.path is not None:
        asked = selectors.build(reader, dataclasses.replace(selector, path=None))
        return asked.read(Path(os.path.expanduser(selector.path)))
    required = {
        item.name for item in dataclasses.fields(cls) if item.default is dataclasses.MISSING
    }
    if required - {name for name, _ in selector.options}:
        raise ConfigError(f"{selector.name} is files of your own; write {selector.name}:PATH")
    return selectors.build(cls, selector)
