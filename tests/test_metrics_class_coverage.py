import numpy as np
import pytest

from ganbench.contracts import FeatureSet
from ganbench_metrics.class_coverage import ClassCoverage
from ganbench_metrics.histogram import kl_from_uniform


def compute(classes, number_of_classes=10):
    side = FeatureSet(
        samples=np.zeros((len(classes), 1)), logits=np.eye(number_of_classes)[classes]
    )
    return ClassCoverage().compute(side, side, np.random.default_rng(0))


def test_an_even_use_of_all_classes_is_perfect():
    assert compute(np.arange(200) % 10) == {"classes": 10, "classes-half": 10, "class-kl": 0}


def test_a_worked_histogram_gives_its_published_divergence():
    classes = np.repeat(np.arange(4), [10, 20, 30, 40])  # SCIENCE.md 7.4, the fifth is never used
    result = compute(classes, number_of_classes=5)
    assert result["class-kl"] == pytest.approx(0.3295836866004329, rel=1e-14)
    assert result["classes"] == 4
    assert result["classes-half"] == 4


def test_half_a_fair_share_counts_and_less_does_not():
    # 100 samples of 5 classes: a fair share is 20, half of it 10.
    classes = np.repeat(np.arange(5), [10, 9, 1, 40, 40])
    result = compute(classes, number_of_classes=5)
    assert result["classes"] == 5
    assert result["classes-half"] == 3


@pytest.mark.parametrize(
    ("used", "of", "expected"),
    [(6, 8, 0.28768207), (17, 25, 0.38566248), (99, 1000, 2.31263543), (1, 10, np.log(10))],
)
def test_even_use_of_some_classes_is_ln_of_their_ratio_away(used, of, expected):
    result = compute(np.arange(7 * used) % used, number_of_classes=of)
    assert result["class-kl"] == pytest.approx(expected, rel=1e-7)
    assert result["classes"] == used


def test_a_perfect_sampler_has_the_predicted_divergence():
    generator = np.random.default_rng(0)
    values = [
        kl_from_uniform(np.bincount(generator.integers(10, size=2000), minlength=10))
        for _ in range(300)
    ]
    assert np.mean(values) == pytest.approx(9 / (2 * 2000), rel=0.12)


def test_rounding_never_makes_a_divergence_negative():
    for classes in range(1, 200):
        assert kl_from_uniform(np.full(classes, 3)) >= 0


def test_nothing_counted_has_no_divergence():
    assert np.isnan(kl_from_uniform(np.zeros(4, int)))
