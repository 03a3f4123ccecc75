"""Better and worse: which of two values wins, what failures are worth, and the order of a column.

A value that is not finite comes from a run that broke, whatever its sign: it is never better than
a finite one, in either direction.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ganbench.contracts import Direction

Values = Sequence[float] | npt.NDArray[np.float64]


def badness(values: Values, direction: Direction) -> npt.NDArray[np.float64]:
    """Numbers of which the smaller is the better: values with their sign, infinite for failures.

    Raises ValueError where the direction is "none", for nothing is better there.
    """
    if direction == "none":
        raise ValueError("direction 'none': no value is better than another; rank other columns")
    numbers = np.asarray(values, dtype=np.float64)
    return np.where(np.isfinite(numbers), numbers if direction == "lower" else -numbers, math.inf)


def worst(values: Values, direction: Direction) -> float | None:
    """The worst finite value, which failures count as; None where no value is finite."""
    signed = badness(values, direction)
    finite = signed[np.isfinite(signed)]
    if not finite.size:
        return None
    return float(finite.max() if direction == "lower" else -finite.max())


def order(values: Values, direction: Direction) -> list[int]:
    """Positions from the best value to the worst: finite ones, infinities, NaN last.

    Equal values stay in the order given. Values in this order are the same for any order given.
    """
    signed = badness(values, direction)

    def key(place: int) -> tuple[float, bool, float]:
        value = float(values[place])
        tie = 0.0 if math.isnan(value) else value if direction == "lower" else -value
        return float(signed[place]), math.isnan(value), tie

    return sorted(range(len(values)), key=key)


def fill_failures(
    rows: Sequence[Mapping[int, float]], direction: Direction
) -> list[dict[int, float]]:
    """The rows of a column, values by seed, with the column's worst value for every failure.

    A row in which every run failed comes out empty: nothing is known of what it would reach.
    """
    lowest = worst([value for row in rows for value in row.values()], direction)
    if lowest is None:
        return [{} for _ in rows]
    return [
        {seed: value if math.isfinite(value) else lowest for seed, value in row.items()}
        if any(math.isfinite(value) for value in row.values())
        else {}
        for row in rows
    ]
