import itertools
import math

import numpy as np
import pytest
from scipy import stats
from test_imports import modules_after

from ganbench import bootstrap
from ganbench.bootstrap import stratified_interval
from ganbench.curves import areas_under_curves, first_reach, performance_profile
from ganbench.differences import Difference, paired, probability_of_improvement, unpaired
from ganbench.marks import best_rows, holm
from ganbench.ranking import badness, fill_failures, order, ranks, worst
from ganbench.statistics import interquartile_mean, summarise, summarise_rows

NAN, INF = math.nan, math.inf


def by_seed(*values):
    return dict(enumerate(values))


def simulated(seed):
    return np.random.default_rng(seed)


# --------------------------------------------------------------------------- one row


def test_a_summary_is_that_computed_by_hand():
    found = summarise([10, 1, 3, 2, 4], 0, worst=None)
    assert (found.count, found.mean, found.median, found.iqm) == (5, 4.0, 3.0, 3.0)
    assert found.standard_deviation == pytest.approx(math.sqrt((36 + 9 + 1 + 4 + 0) / 4))
    assert 1 <= found.low < 4 < found.high <= 10
    assert found.failure_rate == 0


def test_failures_count_as_the_worst_value_and_as_a_rate():
    found = summarise([1, 3], 2, worst=9)
    assert (found.count, found.mean, found.median, found.iqm) == (4, 5.5, 6.0, 6.0)
    assert found.failure_rate == 0.5
    assert summarise([1, NAN, 3, INF], 0, worst=9) == found  # a completed run, a broken value
    assert summarise([1, 3, -INF], 1, worst=9) == found


def test_a_column_of_neither_direction_has_no_value_for_failures():
    found = summarise([1, 3], 2, worst=None)
    assert (found.count, found.mean, found.failure_rate) == (4, 2.0, 0.5)


def test_without_a_completed_value_there_are_no_numbers():
    for found in (summarise([], 3, worst=9), summarise([NAN, INF], 1, worst=9)):
        assert (found.count, found.failure_rate) == (3, 1.0)
        assert {found.mean, found.median, found.iqm, found.low, found.high} == {None}
        assert found.standard_deviation is None
    assert summarise([], 0, worst=None).failure_rate is None


def test_one_run_has_no_spread_and_four_have_no_interval():
    assert summarise([2], 0, None).standard_deviation is None
    assert summarise([2], 0, None).mean == 2
    assert summarise([1, 2, 3, 4], 0, None).low is None
    assert summarise([1, 2, 3, 4, 5], 0, None).low is not None


@pytest.mark.parametrize("runs", range(1, 21))
def test_the_interquartile_mean_is_rliable_s(runs):
    values = simulated(runs).normal(size=(3, runs))
    expected = stats.trim_mean(values, proportiontocut=0.25, axis=1)
    np.testing.assert_allclose(interquartile_mean(values), expected, rtol=1e-14)


# --------------------------------------------------------------------------- intervals


@pytest.mark.parametrize(("runs", "share"), [(5, 0.92), (10, 0.945)])
def test_the_interval_covers_what_its_docstring_says(runs, share):
    samples = simulated(1).normal(size=(400, runs))
    found = [summarise(sample, 0, None) for sample in samples]
    covered = np.mean([summary.low <= 0 <= summary.high for summary in found])
    assert covered == pytest.approx(share, abs=0.03)  # 2.6 standard errors of 400; plain: 84, 90


def test_the_interval_of_several_tasks_resamples_within_each():
    random = simulated(2)
    truth, covered = 50.5, []
    for _ in range(200):
        groups = [random.normal(size=3) + level for level in (0, 1, 100, 101)]
        low, high = stratified_interval(groups, lambda runs: runs.mean(-1))
        covered.append(low <= truth <= high)
        assert high - low < 5  # resampling over tasks would spread it by tens
    assert np.mean(covered) == pytest.approx(0.945, abs=0.04)


def test_tasks_may_have_few_runs_each_but_not_together():
    two = [[1.0, 2.0]] * 3
    assert stratified_interval(two, interquartile_mean) is None
    assert stratified_interval([*two, [1.0, 2.0]], interquartile_mean) is not None


