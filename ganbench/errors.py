"""The errors that users see: each is one line that says what, where and what to do.

GanbenchError            exit code
├── ConfigError          2   a name, key, value or file that the user gave is wrong
│   └── UnknownName      2   ... and a near one is suggested
├── PluginError          2   a plugin breaks a rule that the others rely on
│   └── ContractBroken   2   ... a method returned something that its contract does not allow
├── EnvironmentNotReady  3   a framework or file is missing; the message says how to get it
├── NothingMatched       5   the command is fine and selects nothing
└── StorageError        74   a path cannot be read or written
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class GanbenchError(Exception):
    """Shown as one line without a traceback; the process ends with `exit_code`."""

    exit_code = 1


class ConfigError(GanbenchError):
    """A name, key, value or file given by the user is wrong."""

    exit_code = 2


class PluginError(GanbenchError):
    """A plugin breaks a rule that the others rely on, such as unique names."""

    exit_code = 2


class ContractBroken(PluginError):
    """A method of a plugin's object returned something that its contract does not allow."""

    def __init__(self, part: object, method: str, returned: str, expected: str) -> None:
        self.part, self.method = part, method
        self.problem = f"{method}() returned {returned}; expected {expected}"
        super().__init__(f"{type(part).__name__}: {self.problem}")


class PluginWarning(UserWarning):
    """A plugin that was loaded offers nothing. Commands show it as one line."""


class EnvironmentNotReady(GanbenchError):
    """Something has to be installed or fetched first."""

    exit_code = 3


class NothingMatched(GanbenchError):
    """The command is valid and selects nothing."""

    exit_code = 5


class StorageError(GanbenchError):
    """A path cannot be read or written."""

    exit_code = 74


class UnknownName(ConfigError):
    """A name that does not exist. The message suggests the closest of `known` and `also`.

    The message lists the names in `known`.
    """

    def __init__(
        self,
        kind: str,
        name: str,
        known: Iterable[str],
        where: str = "",
        also: Iterable[str] = (),
    ) -> None:
        known = sorted(known)
        near = difflib.get_close_matches(name, {*known, *also}, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        place = f" in {where}" if where else ""
        names = f"(known: {', '.join(known)})" if known else "(there is none)"
        super().__init__(f"no {kind} named {name!r}{place}{hint} {names}")
