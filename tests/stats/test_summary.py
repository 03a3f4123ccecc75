"""Median, interval and rate of failures against known values."""

import math

import pytest
from scipy import stats as scipy_stats

from ganbench.stats.summary import Interval, failure_rate_interval, summarise

FAILS = math.nan


@pytest.mark.parametrize(
    ("values", "median", "ends"),
    [
        ([1, 2, 3, 4], 2.5, None),
        ([1, 2, 3, 4, 5], 3, (1, 5)),
        (range(1, 7), 3.5, (1.357143, 5.642857)),
        (range(1, 9), 4.5, (1.935644, 7.064356)),
        (range(1, 11), 5.5, (2.657658, 8.342342)),
        (range(1, 21), 10.5, (6.235234, 14.764766)),
        ([1, 2, 3, 4, FAILS], 3, (1, math.inf)),
        ([1, 2, 3, 4, 5, 6, 7, FAILS], 4.5, (1.935644, math.inf)),
        ([1, FAILS, FAILS], math.inf, None),
        ([FAILS] * 2, math.inf, None),
        ([FAILS] * 6, math.inf, None),
        ([1, *[FAILS] * 5], math.inf, None),
        ([1, 2, *[FAILS] * 6], math.inf, (1.935644, math.inf)),
        ([], None, None),
        ([7], 7, None),
    ],
)
def test_the_median_and_its_interval_are_those_of_the_order_statistics(values, median, ends):
    found = summarise(list(values), "lower")
    assert found.median == (None if median is None else pytest.approx(median))
    interval = found.interval and (found.interval.low, found.interval.high)
    assert interval == (None if ends is None else pytest.approx(ends, abs=1e-6))


def test_where_higher_is_better_a_failure_is_below_any_number():
    found = summarise([1, 2, 3, 4, FAILS], "higher")
    assert found.median == 2 and found.interval == Interval(-math.inf, 4)
    mirrored = summarise([-1, -2, -3, -4, FAILS], "lower")
    assert mirrored.median == -found.median


def test_a_column_without_direction_leaves_failures_out():
    found = summarise([1, 2, 3, 4, 5, FAILS], "none")
    assert (found.median, found.interval, found.failed, found.count) == (3, None, 1, 6)


def test_means_are_those_of_completed_trials():
    found = summarise([4.0, 1.0, 2.0, 9.0, FAILS], "lower", failed=1)
    assert (found.mean, found.iqm, found.failed) == (4.0, 3.0, 2)
    assert found.sd == pytest.approx(3.559026)
    assert found.values == (1.0, 2.0, 4.0, 9.0)


@pytest.mark.parametrize(
    ("failed", "trials", "low", "high"),
    [
        (0, 5, 0, 0.521824),
        (1, 5, 0.005051, 0.716418),
        (2, 5, 0.052745, 0.853367),
        (5, 5, 0.478176, 1),
    ],
)
def test_a_rate_of_failures_has_the_exact_interval(failed, trials, low, high):
    found = failure_rate_interval(failed, trials)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-6)
    exact = scipy_stats.binomtest(failed, trials).proportion_ci(method="exact")
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high), abs=1e-9)


def test_numbers_that_overflow_have_a_median_and_no_mean():
    found = summarise([1e300, 1e308, 1.7e308], "lower")
    assert (found.median, found.mean, found.sd) == (1e308, None, None)
