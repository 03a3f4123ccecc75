import itertools

import numpy as np
import pytest

from ganbench import bootstrap


def simulated(seed):
    return np.random.default_rng(seed)


def mean(runs):
    return runs.mean(-1)


def stratified_interval(groups, statistic):
    """The interval of a statistic as `curves` makes it, resampled within each group."""
    band = bootstrap.percentiles(groups)
    return band and bootstrap.interval(statistic(bootstrap.resample(groups)), band)


@pytest.mark.parametrize(("runs", "share"), [(5, 0.92), (10, 0.945)])
def test_the_interval_covers_what_its_docstring_says(runs, share):
    samples = simulated(1).normal(size=(400, runs))
    found = [stratified_interval([sample], mean) for sample in samples]
    covered = np.mean([low <= 0 <= high for low, high in found])
    assert covered == pytest.approx(share, abs=0.03)  # 2.6 standard errors of 400; plain: 84, 90


def test_the_interval_of_several_tasks_resamples_within_each():
    random = simulated(2)
    truth, covered = 50.5, []
    for _ in range(200):
        groups = [random.normal(size=3) + level for level in (0, 1, 100, 101)]
        low, high = stratified_interval(groups, mean)
        covered.append(low <= truth <= high)
        assert high - low < 5  # resampling over tasks would spread it by tens
    assert np.mean(covered) == pytest.approx(0.945, abs=0.04)


def test_tasks_may_have_few_runs_each_but_not_together():
    two = [[1.0, 2.0]] * 3
    assert stratified_interval(two, mean) is None
    assert stratified_interval([*two, [1.0, 2.0]], mean) is not None
    assert stratified_interval([[1.0, 2.0, 3.0, 4.0]], mean) is None


def test_the_statistic_is_that_of_all_runs_of_all_tasks():
    groups = [[1.0] * 5, [2.0] * 5, [30.0] * 5]  # without spread, so every resample is the same
    assert stratified_interval(groups, mean) == (11.0, 11.0)


def test_intervals_are_the_same_again_and_in_any_order_of_runs():
    values = [3.0, 1.0, 4.0, 1.5, 9.0, 2.6]
    found = stratified_interval([values], mean)
    bootstrap._drawn.cache_clear()
    np.random.seed(1)
    for order_of_runs in itertools.islice(itertools.permutations(values), 0, 720, 90):
        assert stratified_interval([order_of_runs], mean) == found
    # Written down, so that another machine is held to it too, as far as NumPy's draws last.
    assert found == pytest.approx((1.5, 6.6), abs=0.35)
