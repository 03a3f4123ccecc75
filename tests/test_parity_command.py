import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner
from toys import ABSENT, TOY, TWINS, run_ganbench

from ganbench import parity_matrix, parity_plan, parity_runner, plugins
from ganbench.cli import main
from ganbench.errors import ConfigError, EnvironmentNotReady, NothingMatched
from ganbench.results import parity_verdict

BACKENDS = ["torch", "tensorflow"]
TWIN_OPTIONS = ["--plugin", TWINS, "--backends", "left,right", "--loss", "hinge"]


@pytest.fixture(autouse=True)
def _signals():
    """The command minds SIGTERM; the tests' own process goes back to what it did."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def invoke(tmp_path, monkeypatch):
    """Run the command in this process, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(main, ["parity", *map(str, arguments)])


# --------------------------------------------------------------------------- the plan


def make(group=None, catalog=None, **matrix):
    values = {"backends": ["left", "right"], **matrix}
    values["group"] = [{"models": ["twin"], "losses": ["hinge"], **(group or {})}]
    resolved = parity_matrix.resolve(values, "test")
    return parity_plan.make(resolved, 0, catalog or plugins.load([TWINS]))


def settings(planned):
    return [
        tuple(specification[name] for name in ("task", "steps", "dtype", "seed"))
        for case in planned.cases
        for specification in case.specifications.values()
    ]


def test_every_model_meets_every_loss_with_the_same_setting_on_every_backend():
    planned = make({"models": ["twin[width=2|3]"], "losses": ["hinge", "lsgan"]})
    assert [(case.model, case.loss) for case in planned.cases] == [
        ("twin", "hinge"),
        ("twin", "lsgan"),
        ("twin[width=3]", "hinge"),
        ("twin[width=3]", "lsgan"),
    ]
    assert settings(planned) == [("points", 200, "float64", 0)] * 8
    for case in planned.cases:
        assert list(case.specifications) == ["left", "right"]
        models = [part["model"] for part in case.specifications.values()]
        assert models[0] == models[1] and models[0]["options"]["flaw"] == "none"
        loss = {"hinge": "hinge", "lsgan": "least_squares"}[case.loss]
        assert list(case.sources["left"]) == ["ganbench_file_twins", f"ganbench_losses.{loss}"]
    assert planned.skipped == []


def test_a_group_wins_over_the_matrix_and_float32_is_kept_short():
    assert settings(make(steps=30, dtype="float32"))[0] == ("points", 10, "float32", 0)
    assert settings(make({"steps": 7, "dtype": "float32"}, steps=30))[0][1:3] == (7, "float32")
    assert settings(make({"task": "line"}, steps=30))[0] == ("line", 30, "float64", 0)


def test_the_first_task_that_suits_the_model_is_taken():
    catalog = plugins.load()
    both = {"backends": ["torch", "tensorflow[compile=off]"], "catalog": catalog}
    if any(importlib.util.find_spec(name) is None for name in BACKENDS):
        pytest.skip("torch and tensorflow are not both installed")
    found = make({"models": ["mlp-toy", "dcgan"]}, **both)
    assert [task for task, *_ in settings(found)[::2]] == ["points", "8x8x1"]


def test_what_cannot_be_compared_is_skipped_with_the_reason():
    planned = make(
        {
            "models": ["twin", "only-left", "twin[batch_norm_in_discriminator=true]", "real"],
            "losses": ["hinge+nudge", "hinge"],
        },
        catalog=plugins.load([TWINS, TOY]),
    )
    assert [(case.model, case.loss) for case in planned.cases] == [
        ("twin", "hinge+nudge"),
        ("twin", "hinge"),
        ("twin[batch_norm_in_discriminator=true]", "hinge"),
    ]
    reasons = [
        f"{item.backend} {item.model} {item.loss}: {item.reason}" for item in planned.skipped
    ]
    assert reasons[0] == "right only-left *: right has no model 'only-left'"
    assert reasons[1].startswith("left twin[batch_norm_in_discriminator=true] hinge+nudge: nudge ")
    assert reasons[2:] == [
        f"{name} real *: {name} has no model 'real'" for name in ("left", "right")
    ]


def test_of_three_backends_each_is_held_against_the_first_if_that_has_the_model():
    catalog = plugins.load([TWINS, TOY])
    planned = make(backends=["right", "toy", "left"], catalog=catalog)
    assert [list(case.specifications) for case in planned.cases] == [["right", "left"]]
    with pytest.raises(NothingMatched, match="toy has no model 'twin'"):
        make(backends=["toy", "left", "right"], catalog=catalog)


def test_a_task_that_does_not_suit_leaves_nothing():
    with pytest.raises(NothingMatched, match="nothing to compare: twin makes points only"):
        make({"task": "8x8x1"})


