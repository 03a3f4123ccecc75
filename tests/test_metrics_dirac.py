"""The metric on paths made here from the update rules of Mescheder et al. 2018, section 2."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest

from ganbench import benchmark
from ganbench.contracts import FeatureSet, Task
from ganbench.errors import ConfigError
from ganbench_metrics.dirac import DiracConvergence

RATE = 0.2


def sigmoid(value):
    return (1 + math.tanh(value / 2)) / 2


def path(loss, order="simultaneous", steps=500, rate=RATE, gamma=0.0, clip=math.inf, penalty=0.0):
    """Both parameters before the first step and after each: float64 [steps + 1, 2]."""
    theta = psi = 1.0
    points = [(theta, psi)]
    for _ in range(steps):
        slope = 1.0 if loss == "wgan" else sigmoid(theta * psi)
        gradient = theta * slope + gamma * psi
        gradient += 2 * penalty * (abs(psi) - 1) * math.copysign(1, psi)
        moved = max(-clip, min(clip, psi - rate * gradient))
        seen = psi if order == "simultaneous" else moved
        pull = {
            "minimax": sigmoid(theta * seen),
            "non-saturating": sigmoid(-theta * seen),
            "wgan": 1.0,
        }[loss]
        theta, psi = theta + rate * seen * pull, moved
        points.append((theta, psi))
    return np.array(points)


def compute(trajectory):
    fake = FeatureSet(samples=np.zeros((1, 1)), trajectory=trajectory)
    return DiracConvergence().compute(fake, fake, np.random.default_rng(0))


def test_a_path_placed_by_hand():
    points = np.array([[3.0, 4.0], [0, 2], [0, 1], [0, 1], [0, 0], [0, 0], [0, 0]] + 4 * [[0, 0.3]])
    values = compute(points)  # ten steps, of which the last fifth is two
    assert values == {"radius": 0.3, "tail-radius": pytest.approx(0.3), "converges": 1}
    points[-2] = [0, 0.8]  # their mean is then 0.55, above a tenth of 5
    assert compute(points)["converges"] == 0


@pytest.mark.parametrize(
    ("arguments", "orders", "tail_radius"),
    [
        ({"loss": "minimax"}, "alternating", (1.33, 1.43)),  # stays in a band
        ({"loss": "minimax"}, "simultaneous", (3.0, 3.4)),  # grows with every step
        ({"loss": "non-saturating"}, "simultaneous", (0.62, 0.65)),  # the limit cycle
        ({"loss": "non-saturating"}, "alternating", (0.28, 0.31)),  # slower than exponentially
        ({"loss": "wgan"}, "simultaneous", (1e4, 2e4)),
        ({"loss": "wgan"}, "alternating", (1.2, 1.5)),
        ({"loss": "wgan", "clip": 1.0}, "simultaneous", (1.1, 1.15)),
        ({"loss": "wgan", "clip": 1.0}, "alternating", (0.98, 1.02)),
        ({"loss": "wgan", "penalty": 0.35}, "simultaneous", (1.75, 1.81)),
        ({"loss": "wgan", "penalty": 0.35}, "alternating", (1.26, 1.30)),
    ],
)
def test_cycles_spirals_and_slow_paths_do_not_converge(arguments, orders, tail_radius):
    values = compute(path(order=orders, **arguments))
    assert values["converges"] == 0
    assert tail_radius[0] < values["tail-radius"] < tail_radius[1]


@pytest.mark.parametrize("order", ["simultaneous", "alternating"])
@pytest.mark.parametrize("gamma", [0.3, 1.0])
def test_zero_centred_penalties_converge(order, gamma):
    values = compute(path("non-saturating", order, gamma=gamma))
    assert values["converges"] == 1 and values["radius"] < 1e-5


def test_the_radius_shrinks_at_the_rates_that_theory_gives():
    for order, factor in (("simultaneous", 1 - 0.2 * 0.3 + 0.01), ("alternating", 1 - 0.2 * 0.3)):
        radii = np.hypot(*path("non-saturating", order, gamma=0.3).T)
        assert (radii[500] / radii[300]) ** (1 / 100) == pytest.approx(factor, abs=0.003)


@pytest.mark.parametrize("rate", [0.1, 0.2])
def test_the_non_saturating_limit_cycle_has_the_radius_root_of_two_rates(rate):
    values = compute(path("non-saturating", steps=4000, rate=rate))
    assert values["tail-radius"] == pytest.approx(math.sqrt(2 * rate), rel=0.005)


def test_an_unclipped_wgan_grows_by_an_exact_factor():
    values = compute(path("wgan", steps=100))
    assert values["radius"] == pytest.approx(math.sqrt(2) * (1 + RATE**2) ** 50, rel=1e-12)


def test_slow_paths_arrive_in_a_longer_run():
    assert compute(path("non-saturating", "alternating", steps=5000))["converges"] == 1


def test_a_single_step_is_its_own_tail():
    assert compute(np.array([[1.0, 0], [0.05, 0]]))["converges"] == 1
    assert compute(np.array([[1.0, 0], [0.5, 0]]))["tail-radius"] == 0.5


def test_a_model_that_was_not_followed_is_refused_and_only_the_dirac_data_fit():
    with pytest.raises(ConfigError, match="needs a trajectory"):
        compute(None)
    assert DiracConvergence().fits(Task("dirac", "points", (1,)))
    assert not DiracConvergence().fits(Task("ring", "points", (2,), 8))


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")
def test_the_published_benchmark_asks_for_eight_losses_in_both_orders_and_this_metric_alone():
    file = Path(__file__).parents[1] / "benchmarks" / "dirac.toml"
    prepared = benchmark.prepare(str(file), {"backends": ["torch"]})
    assert not prepared.plan.skipped and len(prepared.plan.trials) == 16
    assert len({(trial.model, trial.loss) for trial in prepared.plan.trials}) == 16
    assert [item.metric.name for item in prepared.scorings["dirac"]] == ["dirac"]
