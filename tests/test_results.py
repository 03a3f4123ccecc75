"""What has to hold for the committed records, whatever was trained."""

from __future__ import annotations

import json
from math import log
from pathlib import Path

import pytest

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
