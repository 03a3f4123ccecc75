"""Our own plugins are held to the checks that strangers' are held to.

Every model is trained some twenty times over, so these are one of each kind: small ones on all
backends, and on torch labels, residual networks and double backward as well. `ganbench check torch`
takes all of them, and so do `tensorflow` and `jax`, in tens of minutes.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

from ganbench import plugins
from ganbench.testing import checks_of, parametrize_with_checks, run_checks
from ganbench.testing.subject import made

CATALOG = plugins.load()
TENSORFLOW = "tensorflow[compile=off]"
# Options that make a model small enough to be trained some twenty times over.
SMALL = {
    "cgan": {"width": 16},
    "dcgan": {"width": 4, "batch_size": 8},
    "mlp-toy": {"width": 8, "ema_decay": 0.9},
    "projection": {"width": 8, "batch_size": 4},
    "r3gan-mini": {"batch_size": 4},
}
FETCHED = {"mnist", "cifar10"}  # what is not there would be downloaded
QUICK = {"dcgan", "dirac", "mlp-toy"}
LARGE = {"cgan", "projection", "r3gan-mini"}


def is_small(cls):
    """Whether it can be made, and reads no file of weights that would bring a framework along."""
    return made(cls) is not None and not hasattr(cls, "with_weights") and cls.name not in FETCHED


ALL = {
    kind: [entry.cls for entry in CATALOG.entries(kind) if is_small(entry.cls)]
    for kind in ("losses", "penalties", "metrics", "datasets", "extractors")
}


def models(backend, names):
    found = [entry.cls for entry in CATALOG.entries("models") if entry.cls.backend == backend]
    return [cls(**SMALL.get(cls.name, {})) for cls in found if cls.name in names]


def backends(*names):
    return [CATALOG.get("backends", name) for name in names]


def needs(framework):
    absent = find_spec(framework) is None
    return pytest.mark.skipif(absent, reason=f"{framework} is not installed")


@parametrize_with_checks([*ALL["losses"], *ALL["penalties"]], backends=["torch"])
@needs("torch")
def test_losses_and_penalties(check):
    check()


@pytest.mark.slow
@parametrize_with_checks([*ALL["losses"], *ALL["penalties"]], backends=[TENSORFLOW])
@needs("tensorflow")
def test_losses_and_penalties_on_tensorflow(check):
    check()


@pytest.mark.slow
@parametrize_with_checks([*ALL["losses"], *ALL["penalties"]], backends=["jax"])
@needs("jax")
def test_losses_and_penalties_on_jax(check):
    check()


@parametrize_with_checks([*ALL["metrics"], *ALL["extractors"], *ALL["datasets"]])
def test_what_scores_and_what_is_scored(check):
    check()


@parametrize_with_checks([*backends("numpy"), *models("numpy", CATALOG.names("models"))])
def test_the_baselines(check):
    check()


@parametrize_with_checks([*backends("torch"), *models("torch", QUICK)])
@needs("torch")
def test_torch(check):
    check()


@pytest.mark.slow
@parametrize_with_checks(models("torch", LARGE))
@needs("torch")
def test_larger_models_on_torch(check):
    check()


@pytest.mark.slow
@parametrize_with_checks(
    [*backends("tensorflow"), *models("tensorflow", QUICK - {"dirac"})], backends=[TENSORFLOW]
)
@needs("tensorflow")
def test_tensorflow(check):
    check()


@pytest.mark.slow
@parametrize_with_checks([*backends("jax"), *models("jax", {"mlp-toy"})])
@needs("jax")
def test_jax(check):
    check()


# --------------------------------------------------------------------------- the machinery


def test_checks_are_told_by_name_and_description():
    for kind, name in (("losses", "hinge"), ("metrics", "frechet"), ("datasets", "ring")):
        checks = checks_of(CATALOG.get(kind, name))
        assert len({check.name for check in checks}) == len(checks) >= 10
        assert all(check.description.endswith(".") for check in checks)
        known = {check.name for check in checks}
        assert all(set(check.after) <= known for check in checks)


def test_results_come_without_pytest_too():
    results = list(run_checks(CATALOG.get("datasets", "dirac")))
    assert {result.outcome for result in results} == {"passed"}
    assert {result.part for result in results} == {"dataset dirac"}


CASES = '''
from dataclasses import dataclass
from ganbench.testing import parametrize_with_checks


@dataclass
class Loud:
    """A data set that can be changed."""

    name = "loud"
    source = "a test"
    default_samples = 2

    def task(self): ...
    def load(self, location): ...


@parametrize_with_checks([Loud], expected_failed_checks={expected})
def test_it(check):
    check()
'''


@pytest.mark.parametrize(
    ("expected", "outcome"),
    [
        ({}, "FAILED test_it.py::test_it[loud-is_immutable]"),
        ({"is_immutable": "known"}, "XFAIL test_it.py::test_it[loud-is_immutable] - known"),
        ({"is_described": "wrong"}, "[XPASS(strict)] wrong"),
    ],
)
def test_a_check_may_be_expected_to_fail_and_then_must(tmp_path, expected, outcome):
    (tmp_path / "test_it.py").write_text(CASES.replace("{expected}", repr(expected)))
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "test_it.py"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert done.returncode == 1
    assert outcome in done.stdout
