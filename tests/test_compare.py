import json
import math
from dataclasses import replace

import pytest
from click.testing import CliRunner
from scipy import stats
from toys import make_record, make_score, make_trial

from ganbench import compare_table, costs, fail_on, measured
from ganbench.cli import main
from ganbench.compare import compare
from ganbench.errors import ConfigError, NothingMatched, UnknownName
from ganbench.plan import Plan
from ganbench.store import Store

BASE = [10.0, 11.0, 12.0, 13.0, 14.0, 12.0]
QUALITY, SPEED = "fd-pixels", "images_per_second"


def runs(values, *, score=None, training=None, status="failed", environment=None, **changes):
    """A row's trials and records, a seed for each value; None is a run that broke."""
    found = []
    for seed, value in enumerate(values):
        labels = [str(text) for text in changes.values()]
        trial = make_trial("-".join(["t", *labels, str(seed)]), seed=seed, **changes)
        if value is None:
            found.append((trial, make_record(trial, status=status, reason="broke")))
            continue
        scores = [make_score(value, **(score or {}))]
        made = make_record(trial, scores=scores, environment=environment, **(training or {}))
        found.append((trial, made))
    return found


def sides(*rows):
    pairs = [pair for row in rows for pair in row]
    return measured.sides([trial for trial, _ in pairs], [found for _, found in pairs if found])


def held(a, b):
    return compare(sides(*a), sides(*b))


def only(report, column=QUALITY):
    (found,) = (item for item in report.comparisons if item.column.name == column)
    return found


def scaled(values, factor):
    return [value * factor for value in values]


def write(folder, *rows):
    """A folder of results of these rows."""
    store = Store(folder)
    store.prepare()
    pairs = [pair for row in rows for pair in row]
    for trial, found in pairs:
        if found:
            store.trial_folder(trial.id)
            store.publish(found)
    store.write_manifest(Plan([trial for trial, _ in pairs], []), folder.name)
    return folder


@pytest.fixture
def invoke(tmp_path):
    """Run `compare` on two folders of these rows."""

    def run(a, b, *options):
        folders = write(tmp_path / "a", *a), write(tmp_path / "b", *b)
        return CliRunner().invoke(main, ["compare", *map(str, folders), *options])

    return run


# --------------------------------------------------------------------------- numbers


def test_shared_seeds_are_compared_in_pairs_with_the_numbers_of_scipy():
    new = [11.0, 11.5, 13.5, 13.0, 16.0, 12.5]
    found = only(held([runs(BASE)], [runs(new)]))
    # Differences 1, .5, 1.5, 0, 2, .5: mean 5.5/6.
    assert (found.mean_a, found.mean_b) == (12.0, pytest.approx(77.5 / 6))
    assert found.is_paired and found.difference.n == 6
    assert found.difference.mean == pytest.approx(5.5 / 6)
    assert found.relative == pytest.approx(5.5 / 72)
    expected = stats.ttest_rel(new, BASE)
    low, high = expected.confidence_interval()
    assert found.p == pytest.approx(expected.pvalue) and 0.01 < found.p < 0.05
    assert (found.difference.low, found.difference.high) == (
        pytest.approx(low),
        pytest.approx(high),
    )
    assert found.word == "worse"
    assert only(held([runs(new)], [runs(BASE)])).word == "better"


def test_fewer_shared_seeds_are_compared_as_two_samples():
    new = [pair for pair in runs([0.0] * 5 + [13.0, 14.0, 15.0, 13.5, 14.5]) if pair[0].seed > 4]
    found = only(held([runs(BASE)], [new]))
    assert not found.is_paired and found.difference.mean == pytest.approx(2.0)
    values = [13.0, 14.0, 15.0, 13.5, 14.5]
    assert found.p == pytest.approx(stats.ttest_ind(values, BASE, equal_var=False).pvalue)
    assert (len(found.points_a), len(found.points_b)) == (6, 5)


