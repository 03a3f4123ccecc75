"""Two ways of doing the same work, in alternating spans: the ratio of their rates, by pairs.

A machine that slows down for a while slows both halves of a pair, so ratios within pairs are
steadier than either rate.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

RESAMPLINGS = 10_000


@dataclass
class Comparison:
    """Rates of two ways in pairs of spans; who goes first alternates."""

    row: str
    first: Callable[[], float]
    second: Callable[[], float]
    names: tuple[str, str] = ("first", "second")
    at_least: float | None = None
    at_most: float | None = None
    rates: list[tuple[float, float]] = field(default_factory=list)

    def warm_up(self) -> None:
        """One span of each that does not count: compilation, caches, thread pools."""
        self.first()
        self.second()

    def pair(self) -> None:
        """One span of each."""
        if len(self.rates) % 2:
            second, first = self.second(), self.first()
        else:
            first, second = self.first(), self.second()
        self.rates.append((first, second))

    def found(self) -> dict[str, Any]:
        """The median ratio with its 95 % interval, both rates, and the aim."""
        low, high = interval([first / second for first, second in self.rates])
        return {
            "row": self.row,
            "names": list(self.names),
            "ratio": statistics.median(first / second for first, second in self.rates),
            "low": low,
            "high": high,
            "pairs": len(self.rates),
            "rates": [statistics.median(rates) for rates in zip(*self.rates, strict=True)],
            "at_least": self.at_least,
            "at_most": self.at_most,
        }

    def told(self) -> str:
        """The finding in one line."""
        found = self.found()
        aim = f"at least {self.at_least}" if self.at_least else f"at most {self.at_most}"
        return (
            f"{self.row}: {self.names[0]} over {self.names[1]} {found['ratio']:.3f} "
            f"[{found['low']:.3f}, {found['high']:.3f}] in {found['pairs']} pairs; aim {aim}; "
            f"{found['rates'][0]:.4g} and {found['rates'][1]:.4g} a second"
        )


def interval(ratios: list[float]) -> tuple[float, float]:
    """95 % bootstrap interval of the median of these ratios, the same for the same ratios."""
    draws = np.random.default_rng(0).choice(ratios, (RESAMPLINGS, len(ratios)))
    low, high = np.quantile(np.median(draws, axis=1), (0.025, 0.975))
    return float(low), float(high)
