"""Products in bfloat16, as torch's autocast makes them: all else stays as wide as it is."""

from __future__ import annotations

import contextlib
from contextvars import ContextVar

import tensorflow as tf

_factors = ContextVar("factors", default=None)


@contextlib.contextmanager
def autocast(precision):
    """Have the layers that are traced inside multiply in this precision."""
    token = _factors.set(tf.bfloat16 if precision == "bfloat16" else None)
    try:
        yield
    finally:
        _factors.reset(token)


def narrowed(*factors):
    """The factors of a product as wide as they are to be multiplied."""
    dtype = _factors.get()
    return factors if dtype is None else [tf.cast(factor, dtype) for factor in factors]