def test_means_are_those_of_the_shared_seeds():
    found = only(held([runs([*BASE, 100.0])], [runs(BASE)]))
    assert found.mean_a == found.mean_b == 12.0 and found.difference.mean == 0


def test_four_runs_have_points_and_no_interval():
    found = only(held([runs([1.0, 2.0, 3.0, 4.0])], [runs([2.0, 3.0, 4.0, 5.0])]))
    assert found.word == "too few runs"
    assert found.difference.mean == 1.0 and found.difference.low is None and found.p is None
    assert found.points_b == (2.0, 3.0, 4.0, 5.0)


def test_p_values_are_adjusted_for_the_rows_of_a_column():
    new = [11.0, 11.5, 13.5, 13.0, 16.0, 12.5]
    rows = [runs(BASE, model=model) for model in "abc"]
    report = held(rows, [runs(new, model="a"), runs(BASE, model="b"), runs(BASE, model="c")])
    ours = [item for item in report.comparisons if item.column.name == QUALITY]
    alone = stats.ttest_rel(new, BASE).pvalue
    assert [item.p for item in ours] == [pytest.approx(3 * alone), 1.0, 1.0]
    assert ours[0].difference.p == pytest.approx(alone)
    assert [item.word for item in ours] == ["not distinguishable"] * 3  # 3 x 0.025


def test_a_column_without_better_or_worse_is_only_different():
    score = {"values": {"x": 1.0}, "directions": {"x": "none"}, "beside": ["x"]}
    a = [runs([None, *BASE], score=score)]
    b = [runs([None, *BASE], score={**score, "values": {"x": 2.0}})]
    found = only(held(a, b), "x")
    assert found.word == "different" and found.difference.mean == 1.0
    assert found.difference.improvement is None
    assert len(found.points_a) == 6  # failures have no worst value to count as


# --------------------------------------------------------------------------- costs and failures


def test_costs_are_compared_with_their_own_directions():
    fast = {"timed_images": 60, "train_seconds": 0.25, "peak_memory_mib": 200.0}
    report = held([runs(BASE)], [runs(BASE, training=fast)])
    assert only(report, SPEED).word == "better" and only(report, SPEED).mean_b == 240
    assert only(report, "peak_memory_mib").word == "worse"
    assert only(report, "compile_seconds").word == "not distinguishable"


def test_failures_count_as_the_worst_value_of_either_folder():
    a = [runs(BASE), runs([50.0] * 6, model="other")]
    b = [runs([10.0, None, 12.0, 13.0, 14.0, 12.0]), runs([30.0] * 6, model="other")]
    report = held(a, b)
    (found, _) = (item for item in report.comparisons if item.column.name == QUALITY)
    assert found.points_b == (10.0, 50.0, 12.0, 13.0, 14.0, 12.0)
    assert found.difference.mean == pytest.approx(39 / 6)
    pair = report.pairs[0]
    assert (pair.a.failure_rate, pair.b.failure_rate) == (0, 1 / 6)
    assert pair.has_new_failures and not report.pairs[1].has_new_failures
    assert len(only(held(a[:1], b[:1]), SPEED).points_b) == 5  # no cost of what broke off
    text = compare_table.to_markdown(report, [])
    assert (
        "! toy toy hinge specks: failed 0/6 in A, 1/6 in B" in text
        and "0/6,\u00a01/6\u00a0!" in text
    )


def test_interrupted_and_unscored_runs_are_no_failures():
    interrupted = runs([*BASE, None], status="interrupted")
    (trial, found), *others = runs(BASE)
    unscored = [(trial, replace(found, scores=[])), *others]
    report = held([interrupted], [unscored])
    assert report.pairs[0].a.failure_rate == 0 and report.pairs[0].a.missing == 1
    found = only(report)
    assert found.note == "B has a value of 5 of 6 runs" and len(found.points_b) == 5


