"""The checks as tests of pytest, one for each part, check and backend."""

from __future__ import annotations

import atexit
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import pytest

from ganbench import plugins, selectors
from ganbench.errors import UnknownName
from ganbench.plan import installed
from ganbench.plugins import Catalog
from ganbench.testing import perceptron, suite
from ganbench.testing.check import Check, outcome_of
from ganbench.testing.session import Session
from ganbench.testing.subject import Reference, Subject, find, refer

_failed: dict[tuple[str, str], set[str]] = {}  # title and backend -> checks


def parametrize_with_checks(
    parts: Sequence[Any],
    *,
    backends: Sequence[str] | None = None,
    expected_failed_checks: Mapping[str, str] | None = None,
) -> pytest.MarkDecorator:
    """Give a test that takes `check` one case for each check of these classes or objects.

    The test calls `check()`. Checks that need a framework run in a process of its own, on
    `backends`, selectors such as 'tensorflow[compile=off]'; None means every one that is installed.
    `expected_failed_checks` maps names of checks to reasons; such a check that passes is an error.
    """
    cases = [
        pytest.param(
            Case(reference, subject.title, check, place),
            id="-".join(filter(None, (subject.part.name, check.name, place))),
            marks=_marks(check, expected_failed_checks or {}),
        )
        for reference, subject in map(_found, parts)
        for check in suite.BY_KIND[reference.kind]
        for place in (_places(subject, backends) if check.on_backend else [""])
    ]
    return pytest.mark.parametrize("check", cases)


class Case:
    """One check of one part; calling it passes, fails or skips the test that it is called in."""

    def __init__(self, reference: Reference, title: str, check: Check, backend: str) -> None:
        self.reference, self.title, self.check, self.backend = reference, title, check, backend

    def __call__(self) -> None:
        """Run the check."""
        known = _failed.setdefault((self.title, ""), set())
        here = _failed.setdefault((self.title, self.backend), set())
        before = [name for name in self.check.after if name in known | here]
        if before:
            pytest.skip(f"{before[0]} has failed")
        if self.backend:
            outcome, message = _session().one(self.reference, self.backend, self.check)
        else:
            outcome, message = outcome_of(self.check, find(self.reference, _catalog(), None))
        if outcome == "failed":
            here.add(self.check.name)
            pytest.fail(message, pytrace=False)
        if outcome == "skipped":
            pytest.skip(message)


def _marks(check: Check, expected: Mapping[str, str]) -> list[pytest.MarkDecorator]:
    reason = expected.get(check.name)
    return [pytest.mark.xfail(reason=reason, strict=True)] if reason else []


def _found(part: Any) -> tuple[Reference, Subject]:
    reference = refer(part)
    return reference, find(reference, _catalog(), None)


def _places(subject: Subject, asked: Sequence[str] | None) -> Iterator[str]:
    """The backends to try a part on: its own, or those on which the known answer is to be had."""
    own = subject.part.name if subject.kind == "backends" else getattr(subject.part, "backend", "")
    if own:
        labels = [text for text in asked or () if selectors.parse(text)[0].name == own]
        yield from labels or [own]
        return
    for entry in subject.catalog.entries("backends") if asked is None else ():
        if installed(entry.cls) and _has_perceptron(subject.catalog, entry.name):
            yield entry.name
    yield from asked or ()


def _has_perceptron(catalog: Catalog, backend: str) -> bool:
    try:
        return catalog.model(perceptron.MODEL, backend) is not None
    except UnknownName:
        return False


@cache
def _catalog() -> Catalog:
    return plugins.load()


@cache
def _session() -> Session:
    """The processes of frameworks, kept until the tests end."""
    session = Session()
    atexit.register(session.close)
    return session
