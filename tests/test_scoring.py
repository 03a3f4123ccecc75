import pytest
from toys import toy_catalog

from ganbench.contracts import Task
from ganbench.errors import ConfigError, UnknownName
from ganbench.scoring import applicable, scorings

IMAGES = Task("specks", "images", (2, 2, 1))
DIGITS = Task("digits", "images", (8, 8, 1), 10)


def names(found):
    return [(item.metric.name, item.extractor.name if item.extractor else None) for item in found]


def needing(needs):
    """Names of the metrics that need it and need not be asked for by name."""
    classes = [entry.cls for entry in toy_catalog().entries("metrics")]
    return {c.name for c in classes if c.needs == needs and getattr(c, "by_default", True)}


def test_a_metric_for_those_who_ask_is_computed_for_them_alone():
    assert "gaussian-kernel" not in {
        name for name, _ in names(scorings(None, DIGITS, toy_catalog()))
    }
    found = names(scorings(["gaussian-kernel"], DIGITS, toy_catalog(), ["pca-digits-v1"]))
    assert found == [("gaussian-kernel", "pca-digits-v1")]


def test_images_are_scored_by_every_metric_in_every_space_that_fits():
    found = names(scorings(None, DIGITS, toy_catalog()))
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
    others = scorings(["frechet"], DIGITS, toy_catalog())
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


def test_the_spaces_that_were_asked_for_are_the_only_ones():
    found = scorings(["frechet", "inception-score"], DIGITS, toy_catalog(), ["cls-digits-v1"])
    assert names(found) == [("frechet", "cls-digits-v1"), ("inception-score", "cls-digits-v1")]
    with pytest.raises(ConfigError, match="'inception-score' needs logits, which 'digits'"):
        scorings(["inception-score"], DIGITS, toy_catalog(), ["pca-digits-v1"])


def test_a_space_that_was_asked_for_has_to_fit():
    with pytest.raises(ConfigError, match="'pixels' does not fit 'digits'"):
        scorings(None, DIGITS, toy_catalog(), ["pixels"])
    with pytest.raises(UnknownName, match="did you mean 'pca-digits-v1'"):
        scorings(None, DIGITS, toy_catalog(), ["pca-digit-v1"])
