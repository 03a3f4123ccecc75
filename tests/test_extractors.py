import hashlib
import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from scipy.signal import correlate2d

from ganbench.contracts import Task
from ganbench.errors import ConfigError
from ganbench_datasets.digits import Digits
from ganbench_datasets.fashion_mnist import DEBIAN_FOLDER, FashionMNIST
from ganbench_extractors import bundle, classifiers, principal_components
from ganbench_extractors.calibration import accuracy, calibrate_temperature, cross_entropy_nats
from ganbench_extractors.network import features_and_logits, forward_images
from ganbench_extractors.plugin import ganbench_extractors
from ganbench_extractors.principal_components import leading_components

# The stacked digits have no weights and no card of their own: tests/test_stacked_digits.py.
EXTRACTORS = [
    extractor_class()
    for extractor_class in ganbench_extractors()
    if not hasattr(extractor_class, "fit") and extractor_class.name[:7] != "stacked"
]
every_extractor = pytest.mark.parametrize("extractor", EXTRACTORS, ids=lambda one: one.name)


@pytest.fixture(scope="module")
def datasets():
    found = {"digits": Digits().load(None)}
    if DEBIAN_FOLDER.is_dir():
        found["fashion-mnist"] = FashionMNIST().load(DEBIAN_FOLDER)
    return found


@pytest.fixture
def own_weights(tmp_path, monkeypatch):
    """A copy of the weights that a test may damage."""
    folder = tmp_path / "weights"
    shutil.copytree(bundle.WEIGHTS_FOLDER, folder)
    monkeypatch.setattr(bundle, "WEIGHTS_FOLDER", folder)
    forget()
    yield folder
    forget()


def forget():
    for cached in (bundle.read_card, bundle.read_weights):
        cached.cache_clear()
    classifiers._check_once.cache_clear()
    principal_components._check_once.cache_clear()


def dataset_of(extractor, datasets):
    name = bundle.read_card(extractor.name)["input"]["dataset"]
    if name not in datasets:
        pytest.skip("Debian's package dataset-fashion-mnist is not installed")
    return datasets[name]


def damaged_card(folder, name, **changes):
    path = folder / f"{name}.json"
    card = {**json.loads(path.read_text()), **changes}
    card["id"] = bundle.content_id(card)
    path.write_text(json.dumps(card))


# ---- what is shipped


@every_extractor
def test_the_id_is_the_name_and_eight_digits_of_a_hash(extractor):
    assert re.fullmatch(re.escape(extractor.name) + "-[0-9a-f]{8}", extractor.id)


@every_extractor
def test_weights_are_small_and_of_the_card_s_hash(extractor):
    content = (bundle.WEIGHTS_FOLDER / f"{extractor.name}.safetensors").read_bytes()
    assert len(content) < 1_000_000
    assert hashlib.sha256(content).hexdigest() == bundle.read_card(extractor.name)["weights_sha256"]


@every_extractor
def test_the_card_tells_all_and_no_path(extractor):
    card = bundle.read_card(extractor.name)
    assert {"id", "name", "version", "architecture", "input", "dataset_sha256", "scale"} <= set(
        card
    )
    assert {"floors", "weights_sha256", "command", "script_sha256", "train_images"} <= set(card)
    text = (bundle.WEIGHTS_FOLDER / f"{extractor.name}.json").read_text()
    assert not re.search(r"/(root|home|work|tmp|usr)\b", text)


@every_extractor
def test_the_card_names_the_data_that_are_loaded(extractor, datasets):
    assert (
        bundle.read_card(extractor.name)["dataset_sha256"] == dataset_of(extractor, datasets).sha256
    )


@pytest.mark.parametrize(("name", "least"), [("cls-digits-v1", 0.97), ("cls-fashion-v1", 0.9)])
def test_classifiers_know_the_test_images(name, least, datasets):
    extractor = next(one for one in EXTRACTORS if one.name == name)
    reference = dataset_of(extractor, datasets).reference
    _, logits = extractor.extract(reference.samples)
    measured = accuracy(logits, reference.labels)
    assert measured >= least
    assert measured == pytest.approx(bundle.read_card(name)["test_accuracy"], abs=2e-3)
    raw = cross_entropy_nats(logits * bundle.read_card(name)["temperature"], reference.labels)
    assert cross_entropy_nats(logits, reference.labels) < raw  # calibrated on other images


