import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner
from toys import TOY

from ganbench import plugins, validation
from ganbench import validation_verdicts as verdicts
from ganbench.cli import main
from ganbench.errors import ConfigError, NothingMatched, PluginError, UnknownName
from ganbench.scoring import Scoring, every_scoring
from ganbench.validation import Key, Measurements
from ganbench.validation_verdicts import BROKEN, HELD, UNDECIDED, Response
from ganbench_datasets.digits import Digits
from ganbench_extractors.classifiers import ClassifierDigits
from ganbench_extractors.principal_components import ComponentsDigits
from ganbench_metrics.frechet import FrechetDistance

REPORTS = sorted(
    (Path(__file__).resolve().parents[1] / "results" / "metric-validation").glob("*/report.json")
)
SPACES = (ClassifierDigits(), ComponentsDigits())
CLEAR = {"blur", "shift", "dropped-classes"}  # that even 398 digits show


@dataclass(frozen=True)
class Right(FrechetDistance):
    """Promises what it keeps, some of it only on more images than the digits are."""

    name = "right"
    columns = {"fd": "lower", "fd-floor": "none"}
    beside = frozenset()
    sees = {"fd": frozenset({*CLEAR, "contamination", "duplication"})}
    ignores = {"fd": frozenset({"training-copies"})}

    def compute(self, real, fake, rng):
        values = super().compute(real, fake, rng)
        return {column: values[column] for column in ("fd", "fd-floor")}


@dataclass(frozen=True)
class Numb(Right):
    """Broken: gives the same number for everything."""

    name = "numb"

    def compute(self, real, fake, rng):
        return {"fd": 1.0, "fd-floor": 1.0}


@dataclass(frozen=True)
class Inverted(Right):
    """Broken: the wrong direction is called better."""

    name = "inverted"
    columns = {"fd": "higher", "fd-floor": "none"}


@dataclass(frozen=True)
class Dice(Right):
    """Broken: looks at nothing."""

    name = "dice"

    def compute(self, real, fake, rng):
        return {"fd": float(fake.features.sum()) % 1, "fd-floor": 0.5}


@dataclass(frozen=True)
class OneSided(Right):
    """Broken: compares means alone, so that it cannot see what keeps them; its floor is too low."""

    name = "one-sided"
    sees = {"fd": frozenset({"duplication"})}

    def compute(self, real, fake, rng):
        gap = real.features.mean(axis=0) - fake.features.mean(axis=0)
        floor = super().compute(real, fake, rng)["fd-floor"]
        return {"fd": float(gap @ gap), "fd-floor": floor}


@dataclass(frozen=True)
class Thin(Right):
    """Broken: says that it ignores what it sees, and sees what it ignores."""

    name = "thin"
    sees = {"fd": frozenset({"training-copies"})}
    ignores = {"fd": frozenset(CLEAR)}


@dataclass(frozen=True)
class LovesCopies(Right):
    """Broken: prefers few different images, so that the memorizer is better than real data."""

    name = "loves-copies"
    sees = {"unique": frozenset({"duplication"})}
    columns = {"unique": "lower"}
    ignores = {}

    def compute(self, real, fake, rng):
        return {"unique": float(len(np.unique(fake.features, axis=0)))}


METRICS = [Right(), Numb(), Inverted(), Dice(), OneSided(), Thin(), LovesCopies()]


@pytest.fixture(scope="module")
def measured():
    wanted = [Scoring(metric, space) for metric in METRICS for space in SPACES]
    said = []
    found = validation.measure(Digits().load(None), wanted, plugins.load(), None, said.append)
    return SimpleNamespace(wanted=wanted, found=found, said=said)


@pytest.fixture(scope="module")
def checks(measured):
    return verdicts.judge(measured.wanted, measured.found)


def outcomes(checks, metric, promise):
    return {c.subject: c.outcome for c in checks if (c.metric, c.promise) == (metric, promise)}


# --------------------------------------------------------------------------- on the digits


def test_every_draw_has_its_own_real_side_and_corruptions_start_at_its_clean_images(measured):
    found = measured.found
    assert found.count == 398
    assert [len(found.clean), *map(len, found.smaller.values())] == [10, 10, 10]
    key = Key("right", "fd", "pca-digits-v1")
    assert len({values[key] for values in found.clean}) == 10
    assert set(found.corrupted) == {item.name for item in validation.CORRUPTIONS}
    for seeds in found.corrupted.values():
        assert [levels[0][key] for levels in seeds] == [v[key] for v in found.clean[:3]]
    assert measured.said[0] == "[1/46] digits, draw 0: clean"
    assert len(measured.said) == 46


