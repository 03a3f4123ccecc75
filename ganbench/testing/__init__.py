"""Checks for authors of plugins: `ganbench check` and `parametrize_with_checks` run them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ganbench.testing.check import Check, Result
    from ganbench.testing.pytest_checks import parametrize_with_checks

__all__ = ["checks_of", "parametrize_with_checks", "run_checks"]


def checks_of(part: Any) -> tuple[Check, ...]:
    """The checks of a class or object of a plugin, each with a name and a description."""
    from ganbench.testing import suite
    from ganbench.testing.subject import kind_of

    return suite.BY_KIND[kind_of(part)]


def run_checks(part: Any, backends: Sequence[str] = ()) -> Iterator[Result]:
    """Results of every check of a class or object, in child processes.

    Losses and penalties are tried on these backends too, and a model on its own.
    """
    from ganbench import plugins
    from ganbench.testing.session import Session
    from ganbench.testing.subject import find, refer

    session, reference = Session(), refer(part)
    subject = find(reference, plugins.load(), None)
    own = subject.part.name if subject.kind == "backends" else getattr(subject.part, "backend", "")
    try:
        places = [own] if own and not backends else backends
        yield from session.run(reference, subject.title, places, checks_of(part))
    finally:
        session.close()


def __getattr__(name: str) -> Any:
    # pytest is for those who test: the command does without it.
    if name == "parametrize_with_checks":
        from ganbench.testing.pytest_checks import parametrize_with_checks

        return parametrize_with_checks
    raise AttributeError(f"module 'ganbench.testing' has no attribute {name!r}")
