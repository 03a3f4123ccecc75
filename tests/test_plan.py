import json
import os
import re
import shutil
from dataclasses import replace

import pytest
from toys import ABSENT, TOY, small_config, toy_catalog

from ganbench import plan, plugins, specification
from ganbench.config import Config
from ganbench.errors import ConfigError, EnvironmentNotReady, NothingMatched, UnknownName
from ganbench.plugins import Catalog


def make(catalog=None, **changes):
    return plan.make(small_config(**changes), catalog or toy_catalog())


def names(found):
    return [(trial.backend, trial.model, trial.loss, trial.seed) for trial in found.trials]


def without(catalog, *backends):
    """The same catalog as if these backends' plugins had never been there."""
    kept = Catalog()
    for plugin in catalog.plugins:
        entries = [
            entry
            for kind in plugins.KINDS
            for entry in catalog.entries(kind)
            if entry.plugin == plugin
            and entry.name not in backends
            and getattr(entry.cls, "backend", "") not in backends
        ]
        kept.add(plugin, entries)
    return kept


# --------------------------------------------------------------------------- the matrix


def test_the_defaults_are_baselines_once_and_every_gan_on_every_backend_with_every_loss(
    monkeypatch,
):
    monkeypatch.setattr(plan, "installed", lambda backend: True)
    found = plan.make(Config(), plugins.load())
    gans = [
        (backend, model, loss)
        for backend in ("jax", "tensorflow", "torch")
        for model in ("mlp", "dcgan")
        for loss in ("non-saturating", "hinge")
    ]
    baselines = [("numpy", name, "none") for name in ("real", "memorizer", "pixel-gaussian")]
    expected = [(*row, seed) for row in baselines + gans for seed in (0, 1)]
    assert sorted(names(found)) == sorted(expected)
    assert found.skipped == []
    assert [trial.seed for trial in found.trials] == [0] * 15 + [1] * 15  # a whole table early


def test_alternatives_of_options_are_trials_of_their_own():
    found = make(models=["toy[rate=0.1|0.2]"], losses=["hinge+nudge[gamma=1|2]"], seeds=2)
    assert names(found) == [
        ("toy", model, loss, seed)
        for seed in (0, 1)
        for model in ("toy", "toy[rate=0.2]")
        for loss in ("hinge+nudge", "hinge+nudge[gamma=2.0]")
    ]


def test_what_is_asked_twice_is_run_once():
    found = make(models=["toy", "toy[rate=0.1]", "toy"], losses=["hinge", "hinge"])
    assert names(found) == [("toy", "toy", "hinge", 0)]


def test_baselines_run_once_whatever_the_backends_and_losses():
    found = make(baselines=["real"], losses=["hinge", "lsgan"], datasets=["specks", "ring"])
    real = [name for name in names(found) if name[1] == "real"]
    assert real == [("numpy", "real", "none", 0)] * 2  # one per data set


def test_a_model_that_says_nothing_about_losses_is_run_with_each():
    assert len(make(losses=["hinge", "lsgan"]).trials) == 2


def test_the_specification_holds_all_that_decides_the_outcome():
    (trial,) = make(
        models=["toy[rate=0.2]"], losses=["hinge+nudge"], budget="images=2k", samples=7, threads=3
    ).trials
    sources = trial.specification.pop("sources")
    assert trial.specification == {
        "protocol": specification.PROTOCOL,
        "backend": {"name": "toy", "options": {}},
        "model": {
            "name": "toy",
            "options": {
                "does": "train",
                "after": 0,
                "rate": 0.2,
                "megabytes": 0,
                "step_seconds": 0.0,
                "sample_seconds": 0.0,
                "batch_size": 4,
                "discriminator_updates": 1,
                "bright": False,
                "gains_side_by_side": False,
            },
        },
        "loss": {"name": "hinge", "options": {}},
        "penalties": [{"name": "nudge", "options": {"gamma": 1.0}}],
        "dataset": {"name": "specks", "options": {}},
        "seed": 0,
        "budget": {"kind": "images", "value": 2000.0},
        "samples": 7,
        "checkpoints": 4,
        "threads": 3,
        "device": "auto",
        "dtype": "float32",
    }
    assert {module.partition(".")[0] for module in sources} == {
        "ganbench_file_toy",
        "ganbench_losses",
    }


def test_samples_and_threads_are_filled_in():
    (trial,) = make(threads=None).trials
    assert trial.specification["samples"] == 20  # the data set's own number
    assert trial.specification["threads"] == len(os.sched_getaffinity(0))


# --------------------------------------------------------------------------- what is skipped


