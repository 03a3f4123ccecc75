from functools import cache

import numpy as np
import pytest

from ganbench.contracts import Chunk, FeatureSet
from ganbench_baselines.plugin import ganbench_models
from ganbench_datasets.digits import Digits
from ganbench_extractors.plugin import ganbench_extractors
from ganbench_metrics import health
from ganbench_metrics.frechet import fitted, frechet_distance
from ganbench_metrics.health import Health
from ganbench_metrics.memorisation import Memorisation
from ganbench_metrics.neighbours import Neighbours

SPACES = ["cls-digits-v1", "pca-digits-v1"]
HEALTHY = {"fd": 0.02, "coverage": 0.9, "spacing": 1.0, "variety": 1.0, "copied": 0.0}


def rng(seed=0):
    return np.random.Generator(np.random.Philox(key=seed))


def sides(reference, generated, training=None):
    real = FeatureSet(samples=reference, features=reference, training=training)
    return real, FeatureSet(samples=generated, features=generated)


def compute(reference, generated, training=None):
    return Health().compute(*sides(reference, generated, training), rng())


@cache
def features(space_name):
    """Digits in one space: training, reference, and what each baseline generates."""
    space = next(e() for e in ganbench_extractors() if e.name == space_name)
    dataset = Digits().load(None)
    samples = {"training": dataset.train.samples, "reference": dataset.reference.samples}
    batches = rng(1).permutation(dataset.train.samples)[:960].reshape(15, 1, 64, 8, 8, 1)
    nothing = (None,) * 5
    for cls in ganbench_models():
        model = cls()
        trainer = model.trainer(None, (), dataset.task, {}, None)
        trainer.train(Chunk(0, batches, *nothing, None, {}, {}, np.zeros(15)))
        noise = rng(2).normal(size=(797, model.step(dataset.task).latent_size))
        samples[model.name] = trainer.sample(noise.astype(np.float32), None)
    few = dataset.reference.samples[rng(3).integers(10, size=797)]
    noisy = few + 8 * rng(4).normal(size=few.shape)
    samples["ten images"] = np.clip(noisy, 0, 255).astype(np.uint8)
    return {name: space.extract(images)[0].astype(np.float64) for name, images in samples.items()}


# --------------------------------------------------------------------------- indicators


def test_the_indicators_are_the_metrics_they_are_named_after():
    reference, generated = rng(1).normal(size=(300, 5)), 1.4 * rng(2).normal(size=(300, 5))
    training = rng(3).normal(size=(400, 5))
    generated[:60] = training[:60]
    result = compute(reference, generated, training)
    first, second = fitted(reference), fitted(generated)
    variance = np.trace(np.cov(reference.T))
    assert result["health-fd"] == pytest.approx(frechet_distance(first, second) / variance)
    assert result["health-variety"] == pytest.approx(np.trace(np.cov(generated.T)) / variance)
    both = sides(reference, generated, training)
    assert result["health-coverage"] == Neighbours().compute(*both, rng())["coverage"]
    assert result["health-copied"] == Memorisation().compute(*both, rng())["copied"]
    assert result["health-spacing"] == pytest.approx(1.3, abs=0.15)


def test_a_few_samples_stand_for_many():
    reference, generated = rng(1).normal(size=(5000, 4)), rng(2).normal(size=(6000, 4))
    result = compute(reference, generated, rng(3).normal(size=(3000, 4)))
    assert result["health-coverage"] == pytest.approx(1 - 2**-5, abs=0.02)
    assert result["health-spacing"] == pytest.approx(1, abs=0.05)
    assert result["health-copied"] < 0.005


def test_what_cannot_be_known_is_nan():
    unknown = compute(rng(1).normal(size=(5, 2)), rng(2).normal(size=(5, 2)))
    assert [name for name, value in unknown.items() if np.isnan(value)] == [
        *("health-coverage", "health-spacing", "health-copied")
    ]
    flat = compute(np.ones((9, 2)), rng(2).normal(size=(9, 2)))
    assert np.isnan([flat["health-fd"], flat["health-variety"], flat["health-spacing"]]).all()


@pytest.mark.parametrize("space", SPACES)
def test_real_digits_of_neither_split_are_healthy(space):
    digits = features(space)
    order = rng().permutation(797)
    halves = digits["reference"][order[:398]], digits["reference"][order[398:]]
    result = compute(*halves, digits["training"])
    assert Health().verdict([(1000, result)]) == ""
    assert result["health-fd"] < 0.04 and result["health-copied"] == 0


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize(
    ("generator", "words"),
    [
        ("pixel-gaussian", ""),
        ("memorizer", "memorising"),
        ("real", "memorising"),
        ("ten images", "collapsed"),
    ],
)
def test_baselines_on_digits_get_the_verdict_they_deserve(space, generator, words):
    digits = features(space)
    result = compute(digits["reference"], digits[generator], digits["training"])
    assert Health().verdict([(1000, result)]) == words


# --------------------------------------------------------------------------- the verdict


