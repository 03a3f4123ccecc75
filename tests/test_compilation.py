"""What `compile` and `precision` stand for on torch and TensorFlow."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, replace

import backend_probe
import numpy as np
import pytest

from ganbench.contracts import Task
from ganbench_recipes.dcgan import DCGAN
from ganbench_recipes.mlp import MLP
from ganbench_tensorflow import compilation as on_tensorflow
from ganbench_torch import compilation as on_torch

TASK = Task("x", "images", (28, 28, 1))
BACKENDS = ("torch", "tensorflow")
JOB = {"kind": "training", "task": "8x8x1", "loss": "non-saturating", "dtype": "float32"}
NARROW = {
    "mlp": {"model": "mlp", "options": {"width": 32, "batch_size": 16}},
    "dcgan": {"model": "dcgan", "options": {"width": 4, "batch_size": 8}},
    "sn-resnet": {
        "model": "sn-resnet",
        "options": {"width": 4, "batch_size": 4, "discriminator_updates": 1},
    },
}
JOBS = [
    JOB
    | job
    | {"name": f"{name}/{precision}", "steps": 1, "compile": "off", "precision": precision}
    for name, job in NARROW.items()
    for precision in ("float32", "bfloat16")
]
JOBS.append({"name": "tf32", "kind": "refusal", "precision": "tf32", "dtype": "float32"})


@dataclass(frozen=True)
class DType:
    name: str = "float32"
    itemsize: int = 4


@dataclass(frozen=True)
class Runtime:
    """What the choice is made by."""

    compile: str = "auto"
    dtype: DType = DType()
    steps: int | None = None
    seconds: float | None = None
    has_onednn: bool = False


DOUBLE = DType("float64", 8)


@pytest.mark.parametrize(
    ("recipe", "runtime", "form"),
    [
        (MLP(), Runtime(), "chunk"),
        (DCGAN(), Runtime(), "step"),
        (DCGAN(), Runtime(has_onednn=True), "off"),
        (MLP(), Runtime(has_onednn=True), "chunk"),
        (MLP(), Runtime(steps=300), "chunk"),
        (MLP(), Runtime(steps=299), "off"),
        (DCGAN(), Runtime(steps=299), "off"),
        (MLP(), Runtime(seconds=5.0), "chunk"),
        (DCGAN(), Runtime(seconds=4.9), "off"),
        (MLP(), Runtime(dtype=DOUBLE), "off"),
        (DCGAN(), Runtime(compile="chunk", steps=1), "chunk"),
        (MLP(), Runtime(compile="step", dtype=DOUBLE), "step"),
    ],
)
def test_tensorflow_compiles_what_the_budget_repays(recipe, runtime, form):
    assert on_tensorflow.form(runtime, recipe, TASK) == form
    assert form in on_tensorflow.WORDS


@pytest.mark.parametrize(
    ("recipe", "runtime", "form"),
    [
        (MLP(), Runtime(), "off"),
        (MLP(), Runtime(steps=20_000), "step"),
        (MLP(), Runtime(steps=19_999), "off"),
        (MLP(), Runtime(seconds=60.0), "step"),
        (MLP(), Runtime(seconds=59.0), "off"),
        (DCGAN(), Runtime(steps=1_000_000), "off"),
        (MLP(), Runtime(steps=20_000, dtype=DOUBLE), "off"),
        (DCGAN(), Runtime(compile="step", steps=1), "step"),
    ],
)
def test_torch_compiles_long_trainings_of_perceptrons(recipe, runtime, form):
    assert on_torch.form(runtime, recipe, TASK) == form
    assert form in on_torch.WORDS


def test_a_choice_made_by_the_user_is_kept():
    for form in ("off", "step"):
        for module in (on_torch, on_tensorflow):
            for recipe in (MLP(), DCGAN()):
                assert module.form(replace(Runtime(), compile=form), recipe, TASK) == form


@pytest.fixture(scope="module")
def results():
    for backend in BACKENDS:
        if importlib.util.find_spec(backend) is None:
            pytest.skip(f"{backend} is not installed")
    return backend_probe.run(BACKENDS, JOBS)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("network", NARROW)
def test_bfloat16_is_near_float32_and_not_equal_to_it(results, backend, network):
    found = results[backend]
    for owner in ("discriminator", "generator"):
        exact, narrow = (
            found[f"{network}/{precision}/trace/{owner}_loss"]
            for precision in ("float32", "bfloat16")
        )
        assert narrow.dtype == exact.dtype == np.float32
        assert (narrow != exact).all()
        np.testing.assert_allclose(narrow, exact, rtol=2e-2)


@pytest.mark.parametrize("network", NARROW)
def test_backends_narrow_the_same_products(results, network):
    """Rounding to bfloat16 moves both losses the same way: nearer to each other than to float32."""
    name = f"{network}/{{}}/trace/discriminator_loss"
    exact = results["torch"][name.format("float32")]
    torch, tensorflow = (results[backend][name.format("bfloat16")] for backend in BACKENDS)
    assert abs(torch - tensorflow).max() < 1e-2
    assert abs(torch - exact).max() < 2e-2


@pytest.mark.parametrize("backend", BACKENDS)
def test_tf32_is_refused_on_a_cpu(results, backend):
    refusal = results[backend]["tf32/refusal"].item()
    assert refusal.startswith("precision=tf32: only NVIDIA's GPUs have it")
