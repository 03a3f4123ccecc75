"""The small R3GAN: its sizes, its start, and its resampling, on every backend."""

from __future__ import annotations

import importlib.util
from math import prod, sqrt

import backend_probe
import numpy as np
import pytest

from ganbench.contracts import Constant, Normal, Task
from ganbench.data import ChunkSource, evaluation_noise
from ganbench_recipes.r3gan_mini import R3GANMini, resampling_matrix

TASKS = {shape: Task("x", "images", shape, 10) for shape in [(8, 8, 1), (28, 28, 1), (32, 32, 3)]}


def counts(parameters):
    found = {"generator": 0, "discriminator": 0}
    for name, parameter in parameters.items():
        found[name.split(".")[0]] += prod(parameter.shape)
    return found


def test_the_docstring_states_the_numbers_of_parameters():
    text = " ".join(R3GANMini.__doc__.split())
    for (height, width, channels), task in TASKS.items():
        generator, discriminator = counts(R3GANMini().parameters(task)).values()
        size = f"{height}x{width}x{channels}"
        assert f"{generator:,} and {discriminator:,}" in text[text.index(size) :], size


@pytest.mark.parametrize("shape", TASKS)
def test_residuals_are_zero_at_first_and_gains_follow_the_number_of_blocks(shape):
    parameters = R3GANMini().parameters(TASKS[shape])
    for network in counts(parameters):
        arrays = {name: at for name, at in parameters.items() if name.startswith(network)}
        blocks = sum(name.endswith("contract.weight") for name in arrays)
        assert blocks == {8: 2, 28: 3, 32: 4}[shape[0]]
        for name, parameter in arrays.items():
            if name.endswith("bias") or name.endswith("contract.weight"):
                assert parameter.initial == Constant(0.0)
            elif name.endswith("basis.maps"):
                assert parameter.initial == Normal(0.0, 1.0)
            else:
                gain = sqrt(2 / 1.04) * blocks**-0.25 if ".block" in name else 1.0
                deviation = gain / sqrt(prod(parameter.shape[1:]))
                assert parameter.initial.standard_deviation == pytest.approx(deviation), name


def test_every_group_of_a_hidden_layer_is_full():
    for shape, task in TASKS.items():
        for width in (16, 48, 64):
            for name, parameter in R3GANMini(width=width).parameters(task).items():
                if name.endswith("grouped.weight"):
                    assert parameter.shape[0] % parameter.shape[1] == 0, (shape, name)


def test_other_sizes_are_refused():
    assert R3GANMini().unsuitable(TASKS[(28, 28, 1)]) is None
    reason = R3GANMini().unsuitable(Task("x", "images", (16, 16, 1)))
    assert reason == "r3gan-mini makes images of 8x8, 28x28, 32x32 and x has 16x16"


# ------------------------------------------------------------------------- resampling


def test_a_single_pixel_gives_the_kernel():
    pixel = np.eye(8)[3]
    np.testing.assert_array_equal(
        resampling_matrix(8, "up") @ pixel * 4, [0, 0, 0, 0, 0, 1, 3, 3, 1, *[0] * 7]
    )
    np.testing.assert_array_equal(resampling_matrix(8, "down") @ pixel * 8, [0, 3, 1, 0])
    np.testing.assert_array_equal(resampling_matrix(8, "down") @ np.eye(8)[4] * 8, [0, 1, 3, 0])


def test_a_constant_stays_constant_inside_and_loses_a_part_at_the_border():
    ones = np.ones(8)
    up, down = (resampling_matrix(8, direction) @ ones for direction in ("up", "down"))
    np.testing.assert_array_equal(up, [0.75, *[1] * 14, 0.75])
    np.testing.assert_array_equal(down, [0.875, 1, 1, 0.875])


def test_a_straight_line_stays_straight_inside():
    line = resampling_matrix(8, "up") @ np.arange(8.0)
    np.testing.assert_allclose(np.diff(line)[1:-1], 0.5)


# ------------------------------------------------------------------------- the networks

pytestmark = pytest.mark.slow  # two processes start for it

BACKENDS = ["torch", "tensorflow"]
STEPS = 4
JOB = {
    "kind": "training",
    "model": "r3gan-mini",
    "task": "8x8x1",
    "loss": "relativistic+r1[gamma=1]+r2[gamma=1]",
    "dtype": "float64",
    "compile": "off",
    # A large learning rate, so that residuals are far from 0 after a few steps.
    "options": {"width": 16, "batch_size": 8, "learning_rate": 0.02, "ema_decay": 0.0},
}
JOBS = [JOB | {"name": f"{steps}", "steps": steps} for steps in (STEPS, STEPS + 1)]


