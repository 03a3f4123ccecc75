"""The same seed trains the same GAN on every backend, and the gate that says so can say no.

`ganbench parity benchmarks/parity.toml` holds every shipped pair to the gate over 200 steps. Here
each option of the recipes meets it for a few steps, each known mistake has to fail it, and what a
trace does not show is tested: the same start, and what chunks and states may not change.
"""

from __future__ import annotations

import importlib.util
from math import prod

import backend_probe
import numpy as np
import pytest

from ganbench import parity, parity_matrix, parity_plan, plugins
from ganbench.contracts import Task
from ganbench_recipes.dcgan import DCGAN
from ganbench_recipes.mlp import MLP, MLPToy, MLPToyWGANGP

# The two probes take a minute together where nothing else runs, and several on a busy machine.
pytestmark = pytest.mark.timeout(900)

BACKENDS = ["torch", "tensorflow"]
ADAM = "learning_rate=2e-4,beta1=0.5"
MLP_SMALL = f"mlp[width=32,batch_size=16,{ADAM}]"
DCGAN_SMALL = f"dcgan[width=4,batch_size=16,{ADAM}]"
TOY_SMALL = f"mlp-toy[width=32,batch_size=16,{ADAM}]"


def with_options(model, options):
    return model[:-1] + f",{options}]"


# name -> model, loss, and a task where it is not the first that suits the model.
AGREE = {
    "perceptron": (MLP_SMALL, "hinge"),
    "tutorial": ("tutorial[width=32,batch_size=32]", "non-saturating"),
    "points": (TOY_SMALL, "minimax"),
    "convolutions": (DCGAN_SMALL, "lsgan"),
    "28x28": (DCGAN_SMALL, "wgan", "28x28x1"),
    "three channels": (DCGAN_SMALL, "hinge", "8x8x3"),
    "three channels through a perceptron": (MLP_SMALL, "hinge", "8x8x3"),
    "batch norm in the discriminator": (
        with_options(DCGAN_SMALL, "batch_norm_in_discriminator=true"),
        "hinge",
    ),
    "simultaneous": (
        with_options(DCGAN_SMALL, "update_order=simultaneous,epsilon_hat=true"),
        "hinge",
    ),
    "shared noise": (with_options(DCGAN_SMALL, "shared_noise=true"), "hinge"),
    "no first moment": ("mlp[width=32,batch_size=16,beta1=0.0]", "hinge"),
    "packs of 2": (with_options(DCGAN_SMALL, "packing=2"), "non-saturating+gp1", "8x8x3"),
    "packs of 3, relativistic": (
        "mlp-toy[width=32,batch_size=12,packing=3]",
        "relativistic+instance-noise+r1",
    ),
    "average": (with_options(DCGAN_SMALL, "ema_decay=0.9"), "hinge"),
    "plain descent": ("mlp[width=32,batch_size=16,optimizer=sgd]", "hinge"),
    "falling rate": (with_options(MLP_SMALL, "learning_rate_schedule=linear"), "hinge"),
    "other generator batch": (
        with_options(MLP_SMALL, "generator_batch_size=24,discriminator_updates=2"),
        "relativistic",
    ),
    "labels": (f"cgan[width=32,batch_size=16,{ADAM}]", "non-saturating+gp1"),
    "r1": (DCGAN_SMALL, "non-saturating+r1[gamma=1]"),
    "gp1, k = 3": (with_options(MLP_SMALL, "discriminator_updates=3"), "wgan+gp1"),
    "gp1": (DCGAN_SMALL, "hinge+gp1"),
    "dragan": (DCGAN_SMALL, "non-saturating+dragan", "8x8x3"),
    "instance noise": (DCGAN_SMALL, "non-saturating+instance-noise", "8x8x3"),
    "clip": (DCGAN_SMALL, "wgan+clip"),
    "relativistic": (DCGAN_SMALL, "relativistic+r1+r2", "8x8x3"),
}
# Forms of compiling, torch's and TensorFlow's; benchmarks/parity-compiled.toml has many more.
COMPILED = {
    "gp1, k = 3": ("step", "chunk"),
    "relativistic": ("step", "step"),
    "labels": ("off", "chunk"),
}
FLOAT32 = ["convolutions", "labels"]

