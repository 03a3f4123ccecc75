"""What belongs to the whole process, and what a plugin left changed in it."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ganbench.testing.check import Failed

Snapshot = dict[str, Any]


@contextmanager
def unchanged(whose: str) -> Iterator[None]:
    """Raise Failed where the process is not as it was; what changed is put back if it can be.

    Random numbers of Python and NumPy, the environment, the working folder, signal handlers,
    Python's threads and the sizes of thread pools of numeric libraries. Global generators of
    frameworks cannot be seen from here.
    """
    random.random(), np.random.random()  # a seed that is set a second time shows, too
    before = _snapshot()
    yield
    changes = _changes(before, _snapshot())
    if changes:
        raise Failed(
            f"{whose} leaves the process changed: {'; '.join(changes)}. Draw from the arrays or "
            "generators that are handed in, and put back what has to be set for a while"
        )


def _snapshot() -> Snapshot:
    pools = _pools()
    return {
        "random": _digest(random.getstate()),
        "numpy.random": _digest(np.random.get_state()),
        "environment": dict(os.environ),
        "working folder": os.getcwd(),
        "signal handlers": {
            number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)
        },
        "threads": {thread.name for thread in threading.enumerate() if thread.is_alive()},
        "thread pools": pools,
    }


def _changes(before: Snapshot, after: Snapshot) -> list[str]:
    changes = []
    for name in ("random", "numpy.random"):
        if before[name] != after[name]:
            changes.append(f"the global generator {name} was seeded or drawn from")
    variables = {**before["environment"], **after["environment"]}
    for name in variables:
        if before["environment"].get(name) != after["environment"].get(name):
            changes.append(f"the environment variable {name} was set or removed")
    for name in ("working folder", "signal handlers"):
        if before[name] != after[name]:
            changes.append(f"{name} changed")
    left = after["threads"] - before["threads"]
    if left:
        changes.append(f"threads still run: {', '.join(sorted(left))}")
    for library, size in after["thread pools"].items():
        if before["thread pools"].get(library, size) != size:
            old = before["thread pools"][library]
            changes.append(f"the thread pool of {library} went from {old} to {size}")
    return changes


def _pools() -> dict[str, int]:
    """Sizes of the thread pools of the numeric libraries that are loaded."""
    import sklearn  # noqa: F401  # its import sets variables, which no plugin is to blame for
    from threadpoolctl import threadpool_info

    return {os.path.basename(item["filepath"]): item["num_threads"] for item in threadpool_info()}


def _digest(state: Any) -> str:
    return hashlib.sha256(repr(state).encode() + _bytes(state)).hexdigest()


def _bytes(state: Any) -> bytes:
    """The bytes of arrays, which `repr` shortens."""
    return b"".join(item.tobytes() for item in state if isinstance(item, np.ndarray))
