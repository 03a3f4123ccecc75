"""The same seed trains the same GAN on every backend, and the gate that says so can say no.

In float64 the backends agree to the last digits, over any number of steps that a test can wait
for; in float32 they part after a few dozen steps, as each backend does from its own float64.
"""

from __future__ import annotations

import importlib.util
from math import prod

import backend_probe
import numpy as np
import pytest

from ganbench.contracts import Task
from ganbench_recipes.dcgan import DCGAN
from ganbench_recipes.mlp import MLP, MLPToy

# The two probes take a minute together where nothing else runs, and several on a busy machine.
pytestmark = pytest.mark.timeout(900)

BACKENDS = ["torch", "tensorflow"]
LOSSES = ["minimax", "non-saturating", "lsgan", "hinge"]
STEPS = 50

# Task and options of what is trained: small, with Adam as in DCGAN's paper or the tutorial.
ADAM = {"learning_rate": 2e-4, "beta1": 0.5}
MODELS = {
    "mlp": ("mlp", "8x8x1", {"width": 32, "batch_size": 16, **ADAM}),
    "points": ("mlp-toy", "points", {"width": 32, "batch_size": 64, **ADAM}),
    "tutorial": ("tutorial", "8x8x1", {"width": 32, "batch_size": 32}),
    "dcgan": ("dcgan", "8x8x1", {"width": 4, "batch_size": 16, **ADAM}),
}


def job(name, network="mlp", loss="non-saturating", kind="trace", **settings):
    model, task, options = MODELS[network]
    options = options | settings.pop("options", {})
    defaults = {"name": name, "kind": kind, "model": model, "task": task, "loss": loss}
    return defaults | {"options": options, "dtype": "float64", "steps": STEPS} | settings


# What the plain recipes leave out.
OPTIONS = {
    "three channels, k = 2": job(
        "", "dcgan", task="8x8x3", options={"discriminator_updates": 2, "batch_size": 8}
    ),
    "three channels through a perceptron": job("", "mlp", task="8x8x3"),
    "simultaneous updates of batch norm": job(
        "", "dcgan", options={"update_order": "simultaneous", "epsilon_hat": True}
    ),
    "shared noise, alternating": job("", "dcgan", options={"shared_noise": True}),
    "no first moment": job("", "mlp", options={"beta1": 0.0}),
    "28x28": job("", "dcgan", task="28x28x1", steps=10),
}
PENALISED = {
    "r1": job("", "dcgan", penalties=["r1"], steps=20),
    "gradient penalty, k = 3": job(
        "", "mlp", penalties=["gradient-penalty"], options={"discriminator_updates": 3}, steps=20
    ),
    "gradient penalty": job("", "dcgan", "hinge", penalties=["gradient-penalty"], steps=20),
    "noisy r1": job("", "dcgan", task="8x8x3", penalties=["noisy-r1"], steps=20),
    "r1 and r2 on points": job("", "points", penalties=["r1", "r2"], steps=20),
    "relativistic, r1 and r2": job(
        "", "dcgan", "relativistic", task="8x8x3", penalties=["r1", "r2"], steps=20
    ),
}
# TensorFlow compiles every loss in float32, which is what users run. In float64 XLA makes up most
# of this file's time, so that it compiles one loss of each network, and some penalties.
COMPILED = {f"{network}/hinge": job("", network, "hinge") for network in MODELS} | {
    name: PENALISED[name] for name in ("gradient penalty, k = 3", "relativistic, r1 and r2")
}

