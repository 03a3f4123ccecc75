"""The network of Lucic et al.: its sizes, its start, its noise, and both backends' arithmetic."""

from __future__ import annotations

import importlib.util
from math import prod

import backend_probe
import numpy as np
import pytest

from ganbench.contracts import Constant, Normal, Task, TruncatedNormal
from ganbench.data import ChunkSource, evaluation_noise
from ganbench_recipes.infogan28 import InfoGAN28

TASK = Task("x", "images", (28, 28, 1), 10)
pytestmark = pytest.mark.slow  # two processes start for it

BACKENDS = ["torch", "tensorflow"]
JOB = {
    "kind": "training",
    "model": "infogan28",
    "task": "28x28x1",
    "dtype": "float64",
    "compile": "off",
    "steps": 4,
}
JOBS = [
    JOB
    | {
        "name": "normalised",
        "loss": "non-saturating",
        "options": {"width": 4, "batch_size": 8, "learning_rate": 0.05},
    },
    JOB
    | {
        "name": "plain",
        "loss": "wgan+clip[limit=0.01]",
        "options": {
            "width": 4,
            "batch_size": 8,
            "discriminator_updates": 2,
            "batch_norm_in_discriminator": False,
        },
    },
]


def counts(recipe):
    found = {"generator": 0, "discriminator": 0}
    for name, parameter in recipe.parameters(TASK).items():
        if parameter.trainable:
            found[name.split(".")[0]] += prod(parameter.shape)
    return found


def test_the_docstring_states_the_numbers_of_parameters():
    generator, discriminator = counts(InfoGAN28()).values()
    plain = counts(InfoGAN28(batch_norm_in_discriminator=False))["discriminator"]
    statement = f"{generator:,} and {discriminator:,} parameters, {plain:,} without"
    assert statement in " ".join(InfoGAN28.__doc__.split())


@pytest.mark.parametrize("normalised", [True, False])
def test_every_layer_has_a_bias_or_a_normalisation(normalised):
    names = InfoGAN28(batch_norm_in_discriminator=normalised).parameters(TASK)
    layers = [name.removesuffix(".weight") for name in names if name.endswith(".weight")]
    biased = [layer for layer in layers if f"{layer}.bias" in names]
    norms = [name for name in names if name.endswith(".scale")]
    assert len(layers) == 8 == len(biased) + len(norms)
    assert len(norms) == (5 if normalised else 3)


def test_only_the_discriminators_convolutions_start_truncated():
    for name, parameter in InfoGAN28().parameters(TASK).items():
        if name.startswith("discriminator.down") and name.endswith("weight"):
            assert parameter.initial == TruncatedNormal(0.0, 0.02), name
        elif name.endswith("weight"):
            assert parameter.initial == Normal(0.0, 0.02), name
        else:
            start = 1.0 if name.endswith(("scale", "var")) else 0.0
            assert parameter.initial == Constant(start), name


def test_only_images_of_28x28_are_made():
    assert InfoGAN28().unsuitable(TASK) is None
    reason = InfoGAN28().unsuitable(Task("digits", "images", (8, 8, 1)))
    assert reason == "infogan28 makes images of 28x28 and digits has 8x8"


# ------------------------------------------------------------------------- the networks


@pytest.fixture(scope="module")
def results():
    for backend in BACKENDS:
        if importlib.util.find_spec(backend) is None:
            pytest.skip(f"{backend} is not installed")
    return backend_probe.run(BACKENDS, JOBS)


def inputs(job):
    """The noise that samples are made of, and what the first step is given."""
    dataset = backend_probe.synthetic_dataset(job["task"])
    step = InfoGAN28(**job["options"]).step(dataset.task)
    loss, penalties = backend_probe.loss_and_penalties(job["loss"])
    source = ChunkSource(dataset, step, backend_probe.SEED, 100, loss, penalties)
    noise, _ = evaluation_noise(dataset, step, backend_probe.SEED, 9)
    return noise.astype(np.float64), source.chunk(0, 1)


def state(found, name, network):
    prefix = f"{name}/{network}."
    return {key.removeprefix(prefix): at for key, at in found.items() if key.startswith(prefix)}


def leaky(values):
    return np.where(values > 0, values, 0.2 * values)


