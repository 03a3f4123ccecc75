"""The parent's end: have checks run in child processes, one for each framework."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from ganbench.child import Child, ChildLost
from ganbench.errors import ConfigError
from ganbench.testing.check import Check, Outcome, Result, run_in_order
from ganbench.testing.subject import Reference

LIMIT_SECONDS = 300.0  # for one check, compilation included
_PLAIN = ""  # the child that has no framework


@dataclass
class Session:
    """Child processes that check parts of plugins; a crash or a hang costs one check."""

    files: list[str] = field(default_factory=list)  # single-file plugins
    names: list[str] = field(default_factory=list)  # the values of -p
    limit_seconds: float = LIMIT_SECONDS
    _children: dict[str, Child] = field(default_factory=dict)
    _folder: Any = field(default_factory=lambda: tempfile.TemporaryDirectory(prefix="ganbench-"))

    def survey(
        self, file: Path | None, plugin: str | None, wanted: str | None
    ) -> tuple[list[Result], dict[str, Any]]:
        """Load one plugin in a process of its own; its results, and its parts and backends."""
        name = f"plugin {file.name if file else plugin}"
        names = [*self.names, *([f"no:{plugin}"] if plugin else [])]
        job = {
            "step": "survey",
            "file": str(file.resolve()) if file else None,
            "plugin": plugin,
            "wanted": wanted,
        }
        child = self._start(self.files, names)
        try:
            answer = self._ask(child, job)
        except ChildLost as lost:
            answer = {"results": [("imports", "failed", _lost(lost))], "parts": [], "places": []}
        finally:
            child.kill()
        results = [Result(name, check, "", *found) for check, *found in answer["results"]]
        return results, answer

    def run(
        self, reference: Reference, title: str, backends: Iterable[str], checks: Iterable[Check]
    ) -> Iterator[Result]:
        """Results of checks of one part: first those that need no framework, then on each one."""
        failed: set[str] = set()
        checks = list(checks)
        for place in (_PLAIN, *backends):
            here = [check for check in checks if check.on_backend == bool(place)]
            results = run_in_order(here, partial(self.one, reference, place), frozenset(failed))
            for check, outcome, message in results:
                if place == _PLAIN and outcome == "failed":
                    failed.add(check.name)
                yield Result(title, check.name, place, outcome, message)

    def one(self, reference: Reference, backend: str, check: Check) -> tuple[Outcome, str]:
        """Outcome and message of one check."""
        job = {
            "step": "run",
            "reference": asdict(reference),
            "check": check.name,
            "backend": backend or None,
        }
        if backend not in self._children:
            self._children[backend] = self._start(self.files, self.names)
        try:
            answer = self._ask(self._children[backend], job)
        except ChildLost as lost:
            self._children.pop(backend).kill()
            return "failed", _lost(lost)
        if answer["outcome"] == "failed":  # what it left behind must not reach the next
            self._children.pop(backend).kill()
        return answer["outcome"], answer["message"]

    def close(self) -> None:
        """End every child process."""
        for child in self._children.values():
            child.kill()
        self._children.clear()
        self._folder.cleanup()

    def _start(self, files: list[str], names: list[str]) -> Child:
        setup: dict[str, Any] = {
            "plugin_files": [str(Path(file).resolve()) for file in files],
            "load_plugins": names,
            "data": None,
            "weights": {},
        }
        return Child(setup, threads=1, log=Path(self._folder.name) / "log.txt")

    def _ask(self, child: Child, job: dict[str, Any]) -> dict[str, Any]:
        job |= {"kind": "check", "folder": self._folder.name}
        event = child.run(job, lambda event: None, self.limit_seconds)
        if event["event"] == "done":
            result: dict[str, Any] = event["result"]
            return result
        if event["exit_code"] == ConfigError.exit_code:
            raise ConfigError(event["message"])
        raise ChildLost("failed", f"raised {event['reason']}")


def _lost(lost: ChildLost) -> str:
    _, reason = lost.args
    return f"{reason}; a plugin has to import, to come back, and to leave its process alone"