@every_extractor
def test_the_variance_of_real_training_features_adds_up_to_their_number(extractor, datasets):
    features, _ = extractor.extract(dataset_of(extractor, datasets).train.samples)
    variances = features.astype(np.float64).var(axis=0, ddof=1)
    assert variances.sum() == pytest.approx(features.shape[1], rel=1e-5)


# ---- the contract


@every_extractor
def test_features_are_float32_and_logits_are_where_there_is_a_classifier(extractor, datasets):
    images = dataset_of(extractor, datasets).reference.samples[:7]
    features, logits = extractor.extract(images)
    size = bundle.read_card(extractor.name)["features"]
    assert (features.shape, features.dtype) == ((7, size), np.float32)
    assert getattr(extractor, "has_logits", False) == (logits is not None)
    if extractor.name.startswith("cls"):
        assert (logits.shape, logits.dtype) == ((7, 10), np.float32)
    else:
        assert logits is None


@every_extractor
def test_features_of_an_image_do_not_depend_on_its_company(extractor, datasets):
    images = dataset_of(extractor, datasets).reference.samples[:600]
    together, _ = extractor.extract(images)
    apart = np.concatenate([extractor.extract(part)[0] for part in np.array_split(images, 7)])
    assert np.allclose(together, apart, rtol=1e-5, atol=1e-5)


@every_extractor
def test_no_images_give_no_features(extractor):
    shape = bundle.read_card(extractor.name)["input"]["shape"]
    features, _ = extractor.extract(np.zeros((0, *shape), np.uint8))
    assert features.shape == (0, bundle.read_card(extractor.name)["features"])


@every_extractor
def test_other_types_and_shapes_are_refused(extractor):
    shape = bundle.read_card(extractor.name)["input"]["shape"]
    with pytest.raises(ConfigError, match="takes uint8 images"):
        extractor.extract(np.zeros((2, *shape), np.float32))
    with pytest.raises(ConfigError, match="takes uint8 images"):
        extractor.extract(np.zeros((2, 32, 32, 3), np.uint8))


def test_each_image_data_set_has_a_trained_and_a_label_free_space():
    digits = Task("digits", "images", (8, 8, 1), 10)
    fashion = Task("fashion-mnist", "images", (28, 28, 1), 10)
    ring = Task("ring", "points", (2,), 8)
    fitting = [
        [one.name for one in EXTRACTORS if one.fits(task)] for task in (digits, fashion, ring)
    ]
    assert fitting == [
        ["cls-digits-v1", "pca-digits-v1"],
        ["cls-fashion-v1", "pca-fashion-v1"],
        [],
    ]


