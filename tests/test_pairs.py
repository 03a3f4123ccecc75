import json

import pytest
from click.testing import CliRunner
from scipy.stats import ttest_rel
from toys import make_record, make_score, make_trial

from ganbench import pairs
from ganbench.cli import main
from ganbench.errors import ConfigError, UnknownName

VALUES = {
    "good": [1.0, 1.1, 0.9, 1.05, 0.95],
    "close": [1.02, 1.05, 0.93, 1.0, 1.01],
    "bad": [3.0, 3.2, 2.9, 3.1, 3.05],
    "few": [0.5, 0.6],
}


def folder_of(values, **changes):
    trials, records = [], []
    for model, row in values.items():
        for seed, value in enumerate(row):
            trial = make_trial(f"{model}{seed}", model=model, seed=seed, **changes)
            trials.append(trial)
            status = "diverged" if value is None else "completed"
            scores = [] if value is None else [make_score(value)]
            records.append(make_record(trial, status, scores))
    return trials, records


def compared(values=VALUES, column="fd-pixels"):
    (found,) = pairs.compare(*folder_of(values), column).values()
    return {(pair.row[1], pair.against[1]): pair for pair in found}


def test_every_two_rows_are_compared_the_better_mean_first():
    found = compared()
    assert set(found) == {
        *(("few", "good"), ("few", "close"), ("few", "bad")),
        *(("good", "close"), ("good", "bad"), ("close", "bad")),
    }
    pair = found["good", "bad"]
    assert pair.difference.n == 5 and pair.difference.mean == pytest.approx(-2.05)
    assert pair.difference.improvement == 1.0 and pair.verdict == "better"
    assert found["good", "close"].verdict == "not distinguishable"
    assert found["few", "bad"].verdict == "too few seeds" and found["few", "bad"].p is None


def test_p_values_are_adjusted_for_all_pairs_that_were_tested():
    found = compared()
    raw = ttest_rel(VALUES["good"], VALUES["bad"]).pvalue
    other = ttest_rel(VALUES["close"], VALUES["bad"]).pvalue
    assert min(found[name, "bad"].p for name in ("good", "close")) == pytest.approx(
        3 * min(raw, other)
    )


def test_failures_count_as_the_worst_value():
    pair = compared({"good": VALUES["good"], "bad": [1.0, 1.1, None, None, 9.0]})["good", "bad"]
    assert pair.difference.n == 5
    assert pair.difference.mean == pytest.approx(1.0 - (1.0 + 1.1 + 3 * 9.0) / 5)


def test_baselines_stay_out_and_budgets_apart():
    one, other = folder_of(VALUES), folder_of({"real": [0.1] * 5}, loss="none")
    (found,) = pairs.compare(one[0] + other[0], one[1] + other[1], "fd-pixels").values()
    assert "real" not in {pair.row[1] for pair in found}


def test_a_column_that_is_none_is_refused():
    trials, records = folder_of(VALUES)
    with pytest.raises(UnknownName, match="did you mean 'fd-pixels'"):
        pairs.compare(trials, records, "fd-pixel")
    with pytest.raises(ConfigError, match="no better direction"):
        pairs.compare(trials, records, "fd-floor-pixels")


@pytest.mark.parametrize("style", ["rich", "md", "json"])
def test_the_command_prints_them(tmp_path, style, monkeypatch):
    from ganbench import benchmark

    monkeypatch.setattr(benchmark.Store, "planned", lambda self: folder_of(VALUES)[0])
    monkeypatch.setattr(benchmark, "_records", lambda store: folder_of(VALUES)[1])
    arguments = ["table", str(tmp_path), "--pairs", "fd-pixels", "--format", style]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    if style == "json":
        rows = json.loads(done.stdout)
        assert len(rows) == 6 and {row["verdict"] for row in rows} == {
            *("better", "not distinguishable", "too few seeds")
        }
    else:
        assert "toy good hinge" in done.stdout and "not distinguishable" in done.stdout
        assert "Holm" in done.stdout
    done = CliRunner().invoke(main, [*arguments[:-1], "csv"])
    assert done.exit_code == 2 and "take rich, md or json" in done.stderr
