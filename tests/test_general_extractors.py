"""Feature spaces for images of any size: fitted on the training split, the same for everybody."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from toys import toy_catalog

from ganbench.contracts import Dataset, FeatureSet, Split, Task
from ganbench.errors import ConfigError
from ganbench.evaluate import Evaluator, Evidence
from ganbench.feature_cache import FeatureCache
from ganbench.scoring import Scoring, scorings
from ganbench_datasets.digits import Digits
from ganbench_extractors import fitted_components, random_convolutions, training_images
from ganbench_extractors.fitted_components import ComponentsOfTraining
from ganbench_extractors.principal_components import ComponentsDigits, leading_components
from ganbench_extractors.random_convolutions import RandomConvolutions
from ganbench_metrics.frechet import FrechetDistance as Frechet

SHAPES = [(4, 4, 1), (8, 8, 3), (28, 28, 1), (33, 64, 3), (5, 9, 2)]
both = pytest.mark.parametrize("extractor", [ComponentsOfTraining(), RandomConvolutions()])


@pytest.fixture(scope="module")
def digits():
    return Digits().load(None)


def images(shape, count=80, seed=0):
    """Smooth random images: blobs of different brightness and place."""
    rng = np.random.default_rng(seed)
    rows, columns = (np.linspace(0, 1, side) for side in shape[:2])
    centers = rng.random((count, 2, 1))
    near = (
        np.exp(-8 * (rows - centers[:, 0]) ** 2)[:, :, None]
        * np.exp(-8 * (columns - centers[:, 1]) ** 2)[:, None, :]
    )
    return (255 * near[..., None] * rng.random((count, 1, 1, shape[2]))).astype(np.uint8)


@both
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_any_size_and_number_of_channels_has_features_of_total_variance_d(extractor, shape):
    training = images(shape)
    features, logits = extractor.fit(training).extract(training)
    assert features.dtype == np.float32 and logits is None
    size = features.shape[1]
    # Random maps that do not react, or all alike, leave fewer directions.
    assert size == min(64, np.prod(shape)) or (extractor.name[:3] != "pca" and 30 < size < 64)
    assert len(features) == 80
    assert features.var(axis=0, ddof=1).sum() == pytest.approx(size, rel=1e-4)


@both
def test_features_of_an_image_do_not_depend_on_its_company(extractor):
    space, others = extractor.fit(images((12, 12, 3))), images((12, 12, 3), 300, seed=1)
    together, _ = space.extract(others)
    alone = np.concatenate([space.extract(others[i : i + 1])[0] for i in range(0, 300, 60)])
    np.testing.assert_allclose(alone, together[::60], rtol=1e-5, atol=1e-5)


@both
def test_the_id_is_the_recipe_s_and_the_weights_are_told_by_the_training_images(extractor):
    training = images((8, 8, 1))
    space, again = extractor.fit(training), extractor.fit(training.copy())
    assert space.id == extractor.id
    assert re.fullmatch(re.escape(extractor.name) + "-[0-9a-f]{8}", space.id)
    assert space.weights_sha256 == again.weights_sha256
    changed = training.copy()
    changed[3, 2, 2, 0] ^= 1  # one grey level of one pixel
    assert extractor.fit(changed).weights_sha256 != space.weights_sha256


@both
def test_fewer_images_than_dimensions_have_as_many_components_as_they_can(extractor):
    few = images((16, 16, 3), count=20)
    features, _ = extractor.fit(few).extract(few)
    assert features.shape == (20, 19)
    assert np.isfinite(features).all()


def test_components_are_the_same_by_pixels_and_by_images():
    pixels = np.random.default_rng(0).normal(size=(40, 30)) * np.linspace(3, 1, 30)
    by_pixels = leading_components(pixels, 5)["components"]
    padded = np.concatenate([pixels, np.zeros((40, 20))], axis=1)  # now fewer images than pixels
    by_images = leading_components(padded, 5)["components"]
    np.testing.assert_allclose(by_images[:, :30], by_pixels, atol=1e-5)
    np.testing.assert_allclose(by_images[:, 30:], 0, atol=1e-6)


@both
def test_features_of_the_fitted_space_are_cached_under_its_training_images(
    extractor, digits, tmp_path
):
    cache, wanted = FeatureCache(tmp_path), [Scoring(Frechet(), extractor)]
    evidence = Evidence(digits.train.samples[:300], 0)
    first = Evaluator(digits, cache).score(evidence, wanted)
    (kept,) = tmp_path.iterdir()  # the reference split's
    assert Evaluator(digits, cache).score(evidence, wanted) == first
    other = replace(digits, train=Split("train", digits.train.samples[:500]))
    Evaluator(other, cache).score(evidence, wanted)
    assert len(list(tmp_path.iterdir())) == 2 and kept.exists()


def test_components_of_training_are_those_that_ship_for_the_digits(digits):
    space = ComponentsOfTraining().fit(digits.train.samples)
    features, _ = space.extract(digits.reference.samples)
    shipped, _ = ComponentsDigits().extract(digits.reference.samples)
    ours, theirs = features[:, :16], shipped
    # The same directions; only the constant that makes the variance d differs.
    ratio = ours.std() / theirs.std()
    np.testing.assert_allclose(ours, theirs * ratio, atol=2e-3)


def test_large_images_are_averaged_in_whole_blocks():
    large = np.arange(70 * 64 * 1, dtype=np.uint32).reshape(1, 70, 64, 1) % 251
    pixels = training_images.reduced(large.astype(np.uint8), 32)
    assert pixels.shape == (1, 23, 32, 1)  # 70 rows in blocks of three, one row left out
    expected = large[0, 3:6, 2:4, 0].mean() / 255
    assert pixels[0, 1, 1, 0] == pytest.approx(expected, rel=1e-6)
    small = np.full((1, 32, 32, 3), 51, np.uint8)
    np.testing.assert_array_equal(
        training_images.reduced(small, 32), np.full((1, 32, 32, 3), 0.2, np.float32)
    )


def test_the_random_weights_are_frozen():
    weights = random_convolutions.weights(3)
    assert [weight.shape for weight in weights] == [(16, 3, 4, 4), (32, 16, 4, 4), (64, 32, 4, 4)]
    np.testing.assert_allclose(weights[0].mean(axis=(2, 3)), 0, atol=1e-7)
    deviation = np.sqrt(2 / (32 * 16))
    assert weights[2].std() == pytest.approx(deviation, rel=0.02)
    assert [float(weight.flat[0]) for weight in weights] == pytest.approx(FIRST_WEIGHTS, rel=1e-6)


FIRST_WEIGHTS = [-0.267616898, 0.0617032163, 0.0617204569]


def test_at_most_ten_thousand_images_are_looked_at_evenly():
    rows = training_images.chosen_rows(25_001)
    assert (len(rows), rows[0], rows[-1]) == (10_000, 0, 25_000)
    assert set(np.diff(rows)) == {2, 3}
    np.testing.assert_array_equal(training_images.chosen_rows(3), [0, 1, 2])


@both
def test_training_images_that_are_all_the_same_are_refused(extractor):
    with pytest.raises(ConfigError, match=f"{extractor.name} needs training images that differ"):
        extractor.fit(np.full((50, 8, 8, 1), 7, np.uint8))


@both
def test_noise_shows_behind_large_differences_of_brightness(extractor):
    rng = np.random.default_rng(0)
    slopes = np.linspace(0, 40, 16)[None, :, None, None] * rng.random((600, 1, 1, 3))
    smooth = (rng.random((600, 1, 1, 1)) * 200 + slopes + np.zeros((1, 1, 16, 1))).astype(np.uint8)
    noisy = np.clip(smooth + rng.normal(0, 10, smooth.shape), 0, 255).astype(np.uint8)
    space = extractor.fit(smooth[:200])
    real, clean, noise = (
        FeatureSet(side, space.extract(side)[0].astype(np.float64))
        for side in (smooth[200:400], smooth[400:], noisy[400:])
    )
    found = [Frechet().compute(real, side, rng)["fd"] for side in (clean, noise)]
    assert (found[1] > 10 * found[0]) == (extractor.name == random_convolutions.NAME)


@both
def test_images_of_another_shape_and_unfitted_spaces_are_refused(extractor):
    with pytest.raises(ConfigError, match=r"fitted on uint8 images \[n, 8, 8, 1\]"):
        extractor.fit(images((8, 8, 1))).extract(images((8, 8, 3)))
    with pytest.raises(ConfigError, match="has to be fitted"):
        extractor.extract(images((8, 8, 1)))


def test_they_serve_data_that_no_space_is_made_for_and_others_by_name():
    catalog = toy_catalog()
    spaces = [
        one for one in map(_space, scorings(None, Task("mine", "images", (64, 48, 3)), catalog))
    ]
    assert set(spaces) - {None} == {fitted_components.NAME, random_convolutions.NAME}
    digits = Task("digits", "images", (8, 8, 1), 10)
    assert fitted_components.NAME not in set(map(_space, scorings(None, digits, catalog)))
    named = scorings(["frechet"], digits, catalog, [fitted_components.NAME])
    assert [_space(item) for item in named] == [fitted_components.NAME]


def _space(scoring):
    return scoring.extractor.name if scoring.extractor else None


@both
def test_a_score_tells_what_the_space_was_made_from(extractor, digits):
    images_ = digits.reference.samples
    (score,) = Evaluator(digits).score(Evidence(images_[:300], 0), [Scoring(Frechet(), extractor)])
    assert score["extractor_id"] == extractor.id
    assert score["weights_sha256"] == extractor.fit(digits.train.samples).weights_sha256
    other = replace(digits, train=Split("train", digits.train.samples[:500]))
    (apart,) = Evaluator(other).score(Evidence(images_[:300], 0), [Scoring(Frechet(), extractor)])
    assert apart["weights_sha256"] != score["weights_sha256"]


@both
def test_noise_is_further_away_than_real_images(extractor, digits):
    dataset = Dataset(digits.task, digits.train, digits.reference, digits.sha256)
    rng = np.random.default_rng(0)
    real = digits.train.samples[:700]
    noisy = np.clip(real + rng.normal(0, 30, real.shape), 0, 255).astype(np.uint8)
    evaluator, wanted = Evaluator(dataset), [Scoring(Frechet(), extractor)]
    distances = [
        evaluator.score(Evidence(side, 0), wanted)[0]["values"][f"fd-{extractor.name}"]
        for side in (real, noisy)
    ]
    assert distances[1] > 1.5 * distances[0]