def test_a_right_metric_keeps_its_promises_or_has_too_few_images(checks):
    seen = outcomes(checks, "right", "sees")
    assert {name for name, outcome in seen.items() if outcome == HELD} >= CLEAR
    assert set(seen.values()) <= {HELD, UNDECIDED}
    assert outcomes(checks, "right", "ignores") == {"training-copies": HELD}
    assert outcomes(checks, "right", "floor") == {"": HELD}
    assert outcomes(checks, "right", "order") == {"memorizer": HELD, "pixel-gaussian": HELD}


@pytest.mark.parametrize("name", ["numb", "inverted", "dice"])
def test_a_metric_that_measures_nothing_or_the_opposite_breaks_every_promise(checks, name):
    assert set(outcomes(checks, name, "sees").values()) == {BROKEN}
    assert set(outcomes(checks, name, "order").values()) == {BROKEN} or name == "dice"


def test_a_metric_that_measures_something_else_breaks_its_promises(checks):
    assert outcomes(checks, "one-sided", "floor") == {"": BROKEN}
    assert outcomes(checks, "thin", "sees") == {"training-copies": BROKEN}
    assert set(outcomes(checks, "thin", "ignores").values()) == {BROKEN}
    assert outcomes(checks, "loves-copies", "sees") == {"duplication": BROKEN}
    assert outcomes(checks, "loves-copies", "order") == {"memorizer": BROKEN}


def test_a_column_whose_lower_values_are_better_is_not_worse_when_it_falls(measured):
    key = Key("inverted", "fd", "pca-digits-v1")
    right = verdicts.response(key, "lower", "blur", measured.found)
    wrong = verdicts.response(key, "higher", "blur", measured.found)
    assert right.spearman == [1, 1, 1] and wrong.spearman == [-1, -1, -1]
    assert right.rise == -wrong.rise > 0
    assert right.worsens(last=True) and not wrong.worsens(last=True)


# --------------------------------------------------------------------------- the rules


def make_response(**changes):
    """One that sees: every rank right, five deviations at the moderate level."""
    return replace(Response("space", [1.0, 1.0, 1.0], 5.0, 0.1, 20.0, 0.1, 1.0), **changes)


CLEARLY = make_response()


@pytest.mark.parametrize(
    ("responses", "outcome"),
    [
        ([CLEARLY], HELD),
        ([CLEARLY, make_response(spearman=[0.9, 0.9, 0.9], rise=0.0)], HELD),
        ([make_response(rise=3.0)], BROKEN),  # it takes more than three
        ([make_response(rise=1e-9, floor_deviation=0.0)], HELD),
        ([make_response(rise=0.0, floor_deviation=0.0)], BROKEN),
        ([CLEARLY, make_response(spearman=[0.9, 0.9, 0.8])], BROKEN),
        ([make_response(spearman=[1.0, 1.0, 0.9])], BROKEN),  # no space gets every seed right
        ([make_response(rise=math.nan)], BROKEN),
    ],
)
def test_what_is_seen(responses, outcome):
    assert verdicts.sees(responses, count=1000) == outcome


@pytest.mark.parametrize(
    ("response", "outcome"),
    [
        (make_response(rise=1.0), UNDECIDED),
        (make_response(rise=1.0, spearman=[0.3, 0.9, 1.0]), UNDECIDED),
        (make_response(rise=1.0, final_rise=3.0), BROKEN),
        (make_response(rise=1.0, spearman=[-0.1, 1.0, 1.0]), BROKEN),
        (CLEARLY, HELD),
    ],
)
def test_few_images_excuse_what_the_floor_hides_and_nothing_else(response, outcome):
    assert verdicts.sees([response], count=999) == outcome
    if outcome == UNDECIDED:
        assert verdicts.sees([response], count=1000) == BROKEN


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"final_rise": 3.0}, HELD),
        ({"final_rise": -50.0}, HELD),  # better is not worse
        ({"final_rise": 3.1}, BROKEN),
        ({"final_rise": 3.1, "final_error": 1.1}, HELD),  # seeds differ by as much
        ({"final_rise": 1e-9, "floor_deviation": 0.0, "final_error": 0.0}, BROKEN),
        ({"final_rise": math.nan}, BROKEN),
    ],
)
def test_what_is_ignored(changes, outcome):
    responses = [make_response(final_rise=0.0), make_response(**changes)]
    assert verdicts.ignores(responses, count=1000) == outcome


