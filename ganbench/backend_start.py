"""Start a backend in a child process and ask it what it runs on."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from ganbench.child import Child, ChildLost

LIMIT_SECONDS = 120.0  # for a framework to start


def describe(
    backend: dict[str, Any], device: str, setup: dict[str, Any]
) -> tuple[dict[str, str], str]:
    """The backend's description of itself on this device, and why it does not start, or "".

    `backend` has the name and the options of a specification.
    """
    threads = len(os.sched_getaffinity(0))
    asked = {"backend": backend, "device": device, "threads": threads}
    with tempfile.TemporaryDirectory(prefix="ganbench-") as folder:
        child = Child(setup, threads, Path(folder) / "log.txt")
        try:
            job = {"kind": "describe", "folder": folder, "specification": asked}
            event = child.run(job, lambda event: None, LIMIT_SECONDS)
        except ChildLost as lost:
            return {}, str(lost.args[1])
        finally:
            child.kill()
    if event["event"] != "done":
        return {}, str(event["reason"] if event["exit_code"] is None else event["message"])
    return event["result"]["description"], ""
