import math
from dataclasses import replace

import pandas as pd
import pytest
from toys import make_record, make_score, make_trial

from ganbench import table

REFERENCE = make_score(0.0)["reference"]


def build(*pairs):
    """Sections of these (trial, record or None) pairs."""
    return table.build([trial for trial, _ in pairs], [found for _, found in pairs if found])


def completed(identifier="t0", value=1.0, training=None, scores=None, **changes):
    trial = make_trial(identifier, **changes)
    scores = [make_score(value)] if scores is None else scores
    return trial, make_record(trial, scores=scores, **(training or {}))


def ended(identifier, status="failed", **changes):
    trial = make_trial(identifier, **changes)
    return trial, make_record(trial, status=status, reason="broke")


def only_row(*pairs):
    (section,) = build(*pairs)
    (_, row), *others = section.frame.iterrows()
    assert not others
    return row


# --------------------------------------------------------------------------- numbers


def test_means_and_spreads_are_those_computed_by_hand():
    row = only_row(
        completed("t0", 1.0, seed=0),
        completed("t1", 2.0, seed=1),
        completed("t2", 6.0, seed=2),
    )
    assert row["fd-pixels"] == 3.0
    assert row["fd-pixels_sd"] == pytest.approx(math.sqrt((4 + 1 + 9) / 2))  # n - 1
    assert (row["n"], row["planned"], row["failed"], row["missing"]) == (3, 3, 0, 0)
    assert row["fd-floor-pixels"] == 0.25 and row["fd-floor-pixels_sd"] == 0


def test_speed_leaves_the_untimed_first_step_out():
    row = only_row(
        completed("t0", seed=0, training={"timed_images": 60, "train_seconds": 0.5}),
        completed("t1", seed=1, training={"timed_images": 60, "train_seconds": 0.25}),
    )
    assert row["images_per_second"] == (120 + 240) / 2
    assert row["images_per_second_sd"] == pytest.approx(120 / math.sqrt(2))
    assert row["train_seconds"] == 0.375
    assert row["compile_seconds"] == 0.25
    assert row["peak_memory_mib"] == 100.0


def test_parameters_are_told_together_and_by_network():
    row = only_row(completed())
    assert row["parameters"] == 51
    assert (row["parameters_generator"], row["parameters_discriminator"]) == (48, 3)


def test_one_seed_has_no_spread():
    row = only_row(completed())
    assert row["fd-pixels"] == 1.0
    assert pd.isna(row["fd-pixels_sd"]) and pd.isna(row["images_per_second_sd"])


def test_a_trial_of_one_step_has_no_speed():
    row = only_row(completed(training={"timed_images": 0, "train_seconds": 0.0}))
    assert pd.isna(row["images_per_second"]) and row["train_seconds"] == 0


# --------------------------------------------------------------------------- failures


@pytest.mark.parametrize(
    ("status", "failed", "missing", "mean"),
    # An interrupted trial has no verdict: it is resumed, and held against nobody.
    [
        *(("failed", 1, 2, 4.0), ("timeout", 1, 2, 4.0), ("diverged", 1, 2, 4.0)),
        ("interrupted", 0, 3, 2.0),
    ],
)
def test_failed_trials_are_counted_and_count_as_the_worst_value_of_the_column(
    status, failed, missing, mean
):
    (section,) = build(
        completed("t0", 1.0, seed=0),
        completed("t1", 3.0, seed=1),
        ended("t2", status, seed=2),
        (make_trial("t3", seed=3), None),
        (make_trial("t4", seed=4), None),
        completed("t5", 8.0, seed=0, model="worst"),
    )
    row = section.frame.iloc[0]
    assert (row["n"], row["planned"], row["failed"], row["missing"]) == (2, 5, failed, missing)
    assert row["fd-pixels"] == pytest.approx(mean)
    assert row["fd-pixels_points"] == ([1.0, 3.0, 8.0] if failed else [1.0, 3.0])
    assert row["fd-floor-pixels"] == 0.25  # what has no direction has no worst value
    assert row["images_per_second"] == 120  # and no cost stands for one that is not known


def test_a_row_without_a_completed_trial_is_there_without_numbers():
    (section,) = build(completed("t0", model="good"), ended("t1"), (make_trial("t2", seed=1), None))
    bad = section.frame.set_index("model").loc["toy"]
    assert (bad["n"], bad["planned"], bad["failed"], bad["missing"]) == (0, 2, 1, 1)
    numbers = [name for name in bad.index if not name.endswith(("_mark", "_points"))]
    assert bad[numbers].drop(["backend", "loss", *table.COUNTS]).isna().all()
    assert bad["fd-pixels_points"] == [] and bad["fd-pixels_mark"] == ""


def test_a_completed_trial_that_was_not_scored_leaves_the_mean_absent():
    row = only_row(completed("t0", 1.0, seed=0), completed("t1", seed=1, scores=[]))
    assert row["n"] == 2
    assert pd.isna(row["fd-pixels"]) and pd.isna(row["fd-pixels_sd"])
    assert row["images_per_second"] == 120  # what all of them have is told


