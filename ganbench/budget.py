"""How long a trial trains: exactly one of images, updates or seconds."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from ganbench.contracts import Step
from ganbench.errors import ConfigError

KINDS = ("images", "updates", "seconds")
_SUFFIXES = {"": "", "k": "e3", "M": "e6"}
_LIMIT = 1e12


@dataclass(frozen=True)
class Budget:
    """A trial's budget.

    images: real images shown to the discriminator; updates: generator updates; seconds: of
    training, compilation and scoring not counted.
    """

    kind: Literal["images", "updates", "seconds"]
    value: float

    def __str__(self) -> str:
        value = self.value
        for suffix, factor in (("M", 1_000_000), ("k", 1_000)):
            if self.kind != "seconds" and value >= factor and value % factor == 0:
                return f"{self.kind}={value / factor:.0f}{suffix}"
        return f"{self.kind}={value!r}".removesuffix(".0")

    def steps(self, step: Step) -> int | None:
        """Whole steps that fit; None where time decides. At least one."""
        if self.kind == "seconds":
            return None
        per_step = step.images if self.kind == "images" else 1
        return max(1, int(self.value // per_step))


def parse(text: str) -> Budget:
    """Read 'images=200k', 'updates=5k' or 'seconds=60'; raises ConfigError."""
    match = re.fullmatch(r"\s*(\w+)\s*=\s*([^\s]+?)\s*([kM]?)\s*", text)
    if not match or match[1] not in KINDS:
        raise ConfigError(
            f"budget {text!r}: write images=NUMBER, updates=NUMBER or seconds=NUMBER; "
            "k and M may follow the number"
        )
    try:
        value = float(match[2] + _SUFFIXES[match[3]])  # exact, where a product would be rounded
    except ValueError:
        raise ConfigError(f"budget {text!r}: {match[2]!r} is not a number") from None
    if not math.isfinite(value) or not 0 < value <= _LIMIT:
        raise ConfigError(f"budget {text!r}: has to be above 0 and at most {_LIMIT:g}")
    kind = match[1]
    if kind != "seconds" and value != int(value):
        raise ConfigError(f"budget {text!r}: {kind} are counted in whole numbers")
    return Budget(kind, value)  # type: ignore[arg-type]  # one of KINDS, by the test above


@dataclass
class Clock:
    """Adds up the seconds of the spans that it runs for."""

    seconds: float = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the time spent inside."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - start
