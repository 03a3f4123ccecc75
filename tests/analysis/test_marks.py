"""Marks of a table's rows by one column."""

import math

from headlines import many, tables_of
from toys import make_record, make_score, make_trial

from ganbench.analysis.marks import compare


def test_a_trial_without_a_value_and_with_a_verdict_counts_once():
    pairs = many("a", [1.0, 1.1], model="a")
    trial = make_trial("broken", model="a", seed=2)
    score = make_score(math.nan, verdict="collapsed since 24k images")
    score["values"] = {**score["values"], "fd-pixels": None}
    pairs = [*pairs, (trial, make_record(trial, scores=[score])), *many("b", [1, 2, 3], model="b")]
    (table,) = tables_of(*pairs)
    column = next(item for item in table.columns if item.name == "fd-pixels")
    assert compare(table, column).marks == ["too few", "alone"]  # 1 of 3 failed, not 2 of 3
