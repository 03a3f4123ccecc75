"""What `ganbench check` does: from a name or file to results."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ganbench import plugins, selectors
from ganbench.errors import ConfigError, NothingMatched, UnknownName
from ganbench.plugins import KINDS
from ganbench.testing import suite
from ganbench.testing.check import Result
from ganbench.testing.session import Session
from ganbench.testing.subject import Reference

_ON_ANY = ("losses", "penalties")  # written once, tried on every backend


def check(target: str, backends: tuple[str, ...], session: Session) -> Iterator[Result]:
    """Results of every check of a plugin, or of what it offers under one name.

    `target` is a file, an installed plugin or a selector of something that one offers. Raises
    UnknownName, and NothingMatched where there is nothing to check on these backends.
    """
    file, plugin, wanted = resolve(target, session)
    results, survey = session.survey(file, plugin, wanted)
    yield from results
    if file:
        session.files.append(str(file))
    if any(result.outcome == "failed" for result in results) and not survey["parts"]:
        return
    for name in backends:
        _require_backend(name, survey["places"])
    count = 0
    for part in survey["parts"]:
        if part["reference"] is None:
            count += 1
            yield Result(part["title"], "can_be_made", "", part["outcome"], part["message"])
            continue
        places, missing = _places(part, backends, survey["places"])
        if part["backend"] and not places and not missing:
            continue
        count += 1
        reference = Reference(**part["reference"])
        checks = suite.BY_KIND[reference.kind]
        yield from session.run(reference, part["title"], places, checks)
        for check in checks if missing else ():
            if check.on_backend:
                yield Result(part["title"], check.name, part["backend"] or "", "skipped", missing)
    if count == 0:
        raise NothingMatched(f"{target} offers nothing to check on {', '.join(backends) or 'any'}")


def resolve(target: str, session: Session) -> tuple[Path | None, str | None, str | None]:
    """The file, or the installed plugin, and the selector of its part if one is meant."""
    if target.endswith(".py") or Path(target).is_file():
        if not Path(target).is_file():
            raise ConfigError(f"{target}: no such file")
        return Path(target), None, None
    points = [point.name for point in plugins.installed()]
    if target in points:
        return None, target, None
    catalog = plugins.load(session.files, session.names)
    name = selectors.parse(target)[0].name
    for kind in KINDS:
        for entry in catalog.entries(kind):
            if entry.name == name:
                if entry.plugin.name in points:
                    return None, entry.plugin.name, target
                file = next(
                    Path(file)
                    for file in session.files
                    if plugins.module_name(Path(file)) == entry.plugin.module
                )
                session.files.remove(str(file))
                return file, None, target
    known = {name for kind in KINDS for name in catalog.names(kind)}
    raise UnknownName("plugin or part of one", name, known | set(points))


def _require_backend(text: str, places: list[dict[str, Any]]) -> None:
    name = selectors.parse(text)[0].name
    if name not in [place["name"] for place in places]:
        raise UnknownName("backend", name, [place["name"] for place in places], where="--backend")


def _places(
    part: dict[str, Any], asked: tuple[str, ...], places: list[dict[str, Any]]
) -> tuple[list[str], str]:
    """The backends to try a part on, and why there is none if its framework is missing."""
    kind = part["reference"]["kind"]
    missing = {place["name"]: place["missing"] for place in places}
    own = part["name"] if kind == "backends" else part["backend"]
    if own:
        labels = [text for text in asked if selectors.parse(text)[0].name == own]
        if asked and not labels:
            return [], ""
        return ([], missing[own]) if missing.get(own) else (labels or [own], "")
    if kind not in _ON_ANY:
        return [], ""
    able = [place["name"] for place in places if place["has_perceptron"] and not place["missing"]]
    return list(asked) or able, ""
