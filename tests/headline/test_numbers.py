"""How numbers are written: known texts, and properties of columns of texts."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench.headline.numbers import Decimals, aligned, plain, rounded, speed, spread
from ganbench.stats.summary import summarise

FAILS = math.nan  # a failed trial


@pytest.mark.parametrize(
    ("values", "count"),
    [
        ([0.343, 0.362, 0.656], 3),  # three significant digits of the median
        ([15.5, 28.6, 32.4], 1),
        ([120.4, 130.2], 0),
        ([5140.2], 0),
        ([0.00123, 0.00234], 4),  # four decimals at most
        ([1.0, 2.0, 3000.0], 2),
        ([0.0, 0.0], 3),
        ([], 3),  # without a median, the single values decide
        ([math.inf], 3),
        ([math.inf, math.nan, 15.5], 1),  # what is no number decides nothing
        ([-0.25, 0.25], 3),
        ([9.999, 9.999], 1),  # 10.0
    ],
)
def test_a_column_has_the_decimals_of_three_digits_of_its_median_row(values, count):
    assert Decimals.of(values, [0.5]).count == count


@pytest.mark.parametrize(
    ("values", "every", "count"),
    [
        ([], [], 0),
        ([24.0, 25.0], [24.0, 25.0], 0),
        ([24.5, 25.0], [24.0, 25.0], 1),
        ([8.0], [8.0, math.nan], 0),
    ],
)
def test_counts_have_no_decimals_and_their_medians_at_most_one(values, every, count):
    assert Decimals.of(values, every).count == count


@pytest.mark.parametrize(
    ("decimals", "value", "text"),
    [
        (3, 0.3434, "0.343"),
        (1, 15.54, "15.5"),
        (1, 0.0491, "0.049"),  # fewer than two significant digits would be left
        (0, 1234.0, "1,234"),
        (0, 0.0625, "0.062"),
        (2, -0.25, "-0.25"),
        (4, 1.5e-7, "1.5e-07"),
        (4, -1.5e-7, "-1.5e-07"),
        (4, 1e-5, "0.000010"),
        (3, 0.0, "0"),
        (0, 8.0, "8"),
        (1, math.inf, "fails"),
        (1, -math.inf, "fails"),
        (1, math.nan, "—"),
    ],
)
def test_a_value_keeps_at_least_two_significant_digits(decimals, value, text):
    assert Decimals(decimals).text(value) == text


@pytest.mark.parametrize(
    ("values", "full", "short"),
    [
        ([0.442, 0.242, 0.357], "0.242 · 0.357 · 0.442", "0.242 … 0.442"),
        ([0.242, 0.442], "0.242 · 0.442", ""),
        ([0.3], "", ""),
        ([0.3, 0.3, 0.3], "", ""),  # nothing where all seeds agree
        ([0.3] * 10, "", ""),
        ([], "", ""),
        ([0.1, 0.2, FAILS], "0.100 · 0.200 · fails", "0.100 … fails"),
        ([0.3, FAILS], "0.300 · fails", ""),
        ([0.1, 0.2, 0.3, 0.4, 0.5], "[0.100, 0.500]", ""),
        ([0.1, 0.2, 0.3, 0.4, FAILS], "[0.100, fails]", ""),
    ],
)
def test_five_trials_have_an_interval_and_fewer_each_value(values, full, short):
    assert spread(summarise(values, "lower"), Decimals(3)) == (full, short)


def test_where_higher_is_better_failures_stand_at_the_low_end():
    found = spread(summarise([0.1, 0.2, 0.3, 0.4, FAILS], "higher"), Decimals(1))
    assert found == ("[fails, 0.40]", "")


@pytest.mark.parametrize(
    ("value", "is_doubtful", "text"),
    [
        (5144.0, False, "5,140"),
        (5144.0, True, "5,140?"),
        (99.96, False, "100"),
        (27.23, False, "27.2"),
        (9.816, False, "9.82"),
        (0.05678, False, "0.0568"),
        (0.0, False, "0.00"),
        (131_072.0, False, "131,000"),
    ],
)
def test_a_speed_has_three_significant_digits(value, is_doubtful, text):
    assert speed(value, is_doubtful) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(214673.0, "214,673"), (8.0, "8"), (0.25, "0.250"), (1.5e-7, "1.5e-07"), (120.456, "120")],
)
def test_a_number_alone_is_written_with_about_three_digits(value, text):
    assert plain(value) == text


def test_rounding_leaves_zero_and_infinity_alone():
    assert [rounded(value) for value in (0.0, math.inf, 0.12345, 98765.0)] == [
        *(0.0, math.inf, 0.123, 98800.0)
    ]


def test_decimal_points_stand_under_each_other():
    assert aligned(["15.5", "0.049", "1,234", "31,500?", "—", ""]) == [
        *("15.5  ", "0.049", "1,234    ", "31,500?   ", "—", "")
    ]


sizes = st.floats(1e-4, 1e6).map(lambda value: float(f"{value:.4g}"))


@given(st.lists(sizes, min_size=1, max_size=8))
def test_in_a_column_all_points_have_the_same_distance_from_the_end(values):
    decimals = Decimals.of(values)
    texts = aligned([decimals.text(value) for value in values])
    places = {len(text) - text.index(".") for text in texts if "." in text}
    assert len(places) <= 1
    for text in texts:
        if "." not in text and places:
            assert len(text) - len(text.rstrip()) == next(iter(places))


@given(st.floats(-1e9, 1e9), st.integers(0, 4))
def test_a_written_number_reads_back_within_two_digits(value, count):
    text = Decimals(count).text(value)
    read = float(text.replace(",", ""))
    assert read == pytest.approx(value, rel=0.051, abs=0)
