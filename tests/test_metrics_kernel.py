import tracemalloc

import numpy as np
import pytest

from ganbench import progress
from ganbench.contracts import FeatureSet
from ganbench_metrics.kernel import KernelDistance, kernel_distance

FIRST = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
SECOND = np.array([[0.0, 0.0], [2.0, 1.0], [1.0, 3.0]])


def rng(seed=0):
    return np.random.Generator(np.random.Philox(key=seed))


def compute(real, fake, seed=0):
    sides = (FeatureSet(samples=np.zeros((len(part), 1)), features=part) for part in (real, fake))
    return KernelDistance().compute(*sides, rng(seed))


def population_kernel(first_mean, second_mean):
    """E k(x, y) of x ~ N(a, I), y ~ N(b, I), k = (x.y / d + 1)^3; SCIENCE.md 3.1."""
    d, a = len(first_mean), first_mean @ second_mean
    norms = first_mean @ first_mean + second_mean @ second_mean
    cubic = a**3 + 3 * a * (norms + d) + 6 * a
    return 1 + 3 * a / d + 3 * (a**2 + norms + d) / d**2 + cubic / d**3


def test_three_worked_points_give_the_unbiased_estimate():
    assert kernel_distance(FIRST, SECOND) == pytest.approx(0.652777777778, abs=1e-12)
    result = compute(FIRST, SECOND)
    assert result["kd"] == pytest.approx(0.652777777778, abs=1e-12)
    assert result["kd-subsets"] == pytest.approx(0.652777777778, abs=1e-12)


def test_the_worked_points_other_estimates_are_not_ours():
    kernels = [
        (x @ y.T / 2 + 1) ** 3 for x, y in ((FIRST, FIRST), (SECOND, SECOND), (FIRST, SECOND))
    ]
    biased = kernels[0].mean() + kernels[1].mean() - 2 * kernels[2].mean()
    assert biased == pytest.approx(25.319444444444, abs=1e-12)
    away = [(kernel.sum() - np.trace(kernel)) / 6 for kernel in kernels]
    assert away[0] + away[1] - 2 * away[2] == pytest.approx(4.208333333333, abs=1e-12)


def test_groups_of_the_full_sample_add_up_to_the_definition():
    real, fake = rng(1).normal(size=(147, 9)), rng(2).normal(size=(203, 9)) + 0.3
    assert compute(real, fake)["kd"] == pytest.approx(kernel_distance(real, fake), rel=1e-11)


def test_two_normal_distributions_are_as_far_apart_as_the_closed_form_says():
    d = 32
    first, second = np.zeros(d), np.zeros(d)
    first[0], second[1] = 1.0, 1.0
    expected = (
        population_kernel(first, first)
        + population_kernel(second, second)
        - 2 * population_kernel(first, second)
    )
    values = [
        compute(
            rng(seed).normal(size=(600, d)) + first, rng(seed + 50).normal(size=(600, d)) + second
        )
        for seed in range(12)
    ]
    distances = [value["kd"] for value in values]
    error = np.std(distances, ddof=1)
    assert np.mean(distances) == pytest.approx(expected, abs=4 * error / np.sqrt(12))
    # The standard error of one value is the spread of values over draws.
    assert np.mean([value["kd-error"] for value in values]) == pytest.approx(error, rel=0.6)


def test_the_standard_error_is_the_spread_over_draws():
    draws = [
        compute(rng(seed).normal(size=(200, 4)), 1.5 * rng(seed + 500).normal(size=(200, 4)))
        for seed in range(60)
    ]
    spread = np.std([draw["kd"] for draw in draws], ddof=1)
    errors = [draw["kd-error"] for draw in draws]
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(spread, rel=0.25)


def test_the_estimate_is_unbiased_and_not_clipped():
    values = [
        kernel_distance(rng(seed).normal(size=(60, 4)), rng(seed + 1000).normal(size=(60, 4)))
        for seed in range(200)
    ]
    assert np.mean(values) == pytest.approx(0, abs=3.5 * np.std(values) / np.sqrt(200))
    assert 0.3 < np.mean(np.array(values) < 0) < 0.8


def test_the_distance_is_symmetric_and_ignores_order_and_rotation():
    real, fake = rng(1).normal(size=(100, 6)), rng(2).normal(size=(100, 6)) + 1
    expected = compute(real, fake)["kd"]
    rotation = np.linalg.qr(rng(3).normal(size=(6, 6)))[0]
    assert compute(fake, real)["kd"] == pytest.approx(expected, rel=1e-11)
    assert compute(real[::-1], rng().permutation(fake))["kd"] == pytest.approx(expected, rel=1e-11)
    assert compute(real @ rotation, fake @ rotation)["kd"] == pytest.approx(expected, rel=1e-11)


def test_subsets_are_of_a_thousand_and_drawn_by_the_generator():
    real, fake = rng(1).normal(size=(1200, 3)), rng(2).normal(size=(1100, 3)) + 0.5
    first, other = (compute(real, fake, seed) for seed in (0, 1))
    assert first["kd-subsets"] != other["kd-subsets"]
    assert first["kd"] == pytest.approx(other["kd"], rel=1e-10)
    for result in (first, other):
        assert result["kd-subsets"] == pytest.approx(result["kd"], rel=0.05)


def test_few_samples_are_their_own_only_subset():
    real, fake = rng(1).normal(size=(90, 3)), rng(2).normal(size=(80, 3)) + 0.5
    result = compute(real[:80], fake)
    assert result["kd-subsets"] == result["kd"]
    assert compute(real, fake)["kd-subsets"] != compute(real, fake)["kd"]


def test_too_few_samples_have_no_distance_or_no_error():
    assert np.isnan(list(compute(np.ones((1, 2)), np.ones((5, 2))).values())).all()
    few = compute(rng(1).normal(size=(39, 2)), rng(2).normal(size=(50, 2)))
    assert np.isnan(few["kd-error"]) and np.isfinite(few["kd"])


def test_progress_grows_to_one():
    heard = []
    with progress.heard_by(heard.append):
        compute(rng(1).normal(size=(50, 2)), rng(2).normal(size=(60, 2)))
    assert heard == sorted(heard) and heard[-1] == 1


def test_memory_is_bounded_whatever_the_number_of_samples():
    real, fake = rng(1).normal(size=(3000, 4)), rng(2).normal(size=(3000, 4))
    tracemalloc.start()
    compute(real, fake)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12e6  # all kernels of a side take 72 MB
