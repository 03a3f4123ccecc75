"""The parent's end of a worker: start it, give it jobs, notice when it dies or hangs."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ganbench.environment import POOL_SIZES, WAITING

SILENCE_SECONDS = 900.0  # a worker that says nothing for so long is taken to hang
GRACE_SECONDS = 5.0  # between asking a worker to end and killing it
POLL_SECONDS = 1.0  # between looks at whether a silent worker is still there

SPIN_COUNT = "10000"


class ChildLost(Exception):
    """A worker died or was given up: its arguments are a status and a reason."""


class Child:
    """The parent's end of one child process."""

    def __init__(self, setup: dict[str, Any], threads: int, log: Path) -> None:
        with log.open("ab") as errors:  # until the worker turns to the log of each trial
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "ganbench.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=_environment(threads),
                encoding="utf-8",
                start_new_session=True,  # so that all it starts can be ended with it
            )
        self.events: queue.Queue[dict[str, Any] | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self._write(setup)

    def run(
        self,
        job: dict[str, Any],
        on_event: Callable[[dict[str, Any]], None],
        limit_seconds: float | None,
    ) -> dict[str, Any]:
        """Do one job and return its last event; raises ChildLost.

        The event has the job's `wall_seconds` by the clock of this process.
        """
        deadline = time.monotonic() + limit_seconds if limit_seconds else float("inf")
        self._write(job)
        begun = last_sign = time.monotonic()
        while True:
            end = min(last_sign + SILENCE_SECONDS, deadline)
            patience = min(POLL_SECONDS, max(end - time.monotonic(), 0.001))
            try:
                event = self.events.get(timeout=patience)
            except queue.Empty:
                if self.process.poll() is not None:
                    event = None  # what it has started holds the pipe open
                elif time.monotonic() < end:
                    continue
                else:
                    self.kill()
                    limit = limit_seconds if end == deadline else SILENCE_SECONDS
                    told = "took longer than" if end == deadline else "gave no sign of life for"
                    raise ChildLost("timeout", f"{told} {limit:g} seconds") from None
            last_sign = time.monotonic()
            if event is None:
                raise ChildLost("failed", self._end_reason())
            if event["event"] in ("done", "failed"):
                return {**event, "wall_seconds": last_sign - begun}
            if event["event"] == "begun":  # a worker has to start and load plugins before
                begun = last_sign
            else:
                on_event(event)

    def kill(self) -> None:
        """End the process and all that it started."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            try:
                self.process.wait(GRACE_SECONDS)
                break
            except subprocess.TimeoutExpired:
                continue
        self._close()

    def _close(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _read(self) -> None:
        assert self.process.stdout
        # The end of the process can close the pipe or cut a line short.
        with contextlib.suppress(ValueError):
            for line in self.process.stdout:
                self.events.put(json.loads(line))
        self.events.put(None)

    def _write(self, message: dict[str, Any]) -> None:
        assert self.process.stdin
        # If the process has ended, whoever reads the events learns of it, with the reason.
        with contextlib.suppress(BrokenPipeError, ValueError):
            self.process.stdin.write(json.dumps(message) + "\n")
            self.process.stdin.flush()

    def _end_reason(self) -> str:
        code = self.process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)  # what it has left behind
        self._close()
        if code < 0:
            return f"the process was ended by {signal.Signals(-code).name}"
        return f"the process ended itself with code {code}"


def thread_settings(threads: int) -> dict[str, str]:
    """What a worker's environment says of its thread pools: their size, and how threads wait.

    GNU OpenMP's threads spin while they wait for each other, by default for longer than the system
    lets them run: on two cores a `dcgan` beside two busy processes is then 7 to 10 times slower,
    for moments 23 times. With this count they sleep before that, and it is 4 times slower. On a
    quiet machine neither a perceptron nor a `dcgan` loses anything that can be told from noise;
    shorter counts cost perceptrons 4 to 50 %. An `mlp` beside one busy process is slower for it, by
    a fifth (docs/performance.md). Whoever sets one of these variables is obeyed.
    """
    waiting = {name: os.environ[name] for name in WAITING if name in os.environ}
    return {
        **dict.fromkeys(POOL_SIZES, str(threads)),
        **(waiting or {"GOMP_SPINCOUNT": SPIN_COUNT}),
    }


def _environment(threads: int) -> dict[str, str]:
    """The environment of a worker: every thread pool has the same size."""
    return {**os.environ, **thread_settings(threads), "PYTHONUNBUFFERED": "1"}