def test_a_value_that_is_no_number_is_a_failure_of_its_run():
    b = runs([None, *BASE[1:]])
    trial = b[0][0]
    b[0] = trial, make_record(trial, scores=[make_score(None)])
    assert only(held([runs(BASE)], [b])).points_b[0] == 14.0  # the worst there is


def test_a_row_that_failed_altogether_is_told():
    found = only(held([runs(BASE)], [runs([None] * 6)]))
    assert (found.word, found.reason) == ("not comparable", "every run of B failed")
    assert found.broken == "B"
    assert only(held([runs([None] * 6)], [runs(BASE)])).broken == "A"
    waiting = [(trial, None) for trial, _ in runs(BASE)]
    for unfinished in (waiting, [*waiting[1:], *runs([None])]):
        found = only(held([runs(BASE)], [unfinished]))
        assert (found.reason, found.broken) == ("B has no completed run yet", "")


def without_values(count=6):
    """Runs that completed and of which the metric made no number."""
    trials = [trial for trial, _ in runs([1.0] * count)]
    return [(trial, make_record(trial, scores=[make_score(None)])) for trial in trials]


def test_a_row_without_a_single_number_is_told():
    found = only(held([runs(BASE)], [without_values()]))
    assert (found.reason, found.broken) == ("no run of B has a value", "B")
    assert only(held([without_values()], [runs(BASE)])).broken == "A"
    assert only(held([without_values()], [without_values()])).broken == ""


# --------------------------------------------------------------------------- what is compared

REFERENCE = make_score(1.0)["reference"]
QUALITY_CHANGES = {
    "metric": {"score": {"metric": "other"}},
    "options": {"score": {"options": {"k": 5}}},
    "version": {"score": {"version": 2}},
    "n": {"score": {"n": 21}},
    "extractor_id": {"score": {"extractor_id": "pixels-2"}},
    "weights_sha256": {"score": {"weights_sha256": "3" * 64}},
    "preprocessing": {"score": {"preprocessing": "scaled"}},
    **{
        f"reference {name}": {"score": {"reference": {**REFERENCE, name: value}}}
        for name, value in {
            "dataset": "spots",
            "split": "train",
            "n": 25,
            "data_sha256": "3" * 64,
            "split_sha256": "3" * 64,
        }.items()
    },
    "budget": {"budget": "images=160"},
    "dtype": {"dtype": "float64"},
    "protocol": {"protocol": 2},
}
SPEED_CHANGES = {
    "system": {"environment": {"system": "Linux aarch64"}},
    "cpu": {"environment": {"cpu": "Other"}},
    "cores": {"environment": {"cores": 4}},
    "memory_gib": {"environment": {"memory_gib": 8.0}},
    "device that was used": {"training": {"backend_description": {"device_name": "H100"}}},
    "device of a baseline": {"training": {"backend_description": {"device": "H100"}}},
    "threads": {"threads": 2},
    "device": {"device": "cuda"},
    "dtype": {"dtype": "float64"},
    "budget": {"budget": "images=160"},
    "trials side by side": {"training": {"side_by_side": 2}},
}


@pytest.mark.parametrize("field", QUALITY_CHANGES)
def test_values_that_differ_in_one_thing_are_not_compared(field):
    found = only(held([runs(BASE)], [runs(scaled(BASE, 9.0), **QUALITY_CHANGES[field])]))
    assert found.word == "not comparable" and found.difference is None and found.p is None
    assert found.reason.startswith(f"{field} ") and " against " in found.reason
    assert ";" not in found.reason  # it is the only thing