def test_a_value_that_is_no_number_counts_as_the_worst():
    row = only_row(
        completed("t0", 1.0, seed=0), completed("t1", 3.0, seed=1), completed("t2", None, seed=2)
    )
    assert row["fd-pixels_points"] == [1.0, 3.0, 3.0] and row["n"] == 3


def test_records_that_were_not_planned_stay_out():
    trial, found = completed("t0", 1.0)
    _, stray = completed("t9", 100.0)
    (section,) = table.build([trial], [found, stray])
    assert section.frame["fd-pixels"].tolist() == [1.0]


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
def test_values_that_were_made_in_different_ways_are_never_averaged(change):
    (section,) = build(
        completed("t0", 1.0, seed=0),
        completed("t1", seed=1, scores=[make_score(3.0, **change)]),
    )
    names = [column.name for column in section.columns if not column.is_beside]
    assert names == ["fd-pixels", "fd-pixels#2"]
    (row,) = section.frame.to_dict("records")
    # Neither value is known of both trials, so neither has a mean.
    assert pd.isna(row["fd-pixels"]) and pd.isna(row["fd-pixels#2"])
    _, second = (column.metric for column in section.columns if not column.is_beside)
    assert "not compared with fd-pixels: " in second and " against " in second


def test_one_metric_with_two_options_has_two_columns():
    scores = [make_score(1.0), make_score(3.0, options={"k": 5})]
    (section,) = build(completed("t0", scores=scores, seed=0), completed("t1", 5.0, seed=1))
    (row,) = section.frame.to_dict("records")
    assert row["fd-pixels"] == 3.0
    assert pd.isna(row["fd-pixels#2"])


def test_whatever_makes_rows_incomparable_makes_a_section():
    sections = build(
        completed("t0", 1.0),
        completed("t1", 2.0, budget="images=160"),
        completed("t2", 3.0, dataset="specks[x=1]"),
        completed("t3", 4.0, samples=40),
        completed("t4", 5.0, threads=2),
        completed("t5", 6.0, device="cuda"),
        completed("t6", 5.0, seed=1),
    )
    assert [
        (section.dataset, section.budget, section.samples, section.threads, section.device)
        for section in sections
    ] == [
        ("specks", "images=80", 20, 1, "auto"),
        ("specks", "images=160", 20, 1, "auto"),
        ("specks[x=1]", "images=80", 20, 1, "auto"),
        ("specks", "images=80", 40, 1, "auto"),
        ("specks", "images=80", 20, 2, "auto"),
        ("specks", "images=80", 20, 1, "cuda"),
    ]
    assert sections[0].frame["fd-pixels"].tolist() == [3.0]


def test_rows_keep_the_order_of_planning_with_baselines_last():
    (section,) = build(
        completed("t0", backend="numpy", model="real", loss="none"),
        completed("t1", backend="b", model="mlp"),
        completed("t2", backend="a", model="mlp"),
        completed("t3", backend="a", model="mlp", loss="lsgan"),
        completed("t4", backend="b", model="mlp", seed=1),
    )
    assert section.frame[table.KEYS].values.tolist() == [
        ["b", "mlp", "hinge"],
        ["a", "mlp", "hinge"],
        ["a", "mlp", "lsgan"],
        ["numpy", "real", "none"],
    ]
    assert section.frame["n"].tolist() == [2, 1, 1, 1]


def test_columns_know_their_direction_and_what_they_were_made_with():
    (section,) = build(completed())
    value, floor = section.columns
    assert (value.name, value.direction, value.is_beside) == ("fd-pixels", "lower", False)
    assert (floor.name, floor.direction, floor.is_beside) == ("fd-floor-pixels", "none", True)
    assert value.metric == floor.metric == "frechet version 1"
    assert value.made_with == "features pixels-1, 20 samples against 24 of the test split"


# --------------------------------------------------------------------------- one frame


def test_one_frame_holds_all_sections_with_what_tells_them_apart():
    frame = table.to_frame(
        build(completed("t0", 1.0), ended("t1", budget="images=160"), completed("t2", seed=1))
    )
    known = ["backend", "model", "loss", "dataset", "budget", "samples", "threads", "device"]
    assert list(frame.columns[:8]) == known
    assert frame["budget"].tolist() == ["images=80", "images=160"]
    assert frame["n"].tolist() == [2, 0] and frame["failed"].tolist() == [0, 1]
    assert frame["fd-pixels"].tolist()[0] == 1.0 and pd.isna(frame["fd-pixels"][1])


def test_nothing_planned_is_an_empty_frame():
    assert table.build([], []) == []
    assert table.to_frame([]).empty


# --------------------------------------------------------------------------- uncertainty


def many(identifier, values, **changes):
    return [
        completed(f"{identifier}{seed}", value, seed=seed, **changes)
        for seed, value in enumerate(values)
    ]