# Mistake -> what is right, and what is wrong: the backend in which backend_probe makes the
# mistake, or another model or loss for TensorFlow.
CONTROLS = {
    "minimax for non-saturating": ((TOY_SMALL, "non-saturating"), (TOY_SMALL, "minimax")),
    "gamma for half of it": (
        (TOY_SMALL, "hinge+r1[gamma=1]"),
        (TOY_SMALL, "hinge+r1[gamma=2]"),
    ),
    "epsilon hat": ((TOY_SMALL, "hinge"), (with_options(TOY_SMALL, "epsilon_hat=true"), "hinge")),
    "order of updates": (
        (TOY_SMALL, "hinge"),
        (with_options(TOY_SMALL, "update_order=simultaneous"), "hinge"),
    ),
    "constant through float32": ((TOY_SMALL, "hinge"), "tensorflow"),
    "float32 slope": ((TOY_SMALL, "hinge"), "tensorflow"),
    "slope 0.3": ((TOY_SMALL, "hinge"), "tensorflow"),
    "batch norm epsilon": ((DCGAN_SMALL, "hinge"), "tensorflow"),
    "kernel 5": ((DCGAN_SMALL, "hinge"), "both"),
    "norm over the batch": ((TOY_SMALL, "wgan+gp1"), "tensorflow"),
    "lost one": (
        ("projection[width=4,batch_size=8,discriminator_updates=1]", "hinge"),
        "tensorflow",
    ),
    "other strides": ((DCGAN_SMALL, "relativistic+r1+r2", "8x8x3"), "torch"),
}


def specifications(model, loss, task=None, steps=10, dtype="float64", forms=("off", "off")):
    """What one comparison asks of torch and of TensorFlow, as the command makes it."""
    group = {"models": [model], "losses": [loss], "task": task, "steps": steps, "dtype": dtype}
    backends = [f"{name}[compile={form}]" for name, form in zip(BACKENDS, forms, strict=True)]
    values = {"backends": backends, "group": [group]}
    planned = parity_plan.make(parity_matrix.resolve(values, "test"), 0, plugins.load())
    assert not planned.skipped
    (case,) = planned.cases
    return dict(zip(BACKENDS, case.specifications.values(), strict=True))


def traces(name, *pair, **settings):
    """A job for each backend."""
    return [
        {"name": name, "kind": "trace", "only": backend, "specification": specification}
        for backend, specification in specifications(*pair, **settings).items()
    ]


def right_name(mistake):
    """The job that a mistake is held against; several mistakes share one."""
    return "right/" + "/".join(CONTROLS[mistake][0])


def controls():
    jobs = {}
    for mistake, (right, wrong) in CONTROLS.items():
        pair = traces(right_name(mistake), *right, steps=10)
        jobs |= {(part["name"], part["only"]): part for part in pair}
        if isinstance(wrong, str):
            for part in pair:
                if wrong in (part["only"], "both"):
                    named = part | {"name": f"wrong/{mistake}", "mistake": mistake}
                    jobs[mistake, part["only"]] = named
        else:
            jobs[mistake, "tensorflow"] = traces(f"wrong/{mistake}", *wrong, steps=10)[1]
    return jobs.values()


# For what is looked at through trainers themselves.
NETWORKS = {
    "points": ("mlp-toy", "points", {"width": 32, "batch_size": 64}),
    "mlp": ("mlp", "8x8x1", {"width": 32, "batch_size": 16}),
    "dcgan": ("dcgan", "8x8x1", {"width": 4, "batch_size": 16, "ema_decay": 0.9}),
    "cgan": ("cgan", "8x8x1", {"width": 32, "batch_size": 16}),
}


