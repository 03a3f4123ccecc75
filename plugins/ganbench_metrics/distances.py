"""Squared Euclidean distances between many points, tile by tile, so that memory stays small."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

_ROWS, _COLUMNS = 512, 1024  # of a tile: 4 MiB of float64 distances
_CHUNK = 32  # columns among which the least is found first
# |a|^2 + |b|^2 - 2ab is off by a few times 1e-16 (|a|^2 + |b|^2), at most by that times the number
# of features. Distances that are closer to zero, or to each other, than this share count as equal.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Cloud:
    """Some rows of features [n, d], moved so that `center` [d] is the origin.

    Rows are gathered and moved as they are needed: there is never a second copy of all features.
    A center amid the points keeps their norms, and with them the rounding of distances, small.
    """

    features: np.ndarray
    rows: np.ndarray
    center: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def tile(self, part: slice) -> np.ndarray:
        """Give float64 points [rows of the part, d]."""
        return self.features[self.rows[part]] - self.center

    def tiles(self) -> list[slice]:
        """Give the parts that are worked off one after another."""
        return _slices(len(self), _ROWS)

    def squared_norms(self) -> np.ndarray:
        """Give every point's squared distance from the center, [n]."""
        norms = np.empty(len(self))
        for part in self.tiles():
            norms[part] = _squared_norms(self.tile(part))
        return norms


def cloud(features: np.ndarray, center: np.ndarray, rows: np.ndarray | None = None) -> Cloud:
    """Give the cloud of these rows, or of all."""
    return Cloud(features, np.arange(len(features)) if rows is None else rows, center)


def column_parts(points: Cloud) -> list[slice]:
    """Give the parts of the cloud that the columns of one tile of distances stand for."""
    return _slices(len(points), _COLUMNS)


def squared_distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Give the squared distances [n, m] of points [n, d] and [m, d], in float64, never negative.

    Points that are equal, or as good as equal within rounding, are at distance 0 exactly.
    """
    first_norms, second_norms = _squared_norms(first), _squared_norms(second)
    # One matrix product adds the norms too: (-2a, |a|^2, 1) . (b, 1, |b|^2).
    left = np.column_stack([-2 * first, first_norms, np.ones(len(first))])
    right = np.column_stack([second, np.ones(len(second)), second_norms])
    distances = left @ right.T
    # What is left of equal points after cancellation is set to 0. The first test is quick, and
    # spares almost every tile the second.
    if distances.size and distances.min() <= ROUNDING * (first_norms.max() + second_norms.max()):
        distances[distances <= ROUNDING * (first_norms[:, None] + second_norms)] = 0
    return distances


def nearest_squares(
    queries: Cloud, points: Cloud, count: int, parts: Iterable[slice], skip_self: bool = False
) -> np.ndarray:
    """Give each query's `count` least squared distances to the points, ascending: [n, count].

    `parts` are those of the queries, as `queries.tiles()` gives them. `skip_self` leaves out the
    point of the query's own number; duplicates of it stay. Where there are fewer points than
    `count`, the rest are infinite.
    """
    result = np.empty((len(queries), count))
    for part in parts:
        rows = queries.tile(part)
        best = np.full((len(rows), count), np.inf)
        for others in column_parts(points):
            distances = squared_distances(rows, points.tile(others))
            if skip_self:
                _leave_out_self(distances, part, others)
            best = np.sort(np.hstack([best, _least(distances, count)]), axis=1)[:, :count]
        result[part] = best
    return result


def _least(distances: np.ndarray, count: int) -> np.ndarray:
    """Give the `count` least numbers of each row, in any order, or all where there are fewer."""
    rows, width = distances.shape
    if width > 2 * count * _CHUNK and width % _CHUNK == 0:
        # They lie in the `count` chunks whose own least numbers are the least.
        chunks = distances.reshape(rows, -1, _CHUNK)
        chosen = np.argpartition(chunks.min(axis=2), count - 1, axis=1)[:, :count]
        distances = np.take_along_axis(chunks, chosen[:, :, None], axis=1).reshape(rows, -1)
    if distances.shape[1] > count:
        distances = np.partition(distances, count - 1, axis=1)[:, :count]
    return distances


def _leave_out_self(distances: np.ndarray, part: slice, others: slice) -> None:
    own = np.arange(max(part.start, others.start), min(part.stop, others.stop))
    distances[own - part.start, own - others.start] = np.inf


def _squared_norms(points: np.ndarray) -> np.ndarray:
    return np.einsum("ij,ij->i", points, points)


def _slices(length: int, size: int) -> list[slice]:
    return [slice(start, min(start + size, length)) for start in range(0, length, size)]