def test_backends_that_are_absent_or_alone_are_refused(monkeypatch):
    with pytest.raises(EnvironmentNotReady, match=r"pip install 'ganbench\[absent-extra\]'"):
        make(backends=["left", "absent"], catalog=plugins.load([TWINS, ABSENT]))
    with pytest.raises(ConfigError, match="there is left; name another one with --backends"):
        make(backends=["left", "left"])
    monkeypatch.setattr(parity_plan, "installed", lambda cls: cls.name == "left")
    with pytest.raises(EnvironmentNotReady, match="there is left; pip install"):
        make(backends=None)


def test_backends_that_are_not_named_are_the_installed_frameworks(monkeypatch):
    monkeypatch.setattr(parity_plan, "installed", lambda cls: cls.name in ("left", "right"))
    assert list(make(backends=None).cases[0].specifications) == ["left", "right"]


# --------------------------------------------------------------------------- matrix files

FILE = """
backends = ["right", "left"]
steps = 4

[[group]]
models = ["twin"]
losses = ["hinge"]

[[group]]
models = ["twin[width=3]"]
losses = ["hinge", "lsgan"]
steps = 2
task = "line"
"""


def test_a_file_is_worked_through_with_steps_and_backends_on_top(invoke, tmp_path):
    Path("matrix.toml").write_text(FILE)
    arguments = ["matrix.toml", "--plugin", TWINS, "--format", "json"]
    for changes, expected in (
        ([], [(4, "points"), (2, "line"), (2, "line")]),
        (["--steps", "3", "--backends", "left,right"], [(3, "points"), (2, "line"), (2, "line")]),
    ):
        done = invoke(*arguments, *changes)
        assert done.exit_code == 0, done.output
        found = json.loads(done.stdout)["verdicts"]
        assert [(item["steps"], item["task"]) for item in found] == expected
        assert found[0]["backends"] == (["left", "right"] if changes else ["right", "left"])


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        ("step = 4", [], "no key named 'step' in m.toml; did you mean 'steps'?"),
        ("[[group]]\nmodel = []", [], "no key named 'model' in m.toml; did you mean 'models'?"),
        ("[[group]]\nmodels = ['twin']", [], "m.toml: group.0.losses: Field required"),
        ("[[group]]\nmodels = []\nlosses = ['hinge']", [], "m.toml: name at least one model"),
        ("steps = 0", [], "m.toml: steps: Input should be greater than or equal to 1"),
        ("dtype = 'float16'\ngroup = []", [], "m.toml: dtype: Input should be 'float64' or"),
        ("group = 3", [], "m.toml: group: Input should be a valid list"),
        ("steps = ", [], "m.toml: Invalid value"),
        ("", ["--model", "twin"], "--model goes with no matrix file: m.toml says what is compared"),
        ("", ["--dtype", "float32"], "--dtype goes with no matrix file"),
        ("group = []", [], "nothing to compare: no model was named"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_one_line(invoke, text, arguments, message):
    Path("m.toml").write_text(text)
    done = invoke("m.toml", "--plugin", TWINS, "--backends", "left,right", *arguments)
    assert done.exit_code == (5 if "nothing" in message else 2), done.output
    assert done.stderr.startswith("ganbench: ") and message in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "twim"], "no model named 'twim'; did you mean 'twin'?"),
        (["--model", "twin[wide=3]"], "no option named 'wide' in 'twin'; did you mean 'width'?"),
        (["--model", "twin", "--task", "point"], "no task named 'point'; did you mean 'points'?"),
        (
            ["--model", "twin", "--backends", "left,righty"],
            "no backend named 'righty'; did you mean",
        ),
        (["--model", "twin", "--loss", "hing"], "no loss named 'hing'; did you mean 'hinge'?"),
        (["--loss", "hinge"], "command line: name at least one model and one loss"),
    ],
)
def test_wrong_names_are_refused_with_the_nearest_one(invoke, arguments, message):
    done = invoke(*TWIN_OPTIONS, *arguments)
    assert done.exit_code == 2 and message in done.stderr, done.output


# --------------------------------------------------------------------------- verdicts


def test_twins_agree_and_the_verdict_is_kept(invoke, tmp_path):
    before = psutil.Process().children()  # of other tests
    done = invoke(*TWIN_OPTIONS, "--model", "twin", "--model", "only-left", "--steps", "5")
    assert done.exit_code == 0, done.output
    assert psutil.Process().children() == before
    assert "verified" in done.stdout and "skipped: right only-left" in done.stdout
    assert done.stderr == (
        "[1/1] left and right, float64, twin hinge on points, 5 steps: verified: losses 0, "
        "gradients 0, weights 0, buffers 0, samples 0\n"
    )
    (kept,) = parity_verdict.read(tmp_path / "results" / "parity")
    assert (kept.verdict, kept.model, kept.steps, kept.backends) == (
        *("verified", "twin", 5),
        ["left", "right"],
    )
    assert kept.frameworks["right"]["side"] == "right"
    assert kept.sources.keys() == {"ganbench_file_twins", "ganbench_losses.hinge"}


