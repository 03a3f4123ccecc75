"""After a training has failed in a framework: does a plugin of it break its contract?

A framework often fails after a plugin returned something wrong, with no line of the plugin in the
traceback. The checks here need no framework and take milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ganbench.blame import Blame, in_one_line, kind_of, origin_of
from ganbench.plugins import CONTRACTS, SINGULAR, Catalog
from ganbench.selectors import label
from ganbench.testing import suite
from ganbench.testing.check import outcome_of, run_in_order
from ganbench.testing.subject import Subject

# The checks of what a method returns; others are about what is sensible.
_CHECKS = {
    "losses": ("uses_only_the_vocabulary", "never_branches_on_values", "gives_a_finite_scalar"),
    "penalties": (
        *("uses_only_the_vocabulary", "never_branches_on_values", "term_is_a_finite_scalar"),
        *("transform_keeps_the_shape", "update_keeps_the_shape"),
    ),
    "models": ("step_is_whole", "parameters_are_named"),
}


def of(error: BaseException, parts: Iterable[Any], catalog: Catalog) -> Blame | None:
    """The first of the user's plugins that breaks its contract, or None.

    `error` is what ended the training.
    """
    for part in parts:
        kind, origin = kind_of(type(part)), origin_of(type(part).__module__)
        if kind in _CHECKS and origin:
            message = _failed(kind, part, catalog)
            if message:
                sentence = (
                    f"{SINGULAR[kind]} {label(part)!r} ({origin.text}): {message}; see "
                    f"{CONTRACTS[kind]} in ganbench/contracts.py; training raised "
                    f"{in_one_line(error)}"
                )
                return Blame(sentence, origin.target)
    return None


def _failed(kind: str, part: Any, catalog: Catalog) -> str:
    """The message of the first check that fails, or ""."""
    subject = Subject(kind, part, catalog)
    checks = [check for check in suite.BY_KIND[kind] if check.name in _CHECKS[kind]]
    for _, outcome, message in run_in_order(checks, lambda check: outcome_of(check, subject)):
        if outcome == "failed":
            return message
    return ""
