import tracemalloc

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from ganbench_metrics import distances
from ganbench_metrics.distances import cloud, nearest_squares, squared_distances


def rng(seed=0):
    return np.random.Generator(np.random.Philox(key=seed))


def nearest(queries, points, count, **settings):
    center = points.mean(axis=0)
    first = cloud(queries, center)
    return nearest_squares(first, cloud(points, center), count, first.tiles(), **settings)


def test_distances_are_those_of_the_differences():
    first, second = rng(1).normal(size=(40, 7)), rng(2).normal(size=(30, 7))
    expected = np.square(first[:, None] - second).sum(axis=2)
    assert np.allclose(squared_distances(first, second), expected, rtol=1e-12, atol=0)


def test_equal_points_are_at_distance_zero_wherever_they_lie():
    points = 1e6 * rng().normal(size=(300, 33)) + 1e7
    found = squared_distances(points, points[rng(1).permutation(300)])
    assert (found == 0).sum() == 300 and found.min() == 0


def test_points_a_ten_thousandth_apart_are_not_taken_for_equal():
    points = rng().normal(size=(50, 8))
    moved = points.copy()
    moved[:, 0] += 1e-4
    assert np.allclose(np.diag(squared_distances(points, moved)), 1e-8, rtol=1e-5, atol=0)


@pytest.mark.parametrize("count", [1, 3, 5])
def test_neighbours_are_scikit_learn_s_over_several_tiles(count):
    points, queries = rng(1).normal(size=(2600, 6)), rng(2).normal(size=(700, 6))
    found = nearest(queries, points, count)
    expected = NearestNeighbors(n_neighbors=count).fit(points).kneighbors(queries)[0]
    assert np.allclose(np.sqrt(found), expected, rtol=1e-10)


def test_a_sample_is_not_its_own_neighbour_but_its_duplicate_is():
    points = rng(1).normal(size=(1500, 5))
    points[1400] = points[3]
    found = nearest(points, points, 3, skip_self=True)
    expected = NearestNeighbors(n_neighbors=4).fit(points).kneighbors(points)[0][:, 1:]
    assert found[3, 0] == found[1400, 0] == 0
    assert np.allclose(np.sqrt(found), expected, rtol=1e-10)


def test_too_few_points_leave_the_rest_infinite():
    points = np.array([[0.0], [1.0], [3.0]])
    found = nearest(points, points, 4, skip_self=True)
    assert np.sqrt(found[0]).tolist() == [1, 3, np.inf, np.inf]


def test_rows_are_those_that_were_asked_for():
    points = rng(1).normal(size=(30, 4))
    chosen = cloud(points, np.zeros(4), np.array([4, 9, 2]))
    assert np.array_equal(chosen.tile(slice(1, 3)), points[[9, 2]])
    assert np.allclose(chosen.squared_norms(), np.square(points[[4, 9, 2]]).sum(axis=1))


@pytest.mark.parametrize("count", [4000, 8000])
def test_memory_does_not_grow_with_the_number_of_pairs(count):
    points = rng(1).normal(size=(count, 8))
    tracemalloc.start()
    nearest(points, points, 5, skip_self=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    tile = 8 * distances._ROWS * distances._COLUMNS
    assert peak < 4 * tile + 200 * count  # all distances of 8,000 points take 512 MB
