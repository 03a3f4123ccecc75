import math

import pytest

from ganbench.curves import areas_under_curves, first_reach, performance_profile

NAN, INF = math.nan, math.inf


def test_a_profile_is_the_share_of_runs_that_reach_each_threshold():
    tasks = [[1.0, 2.0, 3.0, 4.0, NAN], [2.0, 2.0, INF, -INF, 6.0]]
    found = performance_profile({"row": tasks}, [0.5, 2.0, 6.0], "lower")["row"]
    assert found.share.tolist() == [0.0, 0.4, 0.7]
    assert (found.low <= found.share).all() and (found.share <= found.high).all()
    assert found.low[0] == found.high[0] == 0  # no run, so no resample, reaches it
    # Of 10 draws with 0.4, none reaches it in 0.6 % of resamples, 8 in 1.1 % and 9 in 0.2 %; the
    # ends leave 0.5 % out on either side, for 8 degrees of freedom.
    assert (found.low[1], found.high[1]) == (0.0, 0.8)
    higher = performance_profile({"row": tasks}, [2.0, 6.0], "higher")["row"]
    assert higher.share.tolist() == [0.6, 0.1]


def test_a_profile_of_few_runs_has_no_band_and_of_none_is_refused():
    found = performance_profile({"a": [[1.0, 2.0, 3.0, 4.0]]}, [2.0], "lower")["a"]
    assert found.share.tolist() == [0.5] and found.low is None and found.high is None
    with pytest.raises(ValueError, match="row 'b' has no runs"):
        performance_profile({"b": []}, [2.0], "lower")
    with pytest.raises(ValueError, match="threshold is not finite"):
        performance_profile({"a": [[1.0]]}, [NAN], "lower")


def test_a_profile_s_band_resamples_within_tasks():
    tasks = [[1.0] * 5, [9.0] * 5]
    found = performance_profile({"row": tasks}, [5.0], "lower")["row"]
    assert (found.low[0], found.share[0], found.high[0]) == (0.5, 0.5, 0.5)


def test_the_area_is_the_mean_height():
    curves = [[2.0, 4.0, 0.0], [7.0, 7.0, 7.0], [1.0, NAN, 1.0], [None, 1.0, 1.0], [1.0, 1.0, INF]]
    found = areas_under_curves([0, 1, 3], curves)
    assert found == [pytest.approx((3 * 1 + 2 * 2) / 3), 7, None, None, None]


def test_a_target_is_first_reached_where_the_line_crosses_it():
    positions, values = [0, 100, 200, 300, 400], [10.0, 6.0, 2.0, 8.0, 0.0]
    assert first_reach(positions, values, 4.0, "lower") == 150  # and again at 350
    assert first_reach(positions, values, 6.0, "lower") == 100
    assert first_reach(positions, values, 12.0, "lower") == 0
    assert first_reach(positions, values, -1.0, "lower") is None
    assert first_reach(positions, [0.0, 1.0, 0.0, 0.0, 4.0], 2.0, "higher") == 350


def test_broken_checkpoints_reach_nothing_and_no_line_begins_at_one():
    assert first_reach([0, 1, 2], [NAN, -INF, 1.0], 2.0, "lower") == 2
    assert first_reach([0, 1], [NAN, -INF], 2.0, "lower") is None
    assert first_reach([0, 1], [NAN, INF], 2.0, "higher") is None


def test_curves_that_are_none_are_refused():
    def area(positions, values):
        return areas_under_curves(positions, [values])

    for ask in (area, lambda p, v: first_reach(p, v, 0.0, "lower")):
        for positions, values, message in (
            ([0, 0], [1.0, 2.0], "increase"),
            ([1, 0], [1.0, 2.0], "increase"),
            ([0, NAN], [1.0, 2.0], "finite"),
            ([0, 1, 2], [1.0, 2.0], "3 positions and 2 values"),
        ):
            with pytest.raises(ValueError, match=message):
                ask(positions, values)
    for target in (NAN, INF):
        with pytest.raises(ValueError, match="the target is"):
            first_reach([0, 1], [INF, 1.0], target, "lower")
    with pytest.raises(ValueError, match="two or more"):
        areas_under_curves([0], [[1.0]])