def job(kind, network, **settings):
    model, task, options = NETWORKS[network]
    asked = {"name": f"{kind}/{network}", "kind": kind, "model": model, "task": task}
    return asked | {"options": options, "loss": "non-saturating", "dtype": "float32"} | settings


JOBS = [
    *(part for name, pair in AGREE.items() for part in traces(f"float64/{name}", *pair)),
    *controls(),
    *(job("training", network, dtype="float64", compile="off", steps=1) for network in NETWORKS),
    *(job("chunk_lengths", network, steps=50, lengths=[1, 3, 50]) for network in ("mlp", "dcgan")),
    job("continuation", "points", compile="off"),
    job("continuation", "cgan", compile="off"),
    job("continuation", "dcgan"),
]
COMPILED_JOBS = [
    # Some calls of a loop, and a call that is not full.
    job(
        "chunk_lengths", "mlp", steps=150, lengths=[1, 64, 150], compile="chunk", only="tensorflow"
    ),
    job("training", "mlp", dtype="float64", steps=70, compile="chunk", only="tensorflow"),
    job("training", "mlp", dtype="float64", steps=70, only="torch"),
    *(
        part
        for name in COMPILED
        for part in traces(f"compiled/{name}", *AGREE[name], steps=5, forms=COMPILED[name])
    ),
    *(
        part
        for name in FLOAT32
        for part in traces(
            f"float32/{name}", *AGREE[name], steps=10, dtype="float32", forms=("off", "step")
        )
    ),
]


@pytest.fixture(scope="module")
def installed():
    for backend in BACKENDS:
        if importlib.util.find_spec(backend) is None:
            pytest.skip(f"{backend} is not installed")


@pytest.fixture(scope="module")
def results(installed):
    return backend_probe.run(BACKENDS, JOBS)


@pytest.fixture(scope="module")
def compiled_results(installed):
    return backend_probe.run(BACKENDS, COMPILED_JOBS)


def arrays(results, prefix):
    """The arrays below a prefix, named by what is left."""
    found = {
        name.removeprefix(f"{prefix}/"): array
        for name, array in results.items()
        if name.startswith(f"{prefix}/")
    }
    assert found, prefix
    return found


def compare(results, name, dtype="float64"):
    ours, theirs = (arrays(results[backend], name) for backend in BACKENDS)
    return parity.compare(ours, theirs, dtype, ("torch", "tensorflow"))


@pytest.mark.parametrize("network", NETWORKS)
def test_initial_states_are_bit_equal(results, network):
    ours, theirs = (arrays(results[backend], f"training/{network}/initial") for backend in BACKENDS)
    assert sorted(ours) == sorted(theirs)
    for key in ours:
        assert ours[key].dtype == theirs[key].dtype
        np.testing.assert_array_equal(ours[key], theirs[key], err_msg=key)


@pytest.mark.parametrize("name", AGREE)
def test_every_option_passes_the_gate_in_float64(results, name):
    found = compare(results, f"float64/{name}")
    assert found.agrees, found.reason
    assert found.deviations["losses"] < 1e-10  # room to spare, or something is drifting


@pytest.mark.slow
@pytest.mark.parametrize("name", COMPILED)
def test_compiled_steps_pass_the_gate_in_float64(compiled_results, name):
    found = compare(compiled_results, f"compiled/{name}")
    assert found.agrees, found.reason


@pytest.mark.slow
@pytest.mark.parametrize("name", FLOAT32)
def test_the_first_steps_agree_in_float32(compiled_results, name):
    found = compare(compiled_results, f"float32/{name}", "float32")
    assert found.agrees, found.reason


