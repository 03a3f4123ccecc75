"""Spectral and conditional normalisation, and the residual networks made of them.

Both networks are written out once more in NumPy, in the order of the paper's own code.
"""

from __future__ import annotations

import importlib.util
from math import prod

import backend_probe
import numpy as np
import pytest
from test_parity import arrays

from ganbench.contracts import Task
from ganbench_recipes.projection import Projection
from ganbench_recipes.sn_resnet import SNResNet

pytestmark = pytest.mark.slow  # TensorFlow makes large graphs of these networks

BACKENDS = ["torch", "tensorflow"]
MODELS = {"sn-resnet": SNResNet, "projection": Projection}
# Adam's epsilon is larger than rounding errors, which it would else make larger.
SMALL = {"width": 3, "batch_size": 4, "generator_batch_size": 6, "latent_size": 5, "epsilon": 1e-4}
LABELS = [3, 0, 3, 9, 1, 7]
GATE = 1e-9


def job(name, model, kind="training", **settings):
    options = SMALL | {"discriminator_updates": 1} | settings.pop("options", {})
    job = {"name": name, "kind": kind, "model": model, "task": "8x8x1", "loss": "hinge"}
    job |= {"options": options, "dtype": "float64", "compile": "off", "steps": 3}
    return job | settings


def networks(name, model, **settings):
    return job(name, model, "networks", samples=len(LABELS), labels=LABELS, **settings)


# A step so short that no weight moves.
FROZEN = {"learning_rate": 1e-40}
# The same scales and biases for every class, and what they are in plain batch normalisation.
CHANNELS = np.arange(2 * SMALL["width"])
NORMS = [f"generator.block0.norm{number}" for number in (1, 2)]
BIASES = {f"{norm}.bias": (CHANNELS / 5 - 0.3).tolist() for norm in NORMS}
DIFFERENCES = {f"{norm}.scale": (CHANNELS / 7 - 0.4).tolist() for norm in NORMS}
SCALES = {name: (1 + np.array(values)).tolist() for name, values in DIFFERENCES.items()}

PARITY = [
    job("parity/packed 28x28", "sn-resnet", task="28x28x1", options={"packing": 2}, steps=2),
    job("parity/32x32", "projection", task="32x32x3", loss="non-saturating", steps=2),
    job("parity/once", "projection", loss="non-saturating+r1", steps=1),
]
JOBS = [
    *PARITY,
    *(networks(f"networks/{model}", model) for model in MODELS),
    networks("networks/sn-resnet/32x32", "sn-resnet", task="32x32x3"),
    networks("plain", "sn-resnet", replaced=BIASES | SCALES),
    networks("equal rows", "projection", replaced=BIASES | DIFFERENCES),
    networks("other labels", "projection") | {"labels": [*LABELS[:-1], 8]},
    # TensorFlow's graph of five updates takes twice as long to make.
    job("thrice", "projection", options=FROZEN | {"discriminator_updates": 3}, steps=1),
    job("converged", "projection", options=FROZEN, steps=200),
]


@pytest.fixture(scope="module")
def results():
    for backend in BACKENDS:
        if importlib.util.find_spec(backend) is None:
            pytest.skip(f"{backend} is not installed")
    return backend_probe.run(BACKENDS, JOBS)


# --------------------------------------------------------------------------- the same in NumPy


