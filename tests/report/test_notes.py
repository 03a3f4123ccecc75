"""What --notes explains."""

import pytest
from headlines import baseline, completed, ended, headline_of, many
from toys import make_score

from ganbench.report.notes import fingerprints, notes
from report.tables import FOLDERS, committed, planned, tied, usual, won

VALUE = "A value is the median over the seeds."


def test_notes_are_the_golden_text():
    assert notes(won()) == [
        "A value is the median over the seeds. A failed trial counts as worse than any value. "
        "[low, high] is the 95 % interval of the median (n = 5: smallest and largest, 94 %); up to "
        "four seeds, each value is shown.",
        "`*` (bold): better than every other row. `~`: no row is shown to be better. Blank: some "
        "row is better. All 2 ranked rows are compared together by fd, on the log scale: if all "
        "were equal, about 5 in 100 such tables would show a difference. Other columns are not "
        "tested. A row with a failed or collapsed trial is never best.",
        f"With 2 rows and 5 seeds this table finds differences of {won().detectable} in four of "
        "five cases, smaller ones less often.",
        "fd: A distance.",
        "images/s counts training alone, without compilation, checkpoints and scoring. `?`: the "
        "timing of at least half of the trials is doubtful. noisy: a fixed probe ran more than "
        "5 % faster or slower after training than before. unstable: the chunks of a trial differ "
        "too much. busy: more than half of the cores had work when the run began. clock: the "
        "clocks of the trial and of its parent differ by more than 2 %. The speeds of two "
        "rows were measured at different times. A difference does not show that one is faster.",
        "Features pixels-1, 20 samples against 24 of the test split: frechet version 1, "
        "fd-floor 0.250.",
    ]


def test_without_a_ranked_row_nothing_explains_a_mark():
    lines = notes(planned())
    assert lines[:2] == [f"{lines[0]}", "A row needs three completed trials to be ranked."]
    assert not any("bold" in line for line in lines)


def test_rows_of_different_seeds_are_told_as_a_range():
    headline = headline_of(*many("a", [1.0, 1.1, 1.2]), *many("b", [2.0] * 5, model="b"))
    assert any(line.startswith("With 2 rows and 3 to 5 seeds ") for line in notes(headline))


def test_failures_and_problems_are_listed_at_the_end():
    collapsed = [make_score(1.0, verdict="collapsed since 24k images")]
    pairs = [completed("t0", scores=collapsed), ended("t1", "diverged", seed=1)]
    assert notes(headline_of(*pairs))[-2:] == [
        "diverged: t1: broke",
        "toy toy hinge: collapsed in 1 trials since 24k images",
    ]


def test_a_constant_that_is_no_result_is_stated_once():
    (line,) = fingerprints(tied().table)
    assert line.count("fd-floor 0.250") == 1
    two = [completed("a", 1.5, scores=[make_score(1.5, values=values(floor))]) for floor in (1, 2)]
    pair = [two[0], completed("b", scores=[make_score(1.5, values=values(2))], seed=1)]
    (line,) = fingerprints(headline_of(*pair).table)
    assert "fd-floor" not in line


def values(floor):
    return {"fd-pixels": 1.5, "fd-floor-pixels": float(floor)}


def test_a_result_that_happens_to_be_constant_is_not_stated():
    higher = {"fd-pixels": "lower", "fd-floor-pixels": "higher"}
    (line,) = fingerprints(
        headline_of(completed(scores=[make_score(1.0, directions=higher)])).table
    )
    assert "fd-floor" not in line


def test_each_way_of_measuring_has_a_line():
    scores = [make_score(1.0), make_score(2.0, "fd-other", extractor="other", n=40)]
    lines = list(fingerprints(headline_of(completed(scores=scores)).table))
    assert len(lines) == 2 and "40 samples against 24 of the test split" in lines[1]


@pytest.mark.parametrize("name", FOLDERS)
def test_notes_of_committed_folders_have_no_empty_line_and_no_local_path(name):
    for headline in committed(name):
        lines = notes(headline)
        assert lines[0].startswith(VALUE) and all(line.strip() for line in lines)
        assert not any("/root" in line or "/home" in line for line in lines)
        assert len(set(lines)) == len(lines)


def test_reference_rows_alone_have_no_speed_to_explain():
    lines = notes(headline_of(*baseline("real", [0.1, 0.2])))
    assert not any("images/s" in line for line in lines)
    assert any("images/s" in line for line in notes(usual()))