def test_the_statistic_is_that_of_all_runs_of_all_tasks():
    groups = [[1.0] * 5, [2.0] * 5, [30.0] * 5]  # without spread, so every resample is the same
    expected = float(stats.trim_mean(np.concatenate(groups), 0.25))
    assert stratified_interval(groups, interquartile_mean) == (expected, expected)


def test_intervals_are_the_same_again_and_in_any_order_of_runs():
    values = [3.0, 1.0, 4.0, 1.5, 9.0, 2.6]
    found = summarise(values, 0, None)
    bootstrap._drawn.cache_clear()
    np.random.seed(1)
    for order_of_runs in itertools.islice(itertools.permutations(values), 0, 720, 90):
        assert summarise(order_of_runs, 0, None) == found
        ends = stratified_interval([order_of_runs], lambda runs: runs.mean(-1))
        # The table rounds runs to a fine grid, so that the order of its sums does not matter.
        assert ends == pytest.approx((found.low, found.high), rel=1e-14)
    # Written down, so that another machine is held to it too, as far as NumPy's draws last.
    assert (found.low, found.high) == pytest.approx((1.5, 6.6), abs=0.35)


def test_a_row_has_the_same_numbers_alone_and_in_company():
    # Sums of floats depend on the order in which a library adds them, which depends on the shape.
    rows = [list(row) for row in simulated(4).lognormal(size=(40, 83))]
    rows += [[1.5, NAN, 2.25, 7, 3, 1e-9], [], [INF], [2, 2, 2, 2, 2, 2]]
    assert summarise_rows(rows, None) == [summarise(row, 0, None) for row in rows]
    assert summarise_rows(rows, 9) == [summarise(row, 0, 9) for row in rows]
    assert summarise_rows([], None) == []
    assert (summarise(rows[-1], 0, None).low, summarise(rows[-1], 0, None).high) == (2, 2)


# --------------------------------------------------------------------------- order


@pytest.mark.parametrize(
    ("direction", "expected"),
    [("lower", ["1", "2", "-inf", "inf", "nan"]), ("higher", ["2", "1", "inf", "-inf", "nan"])],
)
def test_all_permutations_rank_the_same_and_broken_values_last(direction, expected):
    rank_of = dict(zip(expected, (1, 2, 3, 3, 3), strict=True))
    seen = 0
    for values in itertools.permutations([NAN, INF, -INF, 1, 2]):
        assert [str(values[place]) for place in order(values, direction)] == expected
        found = ranks(values, direction)
        assert {str(value): rank for value, rank in zip(values, found, strict=True)} == rank_of
        assert worst(values, direction) == (2 if direction == "lower" else 1)
        seen += 1
    assert seen == 120


def test_equals_share_a_rank_and_keep_their_order():
    assert ranks([2.0, 1.0, 2.0, 3.0], "lower") == [2, 1, 2, 4]
    assert order([2.0, 1.0, 2.0, 3.0], "higher") == [3, 0, 2, 1]


def test_only_broken_values_have_no_worst_and_no_direction_has_no_order():
    assert worst([NAN, INF], "lower") is None and worst([], "higher") is None
    for ask in (badness, worst, order, ranks):
        with pytest.raises(ValueError, match="'none'"):
            ask([1.0], "none")


def test_failures_take_the_worst_value_of_the_whole_column():
    rows = [{0: 1.0, 1: NAN}, {0: 5.0, 2: 2.0}, {0: INF}, {}]
    assert fill_failures(rows, "lower") == [{0: 1.0, 1: 5.0}, {0: 5.0, 2: 2.0}, {}, {}]
    assert fill_failures(rows, "higher") == [{0: 1.0, 1: 1.0}, {0: 5.0, 2: 2.0}, {}, {}]
    assert fill_failures([{0: NAN}], "lower") == [{}]


# --------------------------------------------------------------------------- two rows


def test_the_probability_of_improvement_counts_pairs_and_halves_of_ties():
    found = probability_of_improvement([1, 2, 3], [2, 2, 4], "lower")
    assert found.probability == pytest.approx((3 + 2 + 1) / 9)
    assert found.low is None and found.high is None
    assert probability_of_improvement([1, 2, 3], [2, 2, 4], "higher").probability == 3 / 9
    assert probability_of_improvement([5, 5], [5, 5], "higher").probability == 0.5


