import math
from dataclasses import dataclass

import numpy as np
import pytest
from toys import toy_catalog

from ganbench.contracts import Dataset, Mixture, Split, Task
from ganbench.errors import ConfigError, UnknownName
from ganbench.evaluate import Evaluator, Scoring, applicable, scorings

IMAGES = Task("specks", "images", (2, 2, 1))
POINTS = Task("dots", "points", (2,))


class CountingSpace:
    """Features are pixels; remembers what it was given."""

    name = "counting"
    id = "counting-7"
    source = "here"

    def __init__(self):
        self.calls = []

    def fits(self, task):
        return True

    def extract(self, images):
        self.calls.append(len(images))
        return images.reshape(len(images), -1).astype(np.float32), None


@dataclass(frozen=True)
class MeanGap:
    """Difference of the mean features, with a random part."""

    name = "gap"
    version = 3
    needs = "features"
    columns = {"gap": "lower", "dice": "none"}
    beside = frozenset({"dice"})

    scale: float = 1.0

    def compute(self, real, fake, rng):
        gap = fake.features.mean() - real.features.mean()
        return {"gap": self.scale * gap, "dice": rng.random()}


@dataclass(frozen=True)
class Given:
    """Gives what it was made with."""

    values: dict

    name = "given"
    version = 1
    needs = "images"
    columns = {"a": "lower", "b": "higher"}

    def compute(self, real, fake, rng):
        return self.values


class Spy:
    name = "spy"
    version = 1
    needs = "images"
    columns = {"seen": "none"}

    def compute(self, real, fake, rng):
        self.real, self.fake = real, fake
        return {"seen": 1.0}


@pytest.fixture
def dataset():
    reference = Split("test", np.full((3, 2, 2, 1), 10, np.uint8), np.array([0, 1, 1], np.int32))
    return Dataset(IMAGES, reference, reference, sha256="ab" * 32)


FAKE = np.full((5, 2, 2, 1), 14, np.uint8)


# --------------------------------------------------------------------------- which metrics apply


def names(found):
    return [(item.metric.name, item.extractor.name if item.extractor else None) for item in found]


def needing(needs):
    """Names of the metrics that need it."""
    return {entry.name for entry in toy_catalog().entries("metrics") if entry.cls.needs == needs}


def test_images_are_scored_by_every_metric_in_every_space_that_fits():
    found = names(scorings(None, Task("digits", "images", (8, 8, 1), 10), toy_catalog()))
    classifier, components = "cls-digits-v1", "pca-digits-v1"
    assert [name for name, _ in found] == sorted(name for name, _ in found)
    assert {name for name, space in found if space == components} == needing("features")
    both = needing("features") | needing("logits")
    assert {name for name, space in found if space == classifier} == both
    assert [name for name, space in found if space is None] == ["brightness"]
    assert {"frechet", "inception-score", "class-coverage"} <= both


def test_a_space_without_logits_serves_no_metric_of_logits():
    task = toy_catalog().get("datasets", "specks")().task()
    found = names(scorings(None, task, toy_catalog()))
    assert set(found) == {("brightness", None), *((name, "pixels") for name in needing("features"))}


def test_points_are_scored_by_metrics_of_points_only():
    ring = toy_catalog().get("datasets", "ring")().task()
    found = names(scorings(None, ring, toy_catalog()))
    assert set(found) == {(name, None) for name in needing("points")} and ("modes", None) in found


def test_points_without_a_mixture_are_not_scored_by_its_modes():
    dots, dirac = (toy_catalog().get("datasets", name)().task() for name in ("dots", "dirac"))
    assert scorings(None, dots, toy_catalog()) == []
    assert names(scorings(None, dirac, toy_catalog())) == [("dirac", None)]


def test_a_metric_of_trajectories_is_for_trials_that_have_one():
    dirac = toy_catalog().get("datasets", "dirac")().task()
    (found,) = scorings(None, dirac, toy_catalog())
    others = [Scoring(MeanGap(), CountingSpace())]
    assert applicable([found, *others], followed=True) == [found, *others]
    assert applicable([found, *others], followed=False) == others


def test_the_metrics_that_were_asked_for_keep_their_order_and_options():
    task = toy_catalog().get("datasets", "specks")().task()
    assert names(scorings(["frechet", "brightness"], task, toy_catalog())) == [
        ("frechet", "pixels"),
        ("brightness", None),
    ]
    assert scorings([], task, toy_catalog()) == []


