import hashlib
import math
from dataclasses import dataclass, replace

import numpy as np
import pytest

from ganbench.contracts import Dataset, Mixture, Reading, Split, Task
from ganbench.errors import ContractBroken
from ganbench.evaluate import Checkpoint, Evaluator, Evidence
from ganbench.feature_cache import FeatureCache
from ganbench.scoring import Scoring

IMAGES = Task("specks", "images", (2, 2, 1))
POINTS = Task("dots", "points", (2,))


class CountingSpace:
    """Features are pixels; remembers what it was given."""

    name = "counting"
    id = "counting-7"
    weights_sha256 = "cd" * 32
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
    readings = {"gap": Reading("Difference of the mean features.", "log", 0.01)}

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


# --------------------------------------------------------------------------- scores


def test_a_score_tells_its_values_and_all_that_they_were_made_with(dataset):
    (score,) = Evaluator(dataset).score(
        Evidence(FAKE, 0), [Scoring(MeanGap(scale=2.0), CountingSpace())]
    )
    dice = score["values"].pop("dice-counting")
    assert 0 <= dice < 1
    sources = score.pop("sources")
    assert list(sources) == ["test_evaluate"] and len(sources["test_evaluate"]) == 16
    assert set(score.pop("libraries")) == {"python", "numpy", "scipy"}
    assert score == {
        "metric": "gap",
        "options": {"scale": 2.0},
        "version": 3,
        "extractor": "counting",
        "extractor_id": "counting-7",
        "weights_sha256": "cd" * 32,
        "preprocessing": None,
        "reference": {
            "dataset": "specks",
            "split": "test",
            "n": 3,
            "data_sha256": "ab" * 32,
            "split_sha256": hashlib.sha256(bytes([10] * 12)).hexdigest(),
        },
        "n": 5,
        "values": {"gap-counting": 8.0},
        "directions": {"gap-counting": "lower", "dice-counting": "none"},
        "beside": ["dice-counting"],
        "readings": {
            "gap-counting": {
                "plain": "Difference of the mean features.",
                "scale": "log",
                "resolution": 0.01,
            }
        },
    }


def test_a_metric_without_readings_stores_none(dataset):
    (score,) = Evaluator(dataset).score(Evidence(FAKE, 0), [Scoring(Given({"a": 1, "b": 2}), None)])
    assert score["readings"] == {}


def test_features_are_extracted_once_per_space_and_the_reference_once_for_all(dataset):
    space, evaluator = CountingSpace(), Evaluator(dataset)
    wanted = [Scoring(MeanGap(), space), Scoring(MeanGap(scale=2.0), space)]
    evaluator.score(Evidence(FAKE, 0), wanted)
    assert sorted(space.calls) == [3, 5]
    evaluator.score(Evidence(FAKE, 1), wanted)
    assert sorted(space.calls) == [3, 5, 5]


def test_a_metric_draws_from_a_stream_of_its_own_and_of_the_seed(dataset):
    space = CountingSpace()

    def dice(seed, wanted):
        scores = Evaluator(dataset).score(Evidence(FAKE, seed), wanted)
        return scores[-1]["values"]["dice-counting"]

    alone = [Scoring(MeanGap(), space)]
    assert dice(0, alone) == dice(0, alone)
    assert dice(0, alone) == dice(0, alone * 2)  # whatever was computed before
    assert dice(0, alone) != dice(1, alone)


def test_metrics_see_both_sides_as_the_contract_says(dataset):
    spy = Spy()
    Evaluator(dataset).score(Evidence(FAKE, 0), [Scoring(spy, None)])
    assert spy.fake.samples is FAKE and spy.fake.features is None and spy.fake.labels is None
    assert np.array_equal(spy.real.labels, [0, 1, 1]) and spy.real.mixture is None
    assert spy.real.trajectory is None and spy.fake.trajectory is None
    evidence = Evidence(FAKE, 0, trajectory=np.ones((3, 2)))
    Evaluator(dataset).score(evidence, [Scoring(spy, CountingSpace())])
    assert spy.real.trajectory is None and spy.fake.trajectory.shape == (3, 2)
    assert spy.fake.features.dtype == np.float64 and spy.fake.features.shape == (5, 4)
    assert spy.real.features.shape == (3, 4) and spy.real.logits is None


def test_points_come_with_their_mixture():
    mixture = Mixture(np.zeros((1, 2)), 1.0)
    split = Split("test", np.zeros((4, 2), np.float32))
    spy = Spy()
    Evaluator(Dataset(POINTS, split, split, "", mixture)).score(
        Evidence(np.ones((2, 2), np.float32), 0), [Scoring(spy, None)]
    )
    assert spy.real.mixture is mixture and spy.fake.mixture is mixture


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float32("nan")])
def test_a_value_that_is_no_number_becomes_null(dataset, value):
    (score,) = Evaluator(dataset).score(
        Evidence(FAKE, 0), [Scoring(Given({"a": value, "b": 2}), None)]
    )
    assert score["values"] == {"a": None, "b": 2.0}


