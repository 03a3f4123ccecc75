import pytest
from toys import make_record, make_score, make_trial

from ganbench import plots
from ganbench.analysis.column_names import find, resolve
from ganbench.columns import Columns
from ganbench.errors import ConfigError, UnknownName
from ganbench.plan import Plan
from ganbench.rows import group
from ganbench.store import Store
from ganbench.targets import check, parse, reached


def score(metric, space, beside=(), **directions):
    """A score of this metric whose columns all have the value 1."""
    suffix = f"-{space}" if space else ""
    names = {name.replace("_", "-") + suffix: way for name, way in directions.items()}
    return make_score(
        1.0,
        metric=metric,
        extractor=space,
        extractor_id=space and f"{space}-0",
        values=dict.fromkeys(names, 1.0),
        directions=names,
        beside=[name + suffix for name in beside],
    )


def columns(*scores):
    return list(Columns([make_record(make_trial(), scores=scores)]))


DIGITS = columns(
    score("frechet", "random-conv-v1", fd="lower"),
    score("frechet", "cls-digits-v1", fd="lower", fd_floor="none", beside=["fd-floor"]),
    score("frechet", "pca-digits-v1", fd="lower", fd_floor="none", beside=["fd-floor"]),
    score("neighbours", "cls-digits-v1", coverage="higher", precision="higher"),
    score("fidelity-prc", "vgg16", prc_precision="higher", prc_recall="higher"),
    score("inception-score", "cls-digits-v1", **{"is": "higher"}),
    score("dirac", None, radius="lower"),
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("fd-pca-digits-v1", "fd-pca-digits-v1"),
        ("fd-random-conv-v1", "fd-random-conv-v1"),
        ("fd", "fd-cls-digits-v1"),  # neither the general space before it nor the one after it
        ("fd-floor", "fd-floor-cls-digits-v1"),
        ("coverage", "coverage-cls-digits-v1"),
        ("is", "is-cls-digits-v1"),
        ("inception-score", "is-cls-digits-v1"),
        ("frechet", "fd-cls-digits-v1"),
        ("radius", "radius"),
        ("prc-recall", "prc-recall-vgg16"),
    ],
)
def test_a_name_means_the_column_of_the_data_sets_own_space(text, name):
    assert resolve(DIGITS, text).name == name


def test_a_general_space_is_meant_where_there_is_no_other():
    only = columns(score("frechet", "random-conv-v1", fd="lower"))
    assert resolve(only, "fd").name == "fd-random-conv-v1"


def test_an_alias_means_the_column_that_is_called_so_before_the_metric():
    found = columns(score("other", "pixels", fid="lower"), score("fidelity-fid", "vgg", x="lower"))
    assert resolve(found, "fid").name == "fid-pixels"
    assert resolve(found[1:], "fid").name == "x-vgg"


def test_values_that_do_not_compare_are_named_by_their_number():
    older = score("frechet", "pixels", fd="lower") | {"version": 0}
    found = columns(older, score("frechet", "pixels", fd="lower"))
    assert [resolve(found, text).number for text in ("fd", "fd#2", "fd-pixels#2")] == [1, 2, 2]


@pytest.mark.parametrize(
    ("text", "hint"),
    [("fdd", "'fd'"), ("fd-cls-digit-v1", "'fd-cls-digits-v1'"), ("coverige", "'coverage'")],
)
def test_an_unknown_name_is_an_error_with_the_near_one_and_the_short_names(text, hint):
    with pytest.raises(UnknownName) as error:
        resolve(DIGITS, text, "results/x")
    known = "coverage, fd, fd-floor, is, prc-precision, prc-recall, precision, radius"
    assert str(error.value) == (
        f"no column named {text!r} in results/x; did you mean {hint}? (known: {known})"
    )
    assert find(DIGITS, text) is None


@pytest.mark.parametrize("text", ["prc", "fidelity-prc"])
def test_a_metric_of_several_columns_is_an_error_that_names_them(text):
    with pytest.raises(ConfigError, match="columns prc-precision, prc-recall; name one"):
        resolve(DIGITS, text)
    assert find(DIGITS, text) is None


def test_the_alias_of_a_metric_without_scores_names_the_command_that_adds_them():
    with pytest.raises(
        ConfigError, match="fidelity-kid, which has no scores in results/x; `ganbench score DIR"
    ):
        resolve(DIGITS, "kid", "results/x")


# --------------------------------------------------------------------------- two data sets


def record_of(dataset, space):
    way = {"images": 40, "updates": 10, "train_seconds": 0.2, "validation": None}
    follow = {"curve": [{**way, "values": {f"fd-{space}": 3.0}}]}
    trial = make_trial(f"t-{dataset}", dataset=dataset)
    reference = {**make_score(0)["reference"], "dataset": dataset}
    own = score("frechet", space, fd="lower") | follow | {"reference": reference}
    return trial, make_record(trial, scores=[own])


@pytest.fixture
def two():
    """A folder's trials and records: two data sets, each with a space of its own."""
    return [record_of("digits", "cls-digits-v1"), record_of("fashion", "cls-fashion-v1")]


def test_a_short_name_is_the_column_of_each_data_set(tmp_path, two):
    store = Store(tmp_path)
    store.prepare()
    for trial, record in two:
        store.trial_folder(trial.id)
        store.publish(record)
    store.write_manifest(Plan([trial for trial, _ in two], []), "two")
    drawn = [path.name for path in plots.draw(store, tmp_path / "plots", ["fd"]).paths]
    for name in ("cls-digits-v1", "cls-fashion-v1"):
        assert any(f"fd-{name}" in file for file in drawn)


def test_a_target_of_a_short_name_is_followed_in_each_data_set(two):
    target = parse("fd=2")
    check([target], [record for _, record in two])
    for trial, record in two:
        (row,) = group([trial], {record.id: record})
        assert reached(row, target)["fd_to_2_images"] == 60  # half-way from 3 at 40 to 1 at 80
