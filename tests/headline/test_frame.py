"""Headlines as data frames."""

import math

import pandas as pd
from headlines import baseline, completed, ended, headlines_of, many

from ganbench.headline.frame import to_frame

GOOD, BAD = [1.0, 1.1, 0.9, 1.05, 0.95], [3.0, 3.2, 2.9, 3.1, 3.05]


def frame_of(*pairs, html="", **options):
    return to_frame(headlines_of(*pairs, **options), html)


def test_a_frame_has_the_rows_and_columns_of_the_headline():
    frame = frame_of(
        *many("a", GOOD, model="a"),
        *many("b", BAD, model="b"),
        *many("c", [0.5, None], model="c"),
        *baseline("real", [0.1] * 5),
    )
    assert list(frame.columns) == [
        *("dataset", "budget", "model", "loss", "backend", "group", "mark"),
        *("rank_low", "rank_high", "fd", "fd_low", "fd_high"),
        *("images_per_second", "n", "failed", "missing", "remark"),
    ]
    assert frame["model"].tolist() == ["a", "b", "c", "real"]
    assert frame["group"].tolist() == ["ranked", "ranked", "unranked", "scale"]
    # Row c has too few runs, so that no row is best.
    assert frame["mark"].tolist()[:3] == ["tied", "worse", "too few"]
    assert frame["fd"].tolist()[:2] == [1.0, 3.05] and frame["fd"][3] == 0.1
    assert frame[["fd_low", "fd_high"]].values[0].tolist() == [0.9, 1.1]
    assert math.isnan(frame["fd"][2])  # half of its trials failed
    assert frame["remark"].tolist() == ["", "", "1 of 2 failed", ""]
    assert frame["images_per_second"].tolist()[:3] == [120.0] * 3
    assert math.isnan(frame["images_per_second"][3])


def test_one_frame_holds_all_tables_with_what_tells_them_apart():
    frame = frame_of(
        completed("t0", 1.0), ended("t1", budget="images=160"), completed("t2", 2.0, seed=1)
    )
    assert frame["budget"].tolist() == ["images=80", "images=160"]
    assert frame["n"].tolist() == [2, 0] and frame["failed"].tolist() == [0, 1]
    assert frame["fd"][0] == 1.5 and math.isnan(frame["fd"][1])
    assert len(frame.attrs["titles"]) == 2 and frame.attrs["primary"] == ["fd-pixels", None]


def test_attributes_have_titles_sentences_and_full_names():
    attributes = frame_of(*many("a", GOOD, model="a"), *many("b", BAD, model="b")).attrs
    assert attributes["titles"] == ["specks · hinge · toy · 80 images each · 5 seeds · 1 thread"]
    assert attributes["primary"] == ["fd-pixels"]
    assert attributes["sentences"] == [["Best fd: a, 1.00, ahead of every other ranked row."]]


def test_a_notebook_shows_the_page_and_a_selection_is_an_ordinary_frame():
    frame = frame_of(completed(), html="<b>the headline</b>")
    assert frame._repr_html_() == "<b>the headline</b>"
    assert type(frame[["model"]]) is pd.DataFrame
    assert "the headline" not in frame[frame["n"] > 0]._repr_html_()


def test_nothing_planned_is_an_empty_frame():
    assert to_frame([]).empty