def convolved(images, weight, bias):
    """Images [n, height, width, in] to [n, height, width, out]."""
    side = weight.shape[2]
    margin = side // 2
    images = np.pad(images, [(0, 0), (margin, margin), (margin, margin), (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(images, (side, side), axis=(1, 2))
    return np.einsum("nhwiab,oiab->nhwo", windows, weight) + bias


def normalized(images, arrays, path, labels):
    mean, variance = images.mean((0, 1, 2)), images.var((0, 1, 2))
    scale, bias = arrays[f"{path}.scale"], arrays[f"{path}.bias"]
    if scale.ndim == 2:
        scale, bias = 1 + scale[labels][:, None, None], bias[labels][:, None, None]
    return (images - mean) / np.sqrt(variance + 2e-5) * scale + bias


def generated(noise, arrays, labels=None):
    def convolution(images, path):
        return convolved(images, arrays[f"{path}.weight"], arrays[f"{path}.bias"])

    def doubled(images):
        return images.repeat(2, axis=1).repeat(2, axis=2)

    images = noise @ arrays["generator.project.weight"].T + arrays["generator.project.bias"]
    images = images.reshape(len(noise), -1, 4, 4).transpose(0, 2, 3, 1)
    paths = {name[: len("generator.block0")] for name in arrays if name[:15] == "generator.block"}
    for path in sorted(paths):
        residual = np.maximum(normalized(images, arrays, f"{path}.norm1", labels), 0)
        residual = convolution(doubled(residual), f"{path}.convolution1")
        residual = np.maximum(normalized(residual, arrays, f"{path}.norm2", labels), 0)
        residual = convolution(residual, f"{path}.convolution2")
        images = residual + convolution(doubled(images), f"{path}.shortcut")
    images = np.maximum(normalized(images, arrays, "generator.norm", labels), 0)
    return np.tanh(convolution(images, "generator.image"))


def judged(images, arrays, labels=None):
    def weight(path):
        weight = arrays[f"{path}.weight"]
        return weight / (
            arrays[f"{path}.u"] @ weight.reshape(len(weight), -1) @ arrays[f"{path}.v"]
        )

    def convolution(images, path):
        return convolved(images, weight(path), arrays[f"{path}.bias"])

    def halved(images):
        count, height, width, channels = images.shape
        return images.reshape(count, height // 2, 2, width // 2, 2, channels).mean((2, 4))

    for block in range(4):
        path = f"discriminator.block{block}"
        residual = convolution(
            images if block == 0 else np.maximum(images, 0), f"{path}.convolution1"
        )
        residual = convolution(np.maximum(residual, 0), f"{path}.convolution2")
        if block < 2:
            residual, images = halved(residual), halved(convolution(images, f"{path}.shortcut"))
        images = images + residual
    features = np.maximum(images, 0).sum((1, 2))
    logits = features @ weight("discriminator.logit").T
    if labels is not None:
        logits = logits + (weight("discriminator.embedding")[labels] * features).sum(1)[:, None]
    return logits


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", ["sn-resnet", "projection", "sn-resnet/32x32"])
def test_the_networks_are_those_of_the_papers_code(results, backend, name):
    found = arrays(results[backend], f"networks/{name}")
    state = arrays(results[backend], f"networks/{name}/state")
    labels = LABELS if name == "projection" else None
    task = "32x32x3" if "32x32" in name else "8x8x1"
    real = backend_probe.synthetic_dataset(task).train.samples[: len(LABELS)] / 127.5 - 1
    np.testing.assert_allclose(found["images"], generated(found["noise"], state, labels), rtol=1e-9)
    np.testing.assert_allclose(found["logits"], judged(real, state, labels), rtol=1e-9)


# --------------------------------------------------------------------------- spectral norm


def iterated(matrix, u, times):
    """Algorithm 1 of Miyato et al. 2018."""
    for _ in range(times):
        v = matrix.T @ u
        v = v / np.linalg.norm(v)
        u = matrix @ v
        u = u / np.linalg.norm(u)
    return u, v


def spectral_norms(results, name):
    """Initial matrix [out, everything else] and u, and final u and v, of every layer with one."""
    initial, final = (arrays(results, f"{name}/{part}") for part in ("initial", "final"))
    layers = [array.removesuffix(".u") for array in initial if array.endswith(".u")]
    assert len(layers) == 4 * 2 + 2 + 2
    for path in layers:
        weight = initial[f"{path}.weight"]
        if name != "parity/once":
            np.testing.assert_array_equal(weight, final[f"{path}.weight"])
        matrix = weight.reshape(len(weight), -1)
        yield matrix, initial[f"{path}.u"], final[f"{path}.u"], final[f"{path}.v"]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("name", "times"), [("parity/once", 1), ("thrice", 3)])
def test_the_vectors_move_once_for_each_update_of_the_discriminator(results, backend, name, times):
    farthest = 0
    for matrix, start, u, v in spectral_norms(results[backend], name):
        ours = iterated(matrix, start, times)
        np.testing.assert_allclose(u, ours[0], atol=1e-11)
        np.testing.assert_allclose(v, ours[1], atol=1e-11)
        farthest = max(farthest, np.abs(iterated(matrix, start, times + 1)[1] - v).max())
    assert farthest > 1e-3  # one more, in the generator's update, would be seen


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_vectors_lead_to_the_largest_singular_value(results, backend):
    for matrix, _, u, v in spectral_norms(results[backend], "converged"):
        largest = np.linalg.svd(matrix, compute_uv=False)[0]
        np.testing.assert_allclose(u @ matrix @ v, largest, rtol=1e-9)


# --------------------------------------------------------------------------- labels


@pytest.mark.parametrize("backend", BACKENDS)
def test_equal_rows_of_a_conditional_normalisation_are_a_plain_one(results, backend):
    found = results[backend]
    assert np.ptp(found["plain/images"]) > 0.1
    np.testing.assert_allclose(found["equal rows/images"], found["plain/images"], rtol=1e-10)
    ordinary = found["networks/projection/images"]
    assert np.abs(found["equal rows/images"] - ordinary).max() > 1e-3


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_label_changes_its_own_image_and_logit(results, backend):
    found = results[backend]
    for name in ("images", "logits"):
        one, other = found[f"networks/projection/{name}"], found[f"other labels/{name}"]
        change = np.abs(one - other).reshape(len(LABELS), -1).max(1)
        assert change[-1] > 1e-3
        if name == "logits":  # images share the batch's statistics
            assert change[:-1].max() == 0


# --------------------------------------------------------------------------- parity and sizes


def kind(name):
    """Numbers of one kind in one network are compared with the largest of them.

    Biases before a normalisation have gradients of zero but for rounding.
    """
    owner = "generator" if "generator" in name else "discriminator"
    last = name.split(".")[-1]
    if name.startswith("gradient/"):
        return owner, "gradient"
    return owner, "weight" if last in ("weight", "bias", "scale") else last


@pytest.mark.parametrize("name", [job["name"] for job in PARITY])
def test_the_backends_agree(results, name):
    for part in ("trace", "final"):
        ours, theirs = (arrays(results[backend], f"{name}/{part}") for backend in BACKENDS)
        assert list(ours) == list(theirs)
        largest, farthest = {}, {}
        for array in ours:
            size, distance = np.abs(ours[array]).max(), np.abs(ours[array] - theirs[array]).max()
            largest[kind(array)] = max(size, largest.get(kind(array), 0))
            farthest[kind(array)] = max(distance, farthest.get(kind(array), 0))
        for key in largest:
            assert farthest[key] <= GATE * largest[key], key


@pytest.mark.parametrize("name", ["sn-resnet", "projection"])
def test_the_networks_have_the_numbers_of_parameters_that_they_state(name):
    task = Task("x", "images", (32, 32, 3), 10)
    for width in (128, 32):
        counts = {"generator": 0, "discriminator": 0}
        for array, parameter in MODELS[name](width=width).parameters(task).items():
            if parameter.trainable:
                counts[array.split(".")[0]] += prod(parameter.shape)
        statement = "width {} has {:,} and {:,}".format(width, *counts.values())
        assert statement in " ".join(MODELS[name].__doc__.split())


def test_only_plain_images_of_known_sizes_are_taken():
    for shape in ((8, 8, 1), (28, 28, 1), (32, 32, 3)):
        task = Task("x", "images", shape, 10)
        assert all(model().unsuitable(task) is None for model in MODELS.values())
        assert SNResNet(packing=2).judged_shape(task)[2] == 2 * shape[2]
    assert "16x16" in SNResNet().unsuitable(Task("x", "images", (16, 16, 1)))
    assert "needs labels" in Projection().unsuitable(Task("x", "images", (8, 8, 1)))
    with pytest.raises(ValueError, match="pack"):
        Projection(packing=2)
