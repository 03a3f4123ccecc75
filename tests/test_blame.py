"""Who is at fault: broken plugins through `ganbench run`, and single exceptions."""

import re
import sys
import types

import numpy as np
import pytest
from toys import PLUGINS, TOY, run_ganbench, toy_catalog

from ganbench import blame, boundary, failure, plugins
from ganbench.contracts import Dataset, Split, Task
from ganbench.errors import ConfigError, ContractBroken
from ganbench.plugin_choice import OWN_DISTRIBUTION

BROKEN = str(PLUGINS / "broken.py")
LINE = r"\(broken\.py, line \d+\): "
FILE = r"\(broken\.py\): "
SEE = "; see {} in ganbench/contracts.py"

# What is done -> what is said after "model 'broken[does=...]' ".
SAID = {
    "key": LINE + r"trainer\(\) raised KeyError: 'generator.0.b'; parameters\(\) declares "
    "generator.0.bias, discriminator.0.bias",
    "helper": LINE + r"train\(\) raised ZeroDivisionError: from the helper",
    "few-arguments": LINE + r"trainer\(\) raised TypeError: BrokenTrainer.__init__\(\) missing 2 "
    "required positional arguments: 'task' and 'weights'",
    "none": FILE + r"trainer\(\) returned None without train\(\) and sample\(\); expected a Trainer"
    + SEE.format("Model"),
    "no-sample": FILE + r"trainer\(\) returned NoSample without sample\(\); expected a Trainer"
    + SEE.format("Model"),
    "no-losses": FILE + r"train\(\) returned None; expected a dict of numbers, such as losses"
    + SEE.format("Trainer"),
    "array-loss": FILE + r"train\(\) returned float64 \(3,\) as 'generator_loss'; expected a number"
    + SEE.format("Trainer"),
    "floats": FILE + r"sample\(\) returned float32 \(20, 4, 4, 1\); expected uint8 \(20, 4, 4, 1\)"
    + SEE.format("Trainer"),
    "tuple-step": FILE + r"step\(\) returned tuple; expected a Step" + SEE.format("Model"),
    "bad-name": FILE + r"parameters\(\) returned the name 'first'; expected names that begin with "
    r"generator\. or discriminator\." + SEE.format("Model"),
}  # fmt: skip


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("blame")
    models = [part for does in (*SAID, "memory") for part in ("--model", f"broken[does={does}]")]
    return run_ganbench(
        *("run", "--backend", "toy", *models, "--loss", "hinge", "--dataset", "specks"),
        *("--metric", "brightness", "--no-baselines", "--seeds", "1", "--budget", "updates=2"),
        *("--samples", "20", "--threads", "1", "--plugin", TOY, "--plugin", BROKEN),
        *("--out", "out"),
        folder=folder,
    )


def line_of(ran, does):
    (line,) = [
        line
        for line in ran.stderr.splitlines()
        if line.startswith("failed: ") and f"-does-{does}-" in line
    ]
    return line


@pytest.mark.parametrize("does", SAID)
def test_a_run_names_plugin_method_and_what_was_expected_then_the_log_and_the_check(ran, does):
    told = re.fullmatch(
        rf"failed: (\S+): model 'broken\[does={does}\]' {SAID[does]}; "
        rf"log: out/trials/\1/log\.txt; run: ganbench check (\S+)",
        line_of(ran, does),
    )
    assert told, line_of(ran, does)
    assert told[2] == BROKEN


def test_a_lack_of_memory_is_no_plugins_fault(ran):
    line = line_of(ran, "memory")
    assert ": MemoryError: Unable to allocate" in line and "log: out/trials/" in line
    assert "broken.py" not in line and "ganbench check" not in line


def test_no_path_of_this_machine_is_in_a_reason(ran):
    reasons = [line.partition("; log: ")[0] for line in ran.stderr.splitlines()]
    assert not any(str(PLUGINS) in reason for reason in reasons)


# --------------------------------------------------------------------------- single exceptions


@pytest.fixture(scope="module")
def catalog():
    return toy_catalog(BROKEN)


def raised(function, *arguments):
    try:
        function(*arguments)
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def job(loss="flat", kind="train"):
    selection = {"name": loss, "options": {}}
    return {
        "kind": kind,
        "specification": {
            "backend": {"name": "toy", "options": {}},
            "model": {"name": "toy", "options": {}},
            "loss": selection,
            "penalties": [],
            "dataset": {"name": "specks", "options": {}},
        },
    }


def test_an_error_of_a_framework_is_traced_to_the_plugin_that_breaks_its_contract(catalog):
    event = failure.event(RuntimeError("not a scalar"), job(), catalog)
    assert event["check"] == "broken.py"
    assert event["reason"] == (
        "loss 'flat' (broken.py): generator_loss() gave a tensor of shape (7,); give a scalar, "
        "such as ops.mean(...); see Loss in ganbench/contracts.py; training raised RuntimeError: "
        "not a scalar"
    )