def test_few_images_excuse_what_only_the_last_level_worsens():
    assert verdicts.ignores([make_response(rise=1.0)], count=999) == UNDECIDED
    assert verdicts.ignores([CLEARLY], count=999) == BROKEN


def test_spearman_knows_ties_constants_and_what_is_no_number():
    assert verdicts.spearman(np.array([0.0, 1, 3, 7, 9])) == pytest.approx(1)
    assert verdicts.spearman(np.array([9.0, 7, 3, 1, 0])) == pytest.approx(-1)
    assert verdicts.spearman(np.array([0.0, 2, 1, 3, 4])) == pytest.approx(0.9)
    assert verdicts.spearman(np.array([0.0, 0, 0, 0, 1])) == pytest.approx(math.sqrt(0.5))
    assert verdicts.spearman(np.ones(5)) == 0
    assert verdicts.spearman(np.array([0.0, 1, math.nan, 3, 4])) == 0
    assert verdicts.spearman(np.array([0.0, 1, 2, 3, math.inf])) == 0


@pytest.mark.parametrize(("slope", "outcome"), [(1.0, HELD), (1.14, HELD), (1.2, BROKEN)])
def test_a_floor_is_held_against_clean_images_on_every_number_of_them(slope, outcome):
    fd, floor = Key("m", "fd", None), Key("m", "fd-floor", None)
    draws = {n: [{fd: slope * 10 / n, floor: 10 / n}] * 3 for n in (100, 50, 25)}
    found = Measurements(100, clean=draws.pop(100), smaller=draws)
    metric = SimpleNamespace(name="m", columns={"fd": "lower", "fd-floor": "none"})
    (check,) = verdicts.judge([Scoring(metric, None)], found)
    assert (check.promise, check.outcome) == ("floor", outcome)
    assert f"slope over 1/n {slope:.2f} ± 0.00" in check.told


@pytest.mark.parametrize(("lacking", "outcome"), [(25, HELD), (100, BROKEN)])
def test_a_metric_may_have_no_value_on_the_fewest_images_alone(lacking, outcome):
    fd, floor = Key("m", "fd", None), Key("m", "fd-floor", None)
    draws = {n: [{fd: math.nan if n == lacking else 10 / n, floor: 10 / n}] * 3 for n in (100, 25)}
    found = Measurements(100, clean=draws.pop(100), smaller=draws)
    metric = SimpleNamespace(name="m", columns={"fd": "lower", "fd-floor": "none"})
    (check,) = verdicts.judge([Scoring(metric, None)], found)
    assert check.outcome == outcome


def test_a_floor_that_draws_do_not_settle_is_undecided():
    assert verdicts.agrees(1.2, 0.03) == UNDECIDED
    assert verdicts.agrees(1.2, 0.02) == BROKEN
    assert verdicts.agrees(0.8, 0.02) == BROKEN
    assert verdicts.agrees(0.86, 0.0) == HELD
    assert verdicts.agrees(math.nan, math.nan) == BROKEN


@pytest.mark.parametrize(
    ("promise", "message"),
    [
        ({"fd": frozenset({"smear"})}, "no corruption is named 'smear'"),
        ({"fd-floor": frozenset({"blur"})}, "no column of which a direction is better"),
        ({"fid": frozenset({"blur"})}, "no column of which a direction is better"),
    ],
)
def test_promises_that_cannot_be_kept_are_refused(promise, message):
    metric = FrechetDistance()
    object.__setattr__(metric, "ignores", promise)
    with pytest.raises(PluginError, match=f"'frechet': ignores of .*{message}"):
        verdicts.refuse_impossible([Scoring(metric, None)])


# --------------------------------------------------------------------------- what is asked for