def normalised(values, arrays, name, running):
    """By the batch's mean and variance of each column, or by the running ones."""
    axes = (0, *range(2, values.ndim))
    shape = [-1 if axis == 1 else 1 for axis in range(values.ndim)]
    mean, variance = (arrays[f"{name}.{part}"] for part in ("mean", "var"))
    if not running:
        mean, variance = values.mean(axes), values.var(axes)
    scale = arrays[f"{name}.scale"] / np.sqrt(variance + 1e-3)
    return (values - mean.reshape(shape)) * scale.reshape(shape) + arrays[f"{name}.bias"].reshape(
        shape
    )


def down(images, weight):
    """Kernel 4, stride 2, padding 1."""
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    side = images.shape[2] // 2
    seen = [
        [
            padded[:, :, row : row + 2 * side : 2, column : column + 2 * side : 2]
            for column in range(4)
        ]
        for row in range(4)
    ]
    return np.einsum("oirc,rcnihw->nohw", weight, np.array(seen))


def up(images, weight):
    """The transpose of `down`: every pixel is spread over 4x4."""
    n, _, side, _ = images.shape
    spread = np.zeros((n, weight.shape[1], 2 * side + 2, 2 * side + 2))
    for row in range(4):
        for column in range(4):
            part = np.einsum("nihw,io->nohw", images, weight[:, :, row, column])
            spread[:, :, row : row + 2 * side : 2, column : column + 2 * side : 2] += part
    return spread[:, :, 1:-1, 1:-1]


def generated(arrays, noise, running):
    values = leaky(normalised(noise @ arrays["hidden.weight"].T, arrays, "norm0", running))
    values = leaky(normalised(values @ arrays["project.weight"].T, arrays, "norm1", running))
    images = up(values.reshape(len(values), -1, 7, 7), arrays["up1.weight"])
    images = up(leaky(normalised(images, arrays, "norm2", running)), arrays["up2.weight"])
    unit = 1 / (1 + np.exp(-images - arrays["up2.bias"][:, None, None]))
    return 2 * unit - 1


def judged(arrays, images):
    images = down((images + 1) / 2, arrays["down1.weight"])
    images = down(leaky(images + arrays["down1.bias"][:, None, None]), arrays["down2.weight"])
    images = leaky(normalised(images, arrays, "norm2", running=False))
    values = images.reshape(len(images), -1) @ arrays["hidden.weight"].T
    values = leaky(normalised(values, arrays, "norm3", running=False))
    return values @ arrays["logit.weight"][0] + arrays["logit.bias"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_first_logits_are_those_of_the_network_in_numpy(results, backend):
    _, chunk = inputs(JOBS[0])
    before = {
        owner: state(results[backend], "normalised/initial", owner)
        for owner in ("generator", "discriminator")
    }
    fake = generated(before["generator"], chunk.noise[0, 0].astype(np.float64), running=False)
    real = (chunk.real[0, 0] / 127.5 - 1).transpose(0, 3, 1, 2)
    logits = [judged(before["discriminator"], images) for images in (real, fake)]
    found = results[backend]["normalised/trace/logit_magnitude"][0, 0]
    assert found == pytest.approx(np.abs(np.concatenate(logits)).mean(), rel=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_samples_are_those_of_the_network_in_numpy(results, backend):
    noise, _ = inputs(JOBS[0])
    images = generated(
        state(results[backend], "normalised/final", "generator"), noise, running=True
    )
    pixels = np.round((images + 1) * 127.5).transpose(0, 2, 3, 1)
    assert np.ptp(pixels) > 2
    np.testing.assert_array_equal(results[backend]["normalised/samples"], pixels)


def test_the_noise_is_uniform():
    noise, chunk = inputs(JOBS[0])
    for values in (noise, chunk.noise, chunk.generator_noise):
        assert np.abs(values).max() <= 1
        assert values.std() == pytest.approx(3**-0.5, rel=0.1)


@pytest.mark.parametrize("job", [job["name"] for job in JOBS])
def test_the_backends_agree(results, job):
    ours, theirs = (results[backend] for backend in BACKENDS)
    assert ours.keys() == theirs.keys()
    for name in (name for name in ours if name.startswith(f"{job}/")):
        scale = np.abs(ours[name]).max()
        np.testing.assert_allclose(
            ours[name], theirs[name], rtol=0, atol=1e-9 * scale, err_msg=name
        )