@pytest.mark.parametrize("field", SPEED_CHANGES)
def test_speeds_of_two_hosts_or_ways_of_running_are_not_compared(field):
    change = SPEED_CHANGES[field]
    told = {"peak_device_memory_mib": 50.0}
    changed = {**change, "training": {**told, **change.get("training", {})}}
    report = held([runs(BASE, training=told)], [runs(BASE, **changed)])
    for cost in costs.COMPARED:
        found = only(report, cost)
        assert found.word == "not comparable" and found.difference is None
        own = ("threads", "device", "dtype", "budget", "trials side by side")
        name = field if field in own else "host"
        assert found.reason.startswith(f"{name} ") and ";" not in found.reason
    is_quality_too = field in QUALITY_CHANGES
    assert (only(report).word == "not comparable") == is_quality_too


def test_a_score_that_does_not_tell_its_weights_equals_no_score_that_does():
    b = runs(BASE)
    for _, found in b:
        del found.scores[0]["weights_sha256"]
        found.scores[0]["reference"]["extra"] = 1
    reason = only(held([runs(BASE)], [b])).reason
    assert reason == "weights_sha256 111111111111… against null; reference extra null against 1"
    assert only(held([b], [b])).word == "not distinguishable"


def test_other_sources_at_the_same_version_are_noted():
    found = only(held([runs(BASE)], [runs(BASE, score={"sources": {"toy": "edited"}})]))
    assert found.word == "not distinguishable"
    assert found.note == "the metric's sources differ at the same version"


def test_rows_are_matched_by_setting_where_there_are_several():
    a = [runs(BASE, budget="images=80"), runs(BASE, budget="images=160")]
    b = [runs(BASE, budget="images=160"), runs(scaled(BASE, 2), budget="images=80")]
    report = held(a, b)
    words = [item.word for item in report.comparisons if item.column.name == QUALITY]
    assert words == ["worse", "not distinguishable"]
    other = held(a, [*b[:1], runs(BASE, budget="images=40")])
    assert [item.word for item in other.comparisons if item.column.name == QUALITY] == [
        "not distinguishable",
        "not comparable",
    ]


def test_one_metric_with_two_options_is_compared_twice():
    def twice(first, second):
        rows = runs(first)
        for (_, found), value in zip(rows, second, strict=True):
            found.scores.append(make_score(value, options={"k": 5}))
        return rows

    report = held([twice(BASE, BASE)], [twice(BASE, scaled(BASE, 2))])
    assert only(report).word == "not distinguishable"
    assert only(report, "fd-pixels#2").word == "worse"


def test_rows_of_one_side_are_listed():
    report = held([runs(BASE), runs(BASE, model="old")], [runs(BASE), runs(BASE, loss="new")])
    assert [side.row.model for side in report.only_a] == ["old"]
    assert [side.row.loss for side in report.only_b] == ["new"]
    text = compare_table.to_markdown(report, [])
    assert "only in A: toy old hinge specks (budget images=80, 20 samples" in text
    with pytest.raises(NothingMatched, match="no row in common"):
        held([runs(BASE)], [runs(BASE, loss="new")])


# --------------------------------------------------------------------------- limits


def judged(report, *texts):
    return [item.verdict for item in fail_on.judge(fail_on.read(texts, report), report)]


@pytest.mark.parametrize(
    ("factor", "limit", "verdict"),
    [
        (1.06, "fd-pixels:+5%", "exceeded"),
        (1.04, "fd-pixels:+5%", "held"),
        (1.0501, "fd-pixels:+5%", "exceeded"),
        (1.0499, "fd-pixels:+5%", "held"),
        (0.5, "fd-pixels:+5%", "held"),  # better by far
        (1.06, "fd-pixels:+0.7", "exceeded"),  # 12.0 x 6 % = 0.72
        (1.06, "fd-pixels:+0.73", "held"),
        (1.06, "fd-pixels:+7e-1", "exceeded"),
    ],
)
def test_a_limit_is_exceeded_beyond_it_and_not_before(factor, limit, verdict):
    assert judged(held([runs(BASE)], [runs(scaled(BASE, factor))]), limit) == [verdict]