def test_numpy_values_become_plain_numbers(dataset):
    values = {"a": np.float32(0.5), "b": np.int64(3)}
    (score,) = Evaluator(dataset).score(Evidence(FAKE, 0), [Scoring(Given(values), None)])
    assert score["values"] == {"a": 0.5, "b": 3.0}
    assert {type(value) for value in score["values"].values()} == {float}


@pytest.mark.parametrize("values", [{}, {"a": 1.0}, {"a": 1.0, "b": 2.0, "c": 3.0}, {"x": 1.0}])
def test_a_metric_that_does_not_give_its_columns_is_refused(dataset, values):
    with pytest.raises(ContractBroken, match="compute\\(\\) returned the columns"):
        Evaluator(dataset).score(Evidence(FAKE, 0), [Scoring(Given(values), None)])


# --------------------------------------------------------------------------- checkpoints, splits


@dataclass(frozen=True)
class Followed(MeanGap):
    """The gap of means at checkpoints too, and what became of it in words."""

    name = "followed"
    columns = {"gap": "lower"}
    beside = frozenset()
    at_checkpoints = True

    def compute(self, real, fake, rng):
        return {"gap": fake.features.mean() - real.features.mean()}

    def verdict(self, history):
        return f"from {history[0]} to {history[-1]}"


@dataclass(frozen=True)
class AskedTraining(Followed):
    name = "asked"
    at_checkpoints = False
    uses_training = True

    def compute(self, real, fake, rng):
        return {"gap": real.training.mean()}


def test_a_metric_of_checkpoints_has_a_curve_a_validation_value_and_a_verdict(dataset):
    validation = Split("validation", np.full((4, 2, 2, 1), 9, np.uint8))
    read = []

    def checkpoint(images):
        def samples():
            read.append(images)
            return FAKE + np.uint8(images)

        return Checkpoint({"images": images, "updates": 1, "train_seconds": 0.5}, samples)

    evidence = Evidence(FAKE, 0, 30, checkpoints=[checkpoint(10), checkpoint(20)])
    space = CountingSpace()
    wanted = [Scoring(Followed(), space), Scoring(MeanGap(), space)]
    followed, final = Evaluator(replace(dataset, validation=validation)).score(evidence, wanted)
    assert [(point["images"], point["values"]) for point in followed["curve"]] == [
        (10, {"gap-counting": 14.0}),
        (20, {"gap-counting": 24.0}),
    ]
    assert [point["validation"] for point in followed["curve"]] == [
        {"gap-counting": 15.0},
        {"gap-counting": 25.0},
    ]
    assert followed["validation"]["values"] == {"gap-counting": 5.0}
    assert followed["validation"]["split"] == "validation" and followed["validation"]["n"] == 4
    assert followed["verdict"] == "from (10, {'gap': 14.0}) to (30, {'gap': 4.0})"
    assert "curve" not in final and "verdict" not in final
    assert read == [10, 20] and sorted(space.calls) == [3, 4, 5, 5, 5]


def test_without_checkpoints_and_validation_there_is_nothing_to_follow(dataset):
    (score,) = Evaluator(dataset).score(Evidence(FAKE, 0), [Scoring(Followed(), CountingSpace())])
    assert score["curve"] == [] and score["validation"] is None


def test_training_features_are_there_for_those_that_ask(dataset):
    train = Split("train", np.full((6, 2, 2, 1), 77, np.uint8))
    spy, space = Spy(), CountingSpace()
    wanted = [Scoring(AskedTraining(), space), Scoring(spy, space)]
    asked, _ = Evaluator(replace(dataset, train=train)).score(Evidence(FAKE, 0), wanted)
    assert asked["values"] == {"gap-counting": 77.0}
    assert spy.real.training is None and sorted(space.calls) == [3, 5, 6]


def test_the_features_of_splits_are_read_from_the_cache(dataset, tmp_path):
    wanted, calls = [Scoring(MeanGap(), CountingSpace())], []
    for _ in range(2):
        space = CountingSpace()
        wanted = [Scoring(MeanGap(), space)]
        scores = Evaluator(dataset, FeatureCache(tmp_path)).score(Evidence(FAKE, 0), wanted)
        calls.append((sorted(space.calls), scores))
    assert calls[0][0] == [3, 5] and calls[1][0] == [5]
    assert calls[0][1] == calls[1][1]


@pytest.mark.parametrize("change", [{"beside": frozenset({"gap"})}, {"needs": "logits"}])
def test_what_no_checkpoint_can_be_chosen_by_has_no_validation_value(dataset, change):
    metric = type("Hidden", (Followed,), change)()
    validation = Split("validation", np.full((4, 2, 2, 1), 9, np.uint8))
    evaluator = Evaluator(replace(dataset, validation=validation))
    (score,) = evaluator.score(Evidence(FAKE, 0), [Scoring(metric, CountingSpace())])
    assert score["validation"] is None