def test_metrics_and_spaces_can_be_chosen():
    catalog = plugins.load([TOY])
    digits = Digits().load(None)
    found = validation.choose(["frechet"], ["pca-digits-v1"], digits, catalog)
    assert [(item.metric.name, item.extractor.name) for item in found] == [
        ("frechet", "pca-digits-v1")
    ]
    with pytest.raises(UnknownName, match="did you mean"):
        validation.choose([], ["pca-digit"], digits, catalog)
    with pytest.raises(ConfigError, match="does not fit"):
        validation.choose([], ["pca-fashion-v1"], digits, catalog)
    with pytest.raises(NothingMatched):
        validation.choose([], [], catalog.get("datasets", "dots")().load(None), catalog)


@pytest.mark.parametrize("count", [5, 399])
def test_sides_fit_into_the_reference(count):
    digits = Digits().load(None)
    with pytest.raises(ConfigError, match="at most half"):
        validation.measure(digits, [], plugins.load(), count, print)


def test_a_large_reference_leaves_spare_images():
    assert validation.images_a_side(10_000) == 2500
    assert validation.images_a_side(797) == 398


# --------------------------------------------------------------------------- the command


def invoke(*arguments):
    return CliRunner().invoke(main, ["validate-metrics", *map(str, arguments)])


def test_the_command_writes_a_report_and_pictures(tmp_path):
    options = ["--metric", "frechet", "--extractor", "pca-digits-v1", "--format", "json"]
    done = invoke(*options, "--out", tmp_path)
    assert done.exit_code == 0, done.stderr
    (report,) = json.loads(done.stdout)
    folder = tmp_path / "digits"
    assert json.loads((folder / "report.json").read_text()) == report
    assert report["images_a_side"] == 398 and report["reference_images"] == 797
    fd, floor, *_ = report["columns"]
    assert fd["column"] == "fd" and fd["direction"] == "lower" and floor["direction"] == "none"
    blur = np.array(fd["corrupted"]["blur"])
    assert blur.shape == (3, 5) and (np.diff(blur) > 0).all()
    page = (folder / "report.md").read_text()
    assert "| floor | fd |  | held | pca-digits-v1: value / floor at n=398 0.91 ± " in page
    names = {"corruptions", *report["corruptions"]}
    pictures = {f"{name}.{suffix}" for name in names for suffix in ("png", "svg")}
    assert {path.name for path in folder.iterdir()} == {*pictures, "report.json", "report.md"}
    assert "[46/46] digits, draw 9: clean" in done.stderr


def test_a_broken_promise_is_told_and_ends_with_four(tmp_path):
    file = tmp_path / "wrong.py"
    file.write_text(
        "import ganbench\n"
        "class Wrong:\n"
        "    name, version, needs = 'wrong', 1, 'images'\n"
        "    columns = {'brightness': 'higher'}\n"
        "    sees = {'brightness': frozenset({'noise'})}\n"
        "    def compute(self, real, fake, rng):\n"
        "        return {'brightness': float(fake.samples.mean())}\n"
        "@ganbench.hookimpl\n"
        "def ganbench_metrics():\n"
        "    return [Wrong]\n"
    )
    done = invoke("--plugin", file, "--metric", "wrong", "--out", tmp_path / "out")
    assert done.exit_code == 4
    assert "digits: sees brightness noise broken images: Spearman" in done.stderr
    assert "2 promises: 2 broken" in done.stdout  # noise, and a grey image is brighter than real


def test_points_have_nothing_to_corrupt(tmp_path):
    done = invoke("--dataset", "ring", "--out", tmp_path)
    assert done.exit_code == 5
    assert "no metric that was asked for scores images of ring" in done.stderr


# --------------------------------------------------------------------------- committed reports


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.parent.name)
def test_committed_reports_hold_no_broken_promise_and_are_of_the_present_metrics(path):
    report = json.loads(path.read_text())
    assert [check for check in report["checks"] if check["outcome"] == BROKEN] == []
    catalog = plugins.load()
    task = catalog.get("datasets", report["dataset"])().task()
    present = [told(scoring) for scoring in every_scoring(task, catalog)]
    recorded = [{**metric, "sources": None} for metric in report["metrics"]]
    assert recorded == present
    for item in validation.CORRUPTIONS:
        assert report["corruptions"][item.name]["levels"] == list(item.levels)


def told(scoring):
    """A metric as a report tells it, but for its sources, which other metrics share."""
    from ganbench.validation_report import metric_of

    return json.loads(json.dumps({**metric_of(scoring), "sources": None}))


def test_both_image_data_sets_have_a_report():
    assert [path.parent.name for path in REPORTS] == ["digits", "fashion-mnist"]
