"""Rows, groups, marks, cells and columns of a headline."""

import pytest
from headlines import (
    baseline,
    completed,
    ended,
    headline_of,
    headlines_of,
    many,
    missing,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from toys import make_score

from ganbench.errors import ConfigError, UnknownName

GOOD, CLOSE, BAD = (
    [1.0, 1.1, 0.9, 1.05, 0.95],
    [1.02, 1.05, 0.93, 1.0, 1.01],
    [3.0, 3.2, 2.9, 3.1, 3.05],
)


def gan(name, values, **changes):
    return many(name, values, model=name, **changes)


def marks(*pairs, **options):
    return {row.name: row.mark for row in headline_of(*pairs, **options).rows}


def names(headline, group=None):
    return [row.name for row in headline.rows if group in (None, row.group)]


def keys(headline):
    return [column.key for column in headline.columns]


def texts(headline, key):
    return {row.name: row.cells[key].text for row in headline.rows}


def coverage(identifier, values, **changes):
    """A row of a metric that is better where it is higher; None for a failed trial."""
    column = "coverage-pixels"
    parts = {"directions": {column: "higher"}, "beside": [], "metric": "coverage", "readings": {}}
    return [
        ended(f"{identifier}{seed}", seed=seed, model=identifier, **changes)
        if value is None
        else completed(
            f"{identifier}{seed}",
            scores=[make_score(value, **parts, values={column: value})],
            seed=seed,
            model=identifier,
            **changes,
        )
        for seed, value in enumerate(values)
    ]


# --------------------------------------------------------------------------- marks


def test_a_row_is_best_only_where_seeds_support_it():
    assert marks(*gan("a", GOOD), *gan("b", BAD)) == {"a": "best", "b": "worse"}
    three = [*gan("a", GOOD), *gan("b", BAD), *gan("c", CLOSE)]
    assert marks(*three) == {"c": "tied", "a": "tied", "b": "worse"}


def test_rows_of_two_seeds_are_not_ranked():
    assert marks(*gan("a", GOOD[:2]), *gan("b", BAD[:2])) == {"a": "too few", "b": "too few"}
    headline = headline_of(*gan("a", GOOD[:2]), *gan("b", BAD[:2]))
    assert not headline.group("ranked") and not any(row.sign for row in headline.rows)
    assert "mark" not in keys(headline)


def test_baselines_are_neither_ranked_nor_marked():
    found = marks(*gan("a", GOOD), *gan("b", BAD), *baseline("real", [0.1] * 5))
    assert found == {"a": "best", "b": "worse", "real": None}


def test_rows_that_are_the_same_everywhere_are_tied():
    assert marks(*gan("a", [2.0] * 5), *gan("b", [2.0] * 5)) == {"a": "tied", "b": "tied"}


def test_nan_and_failures_are_never_best():
    broken = [completed(f"b{seed}", None, seed=seed, model="b") for seed in range(5)]
    assert marks(*gan("a", GOOD), *broken)["b"] == "failed"
    assert marks(*gan("a", GOOD), *gan("b", [None] * 5))["b"] == "failed"


def test_a_row_with_one_failure_is_ranked_and_never_best():
    found = marks(*gan("a", [*GOOD[:4], None]), *gan("b", BAD))
    assert found == {"a": "tied", "b": "tied"}


def test_marks_have_one_character_and_only_two_kinds():
    three = [*gan("a", GOOD), *gan("b", BAD), *gan("c", CLOSE)]
    assert [row.sign for row in headline_of(*three).rows] == ["~", "~", ""]
    assert [row.sign for row in headline_of(*three[:10]).rows] == ["*", ""]


# --------------------------------------------------------------------------- order


def test_ranked_rows_stand_best_first_then_unranked_ones_then_baselines():
    headline = headline_of(
        *baseline("real", [0.1] * 5), *gan("f", [0.2] * 2), *gan("b", BAD), *gan("a", GOOD)
    )
    assert [(row.name, row.group) for row in headline.rows] == [
        *(("a", "ranked"), ("b", "ranked"), ("f", "unranked"), ("real", "scale"))
    ]
    assert headline.unranked == "not ranked: 2 seeds each"
    assert [row.rank for row in headline.rows] == [(1, 1), (2, 2), None, None]


def test_where_higher_is_better_the_highest_stands_first():
    rows = [*coverage("low", [0.1, 0.11, 0.12]), *coverage("high", [0.8, 0.81, 0.82])]
    assert names(headline_of(*rows)) == ["high", "low"]


def test_unranked_rows_of_one_gan_stand_together_ordered_by_their_median():
    values = {"a": (1.0, 9.0), "b": (4.0, 4.5), "c": (2.0, 3.0)}
    pairs = [
        completed(f"{model}{backend}", value, model=model, backend=backend)
        for model, own in values.items()
        for backend, value in zip(("t", "f"), own, strict=True)
    ]
    assert names(headline_of(*pairs)) == [
        *("c on t", "c on f", "b on t", "b on f", "a on t", "a on f")
    ]


@pytest.mark.parametrize("kind", [gan, coverage])
def test_rows_without_any_value_stand_behind_those_that_have_one(kind):
    pairs = [missing("m0", model="gone"), *kind("bad", [None]), *kind("ok", [0.5])]
    assert names(headline_of(*pairs)) == ["ok", "bad", "gone"]


def test_rows_of_which_most_failed_are_a_group_of_their_own():
    headline = headline_of(*gan("a", GOOD), *gan("b", [1.0, None, None]))
    assert headline.unranked == "not ranked: most trials failed"
    mixed = headline_of(*gan("a", GOOD), *gan("b", [1.0, None, None]), *gan("c", [1.0]))
    assert names(mixed, "unranked") == ["c", "b"]
    assert mixed.unranked == ("not ranked: fewer than 3 completed trials, or most trials failed")


# --------------------------------------------------------------------------- --sort


def sortable():
    pairs = []
    for model, value, seconds in (("b", 1.0, 0.5), ("a", 3.0, 0.25), ("c", 2.0, 1.0)):
        pairs += [
            completed(f"{model}{seed}", value + seed / 9, seed=seed, model=model)
            for seed in range(3)
        ]
        for _, found in pairs[-3:]:
            found.training["train_seconds"] = seconds
    return [*pairs, *baseline("real", [0.1] * 3)]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (None, ["b", "c", "a", "real"]),
        ("fd", ["b", "c", "a", "real"]),
        ("images/s", ["a", "b", "c", "real"]),  # best first: the fastest
        ("images/s", ["a", "b", "c", "real"]),
        ("train s", ["c", "b", "a", "real"]),  # without a direction: the largest first
        ("model", ["a", "b", "c", "real"]),  # texts by the alphabet
    ],
)
def test_rows_are_sorted_by_a_column_within_their_group(sort, expected):
    assert names(headline_of(*sortable(), sort=sort)) == expected


