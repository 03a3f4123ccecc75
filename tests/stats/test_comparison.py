"""The comparison of rows against its reference values and scipy.stats."""

import math

import numpy as np
import pytest
from scipy import stats as scipy_stats

from ganbench.stats import comparison, studentised_range
from ganbench.stats.comparison import compare, intervals, moderate

A = [17.2, 18.9, 16.4, 21.0, 17.7]
B = [22.1, 21.7, 22.9, 22.4, 21.6]
C = [15.1, 13.4, 18.2, 14.6, 16.0]
D = [20.9, 17.6, 25.1, 19.8]
ROWS = [np.log(row) for row in (A, B, C, D)]


def test_variances_are_shared_as_the_reference_says():
    variances = [float(row.var(ddof=1)) for row in ROWS]
    assert variances == pytest.approx(
        [0.0091763142, 0.0005727797, 0.0129859275, 0.0218434316], abs=1e-10
    )
    found = moderate(variances, [4, 4, 4, 3])
    expected = [0.0097733051, 0.0037792480, 0.0124274514, 0.0179140515]
    assert found.variances == pytest.approx(expected, abs=1e-9)
    assert found.freedoms == pytest.approx([5.741376, 5.741376, 5.741376, 4.741376], abs=1e-6)


@pytest.mark.parametrize(
    ("i", "j", "expected"),
    [
        (0, 1, (-0.197268, -0.357741, -0.036795, 0.016715, 9.604065)),
        (0, 2, (0.166892, -0.032721, 0.366504, 0.112552, 11.320946)),
        (0, 3, (-0.129162, -0.382864, 0.124541, 0.422495, 8.453502)),
        (1, 2, (0.364160, 0.186176, 0.542143, 0.000608, 8.937738)),
        (1, 3, (0.068107, -0.178289, 0.314503, 0.785147, 6.328005)),
        (2, 3, (-0.296053, -0.555762, -0.036344, 0.025874, 9.139729)),
    ],
)
def test_pairs_are_those_of_the_reference(i, j, expected):
    pairs = compare(ROWS, 1e-6)
    ends = intervals(pairs, len(ROWS))
    place = next(at for at, pair in enumerate(pairs) if (pair.i, pair.j) == (i, j))
    pair = pairs[place]
    found = pair.difference, *ends[place], pair.p, pair.freedom
    assert found == pytest.approx(expected, abs=2e-6)


def test_two_rows_are_compared_by_welchs_test():
    (pair,) = compare(ROWS[:2], 1e-6)
    expected = scipy_stats.ttest_ind(ROWS[0], ROWS[1], equal_var=False)
    assert pair.p == pytest.approx(expected.pvalue, abs=2e-7)
    assert pair.p == pytest.approx(0.00846630, abs=2e-7)
    assert pair.freedom == pytest.approx(4.497417, abs=1e-6)


def test_without_sharing_it_is_games_howell(monkeypatch):
    own = comparison.Moderated
    monkeypatch.setattr(
        comparison,
        "moderate",
        lambda variances, freedoms: own(*map(np.asarray, (variances, freedoms))),
    )
    expected = scipy_stats.tukey_hsd(*ROWS, equal_var=False).pvalue
    for pair in compare(ROWS, 1e-6):
        assert pair.p == pytest.approx(expected[pair.i, pair.j], abs=3e-6)
    assert compare(ROWS, 1e-6)[0].p == pytest.approx(0.02957659, abs=3e-6)


def test_with_everything_shared_it_is_tukeys_test(monkeypatch):
    def pooled(variances, freedoms):
        return comparison.Moderated(
            np.full(len(variances), np.mean(variances)), np.full(len(variances), 1e9)
        )

    monkeypatch.setattr(comparison, "moderate", pooled)
    expected = scipy_stats.tukey_hsd(*ROWS[:3]).pvalue
    for pair in compare(ROWS[:3], 1e-6):
        assert pair.p == pytest.approx(expected[pair.i, pair.j], abs=2e-6)


@pytest.mark.parametrize(
    ("rows", "freedom", "q"),
    [(4, 8, 4.528810), (8, 32, 4.581060), (9, 36, 4.662789), (40, 27, 6.144594), (2, 4, 3.926486)],
)
def test_critical_values_are_those_of_the_tables(rows, freedom, q):
    assert studentised_range.critical(rows, freedom) == pytest.approx(q, abs=1e-4)


@pytest.mark.parametrize("rows", [2, 3, 8, 40])
@pytest.mark.parametrize("freedom", [2, 3.5, 8, 27.3, 120, 600])
def test_tails_are_those_of_scipy(rows, freedom):
    for q in (1.0, 3.0, 4.5, 7.0):
        expected = scipy_stats.studentized_range.sf(q, rows, freedom)
        assert studentised_range.tail(q, rows, freedom) == pytest.approx(expected, abs=4e-6)


def test_tails_end_where_they_must():
    assert studentised_range.tail(0.0, 4, 8) == 1.0
    assert studentised_range.tail(60.0, 4, 30) == pytest.approx(0.0, abs=1e-9)
    normal = scipy_stats.studentized_range.sf(3.633, 4, 1e7)
    assert studentised_range.tail(3.633, 4, math.inf) == pytest.approx(normal, abs=4e-6)


def test_many_critical_values_are_interpolated_within_the_level():
    freedoms = np.linspace(4, 60, 100).tolist()
    for freedom, q in zip(freedoms, studentised_range.criticals(16, freedoms), strict=True):
        assert studentised_range.tail(q, 16, freedom) == pytest.approx(0.05, abs=2e-4)


def test_rounding_is_below_the_resolution_and_a_hundredth_is_not():
    same = [np.full(5, 0.0), np.full(5, 1e-9), np.full(5, 2e-9)]
    assert all(pair.p > 0.9 for pair in compare(same, 1e-6))
    apart = [np.full(5, 0.0), np.full(5, 0.01), np.full(5, 0.02)]
    assert all(pair.p < 1e-6 for pair in compare(apart, 1e-6))
