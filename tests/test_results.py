"""What has to hold for the committed records, whatever was trained."""

from __future__ import annotations

import json
from math import log
from pathlib import Path

import pytest

from ganbench.analysis import pairs
from ganbench.headline import folder
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


def headline_of(name):
    (headline,) = folder.read(Store(RESULTS / name))
    return headline


def counts_of(headline):
    found = {}
    for row in headline.rows:
        found.setdefault(row.backend, []).append(len(row.source.row.completed))
    return found


def test_the_losses_on_digits_have_their_seeds_and_nothing_is_called_best():
    headline = headline_of("digits-losses")
    assert counts_of(headline) == {
        "torch": [10] * LOSSES,
        "tensorflow": [3] * LOSSES,
        "numpy": [10] * 3,
    }
    assert not any(row.source.row.failed or row.source.row.missing for row in headline.rows)
    assert headline.primary.name == "fd-cls-digits-v1"
    marks = {row.name: row.mark for row in headline.group("ranked")}
    assert [name for name, mark in marks.items() if mark == "worse"] == ["wgan+gp1 on torch"]
    assert set(marks.values()) == {"tied", "worse"}


def test_the_page_on_losses_tells_what_the_pairs_support():
    tables = folder.read_tables(Store(RESULTS / "digits-losses"))
    better = {}
    for name in ("fd-cls-digits-v1", "fd-pca-digits-v1"):
        (found,) = pairs.compare(tables, name)
        better[name] = [
            (pair.row[2], pair.against[::2]) for pair in found.pairs if pair.verdict == "better"
        ]
    worst = ("torch", "wgan+gp1")
    assert better["fd-cls-digits-v1"] == [("non-saturating+r1[gamma=0.1]", worst)]
    assert {against[1] for _, against in better["fd-pca-digits-v1"]} == {"wgan+gp1"}


def test_the_losses_on_clothes_have_five_seeds_and_nothing_is_called_best():
    headline = headline_of("fashion-losses")
    assert counts_of(headline) == {
        "torch": [5] * LOSSES,
        "tensorflow": [5] * 2,
        "numpy": [5] * 3,
    }
    assert {row.mark for row in headline.group("ranked")} == {"tied", "worse"}
    for column in ("fd-cls-fashion-v1", "fd-pca-fashion-v1"):
        medians = {row.name: row.source.summary(column).median for row in headline.rows}
        scale = {row.name: medians.pop(row.name) for row in headline.group("scale")}
        assert min(medians.values()) > scale["pixel-gaussian"] > scale["real"]


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
    rows = {row.gan: row.source for row in headline_of("digits-losses").group("scale")}

    def of(column):
        return {name: row.summary(column).median for name, row in rows.items()}

    for space in ("cls-digits-v1", "pca-digits-v1"):
        for column in (f"fd-{space}", f"kd-{space}"):
            found = of(column)
            assert found["real"] < min(found["memorizer"], found["pixel-gaussian"])
        assert of(f"recall-{space}")["real"] > of(f"recall-{space}")["memorizer"]
        assert max(rows, key=of(f"coverage-{space}").get) == "real"
        assert min(rows, key=of(f"precision-{space}").get) == "pixel-gaussian"
        assert of(f"copied-{space}") == {"real": 1.0, "memorizer": 1.0, "pixel-gaussian": 0.0}
    assert max(rows, key=of("is-cls-digits-v1").get) == "real"
    assert min(rows, key=of("class-kl-cls-digits-v1").get) == "real"
