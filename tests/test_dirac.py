"""The Dirac-GAN, replayed step by step through the package's losses, penalties and descent.

Mescheder et al. 2018, arXiv:1801.04406: D(x) = psi x, the data are 0, the generator gives theta.
A real logit is 0 and a fake one psi theta, so that every update is a line of arithmetic. It catches
wrong signs, minimax for non-saturating, gamma for gamma / 2, simultaneous for alternating updates,
and a generator that is not detached.
"""

from __future__ import annotations

import importlib.util
from math import exp, sqrt

import backend_probe
import numpy as np
import pytest

RATE, STEPS = 0.2, 200


def sigmoid(logit):
    return 1 / (1 + exp(-logit))


# Slopes of the losses: of the discriminator's by the real and by the fake logit, and of the
# generator's by the fake one, all at a real logit r and a fake logit f.
LOSSES = {
    "minimax": (
        lambda r, f: -sigmoid(-r),
        lambda r, f: sigmoid(f),
        lambda r, f: -sigmoid(f),
    ),
    "non-saturating": (
        lambda r, f: -sigmoid(-r),
        lambda r, f: sigmoid(f),
        lambda r, f: -sigmoid(-f),
    ),
    "lsgan": (lambda r, f: r - 1, lambda r, f: f, lambda r, f: f - 1),
    "wgan": (lambda r, f: -1, lambda r, f: 1, lambda r, f: -1),
    "hinge": (
        lambda r, f: -float(r < 1),
        lambda r, f: float(f > -1),
        lambda r, f: -1,
    ),
    "relativistic": (
        lambda r, f: -sigmoid(f - r),
        lambda r, f: sigmoid(f - r),
        lambda r, f: -sigmoid(r - f),
    ),
    "relativistic-average": (  # of one sample: the mean is the other logit
        lambda r, f: -sigmoid(f - r),
        lambda r, f: sigmoid(f - r),
        lambda r, f: -sigmoid(r - f),
    ),
}

# Slopes of the penalties by psi, which is the gradient of the logit everywhere; `noise` is what
# the penalty drew for this update.
PENALTIES = {
    "r1[gamma=0.3]": lambda psi, noise: 0.3 * psi,
    "r2[gamma=1.0]": lambda psi, noise: psi,
    "gp0[weight=0.2]": lambda psi, noise: 2 * 0.2 * psi,
    "gp1[weight=0.35]": lambda psi, noise: _centred(psi, 0.35),
    "gp1[weight=0.35,one_sided=true]": lambda psi, noise: _centred(psi, 0.35) * (abs(psi) > 1),
    "dragan[weight=0.35]": lambda psi, noise: _centred(psi, 0.35),
    "consistency[weight=2.0,sigma=0.5]": lambda psi, noise: 2 * 2 * 0.25 * noise**2 * psi,
}


def _centred(psi, weight):
    norm = sqrt(psi**2 + 1e-12)
    return 2 * weight * (norm - 1) * psi / norm


CASES = [(loss, "", order) for loss in LOSSES for order in ("simultaneous", "alternating")]
CASES += [("non-saturating", f"+{name}", "alternating") for name in PENALTIES]
CASES += [
    ("wgan", "+gp1[weight=0.35]", "simultaneous"),
    ("wgan", "+clip[limit=1.0]", "simultaneous"),
    ("wgan", "+clip[limit=1.0]", "alternating"),
    ("relativistic", "+r1[gamma=0.3]+r2[gamma=1.0]", "simultaneous"),
    ("non-saturating", "+r1[gamma=0.3]", "simultaneous"),
    ("non-saturating", "+instance-noise[sigma=0.7,annealed=false]", "simultaneous"),
    ("minimax", "+instance-noise[sigma=0.7]", "alternating"),
]


def replay(loss, penalties, order, draws, start=(1.0, 1.0)):
    """theta and psi of every step, by the update rules alone: two arrays [steps + 1]."""
    by_real, by_fake, by_generated = LOSSES[loss]
    names = [name for name in penalties.split("+") if name]
    theta, psi = start
    path = [start]
    for step in range(STEPS):
        sigma = _noise(names, step)
        a = sigma * draws.get("extra/instance-noise-real", np.zeros(STEPS))[step]
        b = theta + sigma * draws.get("extra/instance-noise-fake", np.zeros(STEPS))[step]
        slope = by_real(psi * a, psi * b) * a + by_fake(psi * a, psi * b) * b
        consistency = draws.get("extra/consistency", np.zeros(STEPS))[step]
        slope += sum(PENALTIES[name](psi, consistency) for name in names if name in PENALTIES)
        new = psi - RATE * slope
        if "clip[limit=1.0]" in names:
            new = min(max(new, -1.0), 1.0)
        judge = psi if order == "simultaneous" else new
        a = sigma * draws.get("generator-extra/instance-noise-real", np.zeros(STEPS))[step]
        b = theta + sigma * draws.get("generator-extra/instance-noise-fake", np.zeros(STEPS))[step]
        theta -= RATE * by_generated(judge * a, judge * b) * judge
        psi = new
        path.append((theta, psi))
    return np.array(path).T


def _noise(names, step):
    if "instance-noise[sigma=0.7,annealed=false]" in names:
        return 0.7
    if "instance-noise[sigma=0.7]" in names:
        return 0.7 * (1 - float(np.float32(step / 1000)))
    return 0.0