JOBS = [
    *(
        job(f"float64/{network}/{loss}", network, loss, compile="off")
        for network in MODELS
        for loss in LOSSES
    ),
    *(
        job(f"float32/{network}/{loss}", network, loss, dtype="float32", steps=10)
        for network in ("mlp", "dcgan")
        for loss in LOSSES
    ),
    *(part | {"name": f"options/{name}", "compile": "off"} for name, part in OPTIONS.items()),
    *(part | {"name": f"penalised/{name}", "compile": "off"} for name, part in PENALISED.items()),
    *(part | {"name": f"compiled/{name}"} for name, part in COMPILED.items()),
    # One side only, to be compared with the other side's plain job.
    *(
        job(f"wrong/{name}", compile="off", only="tensorflow", **settings)
        for name, settings in {
            "epsilon hat": {"options": {"epsilon_hat": True}},
            "order": {"options": {"update_order": "simultaneous"}},
            "slope": {"float32_slope": True},
        }.items()
    ),
    *(
        job(f"chunks/{network}", network, kind="chunk_lengths", dtype="float32", lengths=[1, 3, 50])
        for network in ("mlp", "dcgan")
    ),
    job("continuation/points", "points", kind="continuation", dtype="float32", compile="off"),
    job("continuation/dcgan", "dcgan", kind="continuation", dtype="float32"),
]


@pytest.fixture(scope="module")
def results():
    for backend in BACKENDS:
        if importlib.util.find_spec(backend) is None:
            pytest.skip(f"{backend} is not installed")
    return backend_probe.run(BACKENDS, JOBS)


def arrays(results, prefix):
    """The arrays below a prefix, named by what is left."""
    found = {
        name.removeprefix(f"{prefix}/"): array
        for name, array in results.items()
        if name.startswith(f"{prefix}/")
    }
    assert found, prefix
    return found


def deviation(one, other, scale=None):
    """Largest difference in an array, relative to its largest number or a given scale."""
    assert one.shape == other.shape
    one, other = one.astype(np.float64), other.astype(np.float64)
    assert np.isfinite(one).all() and np.isfinite(other).all()
    if scale is None:
        scale = max(np.abs(one).max(), np.abs(other).max())
    difference = np.abs(one - other).max()
    return difference / scale if difference > 0 else 0.0


def deviations(one, other):
    """By name; losses are on the scale of 1, gradient norms, weights and moments on their own."""
    assert one.keys() == other.keys()
    return {
        name: deviation(one[name], other[name], scale=1.0 if name.endswith("_loss") else None)
        for name in one
    }


def worst(results, name, other=None):
    """Largest deviation of torch from TensorFlow in a traced job: of its trace and final state."""
    parts = {}
    for part in ("trace", "final"):
        parts |= deviations(
            arrays(results["torch"], f"{name}/{part}"),
            arrays(results["tensorflow"], f"{other or name}/{part}"),
        )
    return max(parts.values())


GATE = 1e-9


@pytest.mark.parametrize("network", MODELS)
def test_initial_states_are_bit_equal(results, network):
    name = f"float64/{network}/hinge/initial"
    ours, theirs = (arrays(results[backend], name) for backend in BACKENDS)
    assert list(ours) == list(theirs)
    for key in ours:
        assert ours[key].dtype == theirs[key].dtype
        np.testing.assert_array_equal(ours[key], theirs[key], err_msg=key)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("network", MODELS)
def test_fifty_steps_agree_in_float64(results, network, loss):
    assert worst(results, f"float64/{network}/{loss}") <= GATE


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("network", ["mlp", "dcgan"])
def test_the_first_losses_agree_in_float32(results, network, loss):
    ours, theirs = (
        arrays(results[backend], f"float32/{network}/{loss}/trace") for backend in BACKENDS
    )
    for name in ("discriminator_loss", "generator_loss"):
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-5)


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_of_the_recipes_agrees(results, name):
    assert worst(results, f"options/{name}") <= GATE


@pytest.mark.parametrize("name", PENALISED)
def test_penalties_on_input_gradients_agree(results, name):
    assert worst(results, f"penalised/{name}") <= GATE


@pytest.mark.parametrize("name", COMPILED)
def test_compiled_steps_agree_in_float64(results, name):
    assert worst(results, f"compiled/{name}") <= GATE


def test_the_gate_tells_minimax_from_non_saturating(results):
    assert worst(results, "float64/mlp/minimax", "float64/mlp/non-saturating") > GATE


