"""How every picture looks: what tells rows apart, and the numbers on the axes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ganbench.palette import COLORS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ganbench.rows import Row

LOG_FROM_FACTOR = 20  # values that span more are shown on a logarithmic axis
DASHES: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
GREY = "#666666"
_RULES = {"svg.hashsalt": "ganbench", "font.size": 9, "axes.titlesize": 9, "axes.grid": True}
_RULES |= {"grid.color": "#e5e5e5", "axes.axisbelow": True, "axes.edgecolor": "#999999"}


@dataclass(frozen=True)
class Look:
    """What tells a row from the others."""

    color: str
    dash: Any
    marker: str


def looks_of(rows: Sequence[Row]) -> dict[str, Look]:
    """The look of each row by its label, as long as the section's rows are the same."""
    keys = [row.key for row in rows]
    return dict(zip((row.label for row in rows), looks(keys), strict=True))


def looks(keys: Sequence[tuple[str, ...]]) -> list[Look]:
    """A look for each row, by backend and the rest: 28 differ, or 7 for each of 4 backends.

    Where backends are compared, one colour is one model and loss, and the dashes tell the backend.
    """
    firsts = list(dict.fromkeys(key[0] for key in keys))
    rests = list(dict.fromkeys(key[1:] for key in keys))
    if len(rests) > 1 and len(rests) <= len(COLORS) and len(firsts) <= len(DASHES):
        places = [(rests.index(key[1:]), firsts.index(key[0])) for key in keys]
    else:
        places = [(place % len(COLORS), place // len(COLORS)) for place in range(len(keys))]
    return [
        Look(COLORS[color], DASHES[dash % len(DASHES)], MARKERS[(color + dash) % len(MARKERS)])
        for color, dash in places
    ]


@contextlib.contextmanager
def rules() -> Iterator[None]:
    """The same style whatever the user's own settings of matplotlib are."""
    from matplotlib import style

    with style.context(["default", _RULES]):
        yield


def short_number(value: float, _: object = None) -> str:
    """A number as short as an axis wants it: 60k, 1.2M; small ones as they are."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def is_logarithmic(values: Sequence[float] | np.ndarray) -> bool:
    """Whether these values need a logarithmic axis, and can have one."""
    numbers = np.asarray(values, dtype=np.float64).ravel()
    numbers = numbers[np.isfinite(numbers)]
    return bool(
        numbers.size and numbers.min() > 0 and numbers.max() > LOG_FROM_FACTOR * numbers.min()
    )


def make_logarithmic(axes: Axes, which: str, values: Sequence[float] | np.ndarray) -> None:
    """Set a logarithmic axis, labelled with plain numbers."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    numbers = np.asarray(values, dtype=np.float64)
    decades = np.log10(np.nanmax(numbers) / np.nanmin(numbers))
    axis = axes.yaxis if which == "y" else axes.xaxis
    (axes.set_yscale if which == "y" else axes.set_xscale)("log")
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if decades < 3 else (1.0,)))
    axis.set_major_formatter(FuncFormatter(short_number))
    axis.set_minor_formatter(NullFormatter())
