"""FLOPs: counted as by hand, once, for every backend, and spent as a budget."""

import importlib.util
import json
import subprocess
import sys
from math import prod
from pathlib import Path

import pytest
from toys import ABSENT, PLUGINS, SMALL, TOY, run_ganbench, small_config

from ganbench import benchmark, config, counting, plan, plugins
from ganbench.errors import ConfigError, EnvironmentNotReady
from ganbench.runner import setup
from ganbench.view import SilentView

ABACUS = str(PLUGINS / "abacus.py")
BEADS = {**SMALL, "models": ["bead"], "plugins": [TOY, ABACUS]}


def beads(folder, **changes):
    """Run beads; gives the outcome."""
    prepared = benchmark.prepare(None, {**BEADS, "out": str(folder), **changes})
    return benchmark.run(prepared, lambda planned: SilentView())


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    """A cache that no other test has filled."""
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "flops"


# --------------------------------------------------------------------------- one for all


def costs_of(folder):
    """The costs of the only row of a folder's table, medians by name."""
    (table,) = json.loads((folder / "tables/table.json").read_text())["tables"]
    (row,) = table["rows"]
    return {name: value["median"] for name, value in row["costs"].items()}


def test_a_count_is_shared_by_name_and_options_and_is_in_the_record(tmp_path, own_folder):
    (found,) = beads(tmp_path / "out").records
    assert found.backend == "toy"
    assert found.training["flops_per_step"] == 4 * 1000
    assert found.training["flops"] == 20 * 4 * 1000
    assert found.training["flops_source"] == "counted on abacus"
    costs = costs_of(tmp_path / "out")
    assert costs["flops_per_step"] == 4000
    speed = costs["images_per_second"] / 4 * 4000  # four images a step
    assert costs["flops_per_second"] == pytest.approx(speed)


def test_options_and_penalties_are_counted_apart_and_each_once(tmp_path, own_folder):
    found = beads(
        tmp_path / "a", models=["bead", "bead[batch_size=8]"], losses=["hinge", "hinge+clip"]
    ).records
    counts = {(record.model, record.loss): record.training["flops_per_step"] for record in found}
    assert counts == {
        ("bead", "hinge"): 4000,
        ("bead[batch_size=8]", "hinge"): 8000,
        ("bead", "hinge+clip"): 6000,
        ("bead[batch_size=8]", "hinge+clip"): 12000,
    }
    assert len(list(own_folder.glob("*.json"))) == 4


def test_a_count_that_is_kept_is_not_made_again(tmp_path, own_folder, monkeypatch):
    beads(tmp_path / "a")
    (path,) = own_folder.glob("*.json")
    before = path.read_text()
    settings = config.resolve({}, BEADS, "test")
    catalog = plugins.load(settings.plugins)
    (trial,) = plan.make(settings, catalog).trials

    def no_process(*arguments):
        raise AssertionError("a process was started")

    with monkeypatch.context() as patch:
        patch.setattr(counting, "Child", no_process)
        assert counting.of_trials([trial], catalog, {})[trial.id].per_step == 4000
    path.write_text(before[:50])  # what is damaged is made again
    counts = counting.of_trials([trial], catalog, setup(settings))
    assert counts[trial.id].per_step == 4000
    assert path.read_text() == before


def test_sources_and_shapes_decide_what_may_be_shared(own_folder, tmp_path, monkeypatch):
    beads(tmp_path / "a")
    monkeypatch.setattr(counting, "hashes", lambda parts: {"abacus": "edited"})
    beads(tmp_path / "b")
    kept = [json.loads(path.read_text())["of"] for path in own_folder.glob("*.json")]
    assert len(kept) == 2
    assert {text["task"]["dataset"] for text in kept} == {""}  # the shape counts, not the name
    assert {tuple(text["task"]["shape"]) for text in kept} == {(4, 4, 1)}


# --------------------------------------------------------------------------- what is not known


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"models": ["toy"]}, "no backend that counts FLOPs has a model 'toy'"),
        (
            {"models": ["bead[breaks=true]"]},
            "counting on abacus failed: the process ended itself with code 6",
        ),
    ],
)
def test_what_nobody_counts_is_absent_and_the_record_says_why(tmp_path, changes, reason):
    (found,) = beads(tmp_path / "out", **changes).records
    assert found.status == "completed"
    assert found.training["flops_per_step"] is None and found.training["flops"] is None
    assert found.training["flops_source"].startswith(reason)
    assert not {"flops_per_step", "flops_per_second"} & set(costs_of(tmp_path / "out"))


