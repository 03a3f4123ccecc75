"""Checks of what any part of a plugin says of itself: name, description, options."""

from __future__ import annotations

import dataclasses
import inspect
import json

from ganbench import selectors
from ganbench.errors import GanbenchError
from ganbench.testing.check import Check, require
from ganbench.testing.subject import Subject


def is_described(subject: Subject) -> None:
    """Its class has a docstring, and its first line says what it is."""
    text = inspect.getdoc(type(subject.part)) or ""
    generated = text.startswith(f"{type(subject.part).__name__}(")  # what dataclass makes up
    require(
        text.strip() and not generated,
        f"{subject.where} has no docstring; `ganbench list` shows its first line: say what it "
        "gives, and the paper and equation that it is from",
    )


def is_immutable(subject: Subject) -> None:
    """Its options are the fields of a frozen dataclass, or it has none."""
    cls = type(subject.part)
    params = getattr(cls, "__dataclass_params__", None)
    if params is None:
        required = [
            parameter
            for parameter in inspect.signature(cls).parameters.values()
            if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        ]
        require(
            not required,
            f"{subject.where} takes arguments and is no dataclass, so its options cannot be named "
            "in a selector; write @dataclass(frozen=True) above it",
        )
        return
    require(
        params.frozen,
        f"{subject.where} can be changed after it is made, and a record would tell options that it "
        "no longer has; write @dataclass(frozen=True)",
    )


def options_round_trip(subject: Subject) -> None:
    """The shortest selector that tells its options makes an equal object again."""
    label = selectors.spelled(subject.part)
    try:
        (selector,) = selectors.parse(label)
        again = selectors.build(type(subject.part), selector)
    except (GanbenchError, ValueError) as error:
        require(False, f"the selector {label!r} of {subject.where} cannot be read back: {error}")
    require(
        selectors.options(again) == selectors.options(subject.part),
        f"the selector {label!r} gives {selectors.options(again)} instead of "
        f"{selectors.options(subject.part)}; keep options as they are given, and compute what "
        "follows from them in methods",
    )


def options_are_plain(subject: Subject) -> None:
    """Every option is a number, a text, a boolean or None, and its default fits its type."""
    options = selectors.options(subject.part)
    for name, value in options.items():
        require(
            value is None or isinstance(value, bool | int | float | str),
            f"the option {name} of {subject.where} is a {type(value).__name__}; a selector and a "
            "record can hold numbers, texts, booleans and None",
        )
    try:
        selectors.build(type(subject.part), _selector(subject))
    except GanbenchError as error:
        require(False, f"a default of {subject.where} does not fit its own type: {error}")
    require(json.loads(json.dumps(options)) == options, f"{options} is not the same in JSON")


def options_are_typed(subject: Subject) -> None:
    """Every option refuses a value of another type."""
    for item in dataclasses.fields(subject.part) if _is_dataclass(subject) else ():
        if not item.init:
            continue
        try:
            selectors.build(type(subject.part), _selector(subject, **{item.name: ["a list"]}))
        except GanbenchError:
            continue
        require(
            False,
            f"the option {item.name} of {subject.where} takes a list; annotate its type, such as "
            "int, float or Literal['a', 'b']",
        )


def _selector(subject: Subject, **changes: object) -> selectors.Selector:
    """A selector with every option that is set, and these changed."""
    values = {**selectors.options(subject.part), **changes}
    given = {name: value for name, value in values.items() if value is not None}
    return selectors.Selector(subject.part.name, tuple(given.items()))


def _is_dataclass(subject: Subject) -> bool:
    return dataclasses.is_dataclass(subject.part)


CHECKS = (
    Check(is_described),
    Check(is_immutable),
    Check(options_are_plain, after=("is_immutable",)),
    Check(options_round_trip, after=("is_immutable", "options_are_plain")),
    Check(options_are_typed, after=("is_immutable", "options_are_plain")),
)
