import tracemalloc

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from ganbench.contracts import FeatureSet
from ganbench_metrics import near_pairs
from ganbench_metrics.distances import cloud
from ganbench_metrics.near_pairs import own_neighbours, row_parts, screens
from ganbench_metrics.neighbours import Neighbours


def rng(seed=0):
    return np.random.Generator(np.random.Philox(key=seed))


@pytest.fixture
def small_tiles(monkeypatch):
    """Many tiles, and bounds among a tenth of few hundred points."""
    monkeypatch.setattr(near_pairs, "_ROWS", 96)
    monkeypatch.setattr(near_pairs, "_COLUMNS", 32)
    monkeypatch.setattr(near_pairs, "_FEW", 7)


def neighbours(points, count):
    (screen,) = screens(cloud(points, points.mean(axis=0)))
    return own_neighbours(screen, count, row_parts(screen))


def expected(points, count):
    return NearestNeighbors(n_neighbors=count + 1).fit(points).kneighbors(points)[0][:, 1:]


def clustered(noise, count=1200, size=40):
    """Ten clusters of points, closer together than float32 can tell if the noise is small."""
    centers = rng(1).normal(size=(10, size))
    return centers[rng(2).integers(10, size=count)] + noise * rng(3).normal(size=(count, size))


SETS = {
    "one cloud": rng(1).normal(size=(1500, 30)),
    "a line": rng(1).normal(size=(900, 1)),
    "many features": rng(1).normal(size=(600, 700)),
    "far from the origin": rng(1).normal(size=(700, 9)) + 1e4,
    "copies": np.repeat(rng(1).normal(size=(300, 6)), 3, axis=0),
    "ten points": clustered(0),
    "ten tight clusters": clustered(1e-6),
    "one far point": np.vstack([rng(1).normal(size=(700, 6)), np.full((1, 6), 1e9)]),
    "small numbers": 1e-30 * rng(1).normal(size=(500, 6)),
    "large numbers": 1e60 * rng(1).normal(size=(500, 6)),
    "one place": np.ones((400, 5)),
}


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("count", [1, 5])
def test_own_neighbours_are_scikit_learn_s(small_tiles, name, count):
    points = SETS[name]
    found, distances = np.sqrt(neighbours(points, count)), expected(points, count)
    resolution = 2e-6 * np.abs(points - points.mean(axis=0)).max() * points.shape[1] ** 0.5
    near = found < resolution  # float64 sums of squares cannot tell such distances from zero
    assert np.allclose(found[~near], distances[~near], rtol=1e-6, atol=0)
    assert np.all(distances[near] < resolution)


@pytest.mark.parametrize("name", SETS)
def test_both_bounds_hold_for_every_pair(name):
    points = SETS[name]
    half = len(points) // 2
    center = points.mean(axis=0)
    first, second = screens(cloud(points[:half], center), cloud(points[half:], center))
    rows, columns = slice(0, half), slice(0, len(second))
    lower = (first.left(rows) @ second.right(columns).T).astype(np.float64)
    upper = lower + first.slack(rows)[:, None] + second.slack(columns)
    squares = np.square(points[:half, None] - points[half:]).sum(axis=2) / first.scale
    assert np.all(lower <= squares) and np.all(squares <= upper)
    share = 4 * (points.shape[1] + 16) * 2.0**-23 + 1e-30
    assert np.all(upper - lower <= share * (1 + 1e-3) * 2)  # and say something: norms are up to 1


def test_neighbours_too_close_to_tell_are_found_in_float64(small_tiles, monkeypatch):
    asked = []
    whole = near_pairs.nearest_squares
    monkeypatch.setattr(
        near_pairs,
        "nearest_squares",
        lambda *arguments: asked.append(len(arguments[0])) or whole(*arguments),
    )
    neighbours(SETS["ten points"], 2)
    assert asked == [1200]
    neighbours(SETS["one cloud"], 2)
    assert sum(asked[1:]) < 150  # of 1,500


def test_points_within_rounding_count_as_one_place():
    points = rng(1).normal(size=(60, 8))
    points[7] = points[3] + 1e-8
    assert (neighbours(points, 1)[:, 0] == 0).sum() == 2


def test_too_few_points_leave_the_rest_infinite():
    assert np.sqrt(neighbours(np.array([[0.0], [1.0], [3.0]]), 4)).tolist() == [
        [1, 3, np.inf, np.inf],
        [1, 2, np.inf, np.inf],
        [2, 3, np.inf, np.inf],
    ]
    assert np.isinf(neighbours(np.zeros((1, 3)), 2)).all()


@pytest.mark.parametrize("noise", [0, 1e-7, 0.3])
def test_a_collapsed_generator_has_the_shares_of_the_definition(small_tiles, noise):
    """Copies of a few real samples: most pairs lie on the edge of a ball, or at its centre."""
    real = rng(1).normal(size=(700, 20))
    fake = real[rng(2).integers(5, size=700)] + noise * rng(3).normal(size=(700, 20))
    found = Neighbours().compute(FeatureSet(real, real), FeatureSet(fake, fake), rng())
    between = np.sqrt(np.square(real[:, None] - fake).sum(axis=2))
    radii = [expected(real, 5)[:, 2], expected(fake, 5)[:, 2], expected(real, 5)[:, 4]]
    inside = between < radii[2][:, None]
    assert found["precision"] == (between <= radii[0][:, None]).any(axis=0).mean()
    assert found["recall"] == pytest.approx((between <= radii[1]).any(axis=1).mean(), abs=0.006)
    assert found["coverage"] == inside.any(axis=1).mean()
    assert found["density"] == pytest.approx(inside.sum() / (5 * 700), rel=1e-12)


@pytest.mark.parametrize("points", [clustered(0, 6000, 8), rng(1).normal(size=(6000, 8))])
def test_memory_does_not_grow_with_the_number_of_pairs(points):
    tracemalloc.start()
    neighbours(points, 5)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # A tile and its candidates, and for each point fewer of those than make a crowd.
    assert peak < 12 * 4 * near_pairs._ROWS * near_pairs._COLUMNS / 4 + 160 * 30 * 6000
