"""What a table says of one sample: a row's runs, summarised with failures counted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ganbench.bootstrap import Floats, Values, intervals_of_means

Number = float | None
Numbers = tuple[Number, Number, Number, Number, Number, Number]  # `mean` to `high` of a Summary
_NOTHING: Numbers = (None,) * 6


@dataclass(frozen=True)
class Summary:
    """A row's runs in numbers, in the units of the metric; None where there is nothing to tell.

    `count` has the failed runs in it, and so has every number where failures have a value.
    `low` and `high` hold the mean with 95 %; None for 4 runs or fewer. `standard_deviation`
    divides by n - 1; None for one run. `failure_rate` is within 0 and 1; None without runs.
    """

    count: int
    mean: float | None
    standard_deviation: float | None
    median: float | None
    iqm: float | None
    low: float | None
    high: float | None
    failure_rate: float | None


def summarise(values: Values, failures: int, worst: float | None) -> Summary:
    """Summarise one row: `values` of its completed runs, and how many others failed.

    See `summarise_rows` for values that are not finite, and for `worst`.
    """
    (summary,) = summarise_rows([[*values, *[math.nan] * failures]], worst)
    return summary


def summarise_rows(rows: Sequence[Values], worst: float | None) -> list[Summary]:
    """Summarise the runs of each row of one column; a value that is not finite is a failure.

    Failures count as `worst`, the worst value of the column; None says that the column has no
    better or worse, and its numbers are then those of the completed runs. Without a finite value
    there are no numbers but counts.
    """
    given = [np.asarray(values, dtype=np.float64) for values in rows]
    finite = [np.sort(values[np.isfinite(values)]) for values in given]
    filled = [
        known if worst is None or not known.size else _filled(known, values.size, worst)
        for known, values in zip(finite, given, strict=True)
    ]
    numbers = _described(filled)
    return [
        Summary(
            values.size,
            *numbers.get(place, _NOTHING),
            (values.size - known.size) / values.size if values.size else None,
        )
        for place, (values, known) in enumerate(zip(given, finite, strict=True))
    ]


def _filled(known: Floats, size: int, worst: float) -> Floats:
    return np.append(known, np.full(size - known.size, worst))


def _described(rows: list[Floats]) -> dict[int, Numbers]:
    """Mean to `high` of a `Summary` for each row that has numbers, by its place.

    Rows of one length are worked on together: they share their resamples.
    """
    found: dict[int, Numbers] = {}
    for size in {row.size for row in rows if row.size}:
        places = [place for place, row in enumerate(rows) if row.size == size]
        runs = np.stack([rows[place] for place in places])
        spreads = runs.std(axis=1, ddof=1).tolist() if size > 1 else [None] * len(runs)
        middles = runs.mean(axis=1), np.median(runs, axis=1), interquartile_mean(runs)
        means, medians, iqms = (middle.tolist() for middle in middles)
        ends = intervals_of_means(runs)
        for at, place in enumerate(places):
            found[place] = means[at], spreads[at], medians[at], iqms[at], *ends[at]
    return found


def interquartile_mean(values: Floats) -> Floats:
    """The mean without the lowest and the highest quarter of n, rounded down, over the last axis.

    As `scipy.stats.trim_mean(values, 0.25)`, which rliable uses (Agarwal et al. 2021,
    "Deep Reinforcement Learning at the Edge of the Statistical Precipice"), without importing it.
    """
    cut = values.shape[-1] // 4
    kept = np.sort(values, axis=-1)[..., cut : values.shape[-1] - cut]
    return np.asarray(kept.mean(-1))
