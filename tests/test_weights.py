"""Weights that users bring: found before any training, told apart by their hash."""

import json
import tomllib

import pytest
from click.testing import CliRunner
from toys import PLUGINS, SMALL_OPTIONS, TOY, toy_catalog

import ganbench
from ganbench import config
from ganbench.cli import main
from ganbench.errors import ConfigError
from ganbench.scoring import every_scoring, scorings

WEIGHED = str(PLUGINS / "weighed.py")
PLUGIN_OPTIONS = ["--plugin", TOY, "--plugin", WEIGHED]
OPTIONS = [*SMALL_OPTIONS, "--plugin", WEIGHED, "--metric", "mass", "--extractor", "weighed"]


def invoke(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "weights.json"
    path.write_text("2.0")
    return path


@pytest.fixture
def specks():
    catalog = toy_catalog(WEIGHED)
    return catalog.get("datasets", "specks")().task(), catalog


def scores(folder):
    (path,) = folder.glob("trials/*/record.json")
    return {score["metric"]: score for score in json.loads(path.read_text())["scores"]}


def test_a_file_of_weights_reaches_extractors_and_metrics_and_no_record(tmp_path, weights):
    out = tmp_path / "out"
    done = invoke("run", *OPTIONS, "--weights", f"weighed={weights}", "--out", out)
    assert done.exit_code == 0, done.output
    found = scores(out)
    assert found["frechet"]["extractor_id"] == found["mass"]["extractor_id"]
    assert found["mass"]["extractor"] is None and found["mass"]["preprocessing"] == "none"
    assert found["mass"]["weights_sha256"] == found["frechet"]["weights_sha256"]
    assert "pluggy" in found["mass"]["libraries"] and "pluggy" not in found["frechet"]["libraries"]
    assert "fd-weighed" in found["frechet"]["values"]
    assert found["mass"]["directions"] == {"mass-weighed": "lower"}
    for path in [out / "config.toml", out / "manifest.json", *out.glob("trials/*/record.json")]:
        assert str(weights) not in path.read_text(), path
    assert "weights" not in tomllib.loads((out / "config.toml").read_text())


def test_other_weights_are_scored_anew_and_another_id(tmp_path, weights):
    out = tmp_path / "out"
    assert invoke("run", *OPTIONS, "--weights", f"weighed={weights}", "--out", out).exit_code == 0
    before = scores(out)
    again = invoke("run", *OPTIONS, "--weights", f"weighed={weights}", "--out", out)
    assert "(stored)" in again.stderr
    weights.write_text("4.0")
    wanted = ["--metric", "frechet", "--metric", "mass", "--extractor", "weighed"]
    done = invoke("score", out, *wanted, *PLUGIN_OPTIONS, "--weights", f"weighed={weights}")
    assert done.exit_code == 0, done.output
    after = scores(out)
    for metric, column, factor in (("mass", "mass-weighed", 2), ("frechet", "fd-weighed", 4)):
        assert after[metric]["extractor_id"] != before[metric]["extractor_id"]
        value = before[metric]["values"][column]
        assert after[metric]["values"][column] == pytest.approx(factor * value)
    assert after["brightness"] == before["brightness"]


@pytest.mark.parametrize("wanted", [["--metric", "mass"], ["--extractor", "weighed"]])
def test_without_weights_nothing_is_trained(tmp_path, wanted):
    options = [*SMALL_OPTIONS, "--plugin", WEIGHED, *wanted, "--out", tmp_path / "out"]
    done = invoke("run", *options)
    assert done.exit_code == 3
    assert done.stderr == "ganbench: weighed needs its weights; give --weights weighed=FILE\n"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("weighd=x.json", "no extractor with weights named 'weighd' in --weights; did you mean"),
        ("pixels=x.json", "no extractor with weights named 'pixels'"),
        ("weighed", "weights 'weighed': write EXTRACTOR=FILE"),
        ("weighed=", "write EXTRACTOR=FILE"),
    ],
)
def test_what_is_no_file_of_weights_is_said_in_one_line(tmp_path, given, message):
    done = invoke("run", *OPTIONS, "--weights", given, "--out", tmp_path / "out")
    assert done.exit_code == 2 and message in done.stderr and done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_what_needs_a_file_is_for_those_who_ask_by_name(specks):
    told = [
        (one.metric.name, one.extractor and one.extractor.name) for one in scorings(None, *specks)
    ]
    assert ("frechet", "pixels") in told
    for found in (told, [(one.metric.name, one.space) for one in every_scoring(*specks)]):
        assert not any("weighed" in str(space) or name == "mass" for name, space in found)


def test_a_file_and_python_name_weights_as_a_table(tmp_path, weights):
    file = tmp_path / "bench.toml"
    file.write_text(f'[weights]\n"weighed" = "{weights}"\n')
    found = config.resolve(config.read(file), {}, "bench.toml")
    assert config.weights_files(found) == {"weighed": weights}
    file.write_text(f'weights = ["weighed={weights}"]\n')
    assert config.resolve(config.read(file), {}, "bench.toml") == found
    assert config.weights_files(config.resolve({}, {}, "none")) == {}
    settings = {"backend": "toy", "model": "toy", "loss": "hinge", "dataset": "specks"}
    settings |= {"baseline": [], "seeds": 1, "budget": "updates=5", "threads": 1}
    frame = ganbench.run(
        **settings,
        plugin=[TOY, WEIGHED],
        metric="mass",
        weights={"weighed": weights},
        out=tmp_path / "out",
    )
    assert frame["mass-weighed"][0] > 0
    weights.write_text("two")
    with pytest.raises(ConfigError, match="is no number"):
        ganbench.run(**settings, plugin=[TOY, WEIGHED], metric="mass", weights={"weighed": weights})


def test_too_few_samples_are_shown_and_not_ranked(tmp_path, weights):
    options = [*OPTIONS, "--weights", f"weighed={weights}", "--out", tmp_path / "out"]
    done = invoke("run", *options, "--samples", "10")
    assert done.exit_code == 0, done.output
    found = scores(tmp_path / "out")
    assert found["mass"]["directions"] == {"mass-weighed": "none"}
    assert found["mass"]["unranked"] == "10 are too few" and "unranked" not in found["frechet"]
    (table,) = json.loads((tmp_path / "out" / "tables" / "table.json").read_text())["tables"]
    assert "mass-weighed: not ranked, 10 are too few." in table["notes"]
    assert {column["name"]: column["direction"] for column in table["columns"]}[
        "mass-weighed"
    ] == "none"
    assert table["rows"][0]["values"]["mass-weighed"]["median"] > 0
