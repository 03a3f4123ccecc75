"""Several pieces of work at once, on threads that wait for worker processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeVar

from ganbench.crew import Stopped

Item = TypeVar("Item")


def work(
    items: Sequence[Item], deed: Callable[[Item], None], lanes: int, stop: Callable[[], None]
) -> None:
    """Do the deed for every item in order, so many at a time.

    What goes wrong with one, or an interruption, stops all: `stop` has to see to it that deeds
    that are under way end soon. The error is then raised, once no deed is under way.
    """
    with ThreadPoolExecutor(lanes) as pool:
        futures = [pool.submit(deed, item) for item in items]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:  # an interruption comes to this thread, while the others wait for workers
            if not all(future.done() and not future.exception() for future in futures):
                pool.shutdown(wait=False, cancel_futures=True)
                stop()
    errors = [future.exception() for future in futures if not future.cancelled()]
    for error in sorted(filter(None, errors), key=lambda error: isinstance(error, Stopped)):
        raise error