def test_a_penalty_of_gradients_is_skipped_for_batch_norm_in_the_discriminator():
    found = make(models=["toy", "toy-norm"], losses=["hinge", "hinge+nudge"], seeds=2)
    assert ("toy", "toy-norm", "hinge+nudge", 0) not in names(found)
    assert len(found.trials) == 6
    (skipped,) = found.skipped  # noted once, not once per seed
    assert (skipped.model, skipped.loss, skipped.dataset) == ("toy-norm", "hinge+nudge", "specks")
    assert "nudge needs a gradient per image" in skipped.reason


def test_a_model_that_does_not_suit_the_data_is_skipped_with_its_own_reason():
    found = make(models=["toy", "toy-norm"], datasets=["specks", "ring"], seeds=2)
    assert len(found.trials) == 6
    (skipped,) = found.skipped
    assert (skipped.model, skipped.dataset) == ("toy-norm", "ring")
    assert skipped.reason == "toy-norm makes images only"


def test_the_dcgan_is_skipped_on_points(monkeypatch):
    monkeypatch.setattr(plan, "installed", lambda backend: True)
    found = make(backends=["torch"], models=["mlp-toy", "dcgan"], datasets=["ring"])
    assert [trial.model for trial in found.trials] == ["mlp-toy"]
    assert [item.reason for item in found.skipped] == ["dcgan makes images and ring has points"]


def test_baselines_alone_are_no_answer_where_every_model_is_skipped(monkeypatch):
    monkeypatch.setattr(plan, "installed", lambda backend: True)
    with pytest.raises(NothingMatched, match="dcgan makes images and ring has points"):
        make(backends=["torch"], models=["dcgan"], datasets=["ring"], baselines=["real"])


def test_a_model_that_a_named_backend_lacks_is_skipped():
    found = make(backends=["toy", "numpy"], seeds=2)
    assert names(found) == [("toy", "toy", "hinge", 0), ("toy", "toy", "hinge", 1)]
    assert [item.reason for item in found.skipped] == ["numpy has no model 'toy'"]


def test_a_baseline_that_no_backend_offers_is_skipped_and_said_so(monkeypatch):
    monkeypatch.setattr(plan, "installed", lambda backend: True)
    found = make(baselines=["mlp"])
    assert names(found) == [("toy", "toy", "hinge", 0)]
    assert [item.model for item in found.skipped] == ["mlp"] * len(found.skipped) != []
    assert "numpy has no model 'mlp'" in [item.reason for item in found.skipped]


def test_a_backend_that_is_not_installed_and_was_not_named_is_skipped():
    catalog = without(toy_catalog(ABSENT), "torch", "tensorflow", "jax")
    catalog.get("backends", "toy").requires = ("json",)
    found = make(catalog, backends=None)
    assert names(found) == [("toy", "toy", "hinge", 0)]
    assert [(item.backend, item.reason) for item in found.skipped] == [
        ("absent", "absent is not installed; pip install 'ganbench[absent-extra]'")
    ]


# --------------------------------------------------------------------------- refusals


def test_a_backend_that_was_named_has_to_be_installed():
    with pytest.raises(EnvironmentNotReady, match=r"pip install 'ganbench\[absent-extra\]'"):
        make(toy_catalog(ABSENT), backends=["toy", "absent"])


def test_baselines_alone_are_no_benchmark_where_no_framework_is_installed():
    catalog = without(toy_catalog(ABSENT), "torch", "tensorflow", "jax")
    with pytest.raises(EnvironmentNotReady, match="absent is not installed"):
        make(catalog, backends=None, models=["toy"], baselines=["real"])


def test_a_framework_that_is_part_of_another_counts_as_not_installed():
    catalog = toy_catalog(ABSENT)
    absent = catalog.get("backends", "absent")
    absent.requires = ("no_such_module.part",)
    assert not plan.installed(absent)
    absent.requires = ("json", "json.decoder")
    assert plan.installed(absent)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"models": ["toyy"]}, "no model named 'toyy'; did you mean 'toy'"),
        ({"losses": ["hinges"]}, "no loss named 'hinges'; did you mean 'hinge'"),
        ({"losses": ["hinge+nugde"]}, "no penalty named 'nugde'; did you mean 'nudge'"),
        ({"losses": ["hinge+hinge"]}, "no penalty named 'hinge'"),
        ({"datasets": ["speks"]}, "no dataset named 'speks'; did you mean 'specks'"),
        ({"backends": ["toyy"]}, "no backend named 'toyy'; did you mean 'toy'"),
        ({"baselines": ["reel"]}, "no model named 'reel'; did you mean 'real'"),
        ({"models": ["toy[rat=1]"]}, "no option named 'rat' in 'toy'; did you mean 'rate'"),
    ],
)
def test_unknown_names_are_refused_with_the_near_one(changes, message):
    with pytest.raises(UnknownName, match=re.escape(message)):
        make(**changes)


