import numpy as np
import pytest

from ganbench.contracts import FeatureSet
from ganbench.errors import ConfigError
from ganbench_metrics.features import both_sides, cut_alike
from ganbench_metrics.plugin import ganbench_metrics

NEEDS_FEATURES = [cls for cls in ganbench_metrics() if cls.needs == "features"]
NEEDS_LOGITS = [cls for cls in ganbench_metrics() if cls.needs == "logits"]


def rng(seed=0):
    return np.random.Generator(np.random.Philox(key=seed))


def side(features, **parts):
    return FeatureSet(samples=np.zeros((len(features), 1)), features=features, **parts)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("cls", NEEDS_FEATURES, ids=lambda cls: cls.name)
def test_a_feature_that_is_not_finite_is_refused_in_one_line(cls, value):
    features = rng().normal(size=(60, 4))
    broken = features.copy()
    broken[7, 2] = value
    pairs = [(side(broken), side(features)), (side(features), side(broken))]
    if getattr(cls, "uses_training", False):
        pairs.append((side(features, training=broken), side(features)))
    for real, fake in pairs:
        with pytest.raises(ConfigError, match="not finite") as caught:
            cls().compute(real, fake, rng())
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("cls", NEEDS_LOGITS, ids=lambda cls: cls.name)
def test_a_logit_that_is_not_finite_is_refused(cls):
    logits = rng().normal(size=(60, 4))
    logits[3, 1] = np.nan
    fake = FeatureSet(samples=np.zeros((60, 1)), logits=logits)
    with pytest.raises(ConfigError, match="logits of the generated samples"):
        cls().compute(fake, fake, rng())


@pytest.mark.parametrize("cls", NEEDS_FEATURES, ids=lambda cls: cls.name)
def test_features_of_two_spaces_are_refused(cls):
    with pytest.raises(ConfigError, match="one extractor"):
        cls().compute(side(np.zeros((9, 3))), side(np.zeros((9, 4))), rng())


@pytest.mark.parametrize("cls", ganbench_metrics(), ids=lambda cls: cls.name)
def test_promises_are_about_columns_that_have_a_direction(cls):
    sees, ignores = getattr(cls, "sees", {}), getattr(cls, "ignores", {})
    for column in {*sees, *ignores}:
        assert cls.columns[column] != "none"
        assert sees.get(column, frozenset()).isdisjoint(ignores.get(column, frozenset()))
    assert getattr(cls, "beside", frozenset()) <= set(cls.columns)


@pytest.mark.parametrize("cls", NEEDS_FEATURES, ids=lambda cls: cls.name)
def test_the_same_generator_gives_the_same_bits_and_all_columns(cls):
    real = side(rng(1).normal(size=(90, 4)), training=rng(2).normal(size=(120, 4)))
    fake = side(rng(3).normal(size=(70, 4)))
    first, again = (cls().compute(real, fake, rng(5)) for _ in range(2))
    assert list(first) == list(cls.columns)
    assert np.array_equal(list(first.values()), list(again.values()), equal_nan=True)


def test_float32_features_become_float64():
    first, second = both_sides(side(np.ones((3, 2), np.float32)), side(np.ones((4, 2))), "x")
    assert first.dtype == second.dtype == np.float64


def test_only_the_larger_side_is_cut_and_no_row_is_drawn_twice():
    few, many = cut_alike(5, 12, rng())
    assert few.tolist() == [0, 1, 2, 3, 4]
    assert len(many) == len(set(many.tolist())) == 5 and many.max() < 12
    assert any(cut_alike(12, 5, rng(seed))[0].max() > 8 for seed in range(5))