def test_several_runs_into_one_folder_keep_the_union_and_the_latest_of_each(invoke, tmp_path):
    for steps, model in ((2, "twin"), (3, "twin[width=3]"), (2, "twin")):
        arguments = ["--model", model, "--steps", steps, "--out", "kept"]
        assert invoke(*TWIN_OPTIONS, *arguments).exit_code == 0
    found = [(item.model, item.steps) for item in parity_verdict.read(tmp_path / "kept")]
    assert found == [("twin", 2), ("twin[width=3]", 3)]


def test_a_damaged_file_of_verdicts_is_named_before_any_training(invoke, tmp_path, monkeypatch):
    monkeypatch.setattr(parity_runner.Tracers, "trace", lambda *_: pytest.fail("it trains"))
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "verdicts.jsonl").write_text("{}\n")
    done = invoke(*TWIN_OPTIONS, "--model", "twin", "--steps", "2", "--out", "kept")
    assert done.exit_code == 2, done.output
    assert "kept/verdicts.jsonl: line 1 is damaged" in done.stderr
    assert len(done.stderr.splitlines()) == 1


FLAWS = {
    "rate": (3, "weight/discriminator.layer.weight"),
    "loss": (3, "discriminator_loss"),
    "gradient": (3, "gradient/generator.layer.bias"),
    "buffer": (3, "buffer/generator.seen"),
    "infinite": (3, "generator_loss"),
    "samples": (5, "samples"),
    "refuse": (5, "samples"),
    "name": "only right has buffer/ema.generator.layer.weight",
    "shape": "buffer/generator.seen is (5, 1) on left and (5, 2) on right",
    "raise": "right: model 'twin[flaw=raise,since=3]' (twins.py, line 100): trace() raised "
    "RuntimeError: the right one broke",
    "exit": "right: model 'twin[flaw=exit,since=3]' (twins.py, line 102): trace() raised "
    "SystemExit: 0",
    "mute": "right: PluginError: twin on right: its trace has no 'logit_magnitude'",
}


def test_every_flaw_is_found_where_it_begins_and_stops_no_other_comparison(invoke, tmp_path):
    model = f"twin[flaw={'|'.join(FLAWS)}|none,since=3]"
    done = invoke(*TWIN_OPTIONS, "--model", model, "--steps", "5", "--format", "json")
    assert done.exit_code == 4, done.output
    assert done.stderr.splitlines()[-1] == f"{len(FLAWS)} of {len(FLAWS) + 1} comparisons failed"
    *failed, agreed = json.loads(done.stdout)["verdicts"]
    assert agreed["verdict"] == "verified"
    for expected, found in zip(FLAWS.values(), failed, strict=True):
        assert found["verdict"] == "failed"
        if isinstance(expected, str):
            assert found["reason"] == expected and found["first_disagreement"] is None
        else:
            first = found["first_disagreement"]
            assert (first["step"], first["name"]) == expected
            assert found["reason"].startswith(f"step {expected[0]}, {expected[1]}: ")
    assert len(parity_verdict.read(tmp_path / "results" / "parity")) == len(FLAWS) + 1


def test_a_process_works_on_until_something_fails_in_it(invoke, monkeypatch):
    monkeypatch.setattr(parity_runner, "_lanes", lambda cases: 1)  # or each lane has its own
    model = "twin[flaw=none|raise|rate|loss]"
    done = invoke(*TWIN_OPTIONS, "--model", model, "--steps", "2", "--format", "json")
    found = [item["frameworks"] for item in json.loads(done.stdout)["verdicts"]]
    left = {frameworks["left"]["process"] for frameworks in found}
    right = [frameworks["right"].get("process") for frameworks in found]
    assert len(left) == 1 and str(os.getpid()) not in left
    assert right[1] is None and right[2] == right[3] != right[0]


def test_a_stopped_comparison_leaves_no_process_behind(tmp_path):
    command = [sys.executable, "-m", "ganbench.cli", "parity", *TWIN_OPTIONS, "--model", "twin"]
    process = subprocess.Popen(
        [*command, "--steps", "500000"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    try:
        parent, deadline = psutil.Process(process.pid), time.monotonic() + 60
        while len(children := parent.children()) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert len(children) == 2
        time.sleep(0.5)  # into the middle of a job
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 143
    assert "stopped; the verdicts so far are kept" in errors
    assert not any(child.is_running() for child in children)


@pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in BACKENDS),
    reason="torch and tensorflow are not both installed",
)
def test_the_perceptrons_are_the_same_gan_on_both_backends(tmp_path):
    done = run_ganbench(
        *("parity", "--model", "mlp[width=16,batch_size=8]", "--loss", "hinge", "--steps", "5"),
        *("--task", "8x8x1", "--backends", "torch,tensorflow[compile=off]", "--format", "json"),
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)["verdicts"]
    assert found["verdict"] == "verified"
    assert all(found["deviations"][name] <= 1e-9 for name in ("losses", "gradients", "weights"))
    assert found["sources"].keys() == {
        *("ganbench_torch.plugin", "ganbench_tensorflow.plugin", "ganbench_losses.hinge"),
        *("ganbench_recipes.mlp", "ganbench_recipes.recipe"),
    }
    assert os.listdir(tmp_path / "results" / "parity") == ["verdicts.jsonl"]
