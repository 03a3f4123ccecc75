"""Checks of a plugin as a whole: that it can be imported, and what its hooks offer."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from ganbench import plugins
from ganbench.errors import PluginError
from ganbench.plugins import Catalog, Plugin
from ganbench.testing.check import Failed, Outcome, require
from ganbench.testing.surroundings import unchanged

# In their order: each builds on those before it. Told here too, since they have no function each.
DESCRIPTIONS = {
    "imports": "It can be imported without an error, and does not end the process.",
    "import_is_light": "Importing it imports no framework: those of all backends that are known.",
    "import_leaves_the_process_alone": "Importing it seeds nothing and changes no setting.",
    "hooks_are_known": "Its hooks exist and return classes with the names and methods they need.",
    "names_are_free": "No other plugin offers a name that it offers.",
    "offers_something": "Its hooks offer at least one class.",
}


@dataclass
class Arrival:
    """A plugin that is being loaded, step by step, into a catalog of the others."""

    catalog: Catalog
    name: str
    origin: str
    import_: Callable[[], ModuleType]
    module: ModuleType | None = None
    found: list[tuple[str, type[Any]]] = field(default_factory=list)

    def results(self) -> list[tuple[str, Outcome, str]]:
        """Name, outcome and message of every check; nothing is tried after a failure to load."""
        steps = (self._import, self._offer, self._add)
        results: list[tuple[str, Outcome, str]] = []
        for step in steps:
            results += step()
            if any(
                outcome == "failed" and name != "import_is_light" for name, outcome, _ in results
            ):
                break
        return results

    def _import(self) -> list[tuple[str, Outcome, str]]:
        before = set(sys.modules)
        left: tuple[Outcome, str] = ("passed", "")
        try:
            with unchanged(f"importing {self.name}"):
                try:
                    self.module = self.import_()
                except KeyboardInterrupt:
                    raise
                except BaseException as error:  # even SystemExit
                    told = f"{type(error).__name__}: {error}".splitlines()[0]
                    return [("imports", "failed", f"importing it raises {told}")]
        except Failed as failure:
            left = ("failed", str(failure))
        frameworks = {
            module for entry in self.catalog.entries("backends") for module in entry.cls.requires
        }
        heavy = sorted((set(sys.modules) - before) & frameworks)
        light: tuple[Outcome, str] = ("passed", "")
        if heavy:
            light = (
                "failed",
                f"importing it imports {', '.join(heavy)}; every command would wait for that, and "
                "one process must not hold two frameworks: import it inside `prepare`, `trainer` "
                "or `extract`",
            )
        return [
            ("imports", "passed", ""),
            ("import_is_light", *light),
            ("import_leaves_the_process_alone", *left),
        ]

    def _offer(self) -> list[tuple[str, Outcome, str]]:
        assert self.module
        try:
            self.found = list(plugins.offers(self.module, self.name))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # even SystemExit
            told = str(error) if isinstance(error, PluginError) else f"a hook raises {error!r}"
            return [("hooks_are_known", "failed", f"{told}; see ganbench/hookspecs.py")]
        return [("hooks_are_known", "passed", "")]

    def _add(self) -> list[tuple[str, Outcome, str]]:
        assert self.module
        plugin = Plugin(self.name, self.module.__name__, self.origin)
        try:
            self.catalog.add(plugin, plugins.entries_of(self.found, plugin))
        except PluginError as error:
            return [("names_are_free", "failed", str(error))]
        try:
            require(
                self.found,
                "it has no hook that offers a class; write one with @ganbench.hookimpl, such as "
                "ganbench_losses",
            )
        except Failed as failure:
            return [("names_are_free", "passed", ""), ("offers_something", "failed", str(failure))]
        return [("names_are_free", "passed", ""), ("offers_something", "passed", "")]


def of_file(path: Path, catalog: Catalog) -> Arrival:
    """A single-file plugin that is about to be loaded."""
    name = plugins.module_name(path)
    return Arrival(catalog, name, path.name, lambda: plugins.import_file(path, name))


def of_installed(name: str, catalog: Catalog) -> Arrival:
    """An installed plugin that is about to be loaded, and that the catalog has left out."""
    point = next(point for point in plugins.installed() if point.name == name)
    return Arrival(catalog, name, plugins.origin(point), point.load)
