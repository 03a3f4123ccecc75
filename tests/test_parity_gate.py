import json
import math

import numpy as np
import pytest
from toys import TWINS

from ganbench import parity, parity_trace, plugins
from ganbench.errors import PluginError, UnknownName

STEPS, UPDATES = 3, 2
LABELS = ("one", "other")


def make_trace(**changes):
    """Three steps of two updates each, with scales that are easy to reckon with."""
    arrays = {
        "discriminator_loss": np.full((STEPS, UPDATES), 0.5),
        "generator_loss": np.full(STEPS, 0.5),
        "logit_magnitude": np.array([[2.0, 4.0]] * STEPS),
        "gradient/discriminator.layer.weight": np.full((STEPS, UPDATES), 8.0),
        "gradient/discriminator.layer.bias": np.full((STEPS, UPDATES), 1e-3),
        "gradient/generator.layer.weight": np.full(STEPS, 1.0),
        "weight/discriminator.layer.weight": np.full((STEPS, 2, 2), 16.0),
        "weight/discriminator.layer.bias": np.full((STEPS, 2), 1e-3),
        "weight/generator.layer.weight": np.full((STEPS, 2, 2), 1.0),
        "buffer/generator.norm.var": np.full((STEPS, 2), 32.0),
        "buffer/ema.generator.layer.weight": np.full((STEPS, 2, 2), 1.0),
        "buffer/ema.discriminator.layer.bias": np.full((STEPS, 2), 64.0),
        "samples": np.full((4, 8, 8, 1), 100, np.uint8),
    }
    return arrays | changes


def moved(name, by, place):
    """The same trace with one number moved by that much."""
    trace = make_trace()
    trace[name] = trace[name].astype(np.float64)
    trace[name][place] += by
    return trace


def compare(other, one=None, dtype="float64"):
    return parity.compare(one or make_trace(), other, dtype, LABELS)


def test_equal_traces_agree_exactly():
    found = compare(make_trace())
    assert found == parity.Comparison(True, "", dict.fromkeys(parity.QUANTITIES, 0.0), None)


# --------------------------------------------------------------------------- scales

SCALES = [
    # A number that is much smaller than its scale, so that the scale decides.
    ("discriminator_loss", (1, 0), 2.0, "losses"),
    ("discriminator_loss", (1, 1), 4.0, "losses"),
    ("generator_loss", (1,), 4.0, "losses"),  # the logits of the step's last update
    ("gradient/discriminator.layer.bias", (1, 1), 8.0, "gradients"),
    ("gradient/generator.layer.weight", (1,), 1.0, "gradients"),
    ("weight/discriminator.layer.bias", (1, 0), 16.0, "weights"),
    ("weight/generator.layer.weight", (1, 0, 0), 32.0, "weights"),  # its network's buffers count
    ("buffer/generator.norm.var", (1, 1), 32.0, "buffers"),
    ("buffer/ema.generator.layer.weight", (1, 1, 1), 1.0, "buffers"),  # a network of its own
]


@pytest.mark.parametrize(("name", "place", "scale", "quantity"), SCALES)
def test_deviations_are_told_on_the_scale_of_what_they_belong_to(name, place, scale, quantity):
    for factor, agrees in ((0.9, True), (1.1, False)):
        found = compare(moved(name, factor * 1e-9 * scale, place))
        assert found.agrees == agrees, factor
        # One part in a million: the number that was moved may be the largest itself.
        assert found.deviations[quantity] == pytest.approx(factor * 1e-9, rel=1e-6)
        others = set(parity.QUANTITIES) - {quantity}
        assert all(found.deviations[other] == 0 for other in others)
        if not agrees:
            assert (found.first.step, found.first.name) == (2, name)


def test_the_scale_is_the_steps_own():
    trace, other = make_trace(), make_trace()
    for part in (trace, other):
        part["gradient/generator.layer.weight"] = np.array([1.0, 1e-6, 1.0])
    other["gradient/generator.layer.weight"] = np.array([1.0, 1e-6 + 1e-11, 1.0])
    assert compare(other, trace).deviations["gradients"] == pytest.approx(1e-5, rel=1e-4)


def test_a_magnitude_that_explodes_on_one_side_excuses_nothing():
    other = moved("generator_loss", 1e-7, (1,)) | {
        "logit_magnitude": np.full((STEPS, UPDATES), 1e9)
    }
    assert not compare(other).agrees
    assert not compare(make_trace(), other).agrees