def test_a_column_that_is_not_there_cannot_be_sorted_by():
    with pytest.raises(UnknownName, match=r"did you mean 'images/s'"):
        headline_of(*sortable(), sort="images")


def test_sorting_keeps_groups_apart_and_values_that_are_absent_last():
    pairs = [*gan("a", GOOD), *gan("z", [0.1]), missing("g", model="gone")]
    assert names(headline_of(*pairs, sort="fd")) == ["a", "z", "gone"]
    assert names(headline_of(*pairs, sort="images/s")) == ["a", "z", "gone"]


# --------------------------------------------------------------------------- cells


def test_cells_are_the_golden_texts():
    headline = headline_of(
        *gan("a", [0.3, 0.25, 0.28, 0.31, 0.4], training={"timed_images": 2572}),
        *gan("b", [0.5, 0.7, None]),
        *gan("c", [1.5]),
        *baseline("real", [0.05, 0.06]),
    )
    cells = {
        row.name: [row.cells[key].text for key in ("primary", "spread", "speed", "n", "remark")]
        for row in headline.rows
    }
    assert cells == {
        "a": ["0.300", "[0.250, 0.400]", "5,140", "5", ""],
        "b": ["0.700", "0.500 · 0.700 · fails", "120", "2/3", "1 of 3 failed"],
        "c": ["1.500", "", "120", "1", ""],
        "real": ["0.055", "0.050 · 0.060", "", "2", ""],
    }
    assert headline.column("spread").name == "interval or seeds"


