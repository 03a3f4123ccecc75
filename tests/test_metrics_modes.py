import numpy as np
import pytest

from ganbench.contracts import FeatureSet, Mixture
from ganbench.errors import ConfigError
from ganbench_datasets.points import Grid, Ring
from ganbench_metrics.modes import Modes, count_high_quality

PAIR = Mixture(np.array([[0.0, 0.0], [10.0, 0.0]]), standard_deviation=1.0)


def compute(points, mixture):
    real = FeatureSet(samples=np.zeros((1, 2)), mixture=mixture)
    fake = FeatureSet(samples=np.asarray(points))
    return Modes().compute(real, fake, np.random.default_rng(0))


def test_hand_placed_points_are_counted_at_their_nearest_center():
    points = [[0, 0], [2.9, 0], [3.1, 0], [10, 2], [6.9, 0], [500, 0], [10, -2.5], [0, 1]]
    assert count_high_quality(np.array(points), PAIR).tolist() == [3, 2]
    result = compute(points, PAIR)
    assert result["modes"] == 2
    assert result["high-quality"] == pytest.approx(100 * 5 / 8)
    expected = 0.6 * np.log(1.2) + 0.4 * np.log(0.8)
    assert result["reverse-kl"] == pytest.approx(expected, rel=1e-14)


def test_exactly_three_deviations_is_not_high_quality():
    assert count_high_quality(np.array([[3.0, 0.0], [0.0, -3.0]]), PAIR).sum() == 0
    assert count_high_quality(np.array([[np.nextafter(3.0, 0), 0.0]]), PAIR).sum() == 1


def test_half_a_fair_share_is_of_all_samples_and_not_of_good_ones():
    # 100 samples and 2 modes: half a fair share is 25.
    points = [[0.0, 0.0]] * 25 + [[10.0, 0.0]] * 24 + [[99.0, 99.0]] * 51
    result = compute(points, PAIR)
    assert result["modes"] == 2
    assert result["modes-half"] == 1


@pytest.mark.parametrize("source", [Ring(), Grid()])
def test_real_points_reach_the_ceiling_and_the_floor(source):
    dataset = source.load(None)
    result = compute(dataset.train.samples, dataset.mixture)
    modes = dataset.task.classes
    ceiling_percent = 100 * (1 - np.exp(-4.5))
    deviation_percent = 100 * np.sqrt(0.98889 * 0.01111 / 100_000)
    assert ceiling_percent == pytest.approx(98.889, abs=5e-4)
    assert result["high-quality"] == pytest.approx(ceiling_percent, abs=4 * deviation_percent)
    assert result["high-quality-ceiling"] == pytest.approx(ceiling_percent, rel=1e-14)
    assert result["reverse-kl-floor"] == pytest.approx((modes - 1) / 200_000, rel=1e-14)
    assert result["modes"] == result["modes-half"] == modes
    assert 0 < result["reverse-kl"] < 4 * (modes - 1) / (2 * 100_000)


@pytest.mark.parametrize(("kept", "expected"), [(6, 0.28768207), (1, np.log(8))])
def test_an_even_use_of_some_modes_is_ln_of_their_ratio_away(kept, expected):
    mixture = Ring().load(None).mixture
    result = compute(np.tile(mixture.centers[:kept], (10, 1)), mixture)
    assert result["modes"] == kept
    assert result["high-quality"] == 100
    assert result["reverse-kl"] == pytest.approx(expected, rel=1e-7)


def test_the_divergence_is_never_below_ln_of_the_ratio_of_modes():
    mixture, generator = Grid().load(None).mixture, np.random.default_rng(0)
    for _ in range(50):
        shares = generator.dirichlet(np.full(25, 0.1))
        points = mixture.centers[generator.choice(25, size=200, p=shares)]
        result = compute(points, mixture)
        assert result["reverse-kl"] >= np.log(25 / result["modes"]) - 1e-12


def test_points_that_are_nowhere_near_have_no_divergence():
    result = compute([[50.0, 50.0]] * 4, PAIR)
    assert (result["modes"], result["modes-half"], result["high-quality"]) == (0, 0, 0)
    assert np.isnan(result["reverse-kl"])


def test_points_that_are_not_finite_or_huge_are_of_no_quality():
    broken = np.array([[np.nan, 0], [0, np.inf], [-np.inf, np.nan], [3e38, -3e38]], np.float32)
    points = np.concatenate([broken, np.zeros((1, 2), np.float32)])
    assert count_high_quality(points, PAIR).tolist() == [1, 0]


def test_data_without_a_mixture_are_refused():
    with pytest.raises(ConfigError, match="ring or grid"):
        compute([[0.0, 0.0]], None)
