"""JAX trains the same GAN as torch: the third backend meets the gate that holds the other two.

Known answers are in test_losses.py, test_penalties.py and test_dirac.py, for JAX too.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import backend_probe
import numpy as np
import pytest

from ganbench import parity, parity_matrix, parity_plan, plugins

BACKENDS = ["torch", "jax"]
ABSENT = [name for name in BACKENDS if importlib.util.find_spec(name) is None]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(ABSENT), reason=f"not installed: {', '.join(ABSENT)}"),
    pytest.mark.timeout(900),
]

RATES = "learning_rate=2e-4,beta1=0.5"
STEPS = 20

# name -> model, loss, and a task where it is not the first that suits the model.
AGREE = {
    "perceptron": (f"mlp[width=32,batch_size=16,{RATES}]", "minimax"),
    "packs of 2": (f"mlp[width=16,batch_size=16,packing=2,{RATES}]", "hinge+gp1", "8x8x3"),
    "simultaneous, shared noise, epsilon hat": ("tutorial[width=32,batch_size=32]", "hinge"),
    "plain descent, falling rate": (
        "mlp-toy[width=32,batch_size=16,optimizer=sgd,learning_rate_schedule=linear]",
        "non-saturating+r1",
    ),
    "packs of 3": (
        "mlp-toy[width=32,batch_size=12,packing=3]",
        "relativistic+instance-noise+r1+r2",
    ),
    "averages, other generator batch": (
        "mlp-toy[width=32,batch_size=16,generator_batch_size=24,ema_decay=0.9]",
        "relativistic-average+dragan",
    ),
    "k = 5": ("mlp-toy-wgangp[width=32,batch_size=16]", "wgan+gp1[one_sided=true]"),
    "clip": ("mlp-toy[width=32,batch_size=16]", "wgan+clip[limit=0.1]"),
    "convolutions": (f"dcgan[width=4,batch_size=16,ema_decay=0.9,{RATES}]", "lsgan"),
    "three channels": (
        f"dcgan[width=4,batch_size=16,{RATES}]",
        "non-saturating+gp0+consistency",
        "8x8x3",
    ),
    "batch norm in the discriminator, k = 2": (
        "dcgan[width=4,batch_size=8,batch_norm_in_discriminator=true,discriminator_updates=2]",
        "non-saturating",
        "8x8x3",
    ),
    "relativistic with batch norm, simultaneous": (
        "dcgan[width=4,batch_size=8,batch_norm_in_discriminator=true,update_order=simultaneous]",
        "relativistic",
    ),
}
FLOAT32 = ["perceptron", "convolutions"]
MISTAKES = ["slope 0.3", "batch norm epsilon"]  # made in JAX alone
NETWORKS = {
    "points": ("mlp-toy", "points", {"width": 32, "batch_size": 64}),
    "dcgan": ("dcgan", "8x8x1", {"width": 4, "batch_size": 16, "ema_decay": 0.9}),
}


def traces(name, model, loss, task=None, steps=STEPS, dtype="float64"):
    """A job for each backend."""
    group = {"models": [model], "losses": [loss], "task": task, "steps": steps, "dtype": dtype}
    matrix = parity_matrix.resolve({"backends": BACKENDS, "group": [group]}, "test")
    planned = parity_plan.make(matrix, 0, plugins.load())
    assert not planned.skipped
    (case,) = planned.cases
    pairs = zip(BACKENDS, case.specifications.values(), strict=True)
    return [{"name": name, "kind": "trace", "only": b, "specification": it} for b, it in pairs]


def job(kind, network, **settings):
    model, task, options = NETWORKS[network]
    asked = {"name": f"{kind}/{network}", "kind": kind, "model": model, "task": task}
    return (
        asked | {"only": "jax", "options": options, "loss": "hinge", "dtype": "float32"} | settings
    )


@pytest.fixture(scope="module")
def results():
    jobs = [part for name, pair in AGREE.items() for part in traces(f"float64/{name}", *pair)]
    for name in FLOAT32:
        jobs += traces(f"float32/{name}", *AGREE[name], steps=10, dtype="float32")
    for mistake in MISTAKES:
        _, wrong = traces(f"wrong/{mistake}", *AGREE["convolutions"])
        jobs.append(wrong | {"mistake": mistake})
    jobs += [
        job("training", network, only=name, steps=1) for network in NETWORKS for name in BACKENDS
    ]
    jobs += [job("chunk_lengths", network, steps=12, lengths=[1, 5, 12]) for network in NETWORKS]
    jobs += [job("continuation", network) for network in NETWORKS]
    return backend_probe.run(BACKENDS, jobs)


def arrays(results, prefix):
    """The arrays below a prefix, named by what is left."""
    start = f"{prefix}/"
    return {name.removeprefix(start): it for name, it in results.items() if name.startswith(start)}


def compare(results, name, dtype, other=None):
    ours = arrays(results["torch"], name)
    theirs = arrays(results["jax"], other or name)
    assert ours and theirs
    return parity.compare(ours, theirs, dtype, ("torch", "jax"))


@pytest.mark.parametrize("name", AGREE)
def test_every_option_passes_the_gate_in_float64(results, name):
    found = compare(results, f"float64/{name}", "float64")
    assert found.agrees, found.reason
    assert found.deviations["losses"] < 1e-11  # room to spare, or something is drifting


@pytest.mark.parametrize("name", FLOAT32)
def test_the_first_steps_agree_in_float32(results, name):
    found = compare(results, f"float32/{name}", "float32")
    assert found.agrees, found.reason


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_fails_the_gate(results, mistake):
    found = compare(results, "float64/convolutions", "float64", f"wrong/{mistake}")
    assert not found.agrees
    assert found.first is not None  # by a number, and not because something is missing


@pytest.mark.parametrize("network", NETWORKS)
def test_initial_states_are_bit_equal(results, network):
    ours, theirs = (arrays(results[backend], f"training/{network}/initial") for backend in BACKENDS)
    assert list(ours) == list(theirs) != []
    for name in ours:
        assert ours[name].dtype == theirs[name].dtype
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)


@pytest.mark.parametrize("network", NETWORKS)
def test_the_length_of_chunks_changes_no_bit(results, network):
    whole = arrays(results["jax"], f"chunk_lengths/{network}/12")
    for length in (1, 5):
        pieces = arrays(results["jax"], f"chunk_lengths/{network}/{length}")
        assert pieces.keys() == whole.keys() != set()
        for name in whole:
            np.testing.assert_array_equal(pieces[name], whole[name], err_msg=name)


@pytest.mark.parametrize("network", NETWORKS)
def test_states_survive_sampling_and_continue_bit_for_bit(results, network):
    parts = ("middle", "sampled", "other", "loaded", "continued", "resumed")
    states = {part: arrays(results["jax"], f"continuation/{network}/{part}") for part in parts}
    name = "generator.project.weight" if network == "dcgan" else "generator.layer0.weight"
    assert (states["other"][name] != states["middle"][name]).any()
    assert (states["continued"][name] != states["middle"][name]).any()
    for one, other in (("middle", "sampled"), ("middle", "loaded"), ("continued", "resumed")):
        assert states[one].keys() == states[other].keys() != set()
        for name in states[one]:
            np.testing.assert_array_equal(states[one][name], states[other][name], name)


@pytest.mark.parametrize("network", NETWORKS)
def test_samples_are_refused_repeated_and_cut_to_their_number(results, network):
    found = arrays(results["jax"], f"continuation/{network}")
    assert found["refusal"].item() == "generated samples are not finite"
    first, many = found["first-samples"], found["many-samples"]
    assert first.dtype == (np.float32 if network == "points" else np.uint8)
    np.testing.assert_array_equal(first, found["second-samples"])
    assert (len(first), len(many)) == (9, 1003)
    np.testing.assert_array_equal(many[:9], first)  # a batch has one size, whatever is asked for
    assert len(np.unique(many.reshape(1003, -1), axis=0)) > 900


PREPARED = """
from pathlib import Path
from ganbench.contracts import RunOptions
from ganbench.errors import EnvironmentNotReady
from ganbench_jax.plugin import Jax
import sys
assert "jax" not in sys.modules
backend = Jax()
for dtype in ("float32", "float64", "float32"):
    backend.prepare(RunOptions(1, "cpu", dtype))
    import jax.numpy as jnp
    assert (jnp.ones((300, 300)) @ jnp.ones((300, 300))).dtype == dtype
names = [path.read_text().strip() for path in Path("/proc/self/task").glob("*/comm")]
assert names.count("tf_XLAEigen") == 1, names
assert backend.describe()["cpu_threads"].startswith("1,")
try:
    backend.prepare(RunOptions(2, "cpu"))
except EnvironmentNotReady as error:
    print(error)
"""


def test_threads_are_what_was_asked_for_and_only_the_dtype_can_change():
    done = subprocess.run(
        [sys.executable, "-c", PREPARED], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "use one process for each" in done.stdout
