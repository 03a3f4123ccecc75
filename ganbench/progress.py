"""How far a long computation is: plugins say it, whoever waits hears it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

Item = TypeVar("Item")
_listener: ContextVar[Callable[[float], None] | None] = ContextVar("listener", default=None)


@contextmanager
def heard_by(listener: Callable[[float], None]) -> Iterator[None]:
    """Call `listener` with the share in (0, 1] that is done, while the context lasts."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def track(items: Sequence[Item]) -> Iterator[Item]:
    """Give the items one by one and say after each how many of them are done."""
    for number, item in enumerate(items, 1):
        yield item
        listener = _listener.get()
        if listener is not None:
            listener(number / len(items))
