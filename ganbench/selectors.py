"""Selectors: a plugin's name with options, such as 'dcgan[width=32]' or 'r1[gamma=0.1|1|10]'.

A data set made of files of the user's own has their path too, as in 'folder:photos[resize=32]'.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import re
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from ganbench.errors import ConfigError, UnknownName

_PATTERN = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9._-]*)"
    r"(:(?P<path>[^\[\]|\n\0]+))?"
    r"(\[(?P<options>[^\[\]\n]*)\])?"
)


@dataclass(frozen=True)
class Selector:
    """A name, the options given with it and, of some data sets, where the user's files are."""

    name: str
    options: tuple[tuple[str, Any], ...] = ()
    path: str | None = None


def parse(text: str) -> list[Selector]:
    """Read one selector; alternatives separated by | give one selector each."""
    match = _PATTERN.fullmatch(text.strip())
    if not match:
        raise ConfigError(
            f"cannot read the selector {text!r}; write a name or name[option=value,...], and "
            "name:PATH before the options where the data are files of your own"
        )
    options = [_option(part, text) for part in (match["options"] or "").split(",") if part.strip()]
    names = [name for name, _ in options]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"option {name!r} is given twice in {text!r}")
    choices = itertools.product(*(values for _, values in options))
    return [
        Selector(match["name"], tuple(zip(names, chosen, strict=True)), match["path"])
        for chosen in choices
    ]


def parse_sum(text: str) -> list[tuple[Selector, ...]]:
    """Read 'loss+penalty+...' into tuples, one for each combination of alternatives."""
    parts = [parse(part) for part in re.split(r"\+(?![^\[]*\])", text)]
    return list(itertools.product(*parts))


def _option(part: str, text: str) -> tuple[str, list[Any]]:
    name, equals, values = part.partition("=")
    if not equals or not values.strip():
        raise ConfigError(f"option {part.strip()!r} in {text!r} has no value; write option=value")
    return name.strip(), [_value(value.strip()) for value in values.split("|")]


def _value(text: str) -> Any:
    """A number or boolean as TOML writes it; anything else is text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def build(cls: type[Any], selector: Selector) -> Any:
    """Make the plugin's object; raises ConfigError for unknown options and wrong values.

    Nothing is made of a path here; see `datasets.chosen`.
    """
    if selector.path is not None:
        raise ConfigError(
            f"{selector.name} takes no path, so {selector.name}:{selector.path} means nothing; "
            f"write {selector.name}"
        )
    known = option_types(cls)
    for name, _ in selector.options:
        if name not in known:
            raise UnknownName("option", name, known, where=repr(selector.name))
    values = {
        name: _checked(selector.name, name, known[name], value) for name, value in selector.options
    }
    try:
        return cls(**values)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{selector.name}: {error}") from None


def option_types(cls: type[Any]) -> dict[str, Any]:
    """Names and types of a plugin's options."""
    if not dataclasses.is_dataclass(cls):
        return {}
    hints = typing.get_type_hints(cls, include_extras=True)
    return {item.name: hints[item.name] for item in dataclasses.fields(cls) if item.init}


def options(plugin: Any) -> dict[str, Any]:
    """All options of a plugin's object, defaults included: what lands in the record."""
    if not dataclasses.is_dataclass(plugin):
        return {}
    return {name: getattr(plugin, name) for name in option_types(type(plugin))}


def label(plugin: Any) -> str:
    """What tables call this object: its own `label`, or the shortest selector that gives it."""
    own = getattr(plugin, "label", None)
    return own if isinstance(own, str) else spelled(plugin)


def spelled(plugin: Any) -> str:
    """The shortest selector that gives this object."""
    changed = {
        item.name: getattr(plugin, item.name)
        for item in (dataclasses.fields(plugin) if dataclasses.is_dataclass(plugin) else ())
        if item.init and getattr(plugin, item.name) != item.default
    }
    return f"{plugin.name}{_bracket(changed)}"


def _bracket(options: Mapping[str, Any]) -> str:
    if not options:
        return ""
    return "[" + ",".join(f"{name}={_text(value)}" for name, value in options.items()) + "]"


def title(path: str) -> str:
    """What the files at a path are called: the last part of it, as a name can be written."""
    place = Path(os.path.abspath(os.path.expanduser(path)))
    name = place.stem if place.suffix.lower() in (".npz", ".npy") else place.name
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-") or "images"


def _text(value: Any) -> str:
    """A value as `_value` reads it; text that would be read as a number is quoted."""
    if isinstance(value, str):
        return value if _value(value) == value else json.dumps(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _checked(plugin: str, name: str, kind: Any, value: Any) -> Any:
    """Check a value against the option's annotated type, without coercing it."""
    try:
        adapter = TypeAdapter(kind, config=ConfigDict(strict=True, allow_inf_nan=False))
        return adapter.validate_python(value)
    except ValidationError as error:
        problem = error.errors()[0]["msg"]
        raise ConfigError(f"{plugin}[{name}={value}]: {problem}") from None


def type_text(kind: Any) -> str:
    """An option's type and range in words, such as 'int >= 1' or 'alternating | simultaneous'."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        bounds = [_bound(item) for item in arguments[1:]]
        return " ".join([type_text(arguments[0]), *filter(None, bounds)])
    if origin is typing.Literal:
        return " | ".join(str(argument) for argument in arguments)
    if arguments and origin in (typing.Union, types.UnionType):
        return " or ".join(type_text(argument) for argument in arguments)
    if kind is type(None):
        return "none"
    if kind is bool:
        return "true | false"
    return getattr(kind, "__name__", str(kind))


def _bound(item: Any) -> str:
    signs = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
    return " ".join(
        f"{sign} {getattr(item, name)}" for name, sign in signs.items() if hasattr(item, name)
    )
