import numpy as np
import pytest

from ganbench.contracts import FeatureSet
from ganbench_metrics.inception_score import InceptionScore, inception_score


def rng(seed=0):
    return np.random.Generator(np.random.Philox(key=seed))


def compute(logits, seed=0):
    side = FeatureSet(samples=np.zeros((len(logits), 1)), logits=logits)
    return InceptionScore().compute(side, side, rng(seed))


def test_three_worked_images_give_their_published_score():
    shares = np.array([[0.9, 0.05, 0.05], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]])  # SCIENCE.md 7.4
    assert inception_score(np.log(shares)) == pytest.approx(1.5208878302089668, rel=1e-14)


def test_the_score_is_exp_of_the_definition_on_random_logits():
    logits = rng().normal(size=(50, 7))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    divergences = np.sum(shares * np.log(shares / shares.mean(axis=0)), axis=1)
    assert inception_score(logits) == pytest.approx(np.exp(divergences.mean()), rel=1e-13)


@pytest.mark.parametrize("used", [1, 3, 10])
def test_sure_and_even_use_of_some_classes_scores_their_number(used):
    logits = 1e4 * np.eye(10)[np.arange(60 * used) % used]
    assert inception_score(logits) == pytest.approx(used, rel=1e-12)


def test_images_that_all_look_alike_score_one():
    assert inception_score(np.tile(rng().normal(size=10), (40, 1))) == pytest.approx(1, rel=1e-13)


def test_the_score_lies_between_one_and_the_number_of_classes():
    for scale in (0.01, 1, 10, 1000):
        assert 1 <= inception_score(scale * rng(1).normal(size=(200, 10))) <= 10


def test_a_constant_added_to_an_image_s_logits_changes_nothing():
    logits = rng().normal(size=(50, 7))
    shifted = logits + rng(1).normal(scale=100, size=(50, 1))
    assert inception_score(shifted) == pytest.approx(inception_score(logits), rel=1e-11)


def test_duplicated_samples_do_not_lower_the_score():
    logits = rng().normal(size=(50, 7))
    repeated = np.tile(logits, (4, 1))
    assert inception_score(repeated) == pytest.approx(inception_score(logits), rel=1e-12)


def test_the_ten_split_value_is_the_mean_over_shuffled_parts_with_the_remainder_kept():
    logits = np.sort(rng().normal(size=(103, 5)), axis=0)  # sorted: parts in order would differ
    shuffled = logits[rng(3).permutation(103)]
    scores = [inception_score(part) for part in np.array_split(shuffled, 10)]
    result = compute(logits, seed=3)
    assert sum(len(part) for part in np.array_split(shuffled, 10)) == 103
    assert result["is-10-splits"] == pytest.approx(np.mean(scores), rel=1e-13)
    assert result["is"] == pytest.approx(inception_score(logits), rel=1e-13)


def test_splits_bias_the_score_downward():
    logits = 3 * rng().normal(size=(200, 10))
    result = compute(logits)
    assert result["is-10-splits"] < result["is"]


def test_under_ten_samples_have_no_split_value():
    assert np.isnan(compute(np.eye(4))["is-10-splits"])