def test_a_wrong_option_is_refused_even_where_the_model_would_be_skipped():
    with pytest.raises(ConfigError, match=r"toy\[rate=0\]"):
        make(models=["toy[rate=0]"], datasets=["ring"])


def test_nothing_to_run_says_why():
    with pytest.raises(NothingMatched, match="toy-norm makes images only"):
        make(models=["toy-norm"], datasets=["ring"])
    with pytest.raises(NothingMatched, match="numpy has no model 'toy'"):
        make(backends=["numpy"])


# --------------------------------------------------------------------------- identity


def only_id(catalog=None, **changes):
    (trial,) = make(catalog, **changes).trials
    return trial.id


def test_ids_are_safe_names_that_tell_what_was_run():
    found = make(
        models=["toy[does=nan-samples,rate=0.25,bright=true]"], losses=["hinge+nudge[gamma=2]"]
    )
    (trial,) = found.trials
    assert trial.id.startswith("toy-toy-") and "-s0-" in trial.id


@pytest.mark.parametrize("after", [1, 12, 123, 1234, 12345, 123456, 1234567])
def test_ids_of_any_length_are_safe(after):
    found = make(models=[f"toy[does=raise,after={after}]"], losses=["hinge+nudge[gamma=2]"])
    assert re.fullmatch(r"([a-z0-9]+-)+s0-[0-9a-f]{8}", found.trials[0].id)
    assert len(found.trials[0].id) < 70


def test_an_id_stays_the_same_from_plan_to_plan():
    assert only_id() == only_id() == only_id(name="other", out="/elsewhere", metrics=[])


@pytest.mark.parametrize(
    "changes",
    [
        {"models": ["toy[rate=0.2]"]},
        {"models": ["toy-norm"]},
        {"losses": ["lsgan"]},
        {"losses": ["hinge+nudge"]},
        {"losses": ["hinge+nudge[gamma=3]"]},
        {"datasets": ["ring"]},
        {"budget": "updates=21"},
        {"budget": "images=20"},
        {"samples": 21},
        {"threads": 2},
        {"device": "cpu"},
    ],
    ids=str,
)
def test_whatever_changes_the_outcome_changes_the_id(changes):
    found = {only_id(), only_id(losses=["hinge+nudge"]), only_id(**changes)}
    expected = 2 if changes == {"losses": ["hinge+nudge"]} else 3
    assert len(found) == expected


def test_seeds_have_ids_of_their_own():
    first, second = make(seeds=2).trials
    assert first.id != second.id and first.id == only_id()


def test_editing_a_plugin_changes_the_ids_of_its_trials_only(tmp_path):
    path = tmp_path / "toy.py"
    shutil.copy(TOY, path)
    config = small_config(plugins=[str(path)], baselines=["real"], datasets=["ring"])
    before = plan.make(config, plugins.load([path])).trials
    path.write_text(path.read_text() + "# edited\n")
    after = plan.make(config, plugins.load([path])).trials
    changed = {old.model for old, new in zip(before, after, strict=True) if old.id != new.id}
    assert changed == {"toy"}


def test_the_harness_s_protocol_is_part_of_the_id(monkeypatch):
    before = only_id()
    monkeypatch.setattr(specification, "PROTOCOL", specification.PROTOCOL + 1)
    assert only_id() != before


# --------------------------------------------------------------------------- rebuilding


def test_a_specification_rebuilds_its_objects_after_json():
    catalog = toy_catalog()
    (trial,) = make(catalog, models=["toy[rate=0.2]"], losses=["hinge+nudge[gamma=2]"]).trials
    stored = json.loads(json.dumps(trial.specification))
    assert stored == trial.specification
    model = specification.rebuild(catalog, "models", stored["model"], "toy")
    assert model == replace(catalog.model("toy", "toy")(), rate=0.2)
    penalty = specification.rebuild(catalog, "penalties", stored["penalties"][0])
    assert penalty.gamma == 2.0


def test_rebuilding_what_is_gone_is_refused():
    catalog = toy_catalog()
    with pytest.raises(ConfigError, match="numpy has no model 'toy'"):
        specification.rebuild(catalog, "models", {"name": "toy", "options": {}}, "numpy")
    with pytest.raises(UnknownName):
        specification.rebuild(catalog, "losses", {"name": "gone", "options": {}})
