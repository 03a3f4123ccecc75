import numpy as np
import pytest

from ganbench.contracts import FeatureSet, Task
from ganbench.errors import ConfigError
from ganbench_datasets import stacked_digits
from ganbench_datasets.digits import Digits
from ganbench_datasets.stacked_digits import StackedDigits
from ganbench_extractors import bundle
from ganbench_extractors.classifiers import ClassifierDigits
from ganbench_extractors.stacked import StackedClassifierDigits, joint_logits
from ganbench_metrics.class_coverage import ClassCoverage
from ganbench_metrics.frechet import FrechetDistance

SPACE = StackedClassifierDigits()


@pytest.fixture(scope="module")
def dataset():
    return StackedDigits().load(None)


@pytest.fixture(scope="module")
def digits():
    return Digits().load(None)


@pytest.fixture(scope="module")
def reference(dataset):
    features, logits = SPACE.extract(dataset.reference.samples)
    return FeatureSet(dataset.reference.samples, features.astype(np.float64), logits)


def coverage(side):
    return ClassCoverage().compute(side, side, np.random.default_rng(0))


# ---- the data set


def test_there_are_50000_and_10000_coloured_images_of_a_thousand_classes(dataset):
    assert dataset.task == Task("stacked-digits8", "images", (8, 8, 3), classes=1000)
    for split, count in ((dataset.train, 50_000), (dataset.reference, 10_000)):
        assert split.samples.shape == (count, 8, 8, 3) and split.samples.dtype == np.uint8
        assert split.labels.shape == (count,) and split.labels.dtype == np.int32
        assert len(np.unique(split.labels)) == 1000 and split.labels.max() == 999


def test_every_channel_is_a_digit_of_its_own_split_and_the_label_says_which(dataset, digits):
    labels = [
        {
            image.tobytes(): int(label)
            for image, label in zip(part.samples, part.labels, strict=True)
        }
        for part in (digits.train, digits.reference)
    ]
    assert not labels[0].keys() & labels[1].keys()
    for split, known in zip((dataset.train, dataset.reference), labels, strict=True):
        for image, label in zip(split.samples[:3000], split.labels, strict=False):
            a, b, c = (known[image[:, :, channel].tobytes()] for channel in range(3))
            assert label == 100 * a + 10 * b + c


def test_every_digit_is_used_and_the_channels_are_independent(dataset):
    for split, digits_there in ((dataset.train, 1000), (dataset.reference, 797)):
        for channel in range(3):
            flat = split.samples[..., channel].reshape(len(split.samples), -1)
            assert len(np.unique(flat, axis=0)) == digits_there
        hundreds, tens, ones = (split.labels // power % 10 for power in (100, 10, 1))
        for first, second in ((hundreds, tens), (tens, ones), (hundreds, ones)):
            assert abs(np.corrcoef(first, second)[0, 1]) < 4 / np.sqrt(len(split.labels))


def test_another_draw_is_refused(monkeypatch):
    monkeypatch.setattr(stacked_digits, "TRAIN_KEY", 5)
    with pytest.raises(ConfigError, match="not the published ones"):
        StackedDigits().load(None)


# ---- the feature space


def test_features_are_those_of_the_three_channels(dataset):
    images = dataset.reference.samples[:20]
    features, logits = SPACE.extract(images)
    assert features.shape == (20, 48) and features.dtype == np.float32
    assert logits.shape == (20, 1000) and logits.dtype == np.float32
    for channel in range(3):
        alone, _ = ClassifierDigits().extract(images[..., channel, None])
        assert np.array_equal(features[:, 16 * channel : 16 * (channel + 1)], alone)


def test_joint_logits_are_the_products_of_probabilities_in_the_labels_order(dataset):
    images = dataset.reference.samples[:20]
    joint = np.exp(SPACE.extract(images)[1].astype(np.float64))
    for image, shares in zip(images, joint, strict=True):
        logits = ClassifierDigits().extract(image.transpose(2, 0, 1)[..., None])[1]
        exact = np.exp(logits.astype(np.float64))
        first, second, third = exact / exact.sum(axis=1, keepdims=True)
        for label in (0, 7, 70, 700, 123, 999):
            a, b, c = label // 100, label // 10 % 10, label % 10
            assert shares[label] == pytest.approx(first[a] * second[b] * third[c], rel=1e-4)
        assert shares.sum() == pytest.approx(1, abs=1e-5)


def test_one_sure_digit_a_channel_is_one_class():
    sure = np.log(np.full((1, 3, 10), 1e-3))
    sure[0, 0, 4] = sure[0, 1, 0] = sure[0, 2, 9] = 0
    assert joint_logits(*sure.swapaxes(0, 1)).argmax() == 409


def test_the_classifiers_error_is_the_one_that_is_stated(dataset, reference):
    error = 1 - bundle.read_card("cls-digits-v1")["test_accuracy"]
    assert error == pytest.approx(0.015, abs=5e-4)
    wrong = np.mean(reference.logits.argmax(axis=1) != dataset.reference.labels)
    assert wrong == pytest.approx(1 - (1 - error) ** 3, abs=0.006)


def test_it_fits_the_stacked_digits_alone_and_refuses_other_images():
    assert SPACE.fits(StackedDigits().task())
    assert not SPACE.fits(Digits().task())
    assert not SPACE.fits(Task("other", "images", (8, 8, 3), 1000))
    assert SPACE.id == "stacked-cls-digits-v1" + bundle.read_card("cls-digits-v1")["id"][13:]
    with pytest.raises(ConfigError, match="takes uint8 images"):
        SPACE.extract(np.zeros((2, 8, 8, 1), np.uint8))
    assert SPACE.extract(np.zeros((0, 8, 8, 3), np.uint8))[1].shape == (0, 1000)


# ---- the metrics on it


def test_the_real_reference_covers_nearly_every_class(reference):
    values = coverage(reference)
    assert values["classes"] >= 990 and values["classes-half"] >= 940
    floor = 999 / (2 * 10_000)  # what a perfect generator expects
    assert values["class-kl"] == pytest.approx(floor, rel=0.1)
    features = FrechetDistance().compute(reference, reference, np.random.default_rng(0))
    assert features["fd"] == pytest.approx(0, abs=1e-6)


def test_the_divergence_is_ln_of_the_ratio_of_even_modes_and_never_below_it(dataset, reference):
    def side(rows):
        return FeatureSet(reference.samples[rows], None, reference.logits[rows])

    found = reference.logits.argmax(axis=1)
    one_each = np.array([np.flatnonzero(found == label)[0] for label in np.unique(found)[:100]])
    values = coverage(side(np.repeat(one_each, 3)))
    assert values["classes"] == values["classes-half"] == 100
    assert values["class-kl"] == pytest.approx(np.log(10), rel=1e-12)
    collapsed = coverage(side(np.arange(64)))
    assert collapsed["class-kl"] >= np.log(1000 / collapsed["classes"]) - 1e-12