def test_the_gate_is_the_same_from_either_side():
    for name, place, scale, _ in SCALES:
        other = moved(name, 3e-9 * scale, place)
        one_way, other_way = compare(other), compare(make_trace(), other)
        assert one_way.deviations == other_way.deviations
        assert one_way.first.values == other_way.first.values[::-1]


def test_a_tensor_that_is_zero_on_both_sides_agrees():
    zeros = {name: np.zeros_like(array) for name, array in make_trace().items()}
    assert compare(zeros, zeros).agrees


# --------------------------------------------------------------------------- samples


@pytest.mark.parametrize(("by", "agrees"), [(1, True), (2, False), (-1, True), (-100, False)])
def test_images_may_differ_by_one_grey_level(by, agrees):
    other = make_trace()
    other["samples"][2, 3, 4, 0] = 100 + by
    found = compare(other)
    assert (found.agrees, found.deviations["samples"]) == (agrees, abs(by))
    if not agrees:
        pair = (100.0, 100.0 + by)
        assert found.first == parity.Disagreement(STEPS, "samples", pair)


@pytest.mark.parametrize(("by", "agrees"), [(2.0**-22, True), (2.0**-20, False)])
def test_points_may_differ_by_one_rounding_of_the_largest(by, agrees):
    points = np.array([[4.0, 0.25], [0.5, -1.0]], np.float32)
    other = points.copy()
    other[0, 1] += np.float32(by)
    found = compare(make_trace(samples=other), make_trace(samples=points))
    assert (found.agrees, found.deviations["samples"]) == (agrees, by / 4)


# --------------------------------------------------------------------------- the first to part


def test_the_first_step_is_told_though_a_later_one_is_worse():
    other = make_trace()
    other["weight/generator.layer.weight"][2, 0, 1] += 1.0
    other["weight/discriminator.layer.weight"][1, 1, 0] += 0.5
    other["weight/discriminator.layer.weight"][1, 0, 0] += 0.25
    other["samples"] += np.uint8(9)
    found = compare(other)
    assert found.first == parity.Disagreement(2, "weight/discriminator.layer.weight", (16.0, 16.5))
    assert found.reason == (
        "step 2, weight/discriminator.layer.weight: 16.0 on one and 16.5 on other"
    )
    assert found.deviations["weights"] == 1 / 32


def test_within_a_step_the_discriminators_turn_comes_first_and_losses_before_weights():
    order = [
        *("discriminator_loss", "gradient/discriminator.layer.bias"),
        *("weight/discriminator.layer.bias", "generator_loss", "gradient/generator.layer.weight"),
        *("weight/generator.layer.weight", "buffer/generator.norm.var"),
        "buffer/ema.generator.layer.weight",
    ]
    other = make_trace()
    for name in order:
        other[name] += 1.0
    while order:
        assert compare(other).first.name == order[0]
        other[order[0]] -= 1.0
        del order[0]
    assert compare(other).agrees