@pytest.mark.parametrize(
    ("metric", "dataset", "message"),
    [
        ("modes", "specks", "'modes' needs points, which 'specks' does not have"),
        ("frechet", "ring", "'frechet' needs features, which 'ring' does not have"),
        ("inception-score", "specks", "'inception-score' needs logits, which 'specks'"),
        ("brightness", "ring", "'brightness' needs images"),
        ("modes", "dirac", "'modes' is not meant for 'dirac'; `ganbench info modes` says"),
        ("dirac", "digits", "'dirac' is not meant for 'digits'"),
    ],
)
def test_a_metric_that_was_asked_for_has_to_apply(metric, dataset, message):
    task = toy_catalog().get("datasets", dataset)().task()
    with pytest.raises(ConfigError, match=message):
        scorings([metric], task, toy_catalog())


def test_an_unknown_metric_is_refused():
    with pytest.raises(UnknownName, match="did you mean 'frechet'"):
        scorings(["freshet"], IMAGES, toy_catalog())


# --------------------------------------------------------------------------- scores


def test_a_score_tells_its_values_and_all_that_they_were_made_with(dataset):
    (score,) = Evaluator(dataset).score(FAKE, [Scoring(MeanGap(scale=2.0), CountingSpace())], 0)
    dice = score["values"].pop("dice-counting")
    assert 0 <= dice < 1
    sources = score.pop("sources")
    assert list(sources) == ["test_evaluate"] and len(sources["test_evaluate"]) == 16
    assert score == {
        "metric": "gap",
        "options": {"scale": 2.0},
        "version": 3,
        "extractor": "counting",
        "extractor_id": "counting-7",
        "reference": {"dataset": "specks", "split": "test", "n": 3, "data_sha256": "ab" * 32},
        "n": 5,
        "values": {"gap-counting": 8.0},
        "directions": {"gap-counting": "lower", "dice-counting": "none"},
        "beside": ["dice-counting"],
    }


def test_features_are_extracted_once_per_space_and_the_reference_once_for_all(dataset):
    space, evaluator = CountingSpace(), Evaluator(dataset)
    wanted = [Scoring(MeanGap(), space), Scoring(MeanGap(scale=2.0), space)]
    evaluator.score(FAKE, wanted, 0)
    assert sorted(space.calls) == [3, 5]
    evaluator.score(FAKE, wanted, 1)
    assert sorted(space.calls) == [3, 5, 5]


def test_a_metric_draws_from_a_stream_of_its_own_and_of_the_seed(dataset):
    space = CountingSpace()

    def dice(seed, wanted):
        scores = Evaluator(dataset).score(FAKE, wanted, seed)
        return scores[-1]["values"]["dice-counting"]

    alone = [Scoring(MeanGap(), space)]
    assert dice(0, alone) == dice(0, alone)
    assert dice(0, alone) == dice(0, alone * 2)  # whatever was computed before
    assert dice(0, alone) != dice(1, alone)


def test_metrics_see_both_sides_as_the_contract_says(dataset):
    spy = Spy()
    Evaluator(dataset).score(FAKE, [Scoring(spy, None)], 0)
    assert spy.fake.samples is FAKE and spy.fake.features is None and spy.fake.labels is None
    assert np.array_equal(spy.real.labels, [0, 1, 1]) and spy.real.mixture is None
    assert spy.real.trajectory is None and spy.fake.trajectory is None
    Evaluator(dataset).score(FAKE, [Scoring(spy, CountingSpace())], 0, np.ones((3, 2)))
    assert spy.real.trajectory is None and spy.fake.trajectory.shape == (3, 2)
    assert spy.fake.features.dtype == np.float64 and spy.fake.features.shape == (5, 4)
    assert spy.real.features.shape == (3, 4) and spy.real.logits is None


def test_points_come_with_their_mixture():
    mixture = Mixture(np.zeros((1, 2)), 1.0)
    split = Split("test", np.zeros((4, 2), np.float32))
    spy = Spy()
    Evaluator(Dataset(POINTS, split, split, "", mixture)).score(
        np.ones((2, 2), np.float32), [Scoring(spy, None)], 0
    )
    assert spy.real.mixture is mixture and spy.fake.mixture is mixture


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float32("nan")])
def test_a_value_that_is_no_number_becomes_null(dataset, value):
    (score,) = Evaluator(dataset).score(FAKE, [Scoring(Given({"a": value, "b": 2}), None)], 0)
    assert score["values"] == {"a": None, "b": 2.0}


def test_numpy_values_become_plain_numbers(dataset):
    values = {"a": np.float32(0.5), "b": np.int64(3)}
    (score,) = Evaluator(dataset).score(FAKE, [Scoring(Given(values), None)], 0)
    assert score["values"] == {"a": 0.5, "b": 3.0}
    assert {type(value) for value in score["values"].values()} == {float}


@pytest.mark.parametrize("values", [{}, {"a": 1.0}, {"a": 1.0, "b": 2.0, "c": 3.0}, {"x": 1.0}])
def test_a_metric_that_does_not_give_its_columns_is_refused(dataset, values):
    with pytest.raises(ConfigError, match="'given' promises the columns"):
        Evaluator(dataset).score(FAKE, [Scoring(Given(values), None)], 0)
