"""Ways of training in a process of their own, which work for a while when they are told to.

The parent has no framework, and each child one: torch and TensorFlow cannot share a process.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganbench.child import thread_settings

SECONDS = 1.0
FOLDER = Path(__file__).parent


class Child:
    """The parent's end: `way` has a way built, and gives a function that works for a second."""

    def __init__(self, module: str, threads: int, changes: Mapping[str, str | None]) -> None:
        quiet = {"TF_CPP_MIN_LOG_LEVEL": "2"}
        settings = {**os.environ, **thread_settings(threads), **quiet, **changes}
        environment = {name: value for name, value in settings.items() if value is not None}
        self.process = subprocess.Popen(
            [sys.executable, str(FOLDER / "spans.py"), module, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        self.lock = threading.Lock()

    def way(self, name: str, protocol: str, **options: Any) -> Any:
        """Have a way of the module built; the function that is given returns work per second."""
        number = self._ask({"way": name, "protocol": protocol, "options": options})
        return lambda: self._ask({"span": number, "seconds": SECONDS})

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()

    def _ask(self, question: dict[str, Any]) -> Any:
        assert self.process.stdin and self.process.stdout
        with self.lock:
            self.process.stdin.write(json.dumps(question) + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the child ended with {self.process.wait()} on {question}")
        return json.loads(answer)


def main(module: str, threads: str) -> None:
    """Answer the parent's questions until it closes the pipe."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what frameworks print must not reach the parent
    ways = importlib.import_module(module).ways(int(threads))
    built: list[Any] = []
    for line in sys.stdin:
        question = json.loads(line)
        if "way" in question:
            built.append(ways[question["way"]](question["protocol"], **question["options"]))
            answer: Any = len(built) - 1
        else:
            answer = built[question["span"]](question["seconds"])
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
