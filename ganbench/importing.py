"""The time that import statements take, apart from the work that they stand in."""

from __future__ import annotations

import builtins
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ganbench.budget import Clock


@contextmanager
def apart(imports: Clock, work: Clock) -> Iterator[None]:
    """Run `work` for what is done inside, and `imports` for the import statements in it.

    A framework is imported by whoever first needs it, in the middle of other work, and once in a
    process: later trials find every module there.
    """
    plain, owner, before = builtins.__import__, threading.get_ident(), imports.seconds
    depth = 0

    def timed(*arguments: Any, **named: Any) -> Any:
        nonlocal depth
        if depth or threading.get_ident() != owner:
            return plain(*arguments, **named)
        depth += 1
        try:
            with imports.running():
                return plain(*arguments, **named)
        finally:
            depth -= 1

    builtins.__import__ = timed
    start = time.perf_counter()
    try:
        yield
    finally:
        builtins.__import__ = plain
        work.seconds += time.perf_counter() - start - (imports.seconds - before)
