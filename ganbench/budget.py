"""How long a trial trains: exactly one of images, updates, seconds or FLOPs."""

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

KINDS = ("images", "updates", "seconds", "flops")
_SUFFIXES = {"": "", "k": "e3", "M": "e6", "G": "e9", "T": "e12", "P": "e15"}
_LIMITS = {"flops": 1e24}  # a few years of the largest machines
_LIMIT = 1e12


@dataclass(frozen=True)
class Budget:
    """A trial's budget.

    images: real images shown to the discriminator; updates: generator updates; seconds: of
    training, compilation and scoring not counted; flops: floating-point operations of training,
    as `ganbench.counting` counts them.
    """

    kind: Literal["images", "updates", "seconds", "flops"]
    value: float

    def __str__(self) -> str:
        value = self.value
        for suffix in reversed(_suffixes(self.kind)):
            factor = float(f"1{_SUFFIXES[suffix]}")
            if self.kind != "seconds" and value >= factor and value % factor == 0:
                return f"{self.kind}={value / factor:.0f}{suffix}"
        return f"{self.kind}={value!r}".removesuffix(".0")

    def steps(self, step: Step, flops_per_step: int | None = None) -> int | None:
        """Whole steps that fit; None where time decides. At least one.

        Raises ValueError for a budget of FLOPs where it is not known what a step takes.
        """
        if self.kind == "seconds":
            return None
        per_step = {"images": step.images, "updates": 1, "flops": flops_per_step}[self.kind]
        if not per_step:
            raise ValueError("a budget of FLOPs needs the FLOPs of a step")
        return max(1, int(self.value) // per_step)


def parse(text: str) -> Budget:
    """Read 'images=200k', 'updates=5k', 'seconds=60' or 'flops=2T'; raises ConfigError."""
    match = re.fullmatch(r"\s*(\w+)\s*=\s*([^\s]+?)\s*([kMGTP]?)\s*", text)
    if not match or match[1] not in KINDS or match[3] not in _suffixes(match[1]):
        raise ConfigError(
            f"budget {text!r}: write images=NUMBER, updates=NUMBER, seconds=NUMBER or "
            "flops=NUMBER; k and M may follow the number, and G, T and P one of FLOPs"
        )
    try:
        value = float(match[2] + _SUFFIXES[match[3]])  # exact, where a product would be rounded
    except ValueError:
        raise ConfigError(f"budget {text!r}: {match[2]!r} is not a number") from None
    limit = _LIMITS.get(match[1], _LIMIT)
    if not math.isfinite(value) or not 0 < value <= limit:
        raise ConfigError(f"budget {text!r}: has to be above 0 and at most {limit:g}")
    kind = match[1]
    if kind != "seconds" and value != int(value):
        raise ConfigError(f"budget {text!r}: {kind} are counted in whole numbers")
    return Budget(kind, value)  # type: ignore[arg-type]  # one of KINDS, by the test above


def _suffixes(kind: str) -> list[str]:
    """What may follow the number, the smallest first."""
    return [name for name in _SUFFIXES if kind == "flops" or name in ("", "k", "M")]


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
