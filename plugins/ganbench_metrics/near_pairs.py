"""Which pairs of points may be near: a float32 matrix product that never misses one.

It is several times faster than distances in float64, which only pairs in doubt then take.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ganbench_metrics.distances import ROUNDING, Cloud, nearest_squares, squared_distances

_ROWS, _COLUMNS = 4096, 1024  # of a tile: 16 MiB of float32 bounds
_FEW = 64  # rows whose features are gathered at a time, so that they stay in the cache
_DENSE = 64  # a matrix product is as fast as one in so many pairs by themselves
_SHARE = 10  # of the points, among which the first bounds of neighbours are found
_CROWD = 32  # times as many candidates as neighbours make a point's neighbours too close to tell
_LEAST = 1e-36  # float32 cannot tell smaller squares from 0


@dataclass(frozen=True)
class Screen:
    """A cloud in float32, with bounds of what float32 may hide.

    A sum of d products in any order is off by at most d 2^-24 times the sum of their sizes, to
    first order. So the computed |a|^2 + |b|^2 - 2ab less `share` (|a|^2 + |b|^2), of points whose
    norms are at most 1, is a lower bound of the squared distance, and that plus twice as much is
    an upper one.
    """

    points: Cloud
    norms: np.ndarray  # squared, float64 [n]
    scale: float  # the largest squared norm of all that are compared

    def __len__(self) -> int:
        return len(self.points)

    @cached_property
    def share(self) -> float:
        """What rounding costs, by the sum of both squared norms; float32 inputs are counted."""
        products = self.points.features.shape[1] + 16
        return 2 * products * 2.0**-24 / (1 - products * 2.0**-24)

    def left(self, part: slice) -> np.ndarray:
        """Rows (-2a, |a|^2, 1) of a part, scaled and with the bound taken off: [n, d + 2]."""
        return self._columns(part, -2.0, first=True)

    def right(self, part: slice) -> np.ndarray:
        """Rows (b, 1, |b|^2): `left(...) @ right(...).T` are lower bounds of squared distances."""
        return self._columns(part, 1.0, first=False)

    def _columns(self, part: slice, factor: float, first: bool) -> np.ndarray:
        points, numbers = self.points, self.points.rows[part]
        rows = np.empty((len(numbers), points.features.shape[1] + 2), np.float32)
        for few in _parts(0, len(numbers), _FEW):
            moved = points.features[numbers[few]] - points.center
            moved *= factor / np.sqrt(self.scale)
            rows[few, :-2] = moved
        norms = self.norms[part] / self.scale * (1 - self.share) - _LEAST
        rows[:, -2 if first else -1], rows[:, -1 if first else -2] = norms, 1
        return rows

    def slack(self, part: slice | np.ndarray) -> np.ndarray:
        """How far above the lower bound a distance may be, one side's share of it: [n]."""
        return 2 * (self.share * self.norms[part] / self.scale + _LEAST)


def screens(*clouds: Cloud) -> list[Screen]:
    """Give the screens of clouds that are compared with each other."""
    norms = [points.squared_norms() for points in clouds]
    scale = max((float(values.max()) for values in norms if len(values)), default=0.0) or 1.0
    return [Screen(points, values, scale) for points, values in zip(clouds, norms, strict=True)]


def row_parts(screen: Screen) -> list[slice]:
    """Give the parts of the rows that are worked off one after another."""
    return _parts(0, len(screen), _ROWS)


def column_parts(screen: Screen, start: int = 0) -> list[slice]:
    """Give the parts of the columns, from one on."""
    return _parts(start, len(screen), _COLUMNS)


def limits_of(scaled: np.ndarray) -> np.ndarray:
    """Give float32 numbers that are no less than these scaled squared distances."""
    return np.nextafter(scaled.astype(np.float32), np.float32(np.inf))


