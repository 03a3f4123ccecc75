from functools import cache

import numpy as np
import pytest

from ganbench import progress
from ganbench.contracts import FeatureSet
from ganbench_datasets.digits import Digits
from ganbench_extractors.plugin import ganbench_extractors
from ganbench_metrics.memorisation import Memorisation, share_of_copies, share_of_duplicates


def rng(seed=0):
    return np.random.Generator(np.random.Philox(key=seed))


def compute(reference, generated, training, samples=None):
    samples = np.arange(len(generated))[:, None] if samples is None else samples
    real = FeatureSet(samples=reference, features=reference, training=training)
    return Memorisation().compute(real, FeatureSet(samples=samples, features=generated), rng())


@cache
def digits():
    dataset = Digits().load(None)
    space = next(e() for e in ganbench_extractors() if e.name == "cls-digits-v1")
    sides = (dataset.train.samples, dataset.reference.samples)
    return dataset, *(space.extract(samples)[0].astype(np.float64) for samples in sides)


def test_distances_on_a_line_give_what_one_counts_by_hand():
    references = np.linspace(1, 2, 101)  # the nearest percent is 1.01 away
    distances = np.array([0, 0.5, 0.504, 0.506, 3])
    assert share_of_copies(distances, references) == 3 / 5
    assert share_of_copies(np.array([0.0, 1e-9]), np.zeros(5)) == 1 / 2


def test_duplicates_are_counted_by_their_bytes():
    samples = np.array([[1, 2], [1, 2], [2, 1], [1, 2]], np.uint8)
    assert share_of_duplicates(samples) == 0.5
    assert share_of_duplicates(samples[1:3]) == 0
    assert np.isnan(share_of_duplicates(samples[:0]))


def test_an_honest_generator_copies_nothing_and_is_as_near_to_both():
    training, reference, generated = (rng(seed).normal(size=(1500, 6)) for seed in (1, 2, 3))
    result = compute(reference, generated, training)
    assert result["copied"] <= 0.002 and result["duplicates"] == 0
    assert result["copied-ratio"] == pytest.approx(1, abs=0.05)
    assert result["fd-training-gap"] == pytest.approx(0, abs=0.02)


def test_the_ratio_compares_equally_many_of_both():
    training, reference, generated = (
        rng(seed).normal(size=(count, 6)) for seed, count in ((1, 4000), (2, 500), (3, 500))
    )
    assert compute(reference, generated, training)["copied-ratio"] == pytest.approx(1, abs=0.05)
    few = compute(training, generated, reference)
    assert few["copied-ratio"] == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("share", [0, 0.25, 1])
def test_copies_of_training_samples_are_counted(share):
    training, reference, generated = (rng(seed).normal(size=(1000, 6)) for seed in (1, 2, 3))
    copies = int(share * 1000)
    generated[:copies] = training[:copies] + 1e-4 * rng(4).normal(size=(copies, 6))
    result = compute(reference, generated, training)
    assert result["copied"] == pytest.approx(share, abs=0.003)
    if share == 1:
        assert result["copied-ratio"] < 1e-3
        assert result["fd-training-gap"] > 0


def test_copies_are_found_among_more_training_samples_than_references():
    training, reference = rng(1).normal(size=(3000, 6)), rng(2).normal(size=(300, 6))
    assert compute(reference, training[:600], training)["copied"] == 1


def test_a_sample_of_both_sides_is_no_nearer_to_either():
    shared = rng(1).normal(size=(200, 3))
    assert compute(shared, shared[:50], shared)["copied-ratio"] == 1


def test_real_digits_are_no_copies_and_training_digits_are():
    dataset, training, reference = digits()
    order = rng().permutation(797)  # the same hand wrote neighbouring digits
    chosen, rest = order[:398], order[398:]
    samples = dataset.reference.samples[rest]
    honest = compute(reference[chosen], reference[rest], training, samples)
    assert honest["copied"] == 0 and honest["duplicates"] == 0
    assert honest["copied-ratio"] == pytest.approx(1, abs=0.05)
    shown = rng().integers(64, size=797)
    cheat = compute(reference, training[shown], training, dataset.train.samples[shown])
    assert cheat["copied"] == 1
    assert cheat["duplicates"] == pytest.approx(1 - 64 / 797, abs=1e-12)


def test_without_the_training_split_only_duplicates_are_known():
    features = rng().normal(size=(30, 4))
    result = compute(features, features, None, np.zeros((30, 2, 2, 1), np.uint8))
    assert result.pop("duplicates") == pytest.approx(29 / 30)
    assert np.isnan(list(result.values())).all()


def test_the_gap_allows_for_the_number_of_samples():
    values = [
        compute(
            rng(seed).normal(size=(150, 8)),
            rng(seed + 100).normal(size=(400, 8)),
            rng(seed + 200).normal(size=(2000, 8)),
        )["fd-training-gap"]
        for seed in range(24)
    ]
    # The distance to the few references alone is about 0.15 more than to the training split.
    assert np.mean(values) == pytest.approx(0, abs=0.04)


def test_progress_grows_to_one():
    heard = []
    with progress.heard_by(heard.append):
        compute(*(rng(seed).normal(size=(600, 3)) for seed in (1, 2, 3)))
    assert heard == sorted(heard) and heard[-1] == 1


def test_large_sides_are_judged_by_some_of_their_samples():
    rng = np.random.default_rng(5)
    training, reference = rng.normal(size=(3000, 4)), rng.normal(size=(1500, 4))
    copies = training[rng.integers(3000, size=600)]
    generated = np.concatenate([copies, rng.normal(size=(1400, 4))])
    images = np.arange(2000, dtype=np.int64).view(np.uint8).reshape(2000, 2, 4, 1)
    real = FeatureSet(images, reference, training=training)
    fake = FeatureSet(images, generated)

    def copied(samples):
        metric = Memorisation(samples=samples)
        return metric.compute(real, fake, np.random.default_rng(0))["copied"]

    assert copied(2000) == pytest.approx(0.3, abs=0.005)
    assert copied(500) == pytest.approx(0.3, abs=0.06) and copied(500) != copied(2000)