# --------------------------------------------------------------------------- not finite


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["generator_loss", "weight/generator.layer.weight"])
@pytest.mark.parametrize("sides", ["one", "other", "both"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_values_that_are_not_finite_fail_on_either_side_and_on_both(value, name, sides, dtype):
    bad = moved(name, value, (1,))
    one = make_trace() if sides == "other" else bad
    found = compare(make_trace() if sides == "one" else bad, one, dtype)
    assert not found.agrees
    assert (found.first.step, found.first.name) == (2, name)
    assert found.deviations[parity.quantity(name)] == math.inf


def test_samples_that_were_refused_fail():
    refused = make_trace(samples=np.full((4, 8, 8, 1), np.nan))
    for one, other in ((make_trace(), refused), (refused, make_trace()), (refused, refused)):
        assert compare(other, one).first.name == "samples"


# --------------------------------------------------------------------------- names and shapes


def test_a_tensor_that_one_side_lacks_fails_in_one_line():
    other = make_trace()
    del other["buffer/ema.generator.layer.weight"]
    found = compare(other)
    assert not found.agrees and found.deviations == {} and found.first is None
    assert found.reason == "only one has buffer/ema.generator.layer.weight"
    del other["weight/generator.layer.weight"]
    reason = "only other has buffer/ema.generator.layer.weight and 1 more"
    assert compare(make_trace(), other).reason == reason


def test_another_shape_fails_in_one_line():
    found = compare(make_trace(generator_loss=np.full(STEPS + 1, 0.5)))
    assert found.reason == "generator_loss is (3,) on one and (4,) on other"


# --------------------------------------------------------------------------- float32


@pytest.mark.parametrize(
    ("name", "by", "agrees"),
    [
        ("generator_loss", 3e-5, True),
        ("generator_loss", 5e-5, False),
        ("gradient/generator.layer.weight", 9e-3, True),
        ("gradient/generator.layer.weight", 2e-2, False),
        ("weight/generator.layer.weight", 10.0, True),
        ("buffer/generator.norm.var", 10.0, True),
        ("samples", 10, True),
    ],
)
def test_float32_is_judged_by_losses_and_gradients_alone(name, by, agrees):
    other = make_trace()
    other[name][1] += by
    found = compare(other, dtype="float32")
    assert found.agrees == agrees
    assert found.deviations[parity.quantity(name)] > 0


# --------------------------------------------------------------------------- traces


@pytest.fixture(scope="module")
def catalog():
    return plugins.load([TWINS])


def trace(catalog, backend="left", **changes):
    specification = {
        "backend": {"name": backend, "options": {}},
        "model": {"name": "twin", "options": changes.pop("options", {})},
        "loss": {"name": "hinge", "options": {}},
        "penalties": [],
        **{"task": "points", "steps": 6, "dtype": "float64", "seed": 0},
        **changes,
    }
    return parity_trace.trace(json.loads(json.dumps(specification)), catalog)


def test_a_trace_has_a_row_per_step_and_no_moments(catalog):
    found = trace(catalog)
    assert {name: array.shape for name, array in found.items()} == {
        "discriminator_loss": (6, 1),
        "generator_loss": (6,),
        "logit_magnitude": (6, 1),
        "gradient/discriminator.layer.weight": (6, 1),
        "gradient/discriminator.layer.bias": (6, 1),
        "gradient/generator.layer.weight": (6,),
        "gradient/generator.layer.bias": (6,),
        "weight/discriminator.layer.weight": (6, 1, 2),
        "weight/discriminator.layer.bias": (6, 1),
        "weight/generator.layer.weight": (6, 2, 2),
        "weight/generator.layer.bias": (6, 2),
        "buffer/generator.seen": (6, 1),
        "samples": (64, 2),
    }
    assert found["buffer/generator.seen"][:, 0].tolist() == [1, 2, 3, 4, 5, 6]  # after each step
    assert found["weight/generator.layer.weight"].dtype == np.float64
    assert len(np.unique(found["generator_loss"])) == 6


def test_a_trace_is_repeatable_and_follows_the_seed(catalog):
    one, same, other = trace(catalog), trace(catalog, "right"), trace(catalog, seed=1)
    assert parity.compare(one, same, "float64", LABELS).agrees
    assert not parity.compare(one, other, "float64", LABELS).agrees


def test_a_trace_without_its_logits_is_refused(catalog):
    with pytest.raises(PluginError, match="twin on right: its trace has no 'logit_magnitude'"):
        trace(catalog, "right", options={"flaw": "mute"})


def test_the_data_are_the_same_each_time_and_of_the_task():
    images = parity_trace.dataset("28x28x3")
    assert images.train.samples.shape == (256, 28, 28, 3)
    assert images.train.samples.dtype == np.uint8
    assert np.unique(images.train.labels).tolist() == list(range(10))
    assert images.task.classes == 10
    np.testing.assert_array_equal(
        images.train.samples, parity_trace.dataset("28x28x3").train.samples
    )
    points = parity_trace.dataset("points").train
    assert points.samples.dtype == np.float32 and points.labels is None
    np.testing.assert_allclose(np.linalg.norm(points.samples, axis=1), 1, atol=0.1)
    assert parity_trace.dataset("line").train.samples.shape == (256, 1)


@pytest.mark.parametrize("name", ["8x8", "0x8x1", "pixels", "8x8x1x1"])
def test_an_unknown_task_is_refused(name):
    with pytest.raises(UnknownName, match="no task named"):
        parity_trace.task(name)
