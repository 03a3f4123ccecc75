"""The worker processes of a run: kept between jobs, replaced when lost, ended all together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ganbench.child import Child, ChildLost
from ganbench.config import Config, weights_files

Place = tuple[str, int]  # a backend or the scoring, and its threads: no process serves two


class Stopped(Exception):
    """The run has been stopped while, or before, a job was done."""


@dataclass
class Crew:
    """Workers by what they are for; several threads may ask for them at once."""

    setup: dict[str, Any]
    _idle: dict[Place, list[Child]] = field(default_factory=dict)
    _busy: set[Child] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _is_stopped: bool = False

    def do(
        self,
        place: Place,
        job: dict[str, Any],
        on_event: Callable[[dict[str, Any]], None],
        limit_seconds: float | None,
    ) -> dict[str, Any]:
        """Have a worker do a job and give its last event; raises ChildLost, or Stopped."""
        worker = self._take(place, Path(job["folder"]) / "log.txt")
        is_whole = False
        try:
            event = worker.run(job, on_event, limit_seconds)
            is_whole = event["event"] == "done"
        except ChildLost:
            if self._is_stopped:
                raise Stopped from None
            raise
        finally:
            self._give_back(place, worker, is_whole)
        return event

    def stop(self) -> None:
        """End every worker; whoever waits for one, or asks for one from now on, is told."""
        with self._lock:
            self._is_stopped = True
            workers = [*self._busy, *(child for idle in self._idle.values() for child in idle)]
            self._idle.clear()
        for worker in workers:
            worker.kill()

    def _take(self, place: Place, log: Path) -> Child:
        with self._lock:
            if self._is_stopped:
                raise Stopped
            idle = self._idle.setdefault(place, [])
            worker = idle.pop() if idle else Child(self.setup, place[1], log)
            self._busy.add(worker)
            return worker

    def _give_back(self, place: Place, worker: Child, is_whole: bool) -> None:
        """Keep a worker for its next job, unless its last one failed: what that left must go."""
        with self._lock:
            self._busy.discard(worker)
            if is_whole and not self._is_stopped:
                self._idle[place].append(worker)
                return
        worker.kill()


def setup(config: Config) -> dict[str, Any]:
    """What every worker is told when it starts: plugins, and where files are."""
    return {
        "plugin_files": [str(Path(file).resolve()) for file in config.plugins],
        "load_plugins": config.load_plugins,
        "data": str(Path(config.data).resolve()) if config.data else None,
        "weights": {name: str(file) for name, file in weights_files(config).items()},
    }
