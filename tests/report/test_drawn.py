"""Intervals and seeds drawn in characters."""

import pytest
from headlines import baseline, headline_of, many

from ganbench.report.drawn import Axis, axis, draw, heading

TEN = [float(value) for value in range(1, 11)]


def rows_of(*pairs):
    headline = headline_of(*pairs)
    return {row.name: row for row in headline.rows}, axis(headline)


def test_the_axis_spans_the_trained_rows_only():
    pairs = [*many("a", [0.5, 2.5], model="a"), *many("b", [1.5, 3.5], model="b")]
    assert rows_of(*pairs, *baseline("real", [0.1, 99.0]))[1] == Axis(0.5, 3.5)


def test_of_an_interval_its_ends_count_and_of_few_seeds_each_value():
    _, own = rows_of(*many("a", [1.5, 2.5, 3.5, 4.5, 9.5]))
    assert own == Axis(1.5, 9.5)


def test_where_all_rows_stand_at_one_value_nothing_is_drawn():
    assert rows_of(*many("a", [2.0, 2.0]))[1] is None
    assert rows_of(*many("a", [None, None]))[1] is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 5.0, 9.5], "○    ○   ○"),
        ([0.0, 0.0, 9.5], "○        ○"),
        ([1.0, 2.0, 3.0, 4.0, 9.5], " ──●──────"),
        ([3.0] * 5, "   ●"),
        ([-1.0, 20.0], "‹        ›"),
        ([20.0] * 5, "         ›"),
        ([-1.0, 2.0, 3.0, 4.0, 20.0], "───●──────"),
        ([3.0, None], "   ○"),  # a failed trial is nowhere
        ([None, None], ""),
        ([1.0, 2.0, 3.0, 4.0, None], " ──●──────"),  # the interval reaches into the failed trial
    ],
)
def test_rows_are_the_golden_drawings(values, expected):
    rows, _ = rows_of(*many("a", values), *many("b", [0.25, 0.5], model="b"))
    assert draw(rows["toy"], Axis(0.0, 9.5), 10) == expected


def test_the_heading_has_the_ends_at_its_ends():
    assert heading(Axis(0.19, 1.032), 20) == "0.190              1"
    assert len(heading(Axis(0.00012345, 123456.0), 20)) == 20