def verdict(*looks, step=8000, **constant):
    """The verdict on a course: one look for each dictionary of what is unlike a healthy one."""
    history = [
        (
            step * number,
            {f"health-{key}": value for key, value in {**HEALTHY, **constant, **look}.items()},
        )
        for number, look in enumerate(looks, 1)
    ]
    return Health().verdict(history)


def distances(*values, **constant):
    return verdict(*({"fd": value} for value in values), **constant)


def test_a_course_that_improves_has_no_verdict():
    assert distances(1.2, 0.4, 0.1, 0.05, 0.04, 0.05, 0.04) == ""
    assert Health().verdict([]) == ""


COLLAPSE = {"fd": 0.9, "spacing": 0.05, "variety": 0.3}


def test_a_collapse_is_dated_from_the_first_look_that_all_later_ones_confirm():
    good = {}
    assert verdict(good, good, COLLAPSE, COLLAPSE) == "collapsed since 24k images"
    assert verdict(good, COLLAPSE, good, COLLAPSE) == "collapsed since 32k images"
    assert verdict({"fd": 1.5}, COLLAPSE, COLLAPSE) == "collapsed since 16k images"


def test_what_has_recovered_by_the_end_is_not_told():
    assert verdict(COLLAPSE, COLLAPSE, {}) == ""
    assert distances(0.1, 0.05, 0.9, 0.05) == ""


def test_either_spacing_or_variety_tells_of_a_collapse():
    assert verdict({}, {"spacing": 0.19}) == "collapsed since 16k images"
    assert verdict({}, {"spacing": 0.21}) == ""
    assert verdict({}, {"variety": 0.04}) == "collapsed since 16k images"
    assert verdict({}, {"variety": 0.06}) == ""


def test_a_course_away_from_its_best_has_diverged():
    assert distances(1.0, 0.1, 0.05, 0.2, 0.4, 0.8) == "diverged since 32k images"
    assert distances(1.0, 0.1, 0.05, 0.14) == ""  # less than three times the best
    assert distances(1.0, 0.02, 0.01, 0.09) == ""  # a good model still
    assert distances(0.02, 0.3, 0.05, 0.3) == "diverged since 32k images"


def test_a_course_that_never_improves_is_stuck():
    assert distances(1.1, 1.0, 1.05, 1.0) == "stuck"
    assert distances(1.1, 1.0, 1.05, 1.0, spacing=0.01, variety=0.0) == "stuck"
    assert distances(1.1, 1.0) == ""  # too early to say
    assert distances(1.1, 0.8, 0.8) == ""  # slow, but moving
    assert distances(0.2, 0.2, 0.2) == ""  # good enough from the start


def test_copies_come_first():
    looks = [{}, {"copied": 0.05}, {"copied": 0.3}, {"copied": 0.9, **COLLAPSE}]
    assert verdict(*looks) == "memorising since 24k images"


def test_values_that_are_not_known_say_nothing():
    assert verdict({}, {"fd": None, "spacing": None, "variety": None, "copied": None}) == ""
    assert verdict({}, {"fd": np.nan, "spacing": np.nan, "variety": np.nan, "copied": np.nan}) == ""
    assert distances(None, 0.05, 0.5) == "diverged since 24k images"
    assert distances(None, 1.0, 1.0, 1.0) == ""
    assert Health().verdict([(5, {}), (6, {})]) == ""


@pytest.mark.parametrize(
    ("step", "text"), [(40, "80"), (700, "1.4k"), (12_000, "24k"), (750_000, "1.5M")]
)
def test_numbers_of_images_are_short(step, text):
    assert verdict({}, COLLAPSE, step=step) == f"collapsed since {text} images"


# --------------------------------------------------------------------------- thresholds


def test_the_thresholds_are_stated_with_the_numbers_that_decide():
    assert Health.thresholds == {
        "memorising": "health-copied is at least 0.1.",
        "stuck": (
            "health-fd is at least 0.25, and at least 0.8 times its first value, at every look, "
            "of 3 or more."
        ),
        "collapsed": "health-spacing is below 0.2 or health-variety is below 0.05.",
        "diverged": (
            "health-fd is at least 0.1 and more than 3 times its least value at earlier looks."
        ),
    }
    assert verdict({}, {"copied": 0.1}) == "memorising since 16k images"
    assert verdict({}, {"copied": 0.099}) == ""
    assert distances(0.3, 0.3, 0.25) == "stuck" and distances(0.3, 0.3, 0.24) == ""
    assert distances(1.0, 1.0, 0.8) == "stuck" and distances(1.0, 1.0, 0.79) == ""
    assert distances(0.03, 0.1) == "diverged since 16k images" and distances(0.03, 0.09) == ""
    assert verdict({}, {"spacing": 0.2}) == "" == verdict({}, {"variety": 0.05})


def test_every_verdict_has_a_threshold_in_the_order_in_which_they_are_tried():
    assert list(Health.thresholds) == list(health._STATES)
