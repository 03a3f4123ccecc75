import itertools
import math

import pytest

from ganbench.ranking import badness, fill_failures, order, worst

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("direction", "expected"),
    [("lower", ["1", "2", "-inf", "inf", "nan"]), ("higher", ["2", "1", "inf", "-inf", "nan"])],
)
def test_all_permutations_rank_the_same_and_broken_values_last(direction, expected):
    seen = 0
    for values in itertools.permutations([NAN, INF, -INF, 1, 2]):
        assert [str(values[place]) for place in order(values, direction)] == expected
        assert worst(values, direction) == (2 if direction == "lower" else 1)
        seen += 1
    assert seen == 120


def test_equals_keep_their_order():
    assert order([2.0, 1.0, 2.0, 3.0], "higher") == [3, 0, 2, 1]


def test_only_broken_values_have_no_worst_and_no_direction_has_no_order():
    assert worst([NAN, INF], "lower") is None and worst([], "higher") is None
    for ask in (badness, worst, order):
        with pytest.raises(ValueError, match="'none'"):
            ask([1.0], "none")


def test_failures_take_the_worst_value_of_the_whole_column():
    rows = [{0: 1.0, 1: NAN}, {0: 5.0, 2: 2.0}, {0: INF}, {}]
    assert fill_failures(rows, "lower") == [{0: 1.0, 1: 5.0}, {0: 5.0, 2: 2.0}, {}, {}]
    assert fill_failures(rows, "higher") == [{0: 1.0, 1: 1.0}, {0: 5.0, 2: 2.0}, {}, {}]
    assert fill_failures([{0: NAN}], "lower") == [{}]
