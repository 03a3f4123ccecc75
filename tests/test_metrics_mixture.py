import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, wasserstein_distance

from ganbench.contracts import FeatureSet, Mixture, Task
from ganbench.errors import ConfigError
from ganbench_datasets.points import Grid, Ring
from ganbench_metrics.mixture import MixtureFit, draw, log_likelihood, sliced_distance

PAIR = Mixture(np.array([[0.0, 0.0], [10.0, 0.0]]), standard_deviation=1.0)


def rng(seed=0):
    return np.random.Generator(np.random.Philox(key=seed))


def compute(reference, points, mixture=PAIR, **options):
    real = FeatureSet(samples=np.asarray(reference), mixture=mixture)
    return MixtureFit(**options).compute(real, FeatureSet(samples=np.asarray(points)), rng())


def test_a_shift_is_as_far_as_half_its_square():
    # The mean over directions of (v . u)^2 is |v|^2 / 2.
    points = rng().normal(size=(50, 2))
    for directions in (2, 3, 100):
        assert sliced_distance(points, points + np.array([3, 4]), directions) == pytest.approx(
            5 / np.sqrt(2), rel=1e-12
        )


def test_one_direction_is_the_transport_along_the_first_axis():
    first, second = rng(1).normal(size=(80, 2)), rng(2).normal(size=(80, 2)) + 1
    gaps = np.sort(first[:, 0]) - np.sort(second[:, 0])
    assert sliced_distance(first, second, 1) == pytest.approx(np.sqrt(np.mean(gaps**2)), rel=1e-12)
    assert np.mean(np.abs(gaps)) == pytest.approx(wasserstein_distance(first[:, 0], second[:, 0]))


def test_wider_gaussians_give_the_closed_form():
    # Projections of N(0, s^2 I) are N(0, s^2), and W2 of those is |s1 - s2|.
    first, second = rng(1).normal(size=(40_000, 2)), 1.5 * rng(2).normal(size=(40_000, 2))
    assert sliced_distance(first, second, 20) == pytest.approx(0.5, rel=0.03)


def test_the_distance_is_a_metric_that_scales_and_turns_with_the_points():
    first, second, third = (rng(seed).normal(size=(60, 2)) + seed for seed in (1, 2, 3))
    expected = sliced_distance(first, second, 100)
    assert sliced_distance(first, rng().permutation(first), 100) == pytest.approx(0, abs=1e-12)
    assert sliced_distance(second, first, 100) == pytest.approx(expected, rel=1e-12)
    assert sliced_distance(3 * first, 3 * second, 100) == pytest.approx(3 * expected, rel=1e-12)
    assert sliced_distance(first, third, 100) <= expected + sliced_distance(second, third, 100)
    angle = 1.0
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    assert sliced_distance(first @ turn, second @ turn, 100) == pytest.approx(expected, rel=1e-3)


def test_the_log_density_is_scipy_s():
    points = 3 * rng().normal(size=(9000, 2)) + [5, 0]
    parts = [multivariate_normal(center, np.eye(2)).logpdf(points) for center in PAIR.centers]
    expected = np.mean(logsumexp(parts, axis=0)) - np.log(2)
    assert log_likelihood(points, PAIR) == pytest.approx(expected, rel=1e-13)


def test_points_far_away_have_a_log_density_still():
    expected = -(1000**2) / 2 - np.log(2 * 2 * np.pi)
    assert log_likelihood(np.array([[0.0, 1000.0]]), PAIR) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("source", [Ring(), Grid()])
def test_training_points_are_as_far_and_as_likely_as_the_data(source):
    dataset = source.load(None)
    result = compute(
        dataset.reference.samples[:4000], dataset.train.samples[:4000], dataset.mixture
    )
    assert result["sliced-w2"] < 4 * result["sliced-w2-floor"]
    deviation = dataset.mixture.standard_deviation
    separate = -np.log(dataset.task.classes) - np.log(2 * np.pi * deviation**2) - 1
    assert result["log-likelihood"] == pytest.approx(separate, abs=0.06)
    assert result["log-likelihood-of-data"] == pytest.approx(separate, abs=0.06)


def test_the_floor_is_the_distance_of_fresh_draws():
    reference = draw(PAIR, 500, rng(1))
    values = [compute(reference, draw(PAIR, 500, rng(seed)))["sliced-w2"] for seed in range(2, 22)]
    found = [compute(draw(PAIR, 500, rng(seed)), reference)["sliced-w2-floor"] for seed in (1, 2)]
    assert found[0] == pytest.approx(np.mean(values), rel=0.5)
    assert found[0] != found[1]


def test_points_drawn_from_a_mixture_have_its_centers_and_width():
    points = draw(PAIR, 20_000, rng())
    right = points[:, 0] > 5
    assert right.mean() == pytest.approx(0.5, abs=0.02)
    assert np.allclose(points[right].mean(axis=0), [10, 0], atol=0.05)
    assert np.allclose(points[~right].std(axis=0), 1, atol=0.05)


def test_points_on_the_centers_are_likelier_than_the_data_and_farther():
    reference = draw(PAIR, 1000, rng(1))
    result = compute(reference, PAIR.centers[np.arange(1000) % 2])
    assert result["log-likelihood"] > result["log-likelihood-of-data"]
    assert result["sliced-w2"] > 2 * result["sliced-w2-floor"]


def test_a_lost_mode_is_far():
    result = compute(PAIR.centers[np.arange(1000) % 2], np.zeros((1000, 2)))
    # Half the points have 10 to go along one axis, which is 100 / 2 in the mean of directions.
    assert result["sliced-w2"] == pytest.approx(5, rel=1e-12)


def test_the_larger_side_is_cut_and_the_options_count():
    reference = draw(PAIR, 300, rng(1))
    for points in (draw(PAIR, 100, rng(2)), draw(PAIR, 900, rng(3))):
        assert 0 < compute(reference, points)["sliced-w2"] < 3
    points = draw(PAIR, 300, rng(2))
    alone = compute(reference, points, directions=1)["sliced-w2"]
    assert alone == sliced_distance(reference, points, 1) != sliced_distance(reference, points, 100)


def test_points_that_are_not_finite_are_refused_and_none_have_no_value():
    with pytest.raises(ConfigError, match="generated points hold"):
        compute([[0.0, 0.0]], [[np.inf, 0.0]])
    assert np.isnan(list(compute([[0.0, 0.0]], np.zeros((0, 2))).values())).all()


def test_a_mixture_has_to_be_known():
    with pytest.raises(ConfigError, match="ring or grid"):
        compute([[0.0, 0.0]], [[0.0, 0.0]], None)
    assert MixtureFit().fits(Task("ring", "points", (2,), 8))
    assert not MixtureFit().fits(Task("dirac", "points", (1,)))
