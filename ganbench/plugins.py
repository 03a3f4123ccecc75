"""Find plugins, keep broken ones from stopping anything, and look up what they offer by name."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from ganbench import hookspecs, sources
from ganbench.errors import ConfigError, GanbenchError, PluginError, UnknownName

GROUP = "ganbench"
NAME = r"[a-z0-9][a-z0-9._-]*"  # safe in file names, tables and spreadsheets
SINGULAR = {
    "backends": "backend",
    "models": "model",
    "losses": "loss",
    "penalties": "penalty",
    "metrics": "metric",
    "datasets": "dataset",
    "extractors": "extractor",
}
# Kind -> the facts that are read before anything runs; `name` is asked of all.
FACTS = {
    "backends": ("requires", "extra"),
    "models": ("backend",),
    "metrics": ("version", "needs", "columns"),
    "datasets": ("default_samples",),
    "extractors": ("id",),
}
# Kind -> the methods that make a class usable.
KINDS = {
    "backends": ("prepare", "describe"),
    "models": ("unsuitable", "step", "parameters", "trainer"),
    "losses": ("discriminator_loss", "generator_loss"),
    "penalties": (),  # one of PENALTY_METHODS
    "metrics": ("compute",),
    "datasets": ("task", "load"),
    "extractors": ("fits", "extract"),
}
PENALTY_METHODS = ("discriminator_term", "transform_input", "after_update")


@dataclass(frozen=True)
class Plugin:
    """A plugin that was loaded."""

    name: str
    module: str
    distribution: str  # "name version", or the file's name


@dataclass(frozen=True)
class Failure:
    """A plugin that was not loaded, and why."""

    name: str
    distribution: str
    reason: str


@dataclass(frozen=True)
class Entry:
    """One class that a plugin offers."""

    kind: str
    name: str
    cls: type[Any]
    plugin: Plugin


@dataclass
class Catalog:
    """Everything that the loaded plugins offer."""

    plugins: list[Plugin] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    _entries: dict[tuple[str, str, str], Entry] = field(default_factory=dict)

    def add(self, plugin: Plugin, entries: Iterable[Entry]) -> None:
        """Add a plugin; raises PluginError if another one already offers one of its names."""
        new: dict[tuple[str, str, str], Entry] = {}
        for entry in entries:
            key = (entry.kind, entry.name, getattr(entry.cls, "backend", ""))
            other = self._entries.get(key) or new.get(key)
            if other:
                raise PluginError(
                    f"{entry.kind}: {entry.name!r} is offered twice, by plugin "
                    f"{other.plugin.name!r} ({other.plugin.distribution}) and by plugin "
                    f"{plugin.name!r} ({plugin.distribution}); uninstall or rename one"
                )
            new[key] = entry
        self._entries.update(new)
        self.plugins.append(plugin)

    def entries(self, kind: str) -> list[Entry]:
        """All entries of a kind, by name."""
        return sorted(
            (entry for entry in self._entries.values() if entry.kind == kind),
            key=lambda entry: (entry.name, getattr(entry.cls, "backend", "")),
        )

    def names(self, kind: str) -> list[str]:
        """The names of a kind, each once."""
        return sorted({entry.name for entry in self.entries(kind)})

    def get(self, kind: str, name: str) -> type[Any]:
        """The class of this kind and name; models have one per backend, see `model`."""
        for entry in self.entries(kind):
            if entry.name == name:
                return entry.cls
        raise UnknownName(SINGULAR[kind], name, self.names(kind))

    def model(self, name: str, backend: str) -> type[Any] | None:
        """The model of this name on this backend, or None; raises UnknownName for no backend's."""
        self.get("models", name)
        entry = self._entries.get(("models", name, backend))
        return entry.cls if entry else None


def load(files: Iterable[Path | str] = ()) -> Catalog:
    """Load every installed plugin and these single files.

    An installed plugin that fails is noted in `failures`. A file that fails was asked for by
    name, so it raises PluginError.
    """
    sources.forget()  # a long-lived process may load a file again that was edited
    catalog = Catalog()
    for point in sorted(importlib.metadata.entry_points(group=GROUP), key=lambda p: p.name):
        distribution = f"{point.dist.name} {point.dist.version}" if point.dist else "unknown"
        try:
            module = point.load()
            entries = list(_offers(module, point.name))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # even SystemExit: a plugin must not end its host
            catalog.failures.append(Failure(point.name, distribution, _one_line(error)))
            continue
        plugin = Plugin(point.name, module.__name__, distribution)
        catalog.add(plugin, _entries(entries, plugin))
    for path in map(Path, files):
        name = _module_name(path)
        if any(plugin.module == name for plugin in catalog.plugins):
            raise ConfigError(f"--plugin {path}: a file of this name is loaded; rename one")
        try:
            module = _import_file(path, name)
            entries = list(_offers(module, path.name))
        except (KeyboardInterrupt, GanbenchError):
            raise
        except BaseException as error:
            raise PluginError(f"--plugin {path}: {_one_line(error)}") from None
        plugin = Plugin(name, name, path.name)
        catalog.add(plugin, _entries(entries, plugin))
    return catalog


def _entries(offers: Iterable[tuple[str, type[Any]]], plugin: Plugin) -> Iterator[Entry]:
    for kind, cls in offers:
        yield Entry(kind, cls.name, cls, plugin)


def _offers(module: ModuleType, name: str) -> Iterator[tuple[str, type[Any]]]:
    """Call the hooks of one plugin, on a manager of its own so that a failure leaves no trace."""
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(module, name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise PluginError(f"plugin {name!r}: {error}") from None
    for kind, methods in KINDS.items():
        for classes in getattr(manager.hook, f"ganbench_{kind}")():
            for cls in classes:
                if not isinstance(cls, type):
                    raise PluginError(
                        f"plugin {name!r}: ganbench_{kind} has to return classes, not {cls!r}"
                    )
                _check(cls, kind, methods, name)
                yield kind, cls


def _check(cls: type[Any], kind: str, methods: tuple[str, ...], plugin: str) -> None:
    where = f"plugin {plugin!r}: {cls.__name__} in ganbench_{kind}"
    for fact in ("name", *FACTS.get(kind, ())):
        if not hasattr(cls, fact):
            raise PluginError(f"{where} has no {fact!r}")
    if not isinstance(cls.name, str) or not re.fullmatch(NAME, cls.name):
        raise PluginError(
            f"plugin {plugin!r}: the name {cls.name!r} has to be lower-case letters, digits, . _ -"
        )
    for method in methods:
        if not callable(getattr(cls, method, None)):
            raise PluginError(f"{where} has no method {method!r}")
    if kind == "penalties" and not any(hasattr(cls, method) for method in PENALTY_METHODS):
        raise PluginError(f"{where} has none of the methods {', '.join(PENALTY_METHODS)}")


def _module_name(path: Path) -> str:
    return "ganbench_file_" + re.sub(r"\W", "_", path.stem)


def _import_file(path: Path, name: str) -> ModuleType:
    if not path.is_file():
        raise ConfigError(f"--plugin {path}: no such file")
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"--plugin {path}: not a Python file; its name has to end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    return module


def _one_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]
