import json

import pytest
from toys import SMALL_OPTIONS, TOY, make_trial, run_ganbench

from ganbench import backend_start, devices, schedule
from ganbench.devices import Placement

SETUP = {"plugin_files": [TOY], "load_plugins": [], "data": None, "weights": {}}


@pytest.fixture
def no_child(monkeypatch):
    def never(*_):
        raise AssertionError("a backend was started")

    monkeypatch.setattr(backend_start, "describe", never)


def trials(*labels):
    return [make_trial(f"t{label}", backend=label) for label in labels]


def test_the_cpu_needs_no_look(no_child):
    found = devices.of_trials(trials("toy", "numpy"), "cpu", SETUP)
    assert found == [Placement("toy", "cpu"), Placement("numpy", "cpu")]
    assert devices.in_words(found, "cpu") == ["device cpu: toy, numpy"]


def test_without_an_accelerator_auto_is_the_cpu(no_child, monkeypatch):
    monkeypatch.setattr(schedule, "ACCELERATORS", ("/no/such/device",))
    found = devices.of_trials(trials("toy"), "auto", SETUP)
    assert devices.in_words(found, "auto") == ["device cpu (no GPU found): toy"]


def test_with_an_accelerator_every_backend_says_what_it_takes(monkeypatch, tmp_path):
    monkeypatch.setattr(schedule, "ACCELERATORS", (str(tmp_path),))
    answers = {"torch": ({"device_name": "A GPU"}, ""), "jax": ({}, ""), "bad": ({}, "no such GPU")}
    monkeypatch.setattr(
        backend_start, "describe", lambda backend, device, setup: answers[backend["name"]]
    )
    found = devices.of_trials(trials(*answers), "auto", SETUP)
    assert found[2] == Placement("bad", "", "no such GPU")
    assert devices.in_words(found, "auto") == ["device A GPU: torch", "device cpu: jax"]


def test_a_backend_is_started_to_ask_for_a_device_by_name():
    (found,) = devices.of_trials(trials("numpy"), "cuda", SETUP)
    assert found.device == "" and "has no device 'cuda'" in found.problem
    description, problem = backend_start.describe({"name": "toy", "options": {}}, "cuda", SETUP)
    assert description["threads"] and problem == ""


@pytest.mark.parametrize("style", ["rich", "json"])
def test_a_plan_ends_with_the_device_that_a_backend_lacks(tmp_path, style):
    options = [*SMALL_OPTIONS, "--baseline", "real", "--device", "cuda", "--format", style]
    options.remove("--no-baselines")
    done = run_ganbench("plan", *options, folder=tmp_path)
    assert done.returncode == 3
    assert done.stderr.startswith("ganbench: numpy: the numpy backend has no device 'cuda'")
    if style == "json":
        assert json.loads(done.stdout)["devices"] == {"numpy": None, "toy": "cpu"}
    else:
        assert "pixels" not in done.stdout and "device cpu: toy" in done.stdout


def test_a_plan_says_what_a_run_would_say_first(tmp_path):
    options = [part for part in SMALL_OPTIONS if part not in ("--metric", "brightness", "frechet")]
    options += ["--jobs", "2", "--model", "toy-norm", "--dataset", "ring"]
    done = run_ganbench("plan", *options, folder=tmp_path)
    assert done.returncode == 0
    assert "trials run one at a time: " in done.stderr
    assert "skipped" not in done.stderr and "makes images only" in done.stdout
    assert "device cpu" in done.stdout


def test_a_plan_says_which_data_are_not_here(tmp_path, monkeypatch):
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path))
    done = run_ganbench("plan", *SMALL_OPTIONS, "--dataset", "mnist", folder=tmp_path)
    assert "data set mnist is not here: " in done.stderr
    given = run_ganbench(
        "plan", *SMALL_OPTIONS, "--dataset", "mnist", "--data", "x", folder=tmp_path
    )
    assert "is not here" not in given.stderr