def where(chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the rows and columns of what is true in a tile; `np.nonzero` takes ten times longer."""
    rows, columns = np.divmod(np.flatnonzero(chosen), chosen.shape[1])
    return rows, columns


def exact_squares(
    first: Screen, second: Screen, rows: np.ndarray, columns: np.ndarray
) -> np.ndarray:
    """Give the squared distances of pairs of points by their numbers, in float64: [pairs]."""
    left, right = first.points, second.points
    result = np.empty(len(rows))
    for part in _parts(0, len(rows), _FEW):
        i, j = rows[part], columns[part]
        difference = left.features[left.rows[i]] - right.features[right.rows[j]]
        result[part] = np.einsum("ij,ij->i", difference, difference, dtype=np.float64)
    result[result <= ROUNDING * (first.norms[rows] + second.norms[columns])] = 0
    return result


def exact_in_tile(
    first: Screen, second: Screen, part: slice, others: slice, pairs: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """Give the same for pairs of one tile; many of them by a matrix product."""
    rows, columns = pairs
    if len(rows) * _DENSE > (part.stop - part.start) * (others.stop - others.start):
        tile = squared_distances(first.points.tile(part), second.points.tile(others))
        return tile[rows - part.start, columns - others.start]
    return exact_squares(first, second, rows, columns)


def own_neighbours(screen: Screen, count: int, parts: Iterable[slice]) -> np.ndarray:
    """Give each point's `count` least squared distances to the others, ascending: [n, count].

    `parts` are those of `row_parts`. Points of the same place are neighbours at distance 0. Where
    there are fewer others than `count`, the rest are infinite.
    """
    limits = _first_limits(screen, count)
    found = np.zeros(len(screen), np.int64)  # candidates
    kept: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for part in parts:
        rows = screen.left(part)
        for others in column_parts(screen, part.start):
            height = min(others.stop, part.stop) - part.start  # the rest is the same, mirrored
            bounds = rows[:height] @ screen.right(others).T
            _leave_out_mirrored(bounds, part.start, others.start)
            span = slice(part.start, part.start + height)
            for ours, wide in ((span, limits[span, None]), (others, limits[others])):
                i, j = where(bounds <= wide)
                values = bounds[i, j]
                i, j = i + span.start, j + others.start
                if ours is others:
                    i, j = j, i
                found += np.bincount(i, minlength=len(found))
                limits[found > _CROWD * count] = -np.inf
                fits = limits[i] > -np.inf
                kept.append((i[fits].astype(np.int32), j[fits].astype(np.int32), values[fits]))
    crowded = limits == -np.inf
    result = _chosen(screen, kept, crowded, count)
    if crowded.any():
        points = screen.points
        among = Cloud(points.features, points.rows[crowded], points.center)
        # A point is at distance 0 of itself, so that leaving out the first leaves out itself.
        result[crowded] = nearest_squares(among, points, count + 1, among.tiles())[:, 1:]
    return result


def _leave_out_mirrored(bounds: np.ndarray, first_row: int, first_column: int) -> None:
    """Keep each pair of a tile once, and no point with itself: rows before columns."""
    corner = bounds[max(0, first_column - first_row) :]
    corner[np.tri(*corner.shape, dtype=bool)] = np.nan  # no limit is as large


def _first_limits(screen: Screen, count: int) -> np.ndarray:
    """Give float32 limits that the lower bounds of all `count` neighbours keep: [n].

    They are upper bounds of the distance to the last of them among a share of the points, which
    may hold the point itself.
    """
    size = min(len(screen), max(len(screen) // _SHARE, _CROWD * count))
    limits = np.full(len(screen), np.inf, np.float32)
    if size > count:
        chosen = np.linspace(0, len(screen) - 1, size).astype(np.int64)
        points = screen.points
        some = Screen(
            Cloud(points.features, points.rows[chosen], points.center),
            screen.norms[chosen],
            screen.scale,
        )
        right, slack = some.right(slice(0, size)), some.slack(slice(0, size)).astype(np.float32)
        for part in column_parts(screen):
            upper = screen.left(part) @ right.T
            upper += slack
            last = np.partition(upper, count, axis=1)[:, count].astype(np.float64)
            limits[part] = limits_of(last + screen.slack(part))
    return limits


def _chosen(
    screen: Screen,
    kept: list[tuple[np.ndarray, np.ndarray, np.ndarray]],
    crowded: np.ndarray,
    count: int,
) -> np.ndarray:
    """Give the `count` least squared distances of each point to its candidates, row by row."""
    i, j, lower = (np.concatenate(parts) for parts in zip(*kept, strict=True))
    last = _ranked(i, lower + screen.slack(i) + screen.slack(j), count, len(screen))[:, -1]
    near = (lower <= last[i]) & ~crowded[i]
    i, j = i[near], j[near]
    return _ranked(i, exact_squares(screen, screen, i, j), count, len(screen))


def _ranked(rows: np.ndarray, values: np.ndarray, count: int, height: int) -> np.ndarray:
    """Give the `count` least values of each row, ascending, infinite where there are too few."""
    order = np.lexsort((values, rows))
    rows, values = rows[order], values[order]
    rank = np.arange(len(rows)) - np.searchsorted(rows, np.arange(height))[rows]
    result = np.full((height, count), np.inf)
    first = rank < count
    result[rows[first], rank[first]] = values[first]
    return result


def _parts(start: int, stop: int, size: int) -> list[slice]:
    return [slice(at, min(at + size, stop)) for at in range(start, stop, size)]
