"""Every two rows against each other: the comparison that marks rows, in units that people read."""

import json
import math

import numpy as np
import pytest
from click.testing import CliRunner
from toys import make_record, make_score, make_trial

from ganbench.analysis import pairs, table
from ganbench.cli import main
from ganbench.errors import ConfigError, UnknownName
from ganbench.headline.build import build
from ganbench.report import pairs as tables
from ganbench.stats.comparison import compare, intervals

VALUES = {
    "good": [1.0, 1.1, 0.9, 1.05, 0.95],
    "close": [1.02, 1.05, 0.93, 1.0, 1.01],
    "bad": [3.0, 3.2, 2.9, 3.1, 3.05],
    "few": [0.5, 0.6],
}


def folder_of(values, scale="log", direction="lower", **changes):
    trials, records = [], []
    for model, row in values.items():
        for seed, value in enumerate(row):
            trial = make_trial(f"{model}{seed}", model=model, seed=seed, **changes)
            trials.append(trial)
            status = "diverged" if value is None else "completed"
            scores = [] if value is None else [score_of(value, scale, direction)]
            records.append(make_record(trial, status, scores))
    return trials, records


def score_of(value, scale, direction):
    score = make_score(value)
    reading = {"plain": "Distance.", "scale": scale, "resolution": None}
    directions = {**score["directions"], "fd-pixels": direction}
    return {**score, "readings": {"fd-pixels": reading}, "directions": directions}


def compared(values=VALUES, column="fd", **changes):
    (found,) = pairs.compare(table.build(*folder_of(values, **changes)), column)
    return found


def by_rows(found):
    return {(pair.row[1], pair.against[1]): pair for pair in found.pairs}


def test_every_two_ranked_rows_are_compared_the_better_one_first():
    found = compared()
    assert set(by_rows(found)) == {("good", "close"), ("good", "bad"), ("close", "bad")}
    assert by_rows(found)["good", "bad"].verdict == "better"
    assert by_rows(found)["good", "close"].verdict == "not distinguishable"
    assert by_rows(found)["good", "bad"].seeds == (5, 5)
    ranks = {rank.row[1]: rank.rank for rank in found.ranks}
    assert ranks == {"good": (1, 2), "close": (1, 2), "bad": (3, 3), "few": None}


def test_a_positive_column_has_ratios_of_the_comparison_on_the_log_scale():
    pair = by_rows(compared())["good", "bad"]
    rows = [[math.log(value) for value in VALUES[name]] for name in ("good", "close", "bad")]
    known = compare([np.array(row) for row in rows], 1e-6)
    place = next(at for at, item in enumerate(known) if (item.i, item.j) == (0, 2))
    low, high = intervals(known, 3)[place]
    assert pair.estimate == pytest.approx(math.exp(known[place].difference))
    assert (pair.low, pair.high) == pytest.approx((math.exp(low), math.exp(high)))
    assert pair.p == pytest.approx(known[place].p)
    assert pair.low < 1 / 3 < pair.high


def test_where_higher_is_better_the_ratio_is_still_of_the_first_row_to_the_second():
    pair = by_rows(compared(direction="higher"))["bad", "good"]
    assert pair.verdict == "better" and 2.9 < pair.estimate < 3.2
    assert 1 < pair.low < pair.estimate < pair.high


def test_shares_and_raw_columns_have_differences_in_their_own_units():
    shares = {"a": [0.9, 0.91, 0.92], "b": [0.5, 0.52, 0.51]}
    pair = by_rows(compared(shares, scale="share", direction="higher"))["a", "b"]
    assert pair.estimate == pytest.approx(0.4, abs=0.001)
    assert 0 < pair.low < pair.estimate < pair.high < 1
    counts = {"a": [8.0, 9.0, 8.5], "b": [20.0, 21.0, 22.0]}
    pair = by_rows(compared(counts, scale="raw"))["a", "b"]
    assert pair.estimate == pytest.approx(8.5 - 21.0)
    assert pair.low < pair.estimate < pair.high < 0


def test_pairs_agree_with_the_marks_of_the_table():
    tables_of_folder = table.build(*folder_of(VALUES))
    marks = {row.source.key: row.mark for row in build(tables_of_folder[0]).rows}
    (found,) = pairs.compare(tables_of_folder, "fd")
    beaten = {pair.against for pair in found.pairs if pair.verdict == "better"}
    assert beaten == {key for key, mark in marks.items() if mark == "worse"}


def test_a_row_with_a_failure_makes_no_other_worse():
    values = {"good": [*VALUES["good"][:4], None], "bad": VALUES["bad"]}
    pair = by_rows(compared(values))["good", "bad"]
    assert pair.p < 0.05 and pair.verdict == "not distinguishable"


def test_baselines_stay_out():
    one, other = folder_of(VALUES), folder_of({"real": [0.1] * 5}, loss="none")
    (found,) = pairs.compare(table.build(one[0] + other[0], one[1] + other[1]), "fd")
    assert "real" not in {rank.row[1] for rank in found.ranks}


def test_a_column_that_is_not_there_or_has_no_direction_is_refused():
    found = table.build(*folder_of(VALUES))
    with pytest.raises(UnknownName, match="did you mean 'fd'"):
        pairs.compare(found, "fdd")
    with pytest.raises(ConfigError, match="no better direction"):
        pairs.compare(found, "fd-floor")


def test_ranks_and_pairs_are_two_tables():
    ranks, found = tables.grids([compared()])
    cells = [[cell.text for cell in row.cells] for row in ranks.rows]
    assert cells[0] == ["toy good hinge", "5", "1-2"] and cells[-1][2] == "not ranked"
    assert [heading.text for heading in found.headings][3:5] == ["ratio", "95 % interval"]


@pytest.mark.parametrize("style", ["rich", "md", "json"])
def test_the_command_prints_them(tmp_path, style, monkeypatch):
    from ganbench.headline import folder

    monkeypatch.setattr(folder.Store, "planned", lambda self: folder_of(VALUES)[0])
    monkeypatch.setattr(folder, "read_records", lambda store: folder_of(VALUES)[1])
    arguments = ["table", str(tmp_path), "--pairs", "fd", "--format", style]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    if style == "json":
        (own,) = json.loads(done.stdout)["tables"]
        assert len(own["pairs"]) == 3 and own["scale"] == "log"
    else:
        assert "toy good hinge" in done.stdout and "not distinguishable" in done.stdout
        assert "all pairs together" in done.stdout
    done = CliRunner().invoke(main, [*arguments[:-1], "csv"])
    assert done.exit_code == 2 and "use rich, md or json" in done.stderr
