import numpy as np
import pytest
from scipy.linalg import sqrtm

from ganbench.contracts import FeatureSet
from ganbench.errors import ConfigError
from ganbench_metrics.frechet import (
    FrechetDistance,
    Gaussian,
    effective_dimensions,
    fitted,
    frechet_distance,
    moments,
    sampling_floor,
)


def rng(seed=0):
    return np.random.Generator(np.random.Philox(key=seed))


def features_set(features):
    return FeatureSet(samples=np.zeros((len(features), 1)), features=features)


def compute(real, fake):
    return FrechetDistance().compute(features_set(real), features_set(fake), rng())


def random_features(seed, count=300, size=12):
    generator = rng(seed)
    mixing = generator.normal(size=(size, size))
    return generator.normal(size=(count, size)) @ mixing + generator.normal(size=size)


def between(first_mean, first_covariance, second_mean, second_covariance):
    return frechet_distance(
        Gaussian(first_mean, first_covariance), Gaussian(second_mean, second_covariance)
    )


def test_isotropic_gaussians_give_the_closed_form():
    mean, scale, size = np.array([3.0, 4.0, 0.0]), 2.0, 3
    distance = between(np.zeros(size), np.eye(size), mean, scale**2 * np.eye(size))
    assert distance == pytest.approx(25 + size * (1 - scale) ** 2, rel=1e-14)


def test_diagonal_gaussians_give_the_closed_form():
    first, second = np.array([1.0, 4.0, 9.0]), np.array([16.0, 1.0, 0.0])
    distance = between(np.zeros(3), np.diag(first), np.zeros(3), np.diag(second))
    assert distance == pytest.approx(np.sum((np.sqrt(first) - np.sqrt(second)) ** 2), rel=1e-14)


def test_covariances_that_do_not_commute_give_the_worked_example():
    # SCIENCE.md 7.3; for 2x2 matrices tr sqrt(AB) = sqrt(tr AB + 2 sqrt(det AB)).
    first, second = np.array([[2.0, 1.0], [1.0, 2.0]]), np.diag([1.0, 3.0])
    distance = between(np.array([1.0, -1.0]), first, np.zeros(2), second)
    assert distance == pytest.approx(2.5166852264521165, rel=1e-13)


def test_moments_are_numpy_s_with_one_degree_of_freedom_less():
    features = random_features(1)
    mean, covariance = moments(features)
    assert np.allclose(mean, features.mean(axis=0), rtol=1e-13)
    assert np.allclose(covariance, np.cov(features, rowvar=False), rtol=1e-12)
    assert moments(np.array([[0.0], [2.0]]))[1] == pytest.approx(2.0)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_features_agree_with_scipy_s_matrix_square_root(seed):
    real, fake = random_features(seed), random_features(seed + 10)
    first, second = np.cov(real, rowvar=False), np.cov(fake, rowvar=False)
    difference = real.mean(axis=0) - fake.mean(axis=0)
    expected = difference @ difference + np.trace(first + second - 2 * sqrtm(first @ second).real)
    assert compute(real, fake)["fd"] == pytest.approx(expected, rel=1e-9)


def test_the_same_features_are_at_distance_zero():
    features = random_features(1)
    assert 0 <= compute(features, features)["fd"] < 1e-6 * features.shape[1]


def test_features_of_less_than_full_rank_need_no_epsilon():
    flat = random_features(1) * np.array([1] * 6 + [0] * 6)
    assert compute(flat, flat)["fd"] < 1e-6
    # Few samples of many features: with all of them doubled the distance is that of the traces.
    few = rng(4).normal(size=(5, 40))
    few -= few.mean(axis=0)
    assert compute(few, 2 * few)["fd"] == pytest.approx(np.trace(np.cov(few.T)), rel=1e-6)


def test_the_distance_is_symmetric():
    real, fake = random_features(1), random_features(2)
    assert compute(real, fake)["fd"] == pytest.approx(compute(fake, real)["fd"], rel=1e-10)


def test_the_distance_ignores_rotation_order_and_shift_of_both_sides():
    real, fake = random_features(1), random_features(2)
    expected = compute(real, fake)["fd"]
    rotation = np.linalg.qr(rng(3).normal(size=(12, 12)))[0]
    assert compute(real @ rotation, fake @ rotation)["fd"] == pytest.approx(expected, rel=1e-9)
    assert compute(real[::-1], rng().permutation(fake))["fd"] == pytest.approx(expected, rel=1e-9)
    assert compute(real + 5, fake + 5)["fd"] == pytest.approx(expected, rel=1e-9)


def test_the_distance_and_its_floor_grow_with_the_square_of_the_scale():
    real, fake = random_features(1), random_features(2)
    small, large = compute(real, fake), compute(3 * real, 3 * fake)
    assert large["fd"] == pytest.approx(9 * small["fd"], rel=1e-10)
    assert large["fd-floor"] == pytest.approx(9 * small["fd-floor"], rel=1e-10)


def test_float32_features_are_compared_in_float64():
    # A mean of 1e4 costs float32 all of the covariance's digits.
    features = (random_features(1) + 1e4).astype(np.float32)
    assert compute(features, features)["fd"] < 1e-6 * features.shape[1]
    assert compute(features, features.astype(np.float64))["fd"] < 1e-6 * features.shape[1]