def test_a_backend_that_counts_and_is_absent_is_named_with_what_installs_it(monkeypatch):
    settings = small_config(plugins=[TOY, ABSENT])
    catalog = plugins.load(settings.plugins, ["no:torch"])
    monkeypatch.setattr(catalog.get("backends", "absent"), "counts_flops", True, raising=False)
    (trial,) = plan.make(settings, catalog).trials
    (count,) = counting.of_trials([trial], catalog, {}).values()
    told = "absent is not installed; pip install 'ganbench[absent-extra]'"
    assert (count.per_step, count.source) == (None, told)
    planned = plan.make(settings, catalog)
    with pytest.raises(EnvironmentNotReady, match="absent is not installed"):
        counting.with_steps(planned, {trial.id: count})


# --------------------------------------------------------------------------- as a budget


def test_a_budget_of_flops_is_as_many_whole_steps_as_fit(tmp_path, own_folder):
    changes = {"budget": "flops=30k", "baselines": ["real"]}
    prepared = benchmark.prepare(None, {**BEADS, **changes, "out": str(tmp_path / "out")})
    (skipped,) = prepared.plan.skipped
    assert (skipped.model, skipped.reason) == ("real", "a baseline has no FLOPs to be given")
    (found,) = benchmark.run(prepared, lambda planned: SilentView()).records
    assert found.training["steps"] == 7
    assert found.training["flops"] == 28_000
    assert found.specification["flops_per_step"] == 4000
    assert found.budget == "flops=30k"


def test_another_count_is_another_trial(own_folder, monkeypatch, tmp_path):
    ids = set()
    for flops in (4000, 4001):
        monkeypatch.setattr(counting.Counter, "of", lambda *_, n=flops: counting.Count(n, "told"))
        prepared = benchmark.prepare(None, {**BEADS, "budget": "flops=1M"})
        (trial,) = prepared.plan.trials
        ids.add(trial.id)
    assert len(ids) == 2


def test_less_than_one_step_is_one_step(tmp_path):
    (found,) = beads(tmp_path / "out", budget="flops=3").records
    assert found.training["steps"] == 1


def test_a_budget_that_cannot_be_counted_is_refused_before_anything_is_made(tmp_path):
    options = ["--plugin", TOY, "--backend", "toy", "--model", "toy", "--dataset", "specks"]
    options += ["--loss", "hinge", "--no-baselines", "--threads", "1", "--budget", "flops=1G"]
    done = run_ganbench("run", *options, "--out", "out", folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "ganbench: budget flops=1G: the FLOPs of toy hinge on specks are not known (no backend "
        "that counts FLOPs has a model 'toy'); take images=, updates= or seconds=\n"
    )
    assert not (tmp_path / "out").exists()


def test_a_count_of_nothing_is_no_price(monkeypatch):
    prepared = benchmark.prepare(None, BEADS)
    (trial,) = prepared.plan.trials
    with pytest.raises(ConfigError, match="not known"):
        counting.with_steps(prepared.plan, {trial.id: counting.Count(None, "nothing to count")})


# --------------------------------------------------------------------------- against arithmetic

WITH_TORCH = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="torch is not installed"
)


def layers(name):
    """FLOPs of each layer's forward pass for one image: generator, then discriminator."""
    if name == "mlp":  # 100-128-784 and 784-128-1
        return [2 * 100 * 128, 2 * 128 * 784], [2 * 784 * 128, 2 * 128]
    kernel, near, far = 4 * 4, 7 * 7, 14 * 14  # where the kernels are put, not what comes out
    generator = [2 * 64 * 64 * 49, 2 * near * 64 * 32 * kernel, 2 * far * 32 * 1 * kernel]
    return generator, [2 * far * 1 * 32 * kernel, 2 * near * 32 * 64 * kernel, 2 * 64 * 49]


