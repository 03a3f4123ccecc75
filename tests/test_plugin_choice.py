"""Which installed plugins are imported: three strangers' ones that leave a mark when they are."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from snippets import distribution
from toys import SMALL_OPTIONS, make_record, make_score, make_trial

from ganbench import plugin_choice
from ganbench.errors import UnknownName
from ganbench.plan import Plan
from ganbench.store import Store

SOURCE = """
import os, pathlib
import ganbench

pathlib.Path(os.environ["MARKS"], __name__).touch()

class Loss:
    "A loss that was installed."
    name = "loss-of-{name}"
    def discriminator_loss(self, ops, discriminator, real, fake):
        return ops.mean(discriminator(fake)) - ops.mean(discriminator(real))
    def generator_loss(self, ops, discriminator, real, fake):
        return -ops.mean(discriminator(fake))

@ganbench.hookimpl
def ganbench_losses():
    return [Loss]
"""
STRANGERS = ["ours", "theirs", "yours"]
COMMANDS = [
    "run",
    "plan",
    "score",
    "list",
    "info",
    "plugins",
    "parity",
    "validate-metrics",
    "check",
]


@pytest.fixture
def ganbench(tmp_path):
    """Run the command where three strangers' plugins are installed; tell which were imported."""
    site, marks = tmp_path / "site", tmp_path / "marks"
    site.mkdir()
    marks.mkdir()
    for name in STRANGERS:
        (site / f"{name}.py").write_text(SOURCE.replace("{name}", name))
    distribution(site, "strangers", STRANGERS, version="3.1")

    def run(*arguments, switch="", code=0):
        for mark in marks.iterdir():
            mark.unlink()
        path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
        extra = {"PYTHONPATH": path, "MARKS": str(marks), "COLUMNS": "200"}
        done = subprocess.run(
            [sys.executable, "-P", "-m", "ganbench.cli", *map(str, arguments)],
            env={**os.environ, **extra, plugin_choice.SWITCH: switch},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr, {mark.name for mark in marks.iterdir()}

    return run


def test_installed_plugins_are_loaded_by_themselves(ganbench):
    shown, imported = ganbench("plugins")
    assert imported == set(STRANGERS)
    assert shown.count("strangers 3.1") == 3 and "blocked" not in shown


def test_the_switch_leaves_out_strangers_and_says_so(ganbench):
    shown, imported = ganbench("plugins", switch="1")
    assert imported == set()
    assert shown.count(f"blocked: {plugin_choice.SWITCH} is set; -p ") == 3
    assert "ganbench_torch.plugin" in shown  # what comes with ganbench is no stranger
    assert "loss-of-" not in ganbench("list", switch="1")[0]
    assert ganbench("plugins", switch="0")[1] == set(STRANGERS)


def test_a_named_plugin_is_loaded_all_the_same(ganbench):
    shown, imported = ganbench("list", "losses", "-p", "theirs", switch="1")
    assert imported == {"theirs"}
    assert "loss-of-theirs" in shown and "loss-of-yours" not in shown and "hinge" in shown


def test_any_plugin_can_be_left_out(ganbench):
    shown, imported = ganbench("plugins", "-p", "no:theirs", "-p", "no:jax")
    assert imported == {"ours", "yours"}
    assert "blocked: -p no:theirs" in shown and "blocked: -p no:jax" in shown


def test_a_name_that_is_not_installed_is_refused_and_a_near_one_suggested(ganbench):
    shown, _ = ganbench("list", "-p", "their", switch="1", code=2)
    assert "no installed plugin named 'their' in -p; did you mean 'theirs'?" in shown


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_that_loads_plugins_can_be_told_which(ganbench, command):
    assert "--load-plugin" in ganbench(command, "--help")[0]


def test_commands_that_read_results_import_no_plugin(ganbench, tmp_path):
    for name, loss in (("a", "hinge"), ("b", "hinge"), ("other", "wgan")):
        trial = make_trial(name, loss=loss)
        store = Store(tmp_path / name)
        store.prepare()
        store.trial_folder(trial.id)
        store.publish(make_record(trial, scores=[make_score(1.0)], samples_sha256="0" * 64))
        store.write_manifest(Plan([trial], []), "toy")
    commands = [["--help"], ["--version"], ["check", "--list"], ["run", "--help"]]
    commands += [
        ["table", "a"],
        ["compare", "a", "b"],
        ["plot", "a"],
        ["merge", "a", "other", "--out", "c"],
    ]
    for arguments in commands:
        assert ganbench(*arguments)[1] == set(), arguments


def test_trials_are_run_with_the_chosen_plugins_and_records_name_all_that_were_used(
    ganbench, tmp_path
):
    options = [part if part != "hinge" else "loss-of-theirs" for part in SMALL_OPTIONS]
    out = tmp_path / "out"
    _, imported = ganbench("run", *options, "-p", "theirs", "--out", out, switch="1")
    assert imported == {"theirs"}
    (path,) = out.glob("trials/*/record.json")
    record = json.loads(path.read_text())
    assert record["status"] == "completed"
    found = {plugin["name"]: plugin for plugin in record["plugins"]}
    assert set(found) == {"theirs", "ganbench_file_toy"}
    assert (found["theirs"]["distribution"], found["theirs"]["version"]) == ("strangers", "3.1")
    assert set(found["theirs"]["sources"]) == {"theirs"}
    assert (found["ganbench_file_toy"]["distribution"], found["ganbench_file_toy"]["version"]) == (
        "toy.py",
        None,
    )
    used = {score["metric"]: score["plugins"] for score in record["scores"]}
    assert {plugin["name"] for plugin in used["frechet"]} == {"metrics", "ganbench_file_toy"}
    ours = next(plugin for plugin in used["frechet"] if plugin["name"] == "metrics")
    assert ours["distribution"] == "ganbench" and ours["version"]
    assert [len(value) for value in ours["sources"].values()] == [16]
    assert 'load_plugins = [\n    "theirs",\n]' in (out / "config.toml").read_text()
    assert str(Path.home()) not in path.read_text()


def test_an_installed_plugin_and_what_it_offers_are_checked_by_name(ganbench):
    shown, _ = ganbench("check", "loss-of-ours", "--backend", "numpy")
    assert "plugin ours" in shown and "passed  generator_pushes_fake_up" in shown
    shown, _ = ganbench("check", "ours", "--backend", "numpy", "--format", "json")
    values = json.loads(shown[: shown.rindex("}") + 1])
    assert values["counts"]["failed"] == 0 and values["counts"]["passed"] > 15
    shown, _ = ganbench("check", "loss-of-mine", code=2)
    assert "did you mean 'loss-of-" in shown
    shown, _ = ganbench("check", "mlp", "--backend", "numpy", code=5)
    assert "offers nothing to check on numpy" in shown


def test_the_last_word_about_a_name_is_no():
    choice = plugin_choice.read(["a", "no:a"], ["a", "b"])
    assert choice.reason_against("a", "some") == "-p no:a"
    assert choice.reason_against("b", "some") is None
    with pytest.raises(UnknownName, match="no installed plugin named 'c'"):
        plugin_choice.read(["no:c"], ["a", "b"])
