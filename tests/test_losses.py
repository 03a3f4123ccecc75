"""The losses' formulas, on every backend, in float64: SCIENCE vectors and closed forms."""

from __future__ import annotations

import importlib.util
import math

import backend_probe
import numpy as np
import pytest

REAL = [2.0, -1.0, 0.5, 3.0]
FAKE = [-1.5, 0.3, 1.0, -4.0]

# Values at the logits above: lsgan, hinge and wgan by hand, the others from NumPy's logaddexp.
VALUES = {
    ("minimax", "discriminator"): 1.087508543051,
    ("minimax", "generator"): -0.596795034472,
    ("non-saturating", "discriminator"): 1.087508543051,
    ("non-saturating", "generator"): 1.646795034472,
    ("lsgan", "discriminator"): 3.57375,
    ("lsgan", "generator"): 3.9675,
    ("hinge", "discriminator"): 1.45,
    ("hinge", "generator"): 1.05,
    ("wgan", "discriminator"): -2.175,
    ("wgan", "generator"): 1.05,
    ("relativistic", "discriminator"): 0.636436830685,
    ("relativistic", "generator"): 2.811436830685,
    ("relativistic-average", "discriminator"): 0.249545081196,
    ("relativistic-average", "generator"): 2.424545081196,
}

PUSH_REAL_UP = [-0.029800730506, -0.182764644658, -0.094385167200, -0.011856468294]
PUSH_FAKE_DOWN = [0.045606380952, 0.143610629203, 0.182764644658, 0.004496552491]
NOTHING = [0.0, 0.0, 0.0, 0.0]
# -sigmoid(real - fake) / 4, and its negative by the real logits.
PULL_FAKE_UP = [-1 / 4 / (1 + math.exp(f - r)) for r, f in zip(REAL, FAKE, strict=True)]
PULL_FAKE_UP_NEGATED = [-slope for slope in PULL_FAKE_UP]

# Gradients by the real and by the fake logits, from the sigmoid or by hand.
GRADIENTS = {
    ("minimax", "discriminator"): (PUSH_REAL_UP, PUSH_FAKE_DOWN),
    ("minimax", "generator"): (NOTHING, [-slope for slope in PUSH_FAKE_DOWN]),
    ("non-saturating", "discriminator"): (PUSH_REAL_UP, PUSH_FAKE_DOWN),
    ("non-saturating", "generator"): (
        NOTHING,
        [-0.204393619048, -0.106389370797, -0.067235355342, -0.245503447509],
    ),
    ("lsgan", "discriminator"): ([0.25, -0.5, -0.125, 0.5], [-0.375, 0.075, 0.25, -1.0]),
    ("lsgan", "generator"): (NOTHING, [-0.625, -0.175, 0.0, -1.25]),
    ("hinge", "discriminator"): ([0.0, -0.25, -0.25, 0.0], [0.0, 0.25, 0.25, 0.0]),
    ("hinge", "generator"): (NOTHING, [-0.25, -0.25, -0.25, -0.25]),
    ("wgan", "discriminator"): ([-0.25] * 4, [0.25] * 4),
    ("wgan", "generator"): (NOTHING, [-0.25] * 4),
    ("relativistic", "generator"): (PULL_FAKE_UP_NEGATED, PULL_FAKE_UP),
}

# Below 0 the smallest numbers count; between 20 and 37 a softplus that turns linear is wrong.
SOFTPLUS_AT = [-700.0, -300.0, -40.0, -1.0, 0.0, 1.0, 20.5, 25.0, 30.0, 40.0, 800.0]

MATRIX = [[2.0, 0.5], [0.5, -1.0]]
REAL_POINTS = [[1.0, 2.0], [-1.0, 0.5], [3.0, -2.0]]
FAKE_POINTS = [[0.0, 1.0], [2.0, 2.0], [-1.0, 1.0]]
MIXING = [0.25, 0.5, 1.0]

