"""The page that `ganbench info NAME` prints."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from ganbench import metric_names, option_table
from ganbench.contracts import Task
from ganbench.errors import UnknownName
from ganbench.plugins import KINDS, PENALTY_METHODS, SINGULAR, Catalog, Entry

WIDTH = 80
FORMULAS = (*KINDS["losses"], *PENALTY_METHODS)
ARROWS = {"higher": " ↑", "lower": " ↓", "none": ""}


def info(catalog: Catalog, name: str, task: Task | None = None) -> RenderableType:
    """Everything that has this name or alias: description, source and options.

    With a task, the defaults that depend on the data set are those of this one.
    """
    parts: list[RenderableType] = []
    for kind in KINDS:
        entries = _named(catalog, kind, name)
        if entries:
            parts += [Text("")] * bool(parts)
            parts += _description(kind, entries)
            options = option_table.of_class(entries[0].cls, catalog, task)
            parts += [Text(_filled(part)) if isinstance(part, str) else part for part in options]
    if not parts:
        known = {known for kind in KINDS for known in catalog.names(kind)}
        raise UnknownName("plugin part", name, known, also=metric_names.ALIASES)
    return Group(*parts)


def _named(catalog: Catalog, kind: str, name: str) -> list[Entry]:
    entries = catalog.entries(kind)
    if kind == "metrics" and not any(name in catalog.names(other) for other in KINDS):
        name = metric_names.real_name(name, {entry.name: entry.cls for entry in entries}) or name
    return [entry for entry in entries if entry.name == name]


def _description(kind: str, entries: list[Entry]) -> Iterator[RenderableType]:
    cls, name = entries[0].cls, entries[0].name
    backends = ", ".join(entry.cls.backend for entry in entries if kind == "models")
    yield Text(f"{SINGULAR[kind]} {name}" + (f" on {backends}" if backends else ""), style="bold")
    yield Text(_filled(inspect.getdoc(cls) or "no description"))
    for line in (*_formulas(cls), *(_of_metric(name, cls) if kind == "metrics" else ())):
        yield Text(_filled(line))
    if getattr(cls, "source", None):
        yield Text(_filled(f"source: {cls.source}"))
    owners = dict.fromkeys(f"{item.plugin.name} ({item.plugin.distribution})" for item in entries)
    yield Text(_filled(f"plugin: {', '.join(owners)}"))
    if hasattr(cls, "reader"):
        yield Text(f"write: --dataset {name}:PATH, or '{name}:PATH[option=value,...]'")


def _formulas(cls: type[Any]) -> Iterator[str]:
    """What each method of a loss or penalty says of itself."""
    for method in (getattr(cls, name, None) for name in FORMULAS):
        if inspect.isfunction(method) and inspect.getdoc(method):
            yield f"{method.__name__}: {inspect.getdoc(method)}"


def _of_metric(name: str, cls: type[Any]) -> Iterator[str]:
    """A metric's aliases, columns and the thresholds of its verdicts."""
    aliases = metric_names.aliases_of(name, cls)
    if aliases:
        yield f"aliases: {', '.join(aliases)}"
    hidden: frozenset[str] = getattr(cls, "beside", frozenset())
    columns = {column: column + ARROWS[way] for column, way in cls.columns.items()}
    for title, some in (
        ("columns", [text for column, text in columns.items() if column not in hidden]),
        ("columns of CSV and JSON", [columns[column] for column in columns if column in hidden]),
    ):
        if some:
            yield f"{title}: {', '.join(some)}"
    for verdict, condition in getattr(cls, "thresholds", {}).items():
        yield f"{verdict}: {condition}"


def _filled(text: str) -> str:
    """The text with its paragraphs at most WIDTH wide; indented ones stay as they are."""
    paragraphs = text.split("\n\n")
    return "\n\n".join(
        part if any(line.startswith(" ") for line in part.splitlines()) else _fill(part)
        for part in paragraphs
    )


def _fill(text: str) -> str:
    joined = " ".join(text.split())
    return textwrap.fill(joined, WIDTH, break_long_words=False, break_on_hyphens=False)
