import math

import numpy as np
import pytest
from scipy import stats

from ganbench.differences import (
    Difference,
    holm,
    paired,
    unpaired,
)

NAN, INF = math.nan, math.inf


def by_seed(*values):
    return dict(enumerate(values))


def simulated(seed):
    return np.random.default_rng(seed)


def test_a_paired_difference_is_that_computed_by_hand():
    found = paired(by_seed(2, 4, 6, 8, 10), by_seed(1, 2, 3, 4, 5), "lower")
    # differences 1 to 5: mean 3, standard error sqrt(2.5 / 5), t = 3 sqrt(2) with 4 degrees
    half = 2.7764451051977987 * math.sqrt(0.5)
    assert (found.n, found.mean) == (5, 3.0)
    assert (found.low, found.high) == pytest.approx((3 - half, 3 + half))
    assert found.p == pytest.approx(0.013235599, abs=1e-8)
    assert found.improvement == pytest.approx((3 + 0.5 + 1 + 0.5) / 25)  # below: 2<3,4,5 4<5


def test_only_shared_seeds_are_compared_and_by_seed():
    ours = {7: 1.0, 3: 2.0, 5: 9.0, 1: 0.0}
    theirs = {5: 9.5, 8: 0.0, 7: 1.5}
    found = paired(ours, theirs, "lower")
    assert (found.n, found.mean) == (2, -0.5)
    assert (found.low, found.high, found.p) == (None, None, None)
    nothing = Difference(0, None, None, None, None, None)
    assert paired({1: 1.0}, {2: 1.0}, "lower") == unpaired([], [1.0], "lower") == nothing


@pytest.mark.parametrize("runs", [5, 10, 30])
def test_differences_are_scipy_s(runs):
    random = simulated(runs)
    ours, theirs = random.normal(size=runs), random.lognormal(size=runs + 3)
    found, want = paired(by_seed(*ours), by_seed(*theirs), "lower"), None
    want = stats.ttest_rel(ours, theirs[:runs])
    assert found.p == pytest.approx(want.pvalue, rel=1e-10)
    assert (found.low, found.high) == pytest.approx(tuple(want.confidence_interval(0.95)))
    found, want = unpaired(ours, theirs, "lower"), stats.ttest_ind(ours, theirs, equal_var=False)
    assert (found.n, found.mean) == (runs, pytest.approx(ours.mean() - theirs.mean()))
    assert found.p == pytest.approx(want.pvalue, rel=1e-10)
    assert (found.low, found.high) == pytest.approx(tuple(want.confidence_interval(0.95)))


def test_rows_without_spread_are_equal_or_different_beyond_doubt():
    same = paired(by_seed(*[0.1] * 5), by_seed(*[0.1] * 5), "lower")
    assert (same.mean, same.low, same.high, same.p, same.improvement) == (0, 0, 0, 1, 0.5)
    apart = paired(by_seed(*[0.5] * 5), by_seed(*[1.0] * 5), "lower")
    assert (apart.mean, apart.low, apart.high, apart.p) == (-0.5, -0.5, -0.5, 0)
    # The mean of 0.1 ten times and seven times differs by rounding alone.
    assert unpaired([0.1] * 10, [0.1] * 7, "lower").p == 1
    assert unpaired([0.1] * 5, [0.1] * 4, "lower").p is None


def test_a_difference_of_failures_is_refused():
    for broken in (NAN, INF):
        with pytest.raises(ValueError, match="worst value first"):
            paired({0: broken}, {0: 1.0}, "lower")
        with pytest.raises(ValueError, match="worst value first"):
            unpaired([1.0], [broken], "lower")


@pytest.mark.parametrize("runs", [5, 10])
def test_the_paired_test_keeps_its_level(runs):
    random = simulated(4)
    shared = random.normal(size=(2000, 1, runs))
    for noise in (random.normal, lambda size: random.standard_t(3, size)):
        samples = shared + noise(size=(2000, 2, runs))
        found = [paired(by_seed(*ours), by_seed(*theirs), "lower") for ours, theirs in samples]
        assert np.mean([one.p < 0.05 for one in found]) < 0.0625  # 2.5 standard errors above 5 %
        assert np.mean([one.low <= 0 <= one.high for one in found]) > 0.9375
        assert np.mean([one.p < 0.05 for one in found]) > 0.025


# --------------------------------------------------------------------------- several rows


def test_holm_s_adjustment_is_that_of_the_textbook():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9, 0.4]) == pytest.approx([1, 1, 1])
    assert holm([0.02, 0.02]) == pytest.approx([0.04, 0.04])
    assert holm([]) == []


def test_comparisons_not_made_do_not_count():
    assert holm([None, 0.02, None, 0.03]) == [None, 0.04, None, 0.04]
    assert holm([None]) == [None]