def test_the_probability_of_improvement_is_mann_whitney_s():
    random = simulated(3)
    ours, theirs = random.integers(0, 9, 12), random.integers(2, 11, 8)
    expected = stats.mannwhitneyu(ours, theirs).statistic / (12 * 8)
    found = probability_of_improvement(ours, theirs, "higher")
    assert found.probability == pytest.approx(expected)
    assert 0 <= found.low < expected < found.high <= 1


def test_a_failure_is_never_an_improvement():
    assert probability_of_improvement([NAN, -INF], [1e9], "lower").probability == 0
    assert probability_of_improvement([INF, 1.0], [NAN], "higher").probability == 0.75
    with pytest.raises(ValueError, match="no runs"):
        probability_of_improvement([], [1.0], "lower")


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


GOOD = by_seed(1.0, 1.1, 0.9, 1.2, 0.8, 1.05)
CLOSE = by_seed(1.3, 0.9, 1.2, 0.9, 1.0, 1.0)
BAD = by_seed(5.0, 5.2, 4.7, 5.1, 4.9, 5.3)


def first(row, seeds):
    return {seed: value for seed, value in row.items() if seed < seeds}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([GOOD, BAD], ["best", ""]),
        ([GOOD, BAD, CLOSE], ["tied", "", "tied"]),
        ([GOOD, dict(GOOD)], ["tied", "tied"]),
        ([GOOD], ["unknown"]),
        ([GOOD, {}, {0: NAN, 1: INF}], ["unknown", "", ""]),
        ([first(GOOD, 4), first(BAD, 4)], ["unknown", "unknown"]),
        ([GOOD, first(BAD, 4)], ["unknown", "unknown"]),
        ([GOOD, first(BAD, 4), BAD], ["unknown", "unknown", ""]),
        ([first(GOOD, 5), first(BAD, 5)], ["best", ""]),
        # Of two best means, the row with the better first run is held against the others.
        ([by_seed(*[1.0] * 6), by_seed(*[0.0, 2.0] * 3), by_seed(*[1.25] * 6)], ["tied"] * 3),
        ([by_seed(*[1.0] * 6), by_seed(*[1.0] * 4), BAD], ["unknown", "unknown", ""]),
        ([{}, {0: NAN}], ["", ""]),
        ([], []),
    ],
)
def test_marks_are_the_same_for_any_order_of_rows(rows, expected):
    for places in itertools.permutations(range(len(rows))):
        found = best_rows([dict(reversed(rows[place].items())) for place in places], "lower")
        assert found == [expected[place] for place in places]
    negated = [{seed: -value for seed, value in row.items()} for row in rows]
    assert best_rows(negated, "higher") == expected


def test_a_row_of_failures_pays_for_them():
    broken = {**GOOD, 0: NAN, 1: NAN, 2: INF}
    assert best_rows([GOOD, BAD], "lower") == ["best", ""]
    assert best_rows([broken, CLOSE, BAD], "lower")[1] in ("best", "tied")
    assert best_rows([{seed: NAN for seed in GOOD}, BAD, GOOD], "lower") == ["", "", "best"]


def test_a_mean_owed_to_seeds_of_its_own_makes_no_other_row_worse():
    ahead = {**by_seed(*[2.0, 2.1, 1.9, 2.2, 2.0]), **{seed: -9.0 for seed in range(5, 10)}}
    behind = by_seed(1.0, 1.1, 1.1, 1.0, 0.9)  # better wherever both ran
    assert paired(ahead, behind, "lower").p < 0.001
    assert best_rows([ahead, behind], "lower") == ["tied", "tied"]


def test_comparisons_with_many_rows_are_corrected():
    random = simulated(6)
    tables = random.normal(size=(400, 6, 5))
    found = [best_rows([by_seed(*row) for row in table], "lower") for table in tables]
    # 8 to 10 % are known of, from choosing the reference by the same runs; uncorrected it is 30.
    assert np.mean(["" in marks for marks in found]) < 0.13
    two = [best_rows([by_seed(*row) for row in table[:2]], "lower") for table in tables]
    assert np.mean(["best" in marks for marks in two]) == pytest.approx(0.05, abs=0.03)


# --------------------------------------------------------------------------- curves


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


# --------------------------------------------------------------------------- imports


def test_scipy_is_imported_where_it_is_used(tmp_path):
    modules = modules_after("from ganbench import marks, curves", tmp_path)
    assert "numpy" in modules
    assert not modules & {"scipy", "pandas"}
