"""From records to rows: what is grouped, counted and never averaged."""

import math
from dataclasses import replace

import pytest
from headlines import completed, ended, many, missing, table_of, tables_of
from toys import make_record, make_score, make_trial

from ganbench.analysis import table
from ganbench.targets import parse

REFERENCE = make_score(0.0)["reference"]
FD = "fd-pixels"


def only_row(*pairs):
    (row,) = table_of(*pairs).rows
    return row


def counts(row):
    own = row.row
    return len(own.completed), own.planned, len(own.failed), own.missing


# --------------------------------------------------------------------------- numbers


def test_medians_means_and_spreads_are_those_computed_by_hand():
    row = only_row(*many("t", [1.0, 2.0, 6.0]))
    found = row.summary(FD)
    assert (found.median, found.mean) == (2.0, 3.0)
    assert found.sd == pytest.approx(math.sqrt((4 + 1 + 9) / 2))  # n - 1
    assert counts(row) == (3, 3, 0, 0)
    floor = row.summary("fd-floor-pixels")
    assert (floor.median, floor.sd) == (0.25, 0)
    assert row.by_seed(FD) == {0: 1.0, 1: 2.0, 2: 6.0}


def test_values_by_seed_are_those_of_the_scored_and_the_failed_trials():
    row = only_row(
        completed("t0", 1.5, seed=0), completed("t1", seed=1, scores=[]), ended("t2", seed=2)
    )
    found = row.by_seed(FD)
    assert sorted(found) == [0, 2] and found[0] == 1.5 and math.isnan(found[2])
    assert row.summary(FD).median is None
    assert sorted(row.by_seed("images_per_second")) == [0, 1, 2]


def test_speed_leaves_the_untimed_first_step_out():
    row = only_row(
        completed("t0", seed=0, training={"timed_images": 60, "train_seconds": 0.5}),
        completed("t1", seed=1, training={"timed_images": 60, "train_seconds": 0.25}),
    )
    speed = row.summary("images_per_second")
    assert speed.median == (120 + 240) / 2
    assert speed.sd == pytest.approx(120 / math.sqrt(2))
    expected = {"train_seconds": 0.375, "compile_seconds": 0.25, "peak_memory_mib": 100.0}
    assert {name: row.summary(name).median for name in expected} == expected


def test_parameters_are_known_together_and_by_network():
    row = only_row(completed())
    assert row.summary("parameters").median == 51
    assert (row.parameters("generator"), row.parameters("discriminator")) == (48, 3)
    other = completed("t1", seed=1, training={"parameters": {"generator": 9, "discriminator": 3}})
    row = only_row(completed(), other)
    assert (row.parameters("generator"), row.parameters("discriminator")) == (None, 3)


def test_one_seed_has_no_spread_and_no_interval():
    found = only_row(completed()).summary(FD)
    assert (found.median, found.sd, found.interval) == (1.0, None, None)


def test_a_trial_of_one_step_has_no_speed():
    row = only_row(completed(training={"timed_images": 0, "train_seconds": 0.0}))
    assert row.summary("images_per_second").median is None
    assert row.summary("train_seconds").median == 0


# --------------------------------------------------------------------------- failures


@pytest.mark.parametrize(
    ("status", "expected", "median"),
    # An interrupted trial has no result: it is resumed, and counts as missing.
    [
        *(("failed", (2, 5, 1, 2), 3.0), ("timeout", (2, 5, 1, 2), 3.0)),
        *(("diverged", (2, 5, 1, 2), 3.0), ("interrupted", (2, 5, 0, 3), 2.0)),
    ],
)
def test_failed_trials_are_counted_and_are_worse_than_any_value(status, expected, median):
    row = only_row(
        completed("t0", 1.0, seed=0),
        completed("t1", 3.0, seed=1),
        ended("t2", status, seed=2),
        missing("t3", seed=3),
        missing("t4", seed=4),
    )
    assert counts(row) == expected
    found = row.summary(FD)
    assert (found.median, found.values, found.failed) == (median, (1.0, 3.0), expected[2])
    assert row.summary("fd-floor-pixels").median == 0.25  # no direction: failures have no place
    assert row.summary("images_per_second").median == 120  # and a failed trial has no cost


def test_a_row_without_a_completed_trial_is_there_without_numbers():
    good, bad = table_of(completed("t0", model="good"), ended("t1"), missing("t2", seed=1)).rows
    assert (good.key[1], bad.key[1]) == ("good", "toy")
    assert counts(bad) == (0, 2, 1, 1)
    assert bad.summary(FD).values == () and bad.summary(FD).median == math.inf
    assert bad.summary("images_per_second").median is None
    assert bad.parameters("generator") is None and bad.timing is None


