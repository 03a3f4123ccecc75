"""What has to hold for the committed records, whatever was trained."""

from __future__ import annotations

import json
from math import log
from pathlib import Path

import pytest

from ganbench import benchmark
from ganbench.store import Store

RESULTS = Path(__file__).resolve().parents[1] / "results"
MODES = {"ring": 8, "grid": 25}
CONVERGING = ("r1", "instance-noise")


def records(name):
    found = [json.loads(path.read_text()) for path in RESULTS.glob(f"{name}/trials/*/record.json")]
    assert found
    return found


def values(record):
    return {name: value for score in record["scores"] for name, value in score["values"].items()}


@pytest.mark.parametrize(
    "name", sorted(path.parent.name for path in RESULTS.glob("*/manifest.json"))
)
def test_every_planned_trial_has_a_record_and_no_other_is_there(name):
    planned = {
        trial["id"]
        for trial in json.loads((RESULTS / name / "manifest.json").read_text())["trials"]
    }
    assert {record["id"] for record in records(name)} == planned


def test_no_divergence_is_below_what_the_missing_modes_allow():
    for record in records("mixtures"):
        found, modes = values(record), MODES[record["dataset"]]
        assert 1 <= found["modes"] <= modes
        assert found["reverse-kl"] >= log(modes / found["modes"]) - 1e-12, record["id"]
        assert found["high-quality-ceiling"] == pytest.approx(98.889, abs=5e-4)


def test_stacked_digits_obey_the_same_bound():
    for record in records("stacked-digits"):
        found = values(record)
        modes = found["classes-stacked-cls-digits-v1"]
        assert found["class-kl-stacked-cls-digits-v1"] >= log(1000 / modes) - 1e-9, record["id"]


def test_the_dirac_gan_converges_where_theory_says_so():
    for record in records("dirac"):
        expected = any(name in record["loss"] for name in CONVERGING)
        assert values(record)["converges"] == expected, record["id"]


LOSSES = 7


def rows_of(name):
    (section,) = benchmark.read_table(Store(RESULTS / name))
    return section.frame.set_index(["backend", "loss", "model"]).sort_index()


def test_the_losses_on_digits_have_their_seeds_and_nothing_is_called_best():
    frame = rows_of("digits-losses")
    assert frame["n"].groupby("backend").agg(list).to_dict() == {
        "torch": [10] * LOSSES,
        "tensorflow": [3] * LOSSES,
        "numpy": [10] * 3,
    }
    assert not frame["failed"].any() and not frame["missing"].any()
    marks = frame["fd-cls-digits-v1_mark"].loc["torch"]
    assert set(marks) == {"tied", ""} and (marks == "tied").sum() == 5
    assert frame["fd-pca-digits-v1_mark"].loc["torch", "wgan+gp1", "dcgan"] == ""


def test_the_page_on_losses_tells_what_the_pairs_support():
    pairs = benchmark.read_pairs(Store(RESULTS / "digits-losses"), "fd-cls-digits-v1")
    trained = [pair for found in pairs.values() for pair in found]
    better = {(pair.row[2], pair.against[2]) for pair in trained if pair.verdict == "better"}
    assert better == {("non-saturating+r1[gamma=0.1]", "relativistic+r1[gamma=0.1]+r2[gamma=0.1]")}
    pairs = benchmark.read_pairs(Store(RESULTS / "digits-losses"), "fd-pca-digits-v1")
    worse = [pair.against for found in pairs.values() for pair in found if pair.verdict == "better"]
    assert worse == [("torch", "dcgan", "wgan+gp1")] * 6


def test_the_losses_on_clothes_have_five_seeds_and_nothing_is_called_best():
    frame = rows_of("fashion-losses")
    counts = frame["n"].groupby("backend").agg(list).to_dict()
    assert counts == {"torch": [5] * LOSSES, "tensorflow": [5] * 2, "numpy": [5] * 3}
    for column in ("fd-cls-fashion-v1", "fd-pca-fashion-v1"):
        marks = frame[f"{column}_mark"].drop("numpy")
        assert set(marks) == {"tied", ""}
        trained, baselines = frame[column].drop("numpy"), frame[column].loc["numpy", "none"]
        assert trained.idxmin() == ("torch", "lsgan", "dcgan")
        assert trained.min() > baselines["pixel-gaussian"] > baselines["real"]


@pytest.mark.parametrize("name", ["digits-losses", "fashion-losses"])
def test_every_value_says_what_it_was_made_with(name):
    store = Store(RESULTS / name)
    for trial in store.planned():
        found = store.load(trial.id)
        assert found.scores, trial.id
        for score in found.scores:
            assert len(score["reference"]["split_sha256"]) == 64
            assert len(score["weights_sha256"]) == 64 and score["preprocessing"]
            assert set(score["libraries"]) == {"python", "numpy", "scipy"}
            assert score["n"] and score["version"] and score["sources"]


def test_the_baselines_are_in_the_right_order_on_digits():
    frame = rows_of("digits-losses").loc["numpy"].droplevel("loss")
    for space in ("cls-digits-v1", "pca-digits-v1"):
        for column in (f"fd-{space}", f"kd-{space}"):
            assert frame[column]["real"] < frame[column][["memorizer", "pixel-gaussian"]].min()
        assert frame[f"recall-{space}"]["real"] > frame[f"recall-{space}"]["memorizer"]
        assert frame[f"coverage-{space}"].idxmax() == "real"
        assert frame[f"precision-{space}"].idxmin() == "pixel-gaussian"
        assert frame[f"copied-{space}"].to_dict() == {
            **{"real": 1.0, "memorizer": 1.0},
            "pixel-gaussian": 0.0,
        }
    assert frame["is-cls-digits-v1"].idxmax() == "real"
    assert frame["class-kl-cls-digits-v1"].idxmin() == "real"
