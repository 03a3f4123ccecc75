"""What is checked: an object of a plugin, with the catalog that it was found in."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from types import ModuleType
from typing import Any

from ganbench import plugins, selectors
from ganbench.contracts import Task
from ganbench.errors import ConfigError, UnknownName
from ganbench.plugins import PENALTY_METHODS, SINGULAR, Catalog

# The method that tells a kind from the others.
_TELLING = {
    "models": ("trainer",),
    "backends": ("prepare",),
    "losses": ("discriminator_loss",),
    "metrics": ("compute",),
    "datasets": ("load",),
    "extractors": ("extract",),
    "penalties": PENALTY_METHODS,
}


@dataclass(frozen=True, eq=False)
class Subject:
    """One part of a plugin; `backend` is the object of the framework that it is tried on."""

    kind: str  # of plugins.KINDS
    part: Any
    catalog: Catalog = field(repr=False)
    backend: Any = None

    @property
    def where(self) -> str:
        """The class and its module, for messages."""
        return f"{type(self.part).__name__} in {type(self.part).__module__}"

    @property
    def title(self) -> str:
        """Kind and selector, and for a model its backend."""
        title = f"{SINGULAR[self.kind]} {selectors.label(self.part)}"
        return f"{title} on {self.part.backend}" if self.kind == "models" else title


@dataclass(frozen=True)
class Reference:
    """How another process finds the same object again, as plain data."""

    kind: str
    module: str
    file: str | None
    qualified_name: str
    name: str
    options: dict[str, Any]


def made(cls: type[Any]) -> Any:
    """The class's object with default options, or None where an option has no default."""
    try:
        return cls()
    except TypeError:
        return None


def ready(part: Any) -> Any:
    """The object with its weights, where it reads a file of them; raises EnvironmentNotReady."""
    return part.with_weights({}) if hasattr(part, "with_weights") else part


def tasks(catalog: Catalog) -> list[Task]:
    """The tasks of the data sets that need no options; files of the user's own are none."""
    sources = [made(entry.cls) for entry in catalog.entries("datasets")]
    return [source.task() for source in sources if source is not None]


def kind_of(part: Any) -> str:
    """The kind of a class or object, by the methods that it has; raises ConfigError for none."""
    for kind, methods in _TELLING.items():
        if any(callable(getattr(part, method, None)) for method in methods):
            return kind
    raise ConfigError(f"{part!r} is no part of a plugin; see ganbench/contracts.py for the kinds")


def refer(part: Any) -> Reference:
    """Refer to an object, or to a class's object with default options."""
    cls: Any = part if isinstance(part, type) else type(part)
    if "<locals>" in cls.__qualname__:
        raise ConfigError(
            f"{cls.__qualname__} is defined in a function, where no other process finds it; "
            "define it at the top of a module"
        )
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    options = {} if isinstance(part, type) else selectors.options(part)
    return Reference(kind_of(cls), cls.__module__, file, cls.__qualname__, cls.name, options)


def find(reference: Reference, catalog: Catalog, backend: str | None) -> Subject:
    """The object that a reference tells of; `backend` selects the framework to try it on."""
    module = _module(reference)
    cls: Any = _offered(reference, catalog) or reduce(
        getattr, reference.qualified_name.split("."), module
    )
    part = cls(**reference.options)
    if backend is None:
        return Subject(reference.kind, part, catalog)
    ((selector,),) = selectors.parse_sum(backend)
    try:
        framework = catalog.get("backends", selector.name)
    except UnknownName:
        framework = _beside(module, selector.name)
        if framework is None:
            raise
    return Subject(reference.kind, part, catalog, selectors.build(framework, selector))


def _offered(reference: Reference, catalog: Catalog) -> Any:
    """The class where a plugin offers it: it may have been made in a function."""
    place = (reference.module, reference.qualified_name, reference.name)
    for entry in catalog.entries(reference.kind):
        if (entry.cls.__module__, entry.cls.__qualname__, entry.name) == place:
            return entry.cls
    return None


def _beside(module: ModuleType, name: str) -> Any:
    """The backend of this name in the module itself, where no plugin offers it."""
    offered: list[Any] = [item for item in vars(module).values() if isinstance(item, type)]
    return next((cls for cls in offered if hasattr(cls, "prepare") and cls.name == name), None)


def _module(reference: Reference) -> ModuleType:
    if reference.module in sys.modules:
        return sys.modules[reference.module]
    try:
        return importlib.import_module(reference.module)
    except ModuleNotFoundError:
        if reference.file is None:
            raise
    return plugins.import_file(Path(reference.file), reference.module)