def by_hand(name, loss):
    """FLOPs of one step, with no gradient by the noise and, in the D update, by the images."""
    generator, discriminator = layers(name)
    g, d = sum(generator), sum(discriminator)
    first_g, first_d, last = generator[0], discriminator[0], discriminator[-1]
    d_update = g + 2 * (d + d + d - first_d)
    g_update = g + d + d + g + g - first_g
    extra = {
        # The gradient by the images; that of its norm, to which the last weight's own gradient
        # by its input adds nothing.
        "non-saturating+r1": d + (2 * d - last),
        # ... and besides a forward pass of its own, and zeros sent back through that.
        "wgan+gp1": d + d + (2 * d - last) + (2 * d - first_d - 2 * last),
    }
    return d_update + g_update + extra.get(loss, 0)


@pytest.fixture(scope="module")
def counted():
    """The FLOPs of a step of 28x28 images, by model and loss, for torch and for TensorFlow."""
    wanted = config.resolve(
        {},
        {
            "backends": ["torch", "tensorflow"],
            "models": ["mlp", "dcgan"],
            "losses": ["non-saturating", "non-saturating+r1", "wgan+gp1"],
            "datasets": ["fashion-mnist"],
            "baselines": [],
            "seeds": 1,
            "budget": "updates=1",
        },
        "test",
    )
    catalog = plugins.load()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "installed", lambda backend: True)  # nothing is trained
        trials = plan.make(wanted, catalog).trials
    counts = counting.of_trials(trials, catalog, setup(wanted))
    return {(trial.backend, trial.model, trial.loss): counts[trial.id] for trial in trials}


@WITH_TORCH
@pytest.mark.parametrize("backend", ["torch", "tensorflow"])
@pytest.mark.parametrize("loss", ["non-saturating", "non-saturating+r1", "wgan+gp1"])
@pytest.mark.parametrize(("model", "batch"), [("mlp", 128), ("dcgan", 64)])
def test_counts_are_those_of_pencil_and_paper(counted, backend, model, batch, loss):
    count = counted[backend, model, loss]
    assert count.per_step == batch * by_hand(model, loss)
    assert count.source.startswith("counted on torch, torch ")


@WITH_TORCH
def test_the_rule_of_thumb_holds_but_for_the_first_layers():
    """SCIENCE's B (4 f_G + 8 f_D) counts gradients by the noise and by the images, too."""
    for name in ("mlp", "dcgan"):
        generator, discriminator = layers(name)
        rule = 4 * sum(generator) + 8 * sum(discriminator)
        missing = generator[0] + 2 * discriminator[0]
        assert by_hand(name, "non-saturating") == rule - missing


CONVOLUTIONS = """
import json, torch
from ganbench_torch.flops import Counter

def flops(work):
    with Counter() as counter:
        work()
    return counter.flops

def both(layer, by_images):
    images = torch.randn(3, 8, 9, 7, requires_grad=by_images)
    forward = flops(lambda: layer(images))
    result = layer(images).sum()
    return [forward, flops(result.backward)]

found = {}
for name, kind in (("plain", torch.nn.Conv2d), ("transposed", torch.nn.ConvTranspose2d)):
    for groups in (1, 4):
        for by_images in (True, False):
            layer = kind(8, 12, (3, 5), stride=2, padding=1, groups=groups)
            found[f"{name} {groups} {by_images}"] = both(layer, by_images)
matrix, vector = torch.randn(5, 7), torch.randn(7)
found["mv"] = flops(lambda: matrix @ vector)
found["dot"] = flops(lambda: torch.dot(vector, vector))
found["bmm"] = flops(lambda: torch.randn(2, 5, 7) @ torch.randn(2, 7, 3))
found["elementwise"] = flops(lambda: (matrix.exp() * matrix).sum())
print(json.dumps(found))
"""


@WITH_TORCH
def test_convolutions_of_every_kind_are_counted_forward_and_backward():
    done = subprocess.run(
        [sys.executable, "-c", CONVOLUTIONS],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=Path(__file__).parent,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    places = {"plain": 5 * 3, "transposed": 9 * 7}  # where the kernel is put
    for name, place in places.items():
        for groups in (1, 4):
            one = 2 * 3 * place * prod((8, 12, 3, 5)) // groups
            assert found[f"{name} {groups} True"] == [one, 2 * one]
            assert found[f"{name} {groups} False"] == [one, one]
    assert found["mv"] == 2 * 5 * 7 and found["dot"] == 2 * 7
    assert found["bmm"] == 2 * 2 * 5 * 7 * 3 and found["elementwise"] == 0
