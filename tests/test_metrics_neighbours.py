import tracemalloc

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from ganbench import progress
from ganbench.contracts import FeatureSet
from ganbench_datasets.digits import Digits
from ganbench_extractors.plugin import ganbench_extractors
from ganbench_metrics import near_pairs
from ganbench_metrics.neighbours import Neighbours, expected_coverage


def rng(seed=0):
    return np.random.Generator(np.random.Philox(key=seed))


def side(features):
    return FeatureSet(samples=np.zeros((len(features), 1)), features=features)


def compute(real, fake, seed=0, **options):
    return Neighbours(**options).compute(side(real), side(fake), rng(seed))


def by_definition(real, fake, k=3, wide=5):
    """The four shares from scikit-learn's neighbours and all float64 distances."""

    def radii(points, count):
        return NearestNeighbors(n_neighbors=count + 1).fit(points).kneighbors(points)[0][:, count]

    between = np.sqrt(np.square(real[:, None] - fake).sum(axis=2))
    inside = between < radii(real, wide)[:, None]
    return {
        "precision": (between <= radii(real, k)[:, None]).any(axis=0).mean(),
        "recall": (between <= radii(fake, k)).any(axis=1).mean(),
        "coverage": inside.any(axis=1).mean(),
        "density": inside.sum() / (wide * len(fake)),
    }


def test_points_on_a_line_give_what_one_counts_by_hand():
    real = np.array([[0.0], [1.0], [2.0], [10.0]])
    fake = np.array([[1.5], [2.5], [3.5], [30.0]])
    # k = 1: real radii 1, 1, 1, 8; fake radii 1, 1, 1, 26.5.
    result = compute(real, fake, nearest=1, nearest_for_coverage=1)
    assert result["precision"] == 3 / 4  # 30 lies in no ball
    assert result["recall"] == 3 / 4  # 0 lies in none: 1.5 reaches to 0.5, 30 to 3.5
    assert result["coverage"] == 3 / 4  # the ball of 0 is empty
    assert result["density"] == (0 + 1 + 2 + 2) / 4


@pytest.mark.parametrize("seed", [1, 2])
def test_the_shares_are_those_of_the_definition(seed):
    real, fake = rng(seed).normal(size=(700, 5)), 1.3 * rng(seed + 9).normal(size=(700, 5)) + 0.4
    result = compute(real, fake)
    for name, value in by_definition(real, fake).items():
        assert result[name] == pytest.approx(value, abs=1e-12), name


def test_the_same_samples_are_precise_recalled_and_covered():
    features = rng().normal(size=(600, 6))
    result = compute(features, features)
    assert (result["precision"], result["recall"], result["coverage"]) == (1, 1, 1)


def test_samples_far_away_are_nothing_of_all():
    features = rng().normal(size=(100, 6))
    result = compute(features, features + 1000)
    assert [result[name] for name in ("precision", "recall", "coverage", "density")] == [0] * 4


def test_precision_is_the_recall_of_the_swapped_sides():
    real, fake = rng(1).normal(size=(400, 4)), rng(2).normal(size=(400, 4)) + 0.5
    assert compute(real, fake)["precision"] == compute(fake, real)["recall"]


def test_rotation_scale_shift_and_order_change_nothing():
    real, fake = rng(1).normal(size=(300, 4)), rng(2).normal(size=(300, 4)) + 0.5
    rotation = np.linalg.qr(rng(3).normal(size=(4, 4)))[0]
    expected = compute(real, fake)
    assert compute(7 * real @ rotation + 3, 7 * fake @ rotation + 3) == expected
    assert compute(real[::-1], rng().permutation(fake)) == expected


def test_a_copy_on_the_edge_of_a_ball_is_within_for_precision_and_beyond_for_coverage():
    # Rows of another order, and distances from other tiles, round otherwise.
    real = 1000 + rng(1).normal(size=(1300, 40))
    order = NearestNeighbors(n_neighbors=4).fit(real).kneighbors(real, return_distance=False)
    tested = order[:, 3][:50]  # the third neighbours of the first fifty
    far = 1e4 + 1e3 * rng(2).normal(size=(1250, 40))
    result = compute(real, np.concatenate([real[tested], far]))
    assert result["precision"] == 50 / 1300
    wide = compute(real[:50], np.tile(real[tested[:1]], (50, 1)), nearest_for_coverage=3)
    only = NearestNeighbors(n_neighbors=4).fit(real[:50]).kneighbors(real[:50])[0][:, 3]
    inside = np.linalg.norm(real[:50] - real[tested[0]], axis=1) < only
    assert wide["coverage"] == inside.mean()


