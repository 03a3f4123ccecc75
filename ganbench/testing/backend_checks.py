"""Checks of a backend."""

from __future__ import annotations

import json

from ganbench.contracts import RunOptions
from ganbench.plan import installed
from ganbench.testing.check import Check, NotApplicable, require
from ganbench.testing.subject import Subject
from ganbench.testing.surroundings import unchanged


def says_what_it_requires(subject: Subject) -> None:
    """`requires` are names of modules and `extra` is the name of what installs them."""
    backend = subject.part
    require(
        isinstance(backend.requires, tuple)
        and all(isinstance(name, str) and name for name in backend.requires),
        f"requires is {backend.requires!r}; make it a tuple of names of modules, such as "
        "('torch',), or () if nothing has to be installed",
    )
    require(
        isinstance(backend.extra, str),
        f"extra is {backend.extra!r}; make it the text in pip install 'NAME[EXTRA]'",
    )
    installed(type(backend))


def prepares_and_describes(subject: Subject) -> None:
    """It can be prepared twice for one thread of the CPU, and describes itself in texts."""
    backend = subject.part
    for dtype in ("float32", "float64"):
        backend.prepare(RunOptions(1, "cpu", dtype))
    described = backend.describe()
    require(
        isinstance(described, dict)
        and described
        and all(isinstance(item, str) for pair in described.items() for item in pair),
        f"describe() gave {described!r}; give a dictionary of texts: versions, device, compiler",
    )
    json.dumps(described)


def describing_changes_nothing(subject: Subject) -> None:
    """`describe` gives the same twice and leaves the process as it is."""
    subject.part.prepare(RunOptions(1, "cpu", "float32"))
    first = subject.part.describe()
    with unchanged("describe()"):
        second = subject.part.describe()
    require(first == second, f"describe() gave {first} and then {second}")


def has_a_model(subject: Subject) -> None:
    """At least one model is written for it."""
    models = [
        entry
        for entry in subject.catalog.entries("models")
        if entry.cls.backend == subject.part.name
    ]
    if not models:
        raise NotApplicable(f"no plugin that is loaded offers a model for {subject.part.name}")


CHECKS = (
    Check(says_what_it_requires),
    Check(has_a_model),
    Check(prepares_and_describes, on_backend=True),
    Check(describing_changes_nothing, on_backend=True, after=("prepares_and_describes",)),
)