def test_a_completed_trial_that_was_not_scored_leaves_the_value_absent():
    row = only_row(completed("t0", 1.0, seed=0), completed("t1", seed=1, scores=[]))
    assert counts(row) == (2, 2, 0, 0)
    assert row.summary(FD).median is None
    assert row.summary("images_per_second").median == 120  # what all of them have is there


def test_a_value_that_is_no_number_is_worse_than_any():
    row = only_row(
        completed("t0", 1.0, seed=0), completed("t1", 3.0, seed=1), completed("t2", None, seed=2)
    )
    found = row.summary(FD)
    assert (found.values, found.failed, found.median) == ((1.0, 3.0), 1, 3.0)
    assert counts(row) == (3, 3, 0, 0)


def test_records_that_were_not_planned_stay_out():
    trial, found = completed("t0", 1.0)
    _, stray = completed("t9", 100.0)
    (own,) = table.build([trial], [found, stray])
    assert own.rows[0].summary(FD).values == (1.0,) and own.records == [found]


# --------------------------------------------------------------------------- what is compared


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"options": {"k": 5}},
        {"extractor_id": "pixels-2"},
        {"n": 21},
        {"reference": {**REFERENCE, "split": "train"}},
        {"reference": {**REFERENCE, "n": 25}},
        {"reference": {**REFERENCE, "data_sha256": "1" * 64}},
        {"reference": {**REFERENCE, "split_sha256": "1" * 64}},
        {"weights_sha256": "9" * 64},
        {"preprocessing": "resized"},
    ],
    ids=str,
)
def test_values_that_were_made_in_different_ways_are_never_put_together(change):
    own = table_of(
        completed("t0", 1.0, seed=0),
        completed("t1", seed=1, scores=[make_score(3.0, **change)]),
    )
    first, second = (column for column in own.columns if not column.is_beside)
    assert (first.name, second.name) == (FD, "fd-pixels#2")
    # Neither value is known of both trials, so neither column has one.
    (row,) = own.rows
    assert row.summary(FD).median is None and row.summary("fd-pixels#2").median is None
    assert "not compared with fd-pixels: " in second.metric and " against " in second.metric


def test_one_metric_with_two_options_has_two_columns():
    scores = [make_score(1.0), make_score(3.0, options={"k": 5})]
    row = only_row(completed("t0", scores=scores, seed=0), completed("t1", 5.0, seed=1))
    assert row.summary(FD).median == 3.0
    assert row.summary("fd-pixels#2").median is None


def test_whatever_makes_rows_incomparable_makes_a_table():
    found = tables_of(
        completed("t0", 1.0),
        completed("t1", 2.0, budget="images=160"),
        completed("t2", 3.0, dataset="specks[x=1]"),
        completed("t3", 4.0, samples=40),
        completed("t4", 5.0, threads=2),
        completed("t5", 6.0, device="cuda"),
        completed("t6", 5.0, seed=1),
    )
    names = ("dataset", "budget", "samples", "threads", "device")
    assert [tuple(table.settings(own).values()) for own in found] == [
        ("specks", "images=80", 20, 1, "auto"),
        ("specks", "images=160", 20, 1, "auto"),
        ("specks[x=1]", "images=80", 20, 1, "auto"),
        ("specks", "images=80", 40, 1, "auto"),
        ("specks", "images=80", 20, 2, "auto"),
        ("specks", "images=80", 20, 1, "cuda"),
    ]
    assert tuple(table.settings(found[0])) == names
    assert found[0].rows[0].summary(FD).values == (1.0, 5.0)


def test_rows_keep_the_order_of_planning_with_baselines_last():
    own = table_of(
        completed("t0", backend="numpy", model="real", loss="none"),
        completed("t1", backend="b", model="mlp"),
        completed("t2", backend="a", model="mlp"),
        completed("t3", backend="a", model="mlp", loss="lsgan"),
        completed("t4", backend="b", model="mlp", seed=1),
    )
    assert [row.key for row in own.rows] == [
        ("b", "mlp", "hinge"),
        ("a", "mlp", "hinge"),
        ("a", "mlp", "lsgan"),
        ("numpy", "real", "none"),
    ]
    assert [len(row.row.completed) for row in own.rows] == [2, 1, 1, 1]
    assert own.gans == own.rows[:3] and own.baselines == own.rows[3:]