@pytest.mark.parametrize("wrong", ["epsilon hat", "order", "slope"])
def test_the_gate_tells_a_wrong_backend(results, wrong):
    assert worst(results, "float64/mlp/non-saturating", f"wrong/{wrong}") > GATE


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("network", ["mlp", "dcgan"])
def test_the_length_of_chunks_changes_no_bit(results, backend, network):
    whole = arrays(results[backend], f"chunks/{network}/50")
    for length in (1, 3):
        pieces = arrays(results[backend], f"chunks/{network}/{length}")
        assert pieces.keys() == whole.keys()
        for name in whole:
            np.testing.assert_array_equal(pieces[name], whole[name], err_msg=name)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("network", ["points", "dcgan"])
def test_sampling_leaves_the_training_state_alone(results, backend, network):
    before = arrays(results[backend], f"continuation/{network}/middle")
    after = arrays(results[backend], f"continuation/{network}/sampled")
    for name in before:
        np.testing.assert_array_equal(before[name], after[name], err_msg=name)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("network", ["points", "dcgan"])
def test_training_continues_bit_for_bit_from_a_state(results, backend, network):
    states = {
        part: arrays(results[backend], f"continuation/{network}/{part}")
        for part in ("middle", "other", "loaded", "continued", "resumed")
    }
    name = "generator.layer0.weight" if network == "points" else "generator.project.weight"
    assert (states["other"][name] != states["middle"][name]).any()
    assert (states["continued"][name] != states["middle"][name]).any()
    for name in states["middle"]:
        np.testing.assert_array_equal(states["middle"][name], states["loaded"][name], name)
        np.testing.assert_array_equal(states["continued"][name], states["resumed"][name], name)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("network", ["points", "dcgan"])
def test_samples_that_are_not_finite_are_refused_and_not_cast(results, backend, network):
    refusal = results[backend][f"continuation/{network}/refusal"].item()
    assert refusal == "generated samples are not finite"


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("network", ["points", "dcgan"])
def test_samples_are_repeatable_and_do_not_depend_on_their_neighbours(results, backend, network):
    found = results[backend]
    first = found[f"continuation/{network}/first-samples"]
    many = found[f"continuation/{network}/many-samples"]
    assert first.dtype == (np.float32 if network == "points" else np.uint8)
    assert first.shape == ((9, 2) if network == "points" else (9, 8, 8, 1))
    np.testing.assert_array_equal(first, found[f"continuation/{network}/second-samples"])
    assert len(many) == 1003
    np.testing.assert_allclose(many[:9].astype(float), first.astype(float), rtol=1e-5, atol=1)
    assert len(np.unique(many.reshape(1003, -1), axis=0)) > 900


@pytest.mark.parametrize("name", ["float64/dcgan/hinge", "options/three channels, k = 2"])
def test_samples_agree_to_the_pixel(results, name):
    ours, theirs = (results[backend][f"{name}/samples"] for backend in BACKENDS)
    assert ours.dtype == theirs.dtype == np.uint8
    assert np.ptp(ours) > 2
    np.testing.assert_array_equal(ours, theirs)


def test_points_agree(results):
    ours, theirs = (results[backend]["float64/points/hinge/samples"] for backend in BACKENDS)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_recipes_have_the_numbers_of_parameters_that_they_state():
    images, points = Task("x", "images", (28, 28, 1)), Task("x", "points", (2,))
    for model, task, statement in (
        (DCGAN(width=16), images, "width 16 has {} and {} parameters"),
        (DCGAN(width=32), images, "width 32 has {} and {}."),
        (MLP(), images, "28x28 images: {} and {} parameters"),
        (MLPToy(), points, "Points of the plane: {} and {} parameters"),
    ):
        counts = {"generator": 0, "discriminator": 0}
        for name, parameter in model.parameters(task).items():
            if parameter.trainable:
                counts[name.split(".")[0]] += prod(parameter.shape)
        numbers = (f"{count:,}" for count in counts.values())
        assert statement.format(*numbers) in " ".join(type(model).__doc__.split())