def test_a_difference_that_seeds_explain_does_not_exceed_a_limit():
    report = held([runs(BASE)], [runs([10.0, 11.0, 12.0, 13.0, 14.0, 24.0])])
    assert only(report).relative > 0.1
    assert judged(report, "fd-pixels:+5%") == ["unsupported"]
    assert "which holds 0" in compare_table.to_markdown(
        report, fail_on.judge(fail_on.read(("fd-pixels:+5%",), report), report)
    )


def test_few_runs_are_judged_by_their_means_and_it_is_said():
    report = held([runs(BASE[:3])], [runs(scaled(BASE[:3], 1.06))])
    (found,) = fail_on.judge(fail_on.read(("fd-pixels:+5%",), report), report)
    assert found.verdict == "exceeded" and "by the means alone (4 runs or fewer)" in found.text


def test_a_row_that_failed_altogether_exceeds_any_limit():
    broken = [runs([None] * 6)]
    assert judged(held([runs(BASE)], broken), "fd-pixels:+50%") == ["exceeded"]
    assert judged(held([runs(BASE)], broken), f"{SPEED}:-50%") == ["exceeded"]
    assert judged(held(broken, [runs(BASE)]), "fd-pixels:+0%") == ["held"]


def test_a_share_of_nothing_is_nothing():
    report = held([runs([0.0] * 6)], [runs([1.0] * 6)])
    assert judged(report, "fd-pixels:+50%") == ["exceeded"]
    assert only(report).relative is None
    assert judged(held([runs([0.0] * 6)], [runs([0.0] * 6)]), "fd-pixels:+0%") == ["held"]


def test_columns_that_are_better_when_higher_have_limits_below():
    score = {"values": {"classes-pixels": 9.0}, "directions": {"classes-pixels": "higher"}}
    slow = {"timed_images": 60, "train_seconds": 0.6}
    few = {**score, "values": {"classes-pixels": 7.5}}
    rows = [runs(BASE, score={**score, "beside": []})]
    report = held(rows, [runs(BASE, score={**few, "beside": []}, training=slow)])
    assert judged(report, "classes:-1", "classes:-2") == ["exceeded", "held"]
    assert judged(report, f"{SPEED}:-10%", f"{SPEED}:-20%") == ["exceeded", "held"]  # 120 to 100


def test_a_limit_covers_the_first_feature_space_or_the_one_it_names():
    def score(space):
        name = f"fd-{space}"
        floor = f"fd-floor-{space}"
        return make_score(
            1.0,
            extractor=space,
            extractor_id=space,
            values={name: 1.0, floor: 0.5},
            directions={name: "lower", floor: "lower"},
            beside=[floor],
        )

    def both():
        rows = runs(BASE)
        return [(trial, replace(r, scores=[score("cls"), score("pca")])) for trial, r in rows]

    report = held([both()], [both()])

    def covered(text):
        return [item.column for item in fail_on.judge(fail_on.read((text,), report), report)]

    assert covered("fd:+5%") == ["fd-cls"]
    assert covered("fd-pca:+5%") == ["fd-pca"]
    assert covered("fd-floor:+5%") == ["fd-floor-cls"]
    assert covered("peak_memory_mib:+5%") == ["peak_memory_mib"]


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("fd-pixel:+5%", UnknownName, "did you mean 'fd-pixels'"),
        ("images_per_sec:-5%", UnknownName, "did you mean 'images_per_second'"),
        ("fd-pixels5%", ConfigError, "write COLUMN:"),
        ("fd-pixels:5%", ConfigError, "write COLUMN:"),
        ("fd-pixels:+x%", ConfigError, "write COLUMN:"),
        ("fd-pixels:+nan%", ConfigError, "write COLUMN:"),
        (":+5%", ConfigError, "write COLUMN:"),
        ("fd-pixels:-5%", ConfigError, "'fd-pixels:+5%'"),
        ("fd-floor-pixels:+5%", ConfigError, "has no better or worse"),
    ],
)
def test_a_limit_that_says_nothing_is_refused(text, error, message, invoke):
    report = held([runs(BASE)], [runs(BASE)])
    with pytest.raises(error) as refused:
        fail_on.read((text,), report)
    assert message in str(refused.value) and repr(text) in str(refused.value)