def job(loss, order, rate=RATE, steps=STEPS):
    return {
        "name": f"{loss}/{order}/{rate}",
        "kind": "path",
        "model": "dirac",
        "task": "zeros",
        "loss": loss,
        "options": {"update_order": order, "learning_rate": rate},
        "steps": steps,
        "total_steps": 1000,
        "dtype": "float64",
        "compile": "off",
    }


CYCLES = (0.4,)
LONG = 1500
JOBS = [job(loss + penalties, order) for loss, penalties, order in CASES]
JOBS += [job("non-saturating", "simultaneous", rate, LONG) for rate in CYCLES]
VERDICTS = {  # SCIENCE's table: does the distance from the equilibrium vanish?
    "minimax": False,
    "wgan+clip[limit=1.0]": False,
    "wgan+gp1[weight=0.35]": False,
    "non-saturating+dragan[weight=0.35]": False,
    "non-saturating+r1[gamma=0.3]": True,
    "non-saturating+r1[gamma=1.0]": True,
    "non-saturating+r2[gamma=0.3]": True,
    "minimax+r1[gamma=0.3]": True,
    "relativistic+r1[gamma=0.3]": True,
}
JOBS += [
    job(loss, order, RATE, 300)
    for loss in VERDICTS
    for order in ("simultaneous", "alternating")
    if f"{loss}/{order}/{RATE}" not in {known["name"] for known in JOBS}
]


@pytest.fixture(scope="module", params=["torch", "tensorflow", "jax"])
def results(request):
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    return backend_probe.run([request.param], JOBS)[request.param]


def path(results, loss, order, rate=RATE):
    prefix = f"{loss}/{order}/{rate}"
    return results[f"{prefix}/generator.theta"], results[f"{prefix}/discriminator.psi"]


def radius(results, loss, order, rate=RATE):
    return np.hypot(*path(results, loss, order, rate))


@pytest.mark.parametrize(("loss", "penalties", "order"), CASES)
def test_every_step_is_the_one_that_arithmetic_gives(results, loss, penalties, order):
    prefix = f"{loss}{penalties}/{order}/{RATE}/"
    draws = {
        name.removeprefix(prefix): array.astype(np.float64)
        for name, array in results.items()
        if name.startswith(prefix) and "extra/" in name
    }
    assert bool(draws) == ("noise" in penalties or "dragan" in penalties or "consis" in penalties)
    expected = replay(loss, penalties, order, draws)
    found = np.array(path(results, loss + penalties, order))[:, : STEPS + 1]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    assert np.ptp(found[0]) > 0.1


def test_minimax_leaves_the_equilibrium_by_the_known_factor(results):
    theta, psi = path(results, "minimax", "simultaneous")
    squared = theta**2 + psi**2
    factor = 1 + RATE**2 / (1 + np.exp(-theta * psi)) ** 2
    np.testing.assert_allclose(squared[1:], squared[:-1] * factor[:-1], rtol=1e-12)
    assert (np.diff(squared) > 0).all()


def test_wasserstein_without_a_constraint_leaves_it_by_the_known_factor(results):
    squared = radius(results, "wgan", "simultaneous") ** 2
    np.testing.assert_allclose(squared[1:], squared[:-1] * (1 + RATE**2), rtol=1e-12)


def test_real_and_fake_penalties_are_the_same_here(results):
    for order in ("simultaneous", "alternating"):
        one = path(results, "non-saturating+r1[gamma=0.3]", order)
        other = path(results, "non-saturating+r2[gamma=0.3]", order)
        steps = min(len(one[0]), len(other[0]))
        for first, second in zip(one, other, strict=True):
            np.testing.assert_allclose(first[:steps], second[:steps], rtol=0, atol=1e-13)


def test_relativistic_is_non_saturating_here(results):
    for order in ("simultaneous", "alternating"):
        one = path(results, "relativistic", order)
        np.testing.assert_allclose(one, path(results, "non-saturating", order), atol=1e-12)


@pytest.mark.parametrize("rate", CYCLES)
def test_non_saturating_ends_in_the_known_limit_cycle(results, rate):
    tail = radius(results, "non-saturating", "simultaneous", rate)[-500:]
    # sqrt(2 h) = .894 to the first order; .8905 was measured elsewhere.
    np.testing.assert_allclose(tail.mean(), sqrt(2 * rate), rtol=6e-3)


def test_r1_shrinks_the_radius_by_the_known_rates(results):
    # |eigenvalue|^2 = 1 - h gamma + h^2 / 4 (simultaneous) or 1 - h gamma (alternating).
    for order, squared in (
        ("simultaneous", 1 - RATE * 0.3 + RATE**2 / 4),
        ("alternating", 1 - RATE * 0.3),
    ):
        found = radius(results, "non-saturating+r1[gamma=0.3]", order)
        rate = (found[200] / found[80]) ** (1 / 120)
        assert rate == pytest.approx(sqrt(squared), rel=5e-3)


@pytest.mark.parametrize("order", ["simultaneous", "alternating"])
@pytest.mark.parametrize("loss", VERDICTS)
def test_what_converges_is_known(results, loss, order):
    found = radius(results, loss, order)
    assert (found[-len(found) // 5 :].max() < 0.05) == VERDICTS[loss]
