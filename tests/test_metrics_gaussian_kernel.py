import numpy as np
import pytest

from ganbench import progress
from ganbench.contracts import FeatureSet
from ganbench_metrics.gaussian_kernel import GaussianKernel

FIRST = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
SECOND = np.array([[0.0, 0.0], [2.0, 1.0], [1.0, 3.0]])


def rng(seed=0):
    return np.random.Generator(np.random.Philox(key=seed))


def compute(real, fake, **options):
    sides = (FeatureSet(samples=np.zeros((len(part), 1)), features=part) for part in (real, fake))
    return GaussianKernel(**options).compute(*sides, rng())["gk"]


def by_definition(first, second):
    def mean(x, y):
        return np.exp(-np.square(x[:, None] - y).sum(axis=2) / 200).mean()

    return 1000 * (mean(first, first) + mean(second, second) - 2 * mean(first, second))


def test_three_worked_points_give_their_published_value():
    assert compute(FIRST, SECOND, normalise=False) == pytest.approx(5.573821142352, abs=1e-12)


def test_features_are_scaled_to_length_one_unless_told_otherwise():
    first, second = rng(1).normal(size=(700, 5)), 3 * rng(2).normal(size=(600, 5)) + 1
    lengths = [np.linalg.norm(part, axis=1, keepdims=True) for part in (first, second)]
    expected = by_definition(first / lengths[0], second / lengths[1])
    assert compute(first, second) == pytest.approx(expected, rel=1e-9)
    plain = compute(first, second, normalise=False)
    assert plain == pytest.approx(by_definition(first, second), rel=1e-9)
    assert plain != pytest.approx(expected, rel=0.1)


def test_normalised_features_ignore_scale_order_and_rotation():
    first, second = rng(1).normal(size=(90, 5)), rng(2).normal(size=(80, 5)) + 1
    expected = compute(first, second)
    rotation = np.linalg.qr(rng(3).normal(size=(5, 5)))[0]
    assert compute(4 * first, 9 * second) == pytest.approx(expected, rel=1e-9)
    assert compute(first[::-1], rng().permutation(second)) == pytest.approx(expected, rel=1e-9)
    assert compute(first @ rotation, second @ rotation) == pytest.approx(expected, rel=1e-9)
    assert compute(second, first) == pytest.approx(expected, rel=1e-9)


def test_the_same_samples_are_at_distance_zero_and_others_never_below():
    first = rng(1).normal(size=(300, 5))
    assert compute(first, first) == pytest.approx(0, abs=1e-12)
    assert compute(first, rng(2).permutation(first)) == pytest.approx(0, abs=1e-12)
    assert all(compute(first, rng(seed).normal(size=(40, 5))) > 0 for seed in range(20))


def test_a_sample_without_features_keeps_its_zeros():
    first = np.array([[0.0, 0.0], [0.0, 2.0]])
    second = np.array([[3.0, 0.0], [0.0, 0.0]])
    expected = by_definition(np.array([[0.0, 0.0], [0.0, 1.0]]), np.array([[1.0, 0.0], [0.0, 0.0]]))
    assert compute(first, second) == pytest.approx(expected, rel=1e-10)


def test_an_empty_side_has_no_distance():
    assert np.isnan(compute(np.zeros((0, 2)), FIRST))


def test_progress_grows_to_one():
    heard = []
    with progress.heard_by(heard.append):
        compute(rng(1).normal(size=(600, 2)), rng(2).normal(size=(400, 2)))
    assert heard == sorted(heard) and heard[-1] == 1