def test_a_row_of_which_half_failed_has_the_value_failed_and_an_interval_of_the_rate():
    headline = headline_of(*gan("a", GOOD), *gan("b", [1.0, 2.0, None, None, None]))
    row = headline.rows[1]
    assert row.cells["primary"].text == "failed"
    assert row.cells["remark"].text == "3 of 5 failed (95 %: 0.15 to 0.95)"


def test_a_row_without_records_has_a_dash_and_says_what_is_missing():
    headline = headline_of(
        *gan("a", GOOD), missing("m0", model="m"), missing("m1", model="m", seed=1)
    )
    row = headline.rows[-1]
    assert (row.cells["primary"].text, row.cells["speed"].text) == ("—", "")
    assert row.cells["remark"].text == "2 missing"


def test_remarks_name_problems_and_failed_parity_only():
    scores = [make_score(1.0, verdict="collapsed since 24k images")]
    collapsed = [completed(f"c{seed}", scores=scores, seed=seed) for seed in (0, 1)]
    fine = [completed(f"f{seed}", 1.0, seed=seed + 2) for seed in range(3)]
    headline = headline_of(*collapsed, *fine)
    assert headline.rows[0].cells["remark"].text == "collapsed 2 of 5"
    assert "remark" not in keys(headline_of(*fine))


def test_doubtful_speeds_have_a_question_mark():
    timing = {"images_per_second": 1234.0, "marks": ["busy"]}
    headline = headline_of(completed(training={"timing": timing}))
    assert headline.rows[0].cells["speed"].text == "1,230?"


def test_columns_have_names_priorities_and_directions():
    headline = headline_of(*gan("a", GOOD), *gan("b", BAD[:4]))
    assert [(column.key, column.name, column.priority) for column in headline.columns] == [
        ("mark", "", 1),
        ("model", "model", 0),
        ("primary", "fd", 0),
        ("spread", "interval or seeds", 3),
        ("drawn", "", 6),
        ("speed", "images/s", 2),
        ("n", "n", 5),
        ("train_seconds", "train s", 8),
        ("peak_mib", "peak MiB", 9),
    ]
    assert headline.column("primary").direction == "lower"
    assert headline.column("primary").plain == "A distance."
    assert headline.column("third") is None


@pytest.mark.parametrize(
    ("pairs", "name"),
    [
        (gan("a", GOOD), "95 % interval"),
        (gan("a", GOOD[:3]), "each seed"),
        ([*gan("a", GOOD), *gan("b", BAD[:3])], "interval or seeds"),
    ],
)
def test_the_heading_of_spreads_says_what_they_are(pairs, name):
    assert headline_of(*pairs).column("spread").name == name


def test_n_is_a_column_only_where_trained_rows_differ_in_it():
    assert "n" not in keys(headline_of(*gan("a", GOOD), *gan("b", BAD), *baseline("real", [1.0])))
    assert "n" in keys(headline_of(*gan("a", GOOD), *gan("b", BAD[:3])))


def test_columns_without_any_value_are_left_out():
    headline = headline_of(*many("t", [1.0], training={"timed_images": 0, "train_seconds": 0.0}))
    assert "speed" not in keys(headline) and "spread" not in keys(headline)
    assert keys(headline_of(*baseline("real", [1.0, 2.0])))[:2] == ["model", "primary"]
    assert "speed" not in keys(headline_of(*baseline("real", [1.0, 2.0])))


def test_points_are_counted_as_points():
    headline = headline_of(completed(training={"sample_kind": "points"}))
    assert headline.column("speed").name == "points/s"
    assert headline_of(completed()).column("speed").name == "images/s"
    assert headline_of(*of_points()).column("speed").name == "points/s"  # an older record