@pytest.mark.parametrize("mistake", CONTROLS)
def test_every_known_mistake_fails_the_gate(results, mistake):
    right = compare(results, right_name(mistake))
    assert right.agrees, right.reason
    wrong = CONTROLS[mistake][1]
    sides = BACKENDS if wrong == "both" else [wrong if isinstance(wrong, str) else "tensorflow"]
    ours, theirs = (
        arrays(results[backend], f"wrong/{mistake}" if backend in sides else right_name(mistake))
        for backend in BACKENDS
    )
    found = parity.compare(ours, theirs, "float64", ("torch", "tensorflow"))
    assert not found.agrees
    assert found.first is not None  # by a number, and not because something is missing


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("network", ["mlp", "dcgan"])
def test_the_length_of_chunks_changes_no_bit(results, backend, network):
    whole = arrays(results[backend], f"chunk_lengths/{network}/50")
    for length in (1, 3):
        pieces = arrays(results[backend], f"chunk_lengths/{network}/{length}")
        assert pieces.keys() == whole.keys()
        for name in whole:
            np.testing.assert_array_equal(pieces[name], whole[name], err_msg=name)


@pytest.mark.slow
def test_the_length_of_chunks_changes_no_bit_of_a_compiled_loop(compiled_results):
    found = compiled_results["tensorflow"]
    whole = arrays(found, "chunk_lengths/mlp/150")
    for length in (1, 64):
        pieces = arrays(found, f"chunk_lengths/mlp/{length}")
        for name in whole:
            np.testing.assert_array_equal(pieces[name], whole[name], err_msg=name)


@pytest.mark.slow
def test_a_compiled_loop_traces_every_step_as_eager_steps_do(compiled_results):
    eager, looped = (
        arrays(compiled_results[name], "training/mlp/trace") for name in ("torch", "tensorflow")
    )
    assert sorted(eager) == sorted(looped)
    for name, values in eager.items():
        assert values.shape == looped[name].shape
        np.testing.assert_allclose(looped[name], values, rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("network", ["points", "cgan", "dcgan"])
def test_sampling_leaves_the_training_state_alone(results, backend, network):
    before = arrays(results[backend], f"continuation/{network}/middle")
    after = arrays(results[backend], f"continuation/{network}/sampled")
    for name in before:
        np.testing.assert_array_equal(before[name], after[name], err_msg=name)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("network", ["points", "cgan", "dcgan"])
def test_training_continues_bit_for_bit_from_a_state(results, backend, network):
    states = {
        part: arrays(results[backend], f"continuation/{network}/{part}")
        for part in ("middle", "other", "loaded", "continued", "resumed")
    }
    name = "generator.project.weight" if network == "dcgan" else "generator.layer0.weight"
    assert (states["other"][name] != states["middle"][name]).any()
    assert (states["continued"][name] != states["middle"][name]).any()
    for name in states["middle"]:
        np.testing.assert_array_equal(states["middle"][name], states["loaded"][name], name)
        np.testing.assert_array_equal(states["continued"][name], states["resumed"][name], name)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("network", ["points", "cgan", "dcgan"])
def test_samples_that_are_not_finite_are_refused_and_not_cast(results, backend, network):
    refusal = results[backend][f"continuation/{network}/refusal"].item()
    assert refusal == "generated samples are not finite"


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("network", ["points", "cgan", "dcgan"])
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


def test_recipes_have_the_numbers_of_parameters_that_they_state():
    images, points = Task("x", "images", (28, 28, 1)), Task("x", "points", (2,))
    for model, task, statement in (
        (DCGAN(width=16), images, "width 16 has {} and {} parameters"),
        (DCGAN(width=32), images, "width 32 has {} and {}."),
        (MLP(), images, "28x28 images: {} and {} parameters"),
        (MLPToyWGANGP(), points, "{} and {} parameters."),
        (MLPToy(), points, "Points of the plane: {} and {} parameters"),
    ):
        counts = {"generator": 0, "discriminator": 0}
        for name, parameter in model.parameters(task).items():
            if parameter.trainable:
                counts[name.split(".")[0]] += prod(parameter.shape)
        numbers = (f"{count:,}" for count in counts.values())
        assert statement.format(*numbers) in " ".join(type(model).__doc__.split())