def test_the_floor_of_an_isotropic_gaussian_is_the_closed_form():
    size, count = 64, 10_000
    expected = 2 * (size / count + size * (size + 1) / (4 * count))
    assert sampling_floor(np.ones(size), count, count) == pytest.approx(expected, rel=1e-12)
    assert sampling_floor(np.ones(16), 797, 797) == pytest.approx(0.211, abs=5e-4)


def test_the_floor_takes_each_side_s_own_number_of_samples():
    values = np.array([3.0, 1.0, 0.2])
    one_sided = sampling_floor(values, 1000, 10**12)
    assert sampling_floor(values, 1000, 500) == pytest.approx(3 * one_sided, rel=1e-6)


def test_the_floor_ignores_directions_without_variance():
    values = np.array([3.0, 1.0])
    padded = np.array([3.0, 1.0, 0.0, 0.0, -1e-17])
    assert sampling_floor(padded, 10, 10) == pytest.approx(sampling_floor(values, 10, 10))


@pytest.mark.parametrize(
    ("spectrum", "real_count", "fake_count"),
    [(np.ones(16), 400, 400), (1 / np.arange(1, 25), 600, 300)],
    ids=["isotropic", "decaying"],
)
def test_two_samples_of_one_gaussian_are_as_far_apart_as_the_floor_says(
    spectrum, real_count, fake_count
):
    generator = rng(7)
    distances = [
        compute(
            generator.normal(size=(real_count, len(spectrum))) * np.sqrt(spectrum),
            generator.normal(size=(fake_count, len(spectrum))) * np.sqrt(spectrum),
        )["fd"]
        for _ in range(40)
    ]
    predicted = sampling_floor(spectrum, real_count, fake_count)
    assert np.mean(distances) == pytest.approx(predicted, rel=0.08)


def test_the_column_holds_the_floor_of_the_measured_spectrum():
    real, fake = random_features(1, count=500), random_features(2, count=250)
    eigenvalues = np.linalg.eigvalsh(np.cov(real, rowvar=False))
    expected = sampling_floor(eigenvalues, 500, 250)
    assert compute(real, fake)["fd-floor"] == pytest.approx(expected, rel=1e-9)


def test_one_sample_or_other_features_are_refused():
    with pytest.raises(ConfigError, match="two samples"):
        compute(random_features(1), random_features(2)[:1])
    with pytest.raises(ConfigError, match="one extractor"):
        compute(random_features(1), random_features(2)[:, :5])


def test_effective_dimensions_count_the_directions_that_vary():
    def dimensions(covariance):
        return effective_dimensions(Gaussian(np.zeros(len(covariance)), covariance))

    assert dimensions(np.eye(7)) == pytest.approx(7, rel=1e-14)
    assert dimensions(np.diag([3.0, 0, 0])) == pytest.approx(1, rel=1e-14)
    assert dimensions(np.diag([2.0, 1.0])) == pytest.approx(9 / 5, rel=1e-14)
    assert np.isnan(dimensions(np.zeros((3, 3))))
    rotation = np.linalg.qr(rng(3).normal(size=(2, 2)))[0]
    rotated = rotation @ np.diag([2.0, 1.0]) @ rotation.T
    assert dimensions(rotated) == pytest.approx(9 / 5, rel=1e-13)


def test_each_side_s_effective_dimensions_have_a_column():
    real, fake = rng(1).normal(size=(4000, 6)), rng(2).normal(size=(4000, 6))
    fake[:, 2:] = 0
    result = compute(real, fake)
    assert result["effective-dimensions"] == pytest.approx(6, rel=0.01)
    assert result["effective-dimensions-fake"] == pytest.approx(2, rel=0.01)


@pytest.mark.parametrize(("first", "second"), [(40, 30), (40, 200), (200, 40), (60, 60)])
def test_few_samples_of_many_features_give_the_same_as_their_covariances(first, second):
    real, fake = random_features(1, first, 60), 1.2 * random_features(2, second, 60) + 0.1
    sides = [fitted(real), fitted(fake)]
    assert [side.thin is not None for side in sides] == [first < 60, second < 60]
    whole = [Gaussian(*moments(features)) for features in (real, fake)]
    distance = frechet_distance(*sides)
    # Whole covariances have eigenvalues of 1e-16 for 0, whose roots are 1e-8.
    assert distance == pytest.approx(frechet_distance(*whole), rel=1e-8)
    assert distance == pytest.approx(frechet_distance(*reversed(sides)), rel=1e-10)
    found = compute(real, fake)
    assert found["fd"] == distance
    eigenvalues = np.linalg.eigvalsh(whole[0].covariance)
    assert found["fd-floor"] == pytest.approx(sampling_floor(eigenvalues, first, second), rel=1e-10)
    for column, side in (("effective-dimensions", 0), ("effective-dimensions-fake", 1)):
        assert found[column] == pytest.approx(effective_dimensions(whole[side]), rel=1e-10)


def test_few_samples_in_turned_directions_give_the_closed_form():
    # Of 30 features 5 vary, and by a known root: tr (S1 S2)^1/2 = 3 tr S1 where S2 = 9 S1.
    few = random_features(5, 6, 30)
    centered = few - few.mean(axis=0)
    trace = np.square(centered).sum() / 5
    assert compute(few, 3 * centered + few.mean(axis=0))["fd"] == pytest.approx(
        4 * trace, rel=1e-12
    )
