"""CSV: one line per row, column and seed, and one line per row for spreadsheets."""

import csv
import io
import math

import pandas as pd
import pytest
from headlines import baseline, completed, ended, headline_of, headlines_of, many, missing

from ganbench.report import wide_csv
from ganbench.report.document import document
from ganbench.report.tidy import TidyRow, tidy, to_csv
from report.tables import FOLDERS, MADE, committed, usual, won

COLUMNS = [
    *("dataset", "backend", "model", "loss", "seed", "metric", "features", "direction", "value"),
    *("status", "samples", "reference", "budget", "threads"),
    "device",
]


def frame_of(headlines):
    return pd.read_csv(io.StringIO(to_csv(headline.table for headline in headlines)))


def test_the_lines_are_the_golden_text():
    headline = headline_of(completed("t0", 1.5), ended("t1", "diverged", seed=1))
    lines = to_csv([headline.table]).splitlines()
    assert lines[0] == ",".join(COLUMNS) == ",".join(TidyRow._fields)
    assert lines[1:5] == [
        "specks,toy,toy,hinge,0,fd,pixels,lower,1.5,completed,20,test,images=80,1,auto",
        "specks,toy,toy,hinge,1,fd,pixels,lower,,diverged,20,test,images=80,1,auto",
        "specks,toy,toy,hinge,0,fd-floor,pixels,none,0.25,completed,20,test,images=80,1,auto",
        "specks,toy,toy,hinge,1,fd-floor,pixels,none,,diverged,20,test,images=80,1,auto",
    ]
    assert (
        "specks,toy,toy,hinge,0,images_per_second,,higher,120.0,completed,20,,images=80,1,auto"
        in lines
    )


@pytest.mark.parametrize("name", FOLDERS)
def test_committed_folders_have_rows_times_columns_times_seeds_lines(name):
    headlines = committed(name)
    frame = frame_of(headlines)
    expected = sum(
        row.row.planned * (len(headline.table.columns) + len(headline.table.costs()))
        for headline in headlines
        for row in headline.table.rows
    )
    assert len(frame) == expected and list(frame.columns) == COLUMNS
    keys = ["dataset", "budget", "backend", "model", "loss", "seed", "metric", "features"]
    assert not frame.duplicated(keys).any()


@pytest.mark.parametrize("name", ["digits-losses", "mixtures"])
def test_the_medians_of_what_is_read_back_are_those_of_the_headline(name):
    for headline in committed(name):
        frame = frame_of([headline])
        own = frame[frame["metric"] == headline.primary.short_name]
        own = own[own["features"].astype(object).fillna("") == headline.primary.space]
        found = own.groupby(["backend", "model", "loss"])["value"].median()
        for row in headline.rows:
            assert found[row.source.key] == pytest.approx(row.summary.median, rel=1e-15)


def test_every_seed_that_was_planned_has_its_status():
    headline = headline_of(
        completed("t0", seed=0),
        ended("t1", "timeout", seed=1),
        ended("t2", "interrupted", seed=2),
        missing("t3", seed=3),
        completed("t4", None, seed=4),
    )
    rows = [row for row in tidy([headline.table]) if row.metric == "fd"]
    assert [(row.seed, row.status, row.value) for row in rows] == [
        (0, "completed", 1.0),
        (1, "timeout", None),
        (2, "interrupted", None),
        (3, "missing", None),
        (4, "completed", None),
    ]


def test_a_row_keeps_its_values_where_one_trial_is_not_scored_yet():
    headline = headline_of(
        completed("t0", 1.5, seed=0),
        completed("t1", seed=1, scores=[]),
        completed("t2", None, seed=2),
        ended("t3", "diverged", seed=3),
    )
    found = {row.seed: row.value for row in tidy([headline.table]) if row.metric == "fd"}
    assert found == {0: 1.5, 1: None, 2: None, 3: None}
    (row,) = document([headline], "toy").tables[0].rows
    assert row.values["fd-pixels"].seeds == {"0": 1.5, "2": None, "3": None}
    assert row.values["fd-pixels"].median is None  # a median of some seeds is none of all


def test_trials_on_two_devices_are_told_apart():
    pairs = [completed("t0"), completed("t1", device="cuda")]
    rows = [row for headline in headlines_of(*pairs) for row in tidy([headline.table])]
    assert {row.device for row in rows} == {"auto", "cuda"}
    assert {row.samples for row in rows} == {20}


@pytest.mark.parametrize("name", MADE)
def test_every_kind_of_table_is_read_back(name):
    headline = MADE[name]()
    frame = frame_of([headline])
    assert list(frame.columns) == COLUMNS
    every = len(headline.table.columns) + len(headline.table.costs())
    assert len(frame) == every * sum(row.row.planned for row in headline.table.rows)
    assert len(list(csv.reader(io.StringIO(to_csv([]))))) == 1


def test_names_with_commas_are_quoted():
    headline = headline_of(completed(model="mlp[width=8,depth=2]"))
    assert set(frame_of([headline])["model"]) == {"mlp[width=8,depth=2]"}


# --------------------------------------------------------------------------- csv-wide


def wide_of(*headlines):
    return pd.read_csv(io.StringIO(wide_csv.to_csv(headlines)))


def test_wide_has_one_line_a_row_with_every_column():
    headline = usual()
    frame = wide_of(headline)
    lines = list(csv.reader(io.StringIO(wide_csv.to_csv([headline]))))
    assert len(lines) == 1 + len(headline.rows) and len({len(line) for line in lines}) == 1
    assert frame["model"].tolist() == [row.source.key[1] for row in headline.rows]
    parts = ("", "_mean", "_sd", "_iqm", "_low", "_high", "_points")
    assert {f"fd-pixels{part}" for part in parts} <= set(frame.columns)
    assert frame["group"].tolist() == ["ranked", "ranked", "unranked", "scale", "scale"]
    assert frame["failed"].tolist() == [0, 0, 1, 0, 0]
    assert frame["remark"][2] == "1 of 2 failed"


def test_wide_numbers_are_those_of_the_summaries():
    frame = wide_of(won())
    assert frame["fd-pixels"].tolist() == [1.0, 3.05, 0.1]
    assert frame["fd-pixels_low"].tolist() == [0.9, 2.9, 0.1]
    assert frame["fd-pixels_points"][0] == "0.9 0.95 1.0 1.05 1.1"
    assert frame["mark"].tolist()[:2] == ["best", "worse"]
    assert frame["parameters_generator"].tolist() == [48] * 3


def test_an_end_that_reaches_into_failed_trials_is_empty():
    headline = headline_of(*many("t", [1.0, 2.0, 3.0, 4.0, None]), *baseline("real", [0.1]))
    frame = wide_of(headline)
    assert frame["fd-pixels_low"][0] == 1.0 and math.isnan(frame["fd-pixels_high"][0])


@pytest.mark.parametrize("name", MADE)
def test_every_kind_of_table_is_one_line_a_row(name):
    headline = MADE[name]()
    assert len(wide_of(headline)) == len(headline.rows)
