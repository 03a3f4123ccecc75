"""Which of the installed plugins are imported: all, or those that the user names."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from ganbench.errors import UnknownName

SWITCH = "GANBENCH_DISABLE_PLUGIN_AUTOLOAD"
OWN_DISTRIBUTION = "ganbench"  # what comes with the harness is loaded even where SWITCH is on
NOT = "no:"


@dataclass(frozen=True)
class Choice:
    """The user's word about entry points, by their names."""

    named: frozenset[str]
    blocked: frozenset[str]
    autoload: bool  # of other distributions than the harness's own

    def reason_against(self, name: str, distribution: str | None) -> str | None:
        """Why this entry point is not to be imported, or None."""
        if name in self.blocked:
            return f"-p {NOT}{name}"
        if self.autoload or name in self.named or distribution == OWN_DISTRIBUTION:
            return None
        return f"{SWITCH} is set; -p {name} loads it"


def read(texts: Iterable[str], known: Iterable[str]) -> Choice:
    """Read the values of -p, 'NAME' and 'no:NAME'; raises UnknownName for names not installed."""
    known = set(known)
    for text in texts:
        if text.removeprefix(NOT) not in known:
            raise UnknownName("installed plugin", text.removeprefix(NOT), known, where="-p")
    blocked = {text.removeprefix(NOT) for text in texts if text.startswith(NOT)}
    autoload = os.environ.get(SWITCH, "") in ("", "0")
    return Choice(frozenset(texts) - {NOT + name for name in blocked}, frozenset(blocked), autoload)