JOBS = [
    {
        "name": "losses",
        "kind": "losses",
        "losses": list(dict.fromkeys(name for name, _ in VALUES)),
        "real": REAL,
        "fake": FAKE,
    },
    {"name": "softplus", "kind": "softplus", "at": SOFTPLUS_AT},
    {
        "name": "quadratic",
        "kind": "quadratic",
        "matrix": MATRIX,
        "real": REAL_POINTS,
        "fake": FAKE_POINTS,
        "mixing": MIXING,
    },
]


@pytest.fixture(scope="module", params=["torch", "tensorflow", "jax"])
def results(request):
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    return backend_probe.run([request.param], JOBS)[request.param]


@pytest.mark.parametrize(("loss", "owner"), VALUES)
def test_the_loss_has_its_known_value(results, loss, owner):
    assert results[f"losses/{loss}/{owner}"] == pytest.approx(VALUES[loss, owner], rel=1e-12)


@pytest.mark.parametrize(("loss", "owner"), GRADIENTS)
def test_the_loss_has_its_known_logit_gradients(results, loss, owner):
    by_real, by_fake = GRADIENTS[loss, owner]
    # The numbers above carry twelve digits behind the point.
    np.testing.assert_allclose(results[f"losses/{loss}/{owner}/real"], by_real, rtol=0, atol=6e-13)
    np.testing.assert_allclose(results[f"losses/{loss}/{owner}/fake"], by_fake, rtol=0, atol=6e-13)


def test_minimax_and_non_saturating_push_generated_samples_differently(results):
    minimax = results["losses/minimax/generator/fake"]
    non_saturating = results["losses/non-saturating/generator/fake"]
    assert abs(minimax[3]) < 0.02 * abs(non_saturating[3])  # a fake that is told apart with ease


def test_softplus_is_exact_where_others_are_linear_or_overflow(results):
    exact = [max(at, 0.0) + math.log1p(math.exp(-abs(at))) for at in SOFTPLUS_AT]
    np.testing.assert_allclose(results["softplus/values"], exact, rtol=1e-15)


def test_the_slope_of_softplus_is_the_sigmoid(results):
    exact = [
        1 / (1 + math.exp(-at)) if at > 0 else math.exp(at) / (1 + math.exp(at))
        for at in SOFTPLUS_AT
    ]
    np.testing.assert_allclose(results["softplus/slopes"], exact, rtol=1e-14, atol=1e-300)


def test_mix_takes_one_coefficient_per_sample(results):
    expected = [[0.25, 1.25], [0.5, 1.25], [3.0, -2.0]]  # a quarter, a half and all of the real
    np.testing.assert_allclose(results["quadratic/mixed"], expected, rtol=1e-15)


def test_input_gradients_of_a_quadratic_are_one_per_sample(results):
    mixed = results["quadratic/mixed"]
    logits = [row @ np.array(MATRIX) @ row / 2 for row in mixed]
    np.testing.assert_allclose(results["quadratic/logits"], logits, rtol=1e-14)
    np.testing.assert_allclose(results["quadratic/gradients"], mixed @ np.array(MATRIX), rtol=1e-14)


def test_a_penalty_on_input_gradients_is_differentiated_once_more(results):
    mixed, matrix = results["quadratic/mixed"], np.array(MATRIX)
    # With B = (A + A') / 2 the penalty is mean |x B|^2, so its gradient by A is the symmetric
    # part of 2 x'(x B) / n.
    outer = 2 * mixed.T @ (mixed @ matrix) / len(mixed)
    np.testing.assert_allclose(results["quadratic/penalty"], np.sum((mixed @ matrix) ** 2) / 3)
    np.testing.assert_allclose(results["quadratic/by-matrix"], (outer + outer.T) / 2, rtol=1e-14)


def test_mixed_samples_are_cut_from_what_they_were_made_of(results):
    assert not results["quadratic/by-real"].any()
    assert not results["quadratic/by-fake"].any()