def test_of_five_seeds_and_more_there_is_an_interval_and_of_four_there_is_none():
    row = only_row(*many("t", [1.0, 2.0, 3.0, 4.0, 10.0]))
    assert row["fd-pixels"] == 4.0 and row["fd-pixels_median"] == 3.0
    assert row["fd-pixels_iqm"] == 3.0
    assert 1.0 < row["fd-pixels_low"] < 4.0 < row["fd-pixels_high"] < 10.0
    row = only_row(*many("t", [1.0, 2.0, 3.0, 4.0]))
    assert pd.isna(row["fd-pixels_low"]) and row["fd-pixels_points"] == [1.0, 2.0, 3.0, 4.0]


def marks(*pairs, name="fd-pixels"):
    (section,) = build(*pairs)
    return dict(zip(section.frame["model"], section.frame[f"{name}_mark"], strict=True))


GOOD, CLOSE, BAD = (
    [1.0, 1.1, 0.9, 1.05, 0.95],
    [1.02, 1.05, 0.93, 1.0, 1.01],
    [3.0, 3.2, 2.9, 3.1, 3.05],
)


def test_the_best_is_marked_only_where_seeds_support_it():
    assert marks(*many("a", GOOD, model="a"), *many("b", BAD, model="b")) == {"a": "best", "b": ""}
    three = [*many("a", GOOD, model="a"), *many("b", BAD, model="b")]
    three += many("c", CLOSE, model="c")
    assert marks(*three) == {"a": "tied", "b": "", "c": "tied"}
    few = [*many("a", GOOD[:4], model="a"), *many("b", BAD[:4], model="b")]
    assert marks(*few) == {"a": "", "b": ""}


def test_baselines_and_rows_of_few_seeds_are_not_ranked():
    rows = [*many("a", GOOD, model="a"), *many("b", BAD, model="b")]
    rows += many("r", [0.1] * 5, model="real", loss="none") + many("f", [0.2] * 3, model="few")
    assert marks(*rows) == {"a": "best", "b": "", "real": "", "few": ""}


def test_a_column_that_is_the_same_everywhere_is_not_marked():
    same = [2.0] * 5
    assert marks(*many("a", same, model="a"), *many("b", same, model="b")) == {"a": "", "b": ""}


def test_nan_and_failures_are_never_best():
    rows = [*many("a", GOOD, model="a"), *many("b", [None] * 5, model="b")]
    assert marks(*rows)["b"] == ""
    rows = [*many("a", GOOD, model="a")]
    rows += [ended(f"b{seed}", "diverged", seed=seed, model="b") for seed in range(5)]
    assert marks(*rows)["b"] == ""


def fast(identifier, speed, **changes):
    return [
        completed(
            f"{identifier}{seed}",
            seed=seed,
            training={"timed_images": 60, "train_seconds": 60 / (speed + seed)},
            **changes,
        )
        for seed in range(5)
    ]


def test_speed_is_ranked_within_one_host_and_way_of_running():
    rows = [*fast("a", 100, model="a"), *fast("b", 200, model="b")]
    assert marks(*rows, name="images_per_second") == {"a": "", "b": "best"}
    elsewhere = [
        (trial, replace(found, environment={**found.environment, "cpu": "another"}))
        for trial, found in fast("c", 900, model="c")
    ]
    assert marks(*rows, *elsewhere, name="images_per_second") == {"a": "", "b": "best", "c": ""}
    (section,) = build(*rows, *elsewhere)
    (note,) = section.notes
    assert note.startswith("images/s is not compared across: host another, ")
    other = fast("d", 900, model="d", backend="toy[compile=off]")
    (section,) = build(*rows, *other)
    assert "backend options compile=off] against " in section.notes[0]


def test_edited_sources_of_one_version_are_said():
    trial, found = completed("t1", scores=[make_score(3.0, sources={"toy": "edited"})], seed=1)
    (section,) = build(completed("t0", 1.0, seed=0), (trial, found))
    assert section.frame["fd-pixels"].tolist() == [2.0]
    assert section.notes == ["frechet: computed by 2 states of its source, all of version 1."]


def test_sections_say_why_they_are_apart():
    _, second = build(completed("t0"), completed("t1", samples=40, budget="images=160"))
    assert second.notes == [
        "Apart from the first table: budget images=160 against images=80; samples 40 against 20."
    ]


def test_health_counts_what_metrics_found_wrong():
    def told(identifier, words, seed):
        return completed(identifier, scores=[make_score(1.0, verdict=words)], seed=seed)

    row = only_row(told("a", "", 0), told("b", "collapsed since 24k images", 1), told("c", "", 2))
    assert row["health"] == "1 of 3 collapsed since 24k images"
    row = only_row(told("a", "stuck", 0), told("b", "collapsed since 24k images", 1))
    assert row["health"] == "1 of 2 stuck, 1 of 2 collapsed since 24k images"
    row = only_row(
        told("a", "diverged since 9k images", 0), told("b", "diverged since 8k images", 1)
    )
    assert row["health"] == "2 of 2 diverged since 9k, 8k images"
    assert only_row(told("a", "", 0))["health"] == "ok"
    trial, found = completed("b", loss="none", scores=[make_score(1.0, verdict="memorising")])
    assert only_row((trial, found))["health"] is None
    assert "health" not in only_row(completed())
