"""What the harness's training reaches against hand-written loops, its layers and the machine.

Every row compares two ways in alternating spans of a second, in one process of the framework. The
loops are in loops_torch.py and loops_tensorflow.py; all of them train the same recipes on the same
data, and the harness's draws its inputs as in every trial, that is from the seed's streams.
"""

from __future__ import annotations

import pytest
from protocols import PROTOCOLS

# What a hand-written loop is at its fastest, and how the harness computes the same.
BEST = {
    ("torch", "dcgan 28x28"): ("best", "off"),
    ("torch", "dcgan[width=64] 32x32x3"): ("best", "off"),
    ("torch", "mlp 28x28"): ("best compiled", "step"),
    ("torch", "mlp-toy"): ("best compiled", "step"),
    ("tensorflow", "dcgan 28x28"): ("best graph", "auto"),
    ("tensorflow", "dcgan[width=64] 32x32x3"): ("best graph", "auto"),
    ("tensorflow", "mlp 28x28"): ("best loop", "auto"),
    ("tensorflow", "mlp-toy"): ("best loop", "auto"),
}
PLAIN = {"torch": "plain", "tensorflow": "tutorial"}
WIDE = "dcgan[width=64] 32x32x3"


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("backend", ["torch", "tensorflow"])
def test_harness_over_the_best_loop(compare, way, backend, protocol):
    best, form = BEST[backend, protocol]
    ways = way(backend, "harness", protocol, compile=form), way(backend, best, protocol)
    row = f"{backend}, {protocol}: the harness over the best hand-written loop"
    compare(row, *ways, 0.97 if "dcgan" in protocol else 0.95, names=("harness", best))


@pytest.mark.parametrize("protocol", ["dcgan 28x28", WIDE])
@pytest.mark.parametrize("backend", ["torch", "tensorflow"])
def test_best_loop_over_a_plain_one(compare, way, backend, protocol):
    names = BEST[backend, protocol][0], PLAIN[backend]
    row = f"{backend}, {protocol}: the best hand-written loop over a plain one"
    compare(row, *(way(backend, name, protocol) for name in names), 1.2, names=names)


@pytest.mark.parametrize(
    ("backend", "protocol", "other", "aim"),
    [
        ("torch", WIDE, "plain", 1.2),
        ("torch", "mlp 28x28", "usual script", 2.0),
        ("tensorflow", WIDE, "tutorial", 1.4),
        ("tensorflow", "mlp 28x28", "tutorial", 1.5),
    ],
)
def test_harness_over_what_people_write(compare, way, backend, protocol, other, aim):
    names = "harness", other
    row = f"{backend}, {protocol}: the harness as it is over the {other} loop"
    compare(row, *(way(backend, name, protocol) for name in names), aim, names=names)


def test_harness_over_the_tutorial_on_a_cpu_without_onednn(compare, way):
    """As TensorFlow is on CPUs without AVX512-VNNI: no machine's own, but what most have."""
    names, off = ("harness", "tutorial"), {"TF_ENABLE_ONEDNN_OPTS": "0"}
    row = f"tensorflow without oneDNN, {WIDE}: the harness as it is over the tutorial loop"
    ways = (way("tensorflow", name, WIDE, environment=off) for name in names)
    compare(row, *ways, 1.4, names=names)


@pytest.mark.parametrize("backend", ["torch", "tensorflow"])
def test_harness_against_its_own_layers(compare, way, backend):
    names = "harness", "layers"
    row = f"{backend}, {WIDE}: the harness over its layers, each alone"
    compare(row, *(way(backend, name, WIDE) for name in names), 0.8, names=names)


@pytest.mark.parametrize(("backend", "form"), [("torch", "step"), ("tensorflow", "chunk")])
def test_points_on_one_thread_against_bare_matrix_products(compare, way, backend, form):
    products = way("torch", "matrix products", "mlp-toy", 1)
    harness = way(backend, "harness", "mlp-toy", 1, compile=form)
    row = f"{backend}, mlp-toy, one thread: the harness over torch's bare matrix products"
    compare(row, harness, products, 0.8, names=("harness", "matrix products"))


@pytest.mark.parametrize(("penalty", "aim"), [("r1", 1.3), ("gp1", 1.5)])
@pytest.mark.parametrize("backend", ["torch", "tensorflow"])
def test_what_a_penalty_costs(compare, way, backend, penalty, aim):
    plain = way(backend, "harness", "dcgan 28x28")
    penalised = way(backend, "harness", "dcgan 28x28", loss=f"non-saturating+{penalty}")
    row = f"{backend}, dcgan 28x28: a plain step's rate over that with {penalty}"
    compare(row, plain, penalised, at_most=aim, names=("plain", penalty))
