"""What a check is, how it fails, and how several of them are run on one object in a row."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ganbench.errors import EnvironmentNotReady
from ganbench.testing.subject import Subject

Outcome = Literal["passed", "failed", "skipped"]


class Failed(AssertionError):
    """A plugin breaks a rule: the message says what was found, where, and what to do."""


class NotApplicable(Exception):
    """A check has nothing to examine here, and why."""


@dataclass(frozen=True)
class Check:
    """One rule; it is called as its function is, and described by the function's docstring."""

    run: Callable[[Subject], None]
    on_backend: bool = False  # it needs a framework, so it has a process of its own
    after: tuple[str, ...] = ()  # where one of these has failed, this one would say it again

    @property
    def name(self) -> str:
        """The function's name."""
        return self.run.__name__

    @property
    def description(self) -> str:
        """The first line of the function's docstring."""
        return (inspect.getdoc(self.run) or "").partition("\n")[0]


@dataclass(frozen=True)
class Result:
    """What one check found of one part of a plugin."""

    part: str  # such as "loss hinge"
    check: str
    backend: str  # "" where no framework was needed
    outcome: Outcome
    message: str = ""  # why it failed or was skipped


def outcome_of(check: Check, subject: Subject) -> tuple[Outcome, str]:
    """Run a check; whatever the plugin raises is a failure."""
    try:
        check.run(subject)
    except Failed as failure:
        return "failed", str(failure)
    except (NotApplicable, EnvironmentNotReady) as reason:
        return "skipped", str(reason)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # even SystemExit: a plugin must not end its host
        return "failed", f"raised {_told(error)}"
    return "passed", ""


def _told(error: BaseException) -> str:
    """An exception in one line, with the place that it comes from."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    message = (str(error).strip() or "no message").splitlines()[0]
    place = f"{Path(last.filename).name}, line {last.lineno}, in {last.name}"
    return f"{type(error).__name__}: {message} ({place})"


def run_in_order(
    checks: Iterable[Check],
    run: Callable[[Check], tuple[Outcome, str]],
    failed_before: frozenset[str] = frozenset(),
) -> Iterator[tuple[Check, Outcome, str]]:
    """Give each check with what came of it; those that build on a failed one are skipped."""
    causes = {name: name for name in failed_before}  # of what is not to be built on
    for check in checks:
        cause = next((causes[name] for name in check.after if name in causes), None)
        if cause:
            causes[check.name] = cause
            yield check, "skipped", f"{cause} has failed"
            continue
        outcome, message = run(check)
        if outcome == "failed":
            causes[check.name] = check.name
        yield check, outcome, message


def require(condition: object, message: str) -> None:
    """Raise Failed with this message unless the condition holds."""
    if not condition:
        raise Failed(message)
