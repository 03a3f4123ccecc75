"""The child's end: load a plugin step by step, or run one check, and answer with plain data."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from ganbench import datasets, selectors
from ganbench.errors import ConfigError
from ganbench.plan import how_to_install, installed
from ganbench.plugins import KINDS, SINGULAR, Catalog
from ganbench.testing import import_checks, perceptron, suite
from ganbench.testing.check import outcome_of
from ganbench.testing.subject import Reference, Subject, find, made, refer

_NO_DEFAULTS = "an option has no default; check it as 'NAME[option=value]', or files as NAME:PATH"


def survey(job: dict[str, Any], catalog: Catalog) -> dict[str, Any]:
    """Load the plugin that a job names; give the checks of that, and its parts.

    A job has `file` or `plugin`, and `wanted`, the selector of one of its parts, or None. Raises
    ConfigError for options that the part does not have.
    """
    if job["file"]:
        arrival = import_checks.of_file(Path(job["file"]), catalog)
    else:
        arrival = import_checks.of_installed(job["plugin"], catalog)
    results = arrival.results()
    parts = []
    for kind in KINDS:
        for offered, cls in arrival.found:
            if offered == kind and results[-1][0] == "offers_something":
                parts += _parts(kind, cls, job["wanted"], catalog)
    places: list[dict[str, Any]] = [
        {"name": entry.name, "missing": None if installed(entry.cls) else how_to_install(entry.cls)}
        for entry in catalog.entries("backends")
    ]
    for place in places:
        tried = perceptron.MODEL in catalog.names("models")
        place["has_perceptron"] = tried and bool(catalog.model(perceptron.MODEL, place["name"]))
    return {"plugin": arrival.name, "results": results, "parts": parts, "places": places}


def _parts(kind: str, cls: type[Any], wanted: str | None, catalog: Catalog) -> list[dict[str, Any]]:
    """What the parent has to know of the objects of one class that are wanted."""
    absent = {"title": f"{SINGULAR[kind]} {cls.name}", "reference": None}
    try:
        parts = _objects(kind, cls, wanted, catalog)
    except ConfigError:  # what the user has asked for is wrong
        raise
    except Exception as error:
        told = f"making it with its defaults raises {type(error).__name__}: {error}"
        return [{**absent, "outcome": "failed", "message": told}]
    return [
        {**absent, "outcome": "skipped", "message": _NO_DEFAULTS}
        if part is None
        else {
            "reference": asdict(refer(part)) | {"kind": kind},
            "title": Subject(kind, part, catalog).title,
            "name": cls.name,
            "backend": getattr(cls, "backend", None),
        }
        for part in parts
    ]


def _objects(kind: str, cls: type[Any], wanted: str | None, catalog: Catalog) -> list[Any]:
    """The objects of a class: that of its defaults, or None, or those that a selector selects."""
    if wanted is None:
        return [made(cls)]
    choices = [selector for selector in selectors.parse(wanted) if selector.name == cls.name]
    if kind == "datasets" and choices:  # which may be files of the user's own
        return datasets.chosen([wanted], catalog)
    return [selectors.build(cls, one) if one.options else made(cls) for one in choices]


def run(job: dict[str, Any], catalog: Catalog) -> dict[str, Any]:
    """Run one check on the object that a job refers to."""
    reference = Reference(**job["reference"])
    subject = find(reference, catalog, job["backend"])
    check = suite.find(reference.kind, job["check"])
    outcome, message = outcome_of(check, subject)
    return {"outcome": outcome, "message": message}


WORK = {"survey": survey, "run": run}
