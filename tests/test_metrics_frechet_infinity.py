import numpy as np
import pytest

from ganbench import progress
from ganbench.contracts import FeatureSet
from ganbench_metrics.frechet import FrechetDistance, Gaussian, moments, sampling_floor
from ganbench_metrics.frechet_infinity import FrechetInfinity, extrapolated


def rng(seed=0):
    return np.random.Generator(np.random.Philox(key=seed))


def side(features):
    return FeatureSet(samples=np.zeros((len(features), 1)), features=features)


def compute(real, fake, seed=0, resamples=2):
    return FrechetInfinity(resamples=resamples).compute(side(real), side(fake), rng(seed))


def exact_normal(size, count=4000):
    """Features whose mean is 0 and whose covariance is I, exactly."""
    features = rng(99).normal(size=(count, size))
    mean, covariance = moments(features)
    return (features - mean) @ np.linalg.inv(np.linalg.cholesky(covariance)).T


def test_the_same_parts_by_hand_give_the_same_line():
    real, fake = rng(1).normal(size=(300, 4)), rng(2).normal(size=(163, 4)) + 0.3
    mean, covariance = moments(real)
    distances = []
    for width in range(1, 9):
        starts = range(0, 160 - 20 * width + 1, 20 * width)
        parts = [fake[start : start + 20 * width] for start in starts]
        values = [FrechetDistance().compute(side(real), side(part), rng())["fd"] for part in parts]
        distances.append(np.mean(values))
    assert len(list(range(0, 141, 20))) == 8
    expected = np.polyfit(1 / (20 * np.arange(1, 9)), distances, 1)[1]
    found = extrapolated(fake - mean, Gaussian(mean, covariance))
    assert found == pytest.approx(expected, rel=1e-9)


def test_the_bias_of_few_samples_is_gone():
    size, mean = 16, 0.5  # the distance is |mean|^2 = 16 / 4 = 4
    real = exact_normal(size)
    values = [
        compute(real, rng(seed).normal(size=(400, size)) + mean)["fd-infinity"]
        for seed in range(24)
    ]
    plain = [
        FrechetDistance().compute(
            side(real), side(rng(seed).normal(size=(400, size)) + mean), rng()
        )["fd"]
        for seed in range(24)
    ]
    floor = sampling_floor(np.ones(size), np.inf, 400)
    error = np.std(values, ddof=1) / np.sqrt(24)
    assert error < floor / 4
    assert np.mean(plain) == pytest.approx(4 + floor, abs=3 * error)
    assert np.mean(values) == pytest.approx(4, abs=3 * error)


def test_what_the_reference_s_own_number_of_samples_costs_remains_and_is_said():
    size = 8
    results = [
        compute(rng(seed).normal(size=(200, size)), rng(seed + 500).normal(size=(1600, size)))
        for seed in range(24)
    ]
    values = [result["fd-infinity"] for result in results]
    floors = [result["fd-infinity-floor"] for result in results]
    expected = sampling_floor(np.ones(size), 200, np.inf)
    assert np.mean(floors) == pytest.approx(expected, rel=0.05)
    assert np.mean(values) == pytest.approx(expected, abs=4 * np.std(values) / np.sqrt(24))


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    size, mean = 4, 0.5
    real, inside = exact_normal(size), 0
    for seed in range(40):
        result = compute(real, rng(seed).normal(size=(320, size)) + mean, seed, resamples=40)
        assert result["fd-infinity-low"] < result["fd-infinity"] < result["fd-infinity-high"]
        inside += result["fd-infinity-low"] < 1 < result["fd-infinity-high"]
    assert inside >= 33


def test_the_interval_allows_for_what_drawing_again_adds():
    # Resamples of 300 samples in 16 dimensions are all farther than the samples themselves.
    result = compute(exact_normal(16), rng(1).normal(size=(300, 16)), resamples=10)
    assert result["fd-infinity-low"] < result["fd-infinity"] < result["fd-infinity-high"]
    assert abs(result["fd-infinity"]) < 0.1


def test_the_value_ignores_rotation_and_shift_and_grows_with_the_square_of_the_scale():
    real, fake = rng(1).normal(size=(300, 4)), rng(2).normal(size=(200, 4)) + 0.3
    expected = compute(real, fake)["fd-infinity"]
    rotation = np.linalg.qr(rng(3).normal(size=(4, 4)))[0]
    moved = compute(real @ rotation + 5, fake @ rotation + 5)["fd-infinity"]
    assert moved == pytest.approx(expected, rel=1e-8)
    assert compute(3 * real, 3 * fake)["fd-infinity"] == pytest.approx(9 * expected, rel=1e-8)


@pytest.mark.parametrize(("count", "known"), [(39, False), (40, True)])
def test_an_eighth_of_the_samples_has_to_be_more_than_the_features(count, known):
    values = list(compute(rng(1).normal(size=(300, 4)), rng(2).normal(size=(count, 4))).values())
    assert np.isfinite(values).all() if known else np.isnan(values).all()


def test_progress_is_told_by_resample():
    heard = []
    with progress.heard_by(heard.append):
        compute(rng(1).normal(size=(60, 2)), rng(2).normal(size=(60, 2)), resamples=4)
    assert heard == [0.25, 0.5, 0.75, 1]