def test_an_error_of_a_framework_is_its_own_where_every_plugin_keeps_its_contract(catalog):
    event = failure.event(RuntimeError("a bug of ours"), job("hinge"), catalog)
    assert event["reason"] == "RuntimeError: a bug of ours" and "check" not in event


@pytest.mark.parametrize(
    ("error", "kind"),
    [(MemoryError("no room"), "train"), (RuntimeError("not a scalar"), "score")],
    ids=["memory", "scoring"],
)
def test_a_plugin_is_not_searched_for_what_it_cannot_have_caused(catalog, error, kind):
    assert "check" not in failure.event(error, job(kind=kind), catalog)


def test_a_message_that_the_user_is_meant_to_read_stays_as_it_is(catalog):
    module = sys.modules["ganbench_file_broken"]

    def refuse():
        raise ConfigError("the file is damaged")

    as_plugin = types.FunctionType(refuse.__code__, {**vars(module), "ConfigError": ConfigError})
    assert blame.of(raised(as_plugin)) is None


def test_an_error_of_a_first_party_plugin_is_no_users(catalog):
    cls = plugins.load().get("metrics", "frechet")
    assert blame.of(raised(cls().compute, None, None, None)) is None


def test_a_framework_that_hides_frames_names_the_file_in_its_message(catalog):
    text = f'in user code:\n\n    File "{BROKEN}", line 12, in generator_loss  *\n        x\n\n'
    error = TypeError(text + "    AttributeError: no such op\n")
    flat = catalog.get("losses", "flat")()
    assert blame.of(error, [flat]).sentence == (
        "loss 'flat' (broken.py, line 12): generator_loss() raised AttributeError: no such op"
    )


def test_a_method_that_is_missing_or_takes_other_arguments_is_the_class_owners(catalog):
    model = catalog.model("broken", "toy")()
    trainer = model.trainer(None, (), Task("x", "images", (2, 2, 1)), {"generator.0.bias": 0}, 0)
    missing = raised(lambda: trainer.state())
    assert blame.of(missing, [model]).sentence == (
        "model 'broken' (broken.py): BrokenTrainer has no 'state'; see Trainer in "
        "ganbench/contracts.py"
    )
    assert blame.of(raised(lambda: model.step()), [model]).sentence == (
        "model 'broken' (broken.py): TypeError: Broken.step() missing 1 required positional "
        "argument: 'task'; see Model in ganbench/contracts.py"
    )


def test_an_installed_plugin_goes_by_its_distribution_and_name(monkeypatch):
    class Point:
        module, name = "far_away.plugin", "far"

        class dist:
            name, version = "ganbench-far", "2.0"

    monkeypatch.setattr(plugins, "installed", lambda: [Point])
    assert blame.origin_of("far_away.models") == blame.Origin("ganbench-far 2.0", "far")
    assert blame.origin_of("near.models") is None
    Point.dist.name = OWN_DISTRIBUTION
    assert blame.origin_of("far_away.models") is None


# --------------------------------------------------------------------------- boundaries


class Source:
    name, source, default_samples = "dots", "made", 4

    def task(self):
        return Task("dots", "images", (2, 2, 1))

    def load(self, location): ...


class Metric:
    name, version, needs, columns = "m", 1, "images", {"a": "lower"}

    def compute(self, real, fake, rng): ...


def split(*shape, dtype=np.uint8):
    return Split("train", np.zeros(shape, dtype))


def dataset_of(first, task=None):
    return Dataset(task or Source().task(), first, split(3, 2, 2, 1), "0" * 64)


def test_data_that_fit_their_task_pass():
    boundary.dataset(Source(), dataset_of(split(3, 2, 2, 1)))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (None, "returned None; expected a Dataset"),
        (dataset_of(split(3, 2, 2)), r"uint8 \(3, 2, 2\) in the split 'train'"),
        (dataset_of(split(3, 2, 2, 1, dtype=np.float32)), "float32"),
        (dataset_of(split(3, 2, 2, 1), Task("other", "images", (2, 2, 1))), "the task of task()"),
    ],
)
def test_data_that_do_not_are_refused(data, problem):
    with pytest.raises(ContractBroken, match=problem):
        boundary.dataset(Source(), data)


@pytest.mark.parametrize("value", [1, 1.5, np.float32(2), np.int64(1), float("nan"), np.array(1.0)])
def test_one_number_a_column_passes(value):
    boundary.metric_values(Metric(), {"a": value})


@pytest.mark.parametrize("values", [None, {}, {"b": 1.0}, {"a": "1"}, {"a": np.ones(2)}])
def test_other_values_of_a_metric_are_refused(values):
    with pytest.raises(ContractBroken, match=r"compute\(\) returned"):
        boundary.metric_values(Metric(), values)


@pytest.mark.parametrize(
    "value", [np.ones((4, 2)), (np.ones(4), None), (np.ones((3, 2)), None), (np.ones((4, 2)), 1)]
)
def test_features_that_are_no_matrix_are_refused(value):
    with pytest.raises(ContractBroken, match=r"extract\(\) returned"):
        boundary.features(Metric(), value, 4)
    boundary.features(Metric(), (np.ones((4, 2)), np.ones((4, 9))), 4)