def test_the_plugin_imports_nothing_heavy():
    code = (
        "import sys, ganbench_extractors.plugin, ganbench_metrics.plugin, "
        "ganbench_datasets.plugin, ganbench_baselines.plugin; "
        "print({'torch', 'tensorflow', 'sklearn', 'scipy', 'pandas', 'PIL'} & set(sys.modules))"
    )
    command = [sys.executable, "-P", "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout == "set()\n"


# ---- damage


@every_extractor
def test_changed_weights_are_refused(extractor, own_weights):
    path = own_weights / f"{extractor.name}.safetensors"
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    shape = bundle.read_card(extractor.name)["input"]["shape"]
    with pytest.raises(ConfigError, match="not the file its card describes"):
        extractor.extract(np.zeros((1, *shape), np.uint8))


@every_extractor
def test_a_probe_that_moved_by_more_than_1e_5_is_refused(extractor, own_weights):
    card = bundle.read_card(extractor.name)
    images = np.zeros((1, *card["input"]["shape"]), np.uint8)
    damaged_card(own_weights, extractor.name, scale=card["scale"] * (1 + 1e-6))
    forget()
    extractor.extract(images)
    damaged_card(own_weights, extractor.name, scale=card["scale"] * (1 + 1e-3))
    forget()
    with pytest.raises(ConfigError, match="other features than published"):
        extractor.extract(images)


def test_a_card_that_was_changed_by_hand_is_refused(own_weights):
    path = own_weights / "pca-digits-v1.json"
    card = json.loads(path.read_text())
    path.write_text(json.dumps({**card, "scale": 2 * card["scale"]}))
    with pytest.raises(ConfigError, match="changed without a new id"):
        bundle.read_card("pca-digits-v1")


def test_absent_files_are_named(own_weights):
    (own_weights / "pca-digits-v1.safetensors").unlink()
    with pytest.raises(ConfigError, match=r"pca-digits-v1\.safetensors cannot be read"):
        bundle.read_weights("pca-digits-v1")
    (own_weights / "pca-digits-v1.json").unlink()
    forget()
    with pytest.raises(ConfigError, match=r"pca-digits-v1\.json cannot be read"):
        bundle.read_card("pca-digits-v1")


@pytest.mark.parametrize("key", ["scale", "temperature", "weights_sha256", "architecture", "input"])
def test_the_id_follows_everything_that_decides_the_features(key):
    card = bundle.read_card("cls-digits-v1")
    assert bundle.content_id({**card, key: "other"}) != card["id"]
    assert bundle.content_id({**card, "test_accuracy": 1.0}) == card["id"]


# ---- the arithmetic


@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (4, 2)])
def test_the_network_is_correlation_relu_and_two_linear_layers(kernel, stride):
    generator = np.random.default_rng(0)
    pixels = generator.random((2, 6, 6, 3))
    side = (6 + 2 - kernel) // stride + 1
    shapes = {"convolution.0": (5, 3, kernel, kernel), "hidden": (4, 5 * side**2), "output": (2, 4)}
    weights = {f"{name}.weight": generator.normal(size=shape) for name, shape in shapes.items()}
    weights |= {f"{name}.bias": generator.normal(size=shape[0]) for name, shape in shapes.items()}
    features, logits = features_and_logits(pixels, weights, [stride])
    padded = np.pad(pixels, ((0, 0), (1, 1), (1, 1), (0, 0)))
    for image, image_features, image_logits in zip(padded, features, logits, strict=True):
        maps = [
            sum(correlate2d(image[:, :, c], weight[c], mode="valid") for c in range(3)) + bias
            for weight, bias in zip(
                weights["convolution.0.weight"], weights["convolution.0.bias"], strict=True
            )
        ]
        flat = np.maximum(np.array(maps)[:, ::stride, ::stride], 0).ravel()
        expected = weights["hidden.weight"] @ flat + weights["hidden.bias"]
        assert np.allclose(image_features, expected, rtol=1e-12)
        outputs = weights["output.weight"] @ np.maximum(expected, 0) + weights["output.bias"]
        assert np.allclose(image_logits, outputs, rtol=1e-12)


def test_the_float32_forward_pass_is_within_the_probe_s_tolerance_of_float64():
    weights = bundle.read_weights("cls-digits-v1")
    exact_weights = {name: array.astype(np.float64) for name, array in weights.items()}
    features, _ = forward_images(weights["probe.images"], weights, [1, 2])
    exact, _ = features_and_logits(weights["probe.images"] / 255, exact_weights, [1, 2])
    assert np.allclose(features, exact, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("name", ["pca-digits-v1", "pca-fashion-v1"])
def test_components_are_orthonormal_sorted_and_of_fixed_sign(name, datasets):
    extractor = next(one for one in EXTRACTORS if one.name == name)
    components = bundle.read_weights(name)["components"].astype(np.float64)
    assert np.allclose(components @ components.T, np.eye(len(components)), atol=1e-6)
    largest = np.abs(components).argmax(axis=1)
    assert (components[np.arange(len(components)), largest] > 0).all()
    features, _ = extractor.extract(dataset_of(extractor, datasets).train.samples)
    covariance = np.cov(features.T.astype(np.float64))
    variances = np.diag(covariance)
    assert (np.diff(variances) < 0).all()
    assert np.abs(covariance - np.diag(variances)).max() < 1e-4 * variances.max()


def test_stored_components_are_those_of_the_data(datasets):
    pixels = datasets["digits"].train.samples.reshape(1000, -1) / 255
    fitted, stored = leading_components(pixels, 16), bundle.read_weights("pca-digits-v1")
    assert np.allclose(fitted["mean"], stored["mean"], atol=1e-6)
    assert np.allclose(fitted["components"], stored["components"], atol=1e-4)


def test_calibration_finds_the_temperature_that_made_the_logits_too_sure():
    generator = np.random.default_rng(0)
    honest = generator.normal(scale=2, size=(20_000, 5))
    shares = np.exp(honest) / np.exp(honest).sum(axis=1, keepdims=True)
    labels = (shares.cumsum(axis=1) < generator.random((20_000, 1))).sum(axis=1)
    assert calibrate_temperature(3 * honest, labels) == pytest.approx(3, rel=0.05)


def test_cross_entropy_of_even_logits_is_ln_of_the_classes():
    assert cross_entropy_nats(np.full((4, 10), 1e5), np.arange(4)) == pytest.approx(np.log(10))
