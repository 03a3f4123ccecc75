"""Find plugins, keep broken ones from stopping anything, and look up what they offer by name."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from ganbench import hookspecs, metric_names, plugin_choice, sources
from ganbench.errors import ConfigError, GanbenchError, PluginError, PluginWarning, UnknownName

GROUP = "ganbench"
FILE_MODULE = "ganbench_file_"  # how the modules of single files begin
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
# Kind -> the class in ganbench/contracts.py that describes it.
CONTRACTS = {
    "backends": "Backend",
    "models": "Model",
    "losses": "Loss",
    "penalties": "Penalty",
    "metrics": "Metric",
    "datasets": "DatasetSource",
    "extractors": "Extractor",
}
_NO_HOOK = (
    "has no hook, so it offers nothing; a hook looks like "
    "`@ganbench.hookimpl def ganbench_losses(): return [MyLoss]`"
)
HOOKS = tuple(f"ganbench_{kind}" for kind in KINDS)
PENALTY_METHODS = ("discriminator_term", "transform_input", "after_update")


@dataclass(frozen=True)
class Plugin:
    """A plugin that was loaded."""

    name: str
    module: str
    distribution: str  # "name version", or the file's name
    version: str | None = None  # None: a file has none

    @property
    def package(self) -> str:
        """The distribution's name without its version."""
        return self.distribution.removesuffix(f" {self.version}")


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
    blocked: list[Failure] = field(default_factory=list)  # not imported, as the user has said
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
                    f"{plugin.name!r} ({plugin.distribution}); {_way_out(other.plugin, plugin)}"
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
        """The class of this kind and name; models have one per backend, see `model`.

        A metric also goes by its aliases, see `metric_names`. Raises UnknownName, and ConfigError
        for an alias of several metrics.
        """
        classes = {entry.name: entry.cls for entry in reversed(self.entries(kind))}
        real = metric_names.real_name(name, classes) if kind == "metrics" else name
        if real not in classes:
            aliases = metric_names.ALIASES if kind == "metrics" else ()
            raise UnknownName(SINGULAR[kind], name, classes, also=aliases)
        return classes[real]

    def model(self, name: str, backend: str) -> type[Any] | None:
        """The model of this name on this backend, or None; raises UnknownName for no backend's."""
        self.get("models", name)
        entry = self._entries.get(("models", name, backend))
        return entry.cls if entry else None


def load(files: Iterable[Path | str] = (), wanted: Sequence[str] = ()) -> Catalog:
    """Load the installed plugins and these single files.

    `wanted` are the values of -p, see `plugin_choice`. An installed plugin that fails is noted in
    `failures`, one that is not to be imported in `blocked`. A file that fails was asked for by
    name, so it raises PluginError.
    """
    sources.forget()  # a long-lived process may load a file again that was edited
    catalog = Catalog()
    points = installed()
    choice = plugin_choice.read(wanted, [point.name for point in points])
    for point in points:
        reason = choice.reason_against(point.name, point.dist.name if point.dist else None)
        if reason:
            catalog.blocked.append(Failure(point.name, origin(point), reason))
        else:
            _add_installed(catalog, point)
    for path in map(Path, files):
        name = module_name(path)
        if any(plugin.module == name for plugin in catalog.plugins):
            raise ConfigError(f"--plugin {path}: a file of this name is loaded; rename one")
        try:
            found = list(offers(import_file(path, name), path.name))
        except (KeyboardInterrupt, GanbenchError):
            raise
        except BaseException as error:
            raise PluginError(f"--plugin {path}: {_one_line(error)}") from None
        if not found:
            warnings.warn(f"--plugin {path}: {_NO_HOOK}", PluginWarning, stacklevel=2)
        plugin = Plugin(name, name, path.name)
        catalog.add(plugin, entries_of(found, plugin))
    return catalog


def installed() -> list[EntryPoint]:
    """The entry points of every plugin that is installed, by name; none is imported."""
    return sorted(importlib.metadata.entry_points(group=GROUP), key=lambda point: point.name)


def origin(point: EntryPoint) -> str:
    """Name and version of the distribution that an entry point comes with."""
    return f"{point.dist.name} {point.dist.version}" if point.dist else "unknown"


def _add_installed(catalog: Catalog, point: EntryPoint) -> None:
    try:
        module = point.load()
        found = list(offers(module, point.name))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # even SystemExit: a plugin must not end its host
        catalog.failures.append(Failure(point.name, origin(point), _one_line(error)))
        return
    version = point.dist.version if point.dist else None
    plugin = Plugin(point.name, module.__name__, origin(point), version)
    catalog.add(plugin, entries_of(found, plugin))


def _way_out(one: Plugin, other: Plugin) -> str:
    """How to get rid of a name that two plugins offer."""
    if one == other:
        return "rename one"
    options = [f"-p {plugin_choice.NOT}{plugin.name}" for plugin in (one, other) if plugin.version]
    return " or ".join(["rename one", *[f"leave one out with {option}" for option in options]])


def entries_of(found: Iterable[tuple[str, type[Any]]], plugin: Plugin) -> Iterator[Entry]:
    """Entries of a catalog for what a plugin offers."""
    for kind, cls in found:
        yield Entry(kind, cls.name, cls, plugin)


def offers(module: ModuleType, name: str) -> Iterator[tuple[str, type[Any]]]:
    """Call the hooks of one plugin, on a manager of its own so that a failure leaves no trace."""
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(module, name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        unknown = [own for own in vars(module) if _is_hook(module, own) and own not in HOOKS]
        if unknown:
            raise UnknownName("hook", unknown[0], HOOKS, f"plugin {name!r}") from None
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


def _is_hook(module: ModuleType, name: str) -> bool:
    """Whether a module marks this function as the implementation of a hook."""
    return hasattr(getattr(module, name), f"{GROUP}_impl")


def _check(cls: type[Any], kind: str, methods: tuple[str, ...], plugin: str) -> None:
    where = f"plugin {plugin!r}: {cls.__name__} in ganbench_{kind}"
    see = f"see {CONTRACTS[kind]} in ganbench/contracts.py"
    for fact in ("name", *FACTS.get(kind, ())):
        if not hasattr(cls, fact):
            raise PluginError(f"{where} has no {fact!r}; {see}")
    if not isinstance(cls.name, str) or not re.fullmatch(NAME, cls.name):
        raise PluginError(
            f"plugin {plugin!r}: the name {cls.name!r} has to be lower-case letters, digits, . _ -"
        )
    for method in methods:
        if not callable(getattr(cls, method, None)):
            raise PluginError(f"{where} has no method {method!r}; {see}")
    if kind == "penalties" and not any(hasattr(cls, method) for method in PENALTY_METHODS):
        methods = PENALTY_METHODS
        raise PluginError(f"{where} has none of the methods {', '.join(methods)}; {see}")


def module_name(path: Path) -> str:
    """What the module of a single-file plugin is called."""
    return FILE_MODULE + re.sub(r"\W", "_", path.stem)


def import_file(path: Path, name: str) -> ModuleType:
    """Import a single file as a module of this name; raises ConfigError for what is no such."""
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