def test_a_tie_is_within_the_closed_ball_and_beyond_the_open_one():
    real = np.array([[0.0], [2.0], [50.0]])
    fake = np.array([[-2.0], [90.0], [200.0]])  # 2 away from 0, whose radius is 2
    result = compute(real, fake, nearest=1, nearest_for_coverage=1)
    assert result["precision"] == 2 / 3 and result["coverage"] == 1 / 3  # 90 lies in 50's ball


def test_a_generator_of_one_image_recalls_and_covers_nothing():
    real = rng(1).normal(size=(1100, 12))
    result = compute(real, np.tile(real.mean(axis=0), (1100, 1)))
    assert result["recall"] == 0 and result["coverage"] < 1
    assert compute(real, np.tile(real[4], (1100, 1)))["recall"] == 1 / 1100


def test_the_expected_coverage_is_the_formula_and_its_limit():
    # One of three neighbours is real first with chance 2/5, so that 3/5 expect a generated one.
    assert expected_coverage(3, 3, 1) == pytest.approx(1 - 2 / 5, rel=1e-14)
    assert expected_coverage(3, 3, 2) == pytest.approx(1 - 2 / 5 * 1 / 4, rel=1e-14)
    assert expected_coverage(10**7, 10**7, 5) == pytest.approx(1 - 2**-5, rel=1e-5)
    assert np.isnan(expected_coverage(5, 5, 5))


def test_two_samples_of_one_distribution_reach_the_ceiling_and_density_one():
    results = [
        compute(rng(seed).normal(size=(400, 8)), rng(seed + 100).normal(size=(400, 8)))
        for seed in range(12)
    ]
    coverage = np.mean([result["coverage"] for result in results])
    assert coverage == pytest.approx(results[0]["coverage-ceiling"], abs=0.006)
    assert np.mean([result["density"] for result in results]) == pytest.approx(1, abs=0.05)


def test_the_larger_side_is_cut_to_the_smaller_one():
    real, fake = rng(1).normal(size=(900, 4)), rng(2).normal(size=(300, 4))
    rows = np.sort(rng(7).choice(900, 300, replace=False))
    expected = by_definition(real[rows], fake)
    result = compute(real, fake, seed=7)
    for name, value in expected.items():
        assert result[name] == pytest.approx(value, abs=1e-12)
    assert result["coverage-ceiling"] == expected_coverage(300, 300, 5)


def test_no_more_samples_than_neighbours_give_nan():
    result = compute(rng(1).normal(size=(5, 2)), rng(2).normal(size=(5, 2)))
    assert np.isnan([result["coverage"], result["density"], result["coverage-ceiling"]]).all()
    assert 0 <= result["precision"] <= 1 and 0 <= result["recall"] <= 1
    empty = compute(np.zeros((3, 2)), np.zeros((3, 2)))
    assert np.isnan(empty["precision"]) and np.isnan(empty["recall"])


def test_lost_classes_of_real_digits_cost_recall_and_coverage_but_not_precision():
    dataset = Digits().load(None)
    space = next(e() for e in ganbench_extractors() if e.name == "cls-digits-v1")
    features = space.extract(dataset.train.samples)[0].astype(np.float64)
    reference = space.extract(dataset.reference.samples)[0].astype(np.float64)
    honest = compute(reference, features)
    fewer = compute(reference, features[dataset.train.labels < 5])
    assert fewer["precision"] == pytest.approx(honest["precision"], abs=0.03)
    assert fewer["recall"] < honest["recall"] - 0.3
    assert fewer["coverage"] < honest["coverage"] - 0.3
    assert honest["coverage"] == pytest.approx(honest["coverage-ceiling"], abs=0.03)


def test_progress_grows_to_one():
    heard = []
    with progress.heard_by(heard.append):
        compute(rng(1).normal(size=(4200, 3)), rng(2).normal(size=(4200, 3)))
    assert heard == sorted(heard) and heard[-1] == 1 and len(heard) == 6


def test_memory_is_bounded_whatever_the_number_of_samples():
    real, fake = rng(1).normal(size=(9000, 8)), rng(2).normal(size=(9000, 8))
    tracemalloc.start()
    compute(real, fake)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    tile = 4 * near_pairs._ROWS * near_pairs._COLUMNS
    assert peak < 2 * tile + 4000 * 9000  # all distances take 324 MB, in float32