@pytest.fixture(scope="module")
def results():
    for backend in BACKENDS:
        if importlib.util.find_spec(backend) is None:
            pytest.skip(f"{backend} is not installed")
    return backend_probe.run(BACKENDS, JOBS)


def state_before_the_last_step(found):
    prefix = f"{STEPS}/final/"
    return {name.removeprefix(prefix): at for name, at in found.items() if name.startswith(prefix)}


def inputs():
    """The data set of the jobs, their recipe, and what each step of theirs is given."""
    dataset = backend_probe.synthetic_dataset(JOB["task"])
    recipe = R3GANMini(**JOB["options"])
    loss, penalties = backend_probe.loss_and_penalties(JOB["loss"])
    step = recipe.step(dataset.task)
    return dataset, step, ChunkSource(dataset, step, backend_probe.SEED, 100, loss, penalties)


def pointwise(images, weight):
    return np.einsum("oi,nihw->nohw", weight[:, :, 0, 0], images)


def leaky_with_bias(images, bias):
    images = images + bias[:, None, None]
    return np.where(images > 0, images, 0.2 * images)


def grouped(images, weight):
    """Output channel o sees the input channels of its own group of eight."""
    outputs = np.zeros_like(images)
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    height, width = images.shape[2:]
    for channel in range(len(weight)):
        first = channel // 8 * 8
        for row in range(3):
            for column in range(3):
                seen = padded[:, first : first + 8, row : row + height, column : column + width]
                taps = weight[channel, :, row, column]
                outputs[:, channel] += np.einsum("i,nihw->nhw", taps, seen)
    return outputs


def block(images, state, name):
    hidden = pointwise(images, state[f"{name}.expand.weight"])
    hidden = grouped(
        leaky_with_bias(hidden, state[f"{name}.expand.bias"]), state[f"{name}.grouped.weight"]
    )
    hidden = leaky_with_bias(hidden, state[f"{name}.grouped.bias"])
    residual = pointwise(hidden, state[f"{name}.contract.weight"])
    assert np.abs(residual).max() > 1e-3
    return images + residual


def resampled(images, direction):
    matrix = resampling_matrix(images.shape[2], direction)
    return matrix @ images @ matrix.T


def generated(state, noise):
    state = {name.removeprefix("generator."): at for name, at in state.items()}
    scale = noise @ state["basis.scale.weight"].T
    images = scale[:, :, None, None] * state["basis.maps"].reshape(-1, 4, 4)
    images = pointwise(block(images, state, "block0"), state["transition1.weight"])
    images = block(resampled(images, "up"), state, "block1")
    return pointwise(images, state["to_image.weight"])


def judged(state, images):
    state = {name.removeprefix("discriminator."): at for name, at in state.items()}
    images = block(pointwise(images, state["from_image.weight"]), state, "block0")
    images = pointwise(resampled(images, "down"), state["transition1.weight"])
    images = block(images, state, "block1")
    features = np.einsum("ihw,nihw->ni", state["basis.weight"][:, 0], images)
    return features @ state["logit.weight"][0]


@pytest.mark.parametrize("backend", BACKENDS)
def test_samples_are_those_of_the_network_in_numpy(results, backend):
    dataset, step, _ = inputs()
    noise, _ = evaluation_noise(dataset, step, backend_probe.SEED, 9)
    images = generated(state_before_the_last_step(results[backend]), noise.astype(np.float64))
    pixels = np.clip(np.round((images + 1) * 127.5), 0, 255).transpose(0, 2, 3, 1)
    assert np.ptp(pixels) > 2
    np.testing.assert_array_equal(results[backend][f"{STEPS}/samples"], pixels)


@pytest.mark.parametrize("backend", BACKENDS)
def test_logits_are_those_of_the_network_in_numpy(results, backend):
    state = state_before_the_last_step(results[backend])
    chunk = inputs()[2].chunk(STEPS, 1)
    fake = generated(state, chunk.noise[0, 0].astype(np.float64))
    real = (chunk.real[0, 0] / 127.5 - 1).transpose(0, 3, 1, 2)
    magnitude = np.abs(judged(state, np.concatenate([real, fake]))).mean()
    found = results[backend][f"{STEPS + 1}/trace/logit_magnitude"][STEPS, 0]
    assert found == pytest.approx(magnitude, rel=1e-12)


def test_the_backends_agree(results):
    ours, theirs = (results[backend] for backend in BACKENDS)
    assert ours.keys() == theirs.keys()
    for name in ours:
        scale = np.abs(ours[name]).max()
        np.testing.assert_allclose(
            ours[name], theirs[name], rtol=0, atol=1e-9 * scale, err_msg=name
        )