def of_points():
    """One trial on points: reverse KL and modes, which have no feature space."""
    parts = {"extractor": None, "extractor_id": None, "beside": [], "metric": "mixture"}
    values = {"reverse-kl": 0.1, "modes": 24.0}
    directions = {"reverse-kl": "lower", "modes": "higher"}
    score = make_score(0.0, **parts, values=values, directions=directions, readings={})
    return [completed(scores=[score])]


def test_the_benchmark_file_chooses_the_primary_column():
    pairs = of_points()
    assert headline_of(*pairs).primary.name == "reverse-kl"
    headline = headline_of(*pairs, wanted=["modes", "reverse-kl"])
    assert (headline.primary.name, headline.column("second").name) == ("modes", "reverse-kl")
    with pytest.raises(ConfigError, match="no better direction"):
        headline_of(completed(), wanted=["fd-floor"])


def test_without_a_metric_nothing_is_ranked_and_rows_are_still_there():
    headline = headline_of(*many("t", [None] * 3), completed("u", scores=[], model="u"))
    assert headline.primary is None and headline.unranked == ""
    assert [row.group for row in headline.rows] == ["unranked", "unranked"]
    assert {row.mark for row in headline.rows} == {None}
    assert "primary" not in keys(headline)


# --------------------------------------------------------------------------- title and names


def test_the_title_has_what_all_rows_share():
    pairs = [*gan("a", GOOD), *gan("b", BAD[:3]), *baseline("real", [1.0])]
    headline = headline_of(*pairs)
    assert headline.title == (
        *("specks", "hinge", "toy", "80 images each", "3 to 5 seeds", "1 thread"),
    )
    alone = headline_of(*baseline("real", [1.0, 1.0]))
    assert alone.title == ("specks", "80 images each", "2 seeds", "1 thread")


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"budget": "updates=5k"}, "5k updates each"),
        ({"budget": "seconds=60"}, "60 seconds each"),
        ({"budget": "flops=2T"}, "2T FLOPs each"),
        ({"threads": 2}, "2 threads"),
        ({"device": "cuda"}, "device cuda"),
    ],
)
def test_the_title_tells_budget_and_setting(changes, part):
    assert part in headline_of(completed(**changes)).title


def test_shared_options_are_named_once_and_leave_the_names():
    pairs = [
        completed(f"t{place}", loss=f"{loss}+r1[gamma=0.1]")
        for place, loss in enumerate(("hinge", "lsgan"))
    ]
    headline = headline_of(*pairs)
    assert headline.shared == ("r1[gamma=0.1]",)
    assert names(headline) == ["hinge+r1", "lsgan+r1"]


def test_two_data_sets_have_two_headlines():
    first, second = headlines_of(completed("t0"), completed("t1", dataset="dots"))
    assert (first.title[0], second.title[0]) == ("specks", "dots")


# --------------------------------------------------------------------------- properties


values = st.lists(st.floats(0.1, 10).map(lambda value: round(value, 3)), min_size=1, max_size=6)


@settings(max_examples=30)
@given(st.lists(values, min_size=1, max_size=4), values)
def test_another_row_moves_no_value_and_no_interval(rows, more):
    pairs = [pair for place, own in enumerate(rows) for pair in gan(f"m{place}", own)]
    before = {row.name: row.summary for row in headline_of(*pairs).rows}
    after = {row.name: row.summary for row in headline_of(*pairs, *gan("more", more)).rows}
    if len(rows) > 1:
        assert {name: after[name] for name in before} == before
    assert len(after) == len(rows) + 1


@settings(max_examples=30)
@given(st.lists(values, min_size=2, max_size=5), st.randoms())
def test_the_order_of_planning_decides_nothing_but_ties(rows, dice):
    own = [gan(f"m{place}", values) for place, values in enumerate(rows)]
    first = headline_of(*(pair for row in own for pair in row))
    dice.shuffle(own)
    second = headline_of(*(pair for row in own for pair in row))
    for one, other in zip(first.rows, second.rows, strict=True):
        assert (one.group, one.summary.median) == (other.group, other.summary.median)
    assert {row.name: row.mark for row in first.rows} == {row.name: row.mark for row in second.rows}