def test_columns_know_their_direction_and_what_they_were_made_with():
    value, floor = table_of(completed()).columns
    assert (value.name, value.direction, value.is_beside) == (FD, "lower", False)
    assert (value.reading.plain, value.reading.scale) == ("A distance.", "log")
    assert (floor.name, floor.direction, floor.is_beside) == ("fd-floor-pixels", "none", True)
    assert value.metric == floor.metric == "frechet version 1"
    assert value.made_with == "features pixels-1, 20 samples against 24 of the test split"


def test_a_score_of_an_older_record_has_no_reading():
    score = make_score(1.0)
    del score["readings"]
    value, _ = table_of(completed(scores=[score])).columns
    assert (value.reading.plain, value.reading.scale) == ("", "raw")


def test_nothing_planned_is_no_table():
    assert table.build([], []) == []


def test_only_costs_that_some_row_has_are_listed():
    assert table_of(completed()).costs() == [
        *("images_per_second", "compile_seconds", "train_seconds", "peak_memory_mib"),
        "parameters",
    ]
    assert table_of(ended("t0")).costs() == []


def test_only_columns_that_were_followed_have_an_area():
    assert table_of(completed()).areas() == []
    curve = [{"images": 0, "updates": 0, "train_seconds": 0.0, "values": {FD: 9.0}}]
    followed = completed(scores=[make_score(1.0, curve=curve)])
    own = table_of(followed, goals=[parse("fd-pixels=4")])
    assert own.areas() == [FD] and own.goals[0].column == FD
    assert own.rows[0].summary("fd-pixels_area").median == 5.0


# --------------------------------------------------------------------------- notes and problems


def test_other_machines_and_ways_of_running_are_noted():
    trial, found = completed("t1", model="b", backend="toy[compile=off]")
    (note,) = table_of(completed(), (trial, found)).notes
    assert note.startswith("images/s is not compared across: ")
    assert "backend options compile=off] against " in note
    elsewhere = replace(found, environment={**found.environment, "cpu": "another"})
    (note,) = table_of(completed(), (trial, elsewhere)).notes
    assert note.startswith("images/s is not compared across: host another, ")


def test_edited_sources_of_one_version_are_noted():
    other = completed("t1", scores=[make_score(3.0, sources={"toy": "edited"})], seed=1)
    own = table_of(completed("t0", 1.0, seed=0), other)
    assert own.rows[0].summary(FD).values == (1.0, 3.0)
    assert own.notes == ["frechet: computed by 2 states of its source, all of version 1."]


def test_tables_say_why_they_are_apart():
    _, second = tables_of(completed("t0"), completed("t1", samples=40, budget="images=160"))
    assert second.notes == [
        "Not comparable with the first table: budget images=160, there images=80; "
        "samples 40, there 20."
    ]


def judged(identifier, words, seed, **changes):
    return completed(identifier, scores=[make_score(1.0, verdict=words)], seed=seed, **changes)


def problems_of(*pairs):
    row = only_row(*pairs)
    return [(item.words, item.trials, item.onsets) for item in row.problems], row.troubled


def test_problems_are_counted_by_kind_with_their_onsets():
    late = "collapsed since 24k images"
    found = problems_of(judged("a", "", 0), judged("b", late, 1), judged("c", "", 2))
    assert found == ([("collapsed", 1, ("24k",))], (1,))
    found = problems_of(judged("a", "stuck", 0), judged("b", late, 1))
    assert found == ([("stuck", 1, ()), ("collapsed", 1, ("24k",))], (0, 1))
    since = "diverged since {}k images"
    found = problems_of(judged("a", since.format(9), 0), judged("b", since.format(8), 1))
    assert found == ([("diverged", 2, ("9k", "8k"))], (0, 1))
    assert problems_of(judged("a", "", 0)) == ([], ())


def test_two_feature_spaces_that_judge_one_trial_count_it_once():
    spaces = [
        make_score(1.0, verdict="collapsed since 24k images"),
        make_score(1.0, "fd-other", extractor="other", verdict="collapsed since 30k images"),
    ]
    trial = make_trial()
    found = problems_of((trial, make_record(trial, scores=spaces)))
    assert found == ([("collapsed", 1, ("24k",))], (0,))


def test_a_baseline_has_no_problems():
    assert problems_of(judged("a", "memorising", 0, loss="none")) == ([], ())
