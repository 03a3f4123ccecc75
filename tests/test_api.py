import inspect
import os
import tomllib

import numpy as np
import pandas as pd
import pytest
from toys import ABSENT, TOY

import ganbench
from ganbench.cli_common import BENCHMARK_OPTIONS
from ganbench.errors import ConfigError, EnvironmentNotReady, UnknownName

TINY = {
    "backend": "toy",
    "model": "toy",
    "loss": "hinge",
    "dataset": "specks",
    "baseline": [],
    "seeds": 2,
    "budget": "updates=20",
    "threads": 1,
    "plugin": TOY,
    "progress": None,
}


def test_a_run_returns_its_table(tmp_path, capfd):
    frame = ganbench.run(**{**TINY, "model": ["toy", "toy[does=raise]"]}, out=tmp_path / "out")
    assert frame["model"].tolist() == ["toy", "toy[does=raise]"]
    assert frame["n"].tolist() == [2, 0] and frame["failed"].tolist() == [0, 2]
    assert frame["dataset"].tolist() == ["specks"] * 2
    (name,) = (name.removesuffix("-pixels") for name in frame.attrs["primary"])
    assert frame[name][0] > 0 and np.isnan(frame[name][1])
    assert frame["images_per_second"][0] > 0
    assert (tmp_path / "out" / "tables" / "table.md").is_file()
    assert capfd.readouterr() == ("", "")


def test_the_kept_configuration_says_what_was_left_open_and_asks_the_same_again(tmp_path):
    # The plugin file and the folder are local, so they are not kept.
    open_choices = {name: TINY[name] for name in TINY if name not in ("backend", "threads")}
    ganbench.run(**open_choices, out=tmp_path / "out")
    kept = tmp_path / "out" / "config.toml"
    values = tomllib.loads(kept.read_text())
    assert values["backends"] == ["toy"]
    assert values["threads"] == len(os.sched_getaffinity(0))
    assert values["samples"] > 1 and "frechet" in values["metrics"]
    records = set((tmp_path / "out" / "trials").iterdir())
    stamps = {path: (path / "record.json").stat().st_mtime_ns for path in records}
    ganbench.run(kept, plugin=TOY, progress=None, out=tmp_path / "out")
    assert {path: (path / "record.json").stat().st_mtime_ns for path in records} == stamps
    assert set((tmp_path / "out" / "trials").iterdir()) == records


def test_progress_is_one_line_per_trial_and_goes_where_it_is_wanted(tmp_path, capfd):
    lines = []
    ganbench.run(**{**TINY, "progress": lines.append}, out=tmp_path / "out")
    assert [line[:5] for line in lines] == ["[1/2]", "[2/2]"]
    assert capfd.readouterr() == ("", "")
    ganbench.run(**{name: TINY[name] for name in TINY if name != "progress"}, out=tmp_path / "out")
    printed = capfd.readouterr()
    assert printed.out == "" and printed.err.count("(stored)") == 2


def test_the_table_is_that_of_the_whole_folder(tmp_path):
    ganbench.run(**TINY, out=tmp_path / "out")
    frame = ganbench.run(**{**TINY, "model": "toy[rate=0.5]"}, out=tmp_path / "out")
    assert set(frame["model"]) == {"toy", "toy[rate=0.5]"}


def test_long_results_have_one_row_per_metric_and_seed(tmp_path):
    frame = ganbench.run(**TINY, long=True, out=tmp_path / "out")
    assert type(frame) is pd.DataFrame
    quality = frame[frame["metric"] == "fd"]
    assert quality["seed"].tolist() == [0, 1] and set(quality["features"]) == {"pixels"}
    assert quality["value"].notna().all() and set(quality["status"]) == {"completed"}


def test_baselines_can_be_left_out(tmp_path):
    options = {name: TINY[name] for name in TINY if name != "baseline"}
    with_them = ganbench.run(**options, out=tmp_path / "with")
    assert set(with_them["group"]) == {"unranked", "scale"}
    without = ganbench.run(**options, baselines=False, out=tmp_path / "without")
    assert without["model"].tolist() == ["toy"]


def test_a_notebook_shows_the_headline(tmp_path):
    frame = ganbench.run(**TINY, out=tmp_path / "out")
    html = frame._repr_html_()
    assert html.startswith('<div class="ganbench">') and "20 updates each" in html
    assert "ganbench" not in (frame[["model"]]._repr_html_() or "")


def test_baselines_of_numpy_alone_can_be_run(tmp_path):
    frame = ganbench.run(
        backend="numpy",
        model=["real", "memorizer", "pixel-gaussian"],
        dataset="specks",
        baseline=[],
        seeds=1,
        budget="images=640",
        threads=1,
        plugin=TOY,
        progress=None,
        out=tmp_path / "out",
    )
    assert frame["model"].tolist() == ["real", "memorizer", "pixel-gaussian"]
    assert frame["group"].tolist() == ["scale"] * 3
    assert frame["n"].tolist() == [1, 1, 1]
    assert frame["loss"].tolist() == ["none"] * 3
    assert frame["fd"].notna().all()


def test_a_file_with_arguments_on_top_is_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quick.toml").write_text(
        'backends = ["toy"]\nmodels = ["toy"]\nlosses = ["hinge"]\ndatasets = ["specks"]\n'
        f'baselines = []\nbudget = "updates=5"\nthreads = 1\nplugins = ["{TOY}"]\nmetrics = []\n'
    )
    frame = ganbench.run("quick.toml", seeds=1, progress=None)
    assert frame["n"].tolist() == [1]
    assert (tmp_path / "results" / "quick" / "manifest.json").is_file()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"model": "toyy"}, UnknownName),
        ({"budget": "images=0"}, ConfigError),
        ({"seeds": 0}, ConfigError),
        ({"model": []}, ConfigError),
        ({"backend": "absent", "plugin": [TOY, ABSENT]}, EnvironmentNotReady),
    ],
)
def test_what_the_command_line_refuses_is_an_exception(tmp_path, changes, error):
    with pytest.raises(error):
        ganbench.run(**{**TINY, **changes}, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_every_option_of_the_command_line_is_an_argument():
    flags = [flag.split()[0] for flag, *_ in BENCHMARK_OPTIONS]
    options = {flag.removeprefix("--").replace("-", "_") for flag in flags}
    others = {"file", "out", "baselines", "report", "progress", "long"}
    assert options | others == set(inspect.signature(ganbench.run).parameters)
