"""What the metrics of this project declare for readers of results."""

import copy
import importlib.util
import json
from pathlib import Path

import pytest
from toys import make_score

from ganbench.contracts import Reading
from ganbench.sources import class_hashes
from ganbench_fidelity.plugin import ganbench_metrics as fidelity_metrics
from ganbench_metrics.frechet import FrechetDistance
from ganbench_metrics.plugin import ganbench_metrics

ROOT = Path(__file__).resolve().parents[1]
CLASSES = [*ganbench_metrics(), *fidelity_metrics()]
SHARES = {
    *("precision", "recall", "coverage", "coverage-ceiling", "copied", "duplicates"),
    *("health-coverage", "health-copied", "prc-precision", "prc-recall", "prc-f-score"),
}
# Counts, percentages, estimates that may be negative, and ratios that are 0 for a copying model.
RAW = {
    *("classes", "classes-half", "modes", "modes-half", "high-quality", "high-quality-ceiling"),
    *("fd-infinity", "fd-infinity-low", "fd-infinity-high", "fd-infinity-floor", "converges"),
    *("kd", "kd-subsets", "kd-error", "kid", "kid-std", "isc-std", "fd-training-gap"),
    *("log-likelihood", "log-likelihood-of-data", "density", "copied-ratio"),
    *("health-spacing", "health-variety"),
}
LOG = {
    *("fd", "fd-floor", "effective-dimensions", "effective-dimensions-fake", "gk", "health-fd"),
    *("class-kl", "is", "is-10-splits", "sliced-w2", "sliced-w2-floor", "reverse-kl"),
    *("reverse-kl-floor", "radius", "tail-radius", "isc", "fid"),
}


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.name)
def test_every_column_has_a_reading(cls):
    assert set(cls.readings) == set(cls.columns)
    assert len({reading.plain for reading in cls.readings.values()}) == len(cls.columns)


def test_the_scale_of_every_column_is_the_intended_one():
    scales = {name: item.scale for cls in CLASSES for name, item in cls.readings.items()}
    for scale, names in {"share": SHARES, "raw": RAW, "log": LOG}.items():
        assert {name for name, found in scales.items() if found == scale} == names


def test_a_reading_is_raw_unless_it_says_otherwise():
    assert Reading("A count.") == Reading("A count.", "raw", None)


# --------------------------------------------------------------------------- committed records


@pytest.fixture(scope="module")
def committed_scores():
    paths = sorted(ROOT.glob("results/*/trials/*/record.json"))
    scores = [score for path in paths for score in json.loads(path.read_text())["scores"]]
    assert len(scores) > 2000
    return scores


def test_committed_values_fit_the_scale_that_is_stored_with_them(committed_scores):
    for score in committed_scores:
        assert set(score["readings"]) == set(score["directions"]), score["metric"]
        for column, value in score["values"].items():
            scale = score["readings"][column]["scale"]
            if value is not None and scale == "log":
                assert value > 0, column
            if value is not None and scale == "share":
                assert 0 <= value <= 1, column


def test_committed_readings_are_those_of_the_classes(committed_scores):
    script, now = load_script(), load_script().present_hashes()
    for score in committed_scores:
        assert script.updated(score, [], now) == score, "run benchmarks/update_readings.py"


# --------------------------------------------------------------------------- the script


def load_script():
    path = ROOT / "benchmarks" / "update_readings.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


OLD = {"ganbench_metrics.frechet": "0123456789abcdef"}
BEFORE = {"frechet": {"version": 1, "sources": OLD}}
NOW = {"frechet": {"version": 1, "sources": class_hashes(FrechetDistance)}}
COLUMNS = ("fd", "fd-floor", "effective-dimensions", "effective-dimensions-fake")


def stored(**changes):
    """A score as a record has it that was written before there were readings."""
    values = {f"{name}-pca-digits-v1": float(number) for number, name in enumerate(COLUMNS, 1)}
    plugins = [
        {"name": "metrics", "sources": dict(OLD)},
        {"name": "extractors", "sources": {"ganbench_extractors.principal": "89ab"}},
    ]
    score = make_score(1.0, metric="frechet", version=1, sources=dict(OLD))
    del score["readings"]
    return {
        **score,
        "values": values,
        "directions": dict.fromkeys(values, "lower"),
        "plugins": plugins,
        **changes,
    }


def test_a_score_gets_readings_by_the_table_s_columns_and_the_present_hashes():
    score = stored()
    untouched = copy.deepcopy(score)
    found = load_script().updated(score, [{}, BEFORE], NOW)
    assert score == untouched
    readings = found.pop("readings")
    assert list(readings) == [f"{name}-pca-digits-v1" for name in COLUMNS]
    assert readings["fd-pca-digits-v1"] == {
        "plain": "Fréchet distance to the reference images in feature space; 0 is best.",
        "scale": "log",
        "resolution": None,
    }
    assert found.pop("sources") == NOW["frechet"]["sources"] != OLD
    mine, other = found.pop("plugins")
    assert mine["sources"] == NOW["frechet"]["sources"]
    assert other == untouched.pop("plugins")[1]
    assert found == {key: value for key, value in untouched.items() if key != "sources"}


def test_a_second_run_changes_nothing():
    script = load_script()
    once = script.updated(stored(), [BEFORE], NOW)
    assert script.updated(once, [BEFORE], NOW) == once


def test_a_score_of_older_sources_keeps_its_hashes():
    older = {"ganbench_metrics.frechet": "older"}
    found = load_script().updated(stored(sources=older), [BEFORE], NOW)
    assert found["sources"] == older and found["readings"]
    assert found["plugins"] == stored()["plugins"]


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2},
        {"metric": "somebody-else-s"},
        {"directions": {"fd-pca-digits-v1": "lower", "fd-roof-pca-digits-v1": "none"}},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_other_versions_metrics_and_columns_are_left_alone(changes):
    score = stored(**changes)
    assert load_script().updated(score, [BEFORE], NOW) == score


def test_sources_of_another_version_are_not_the_present_ones():
    before = {"frechet": {"version": 2, "sources": OLD}}
    assert load_script().updated(stored(), [before], NOW)["sources"] == OLD


def test_the_hashes_of_a_checkout_are_those_that_it_would_store(tmp_path):
    script = load_script()
    assert script.hashes_of(ROOT) == script.present_hashes()
    with pytest.raises(SystemExit, match=r"another ganbench|no checkout"):
        script.hashes_of(tmp_path)


def test_a_record_is_rewritten_with_its_values_as_they_were(tmp_path, capsys):
    path = min(ROOT.glob("results/dirac/trials/*/record.json"))
    values = json.loads(path.read_text())
    for score in values["scores"]:
        del score["readings"]
    target = tmp_path / "trials" / "t" / "record.json"
    target.parent.mkdir(parents=True)
    target.write_text(json.dumps(values, indent=1, sort_keys=True) + "\n")
    load_script().main([str(tmp_path)])
    assert target.read_bytes() == path.read_bytes()
    assert "1 scores, 1 with readings, 0 new hashes" in capsys.readouterr().out