# --------------------------------------------------------------------------- the command


def test_a_folder_against_itself_has_nothing_worse(invoke):
    rows = [runs(BASE), runs([None, 1.0, 2.0], model="few"), runs([None] * 3, model="none")]
    limits = ["--fail-on", "fd-pixels:+0%", "--fail-on", f"{SPEED}:-0%"]
    done = invoke(rows[:2], rows[:2], *limits, "--format", "json")
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    words = {column["word"] for row in found["rows"] for column in row["columns"]}
    assert words == {"not distinguishable", "too few runs"}
    assert not any(row["has_new_failures"] for row in found["rows"])
    assert {item["verdict"] for item in found["limits"]} == {"held"}
    assert invoke(rows, rows).exit_code == 0


@pytest.mark.parametrize(("factor", "code"), [(1.06, 4), (1.04, 0)])
def test_the_command_ends_with_4_beyond_a_limit(invoke, factor, code):
    done = invoke([runs(BASE)], [runs(scaled(BASE, factor))], "--fail-on", "fd-pixels:+5%")
    assert done.exit_code == code
    assert ("1 of 1 comparisons with a limit exceed it" in done.stderr) == (code == 4)
    assert "worse" in done.stdout


def test_without_a_limit_nothing_fails(invoke):
    done = invoke([runs(BASE)], [runs(scaled(BASE, 9))])
    assert done.exit_code == 0 and "1 worse" in done.stdout


@pytest.mark.parametrize(
    ("change", "limit", "reason"),
    [
        ({"environment": {"cpu": "Other"}}, f"{SPEED}:-10%", "not comparable: host "),
        ({"score": {"version": 2}}, "fd-pixels:+5%", "not comparable: version 1 against 2"),
    ],
    ids=["hosts", "nothing left"],
)
def test_a_limit_that_cannot_be_judged_does_not_pass(invoke, change, limit, reason):
    a, b = [runs(BASE), runs(BASE, model="other")], [runs(BASE, **change)]
    done = invoke(a, [*b, runs(BASE, model="other")], "--fail-on", limit)
    assert done.exit_code == 2 and reason in done.stderr and done.stderr.count("\n") == 1
    assert "not comparable" in done.stdout


def test_nothing_in_common_and_no_results_have_codes_of_their_own(invoke, tmp_path):
    assert invoke([runs(BASE)], [runs(BASE, model="other")]).exit_code == 5
    done = CliRunner().invoke(main, ["compare", str(tmp_path / "a"), str(tmp_path / "absent")])
    assert done.exit_code == 2 and "no ganbench results here" in done.stderr


def test_every_format_tells_the_same_numbers(invoke):
    rows = [runs(BASE)], [runs([11.0, 11.5, 13.5, 13.0, 16.0, 12.5])]
    line = "toy | toy | hinge | 0/6, 0/6 | 6 | 12 | 12.9 | +0.917"
    document = invoke(*rows, "--format", "md").stdout
    assert line in document.replace("\u00a0", " ")
    rich = invoke(*rows).stdout
    for part in ("0/6, 0/6", "12.9", "+0.917", "+7.6%", "specks, fd-pixels (lower is better)"):
        assert part in rich
    found = json.loads(invoke(*rows, "--format", "json").stdout)
    (row,) = found["rows"]
    columns = {column["column"]: column for column in row["columns"]}
    assert columns[QUALITY]["mean_b"] == pytest.approx(77.5 / 6)
    assert columns["fd-floor-pixels"]["is_beside"] and "fd-floor-pixels" not in rich
    assert not any(math.isnan(column["p_adjusted"]) for column in row["columns"])
    assert (row["a"]["completed"], row["a"]["budget"]) == (6, "images=80")
