"""T28: ganbench's statistics and a second, naive implementation agree on 1,000 random tables."""

import math
import random

import pytest
import scoring_oracle as oracle

from ganbench import bootstrap, curves, differences, ranking
from ganbench.stats.summary import summarise

TABLES = 1_000
BROKEN = (math.nan, math.inf, -math.inf)


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    """The intervals of the bootstrap are not compared, so they need not be good."""
    monkeypatch.setattr(bootstrap, "RESAMPLES", 20)
    bootstrap._drawn.cache_clear()
    yield
    bootstrap._drawn.cache_clear()


def close(ours, theirs):
    if ours is None or theirs is None:
        return ours is theirs
    return math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-9)


def draw_table(dice):
    """Rows of values by seed; None is a failed run. Values tie in a third of the tables."""
    kind = dice.choice(("normal", "skewed", "ties"))
    breaks, misses = dice.choice((0, 0.1, 0.5)), dice.choice((0, 0.2))
    seeds = dice.randint(1, 12)
    table = []
    for _ in range(dice.randint(1, 6)):
        shift = dice.choice((0, 0, 2, 5))
        row = {}
        for seed in dice.sample(range(seeds), seeds):
            if dice.random() < misses:
                continue
            value = (
                shift
                + {
                    "normal": dice.gauss(0, 1),
                    "skewed": dice.lognormvariate(0, 1),
                    "ties": dice.randint(-2, 2) / 2,
                }[kind]
            )
            row[seed] = dice.choice((None, *BROKEN)) if dice.random() < breaks else value
        table.append(row)
    return table


def as_numbers(row):
    """As ganbench has it: NaN for a failed run."""
    return {seed: math.nan if value is None else value for seed, value in row.items()}


def check_summaries(table, direction):
    column = [value for row in table for value in row.values()]
    expected = oracle.worst(column, direction)
    known = [value for value in column if value is not None]
    assert ranking.worst(known, direction) == expected
    for row in table:
        found, want = (
            summarise(list(as_numbers(row).values()), direction),
            oracle.summary(row, direction),
        )
        assert (found.count, found.failed) == (len(row), want["failed"])
        assert found.median == want["median"] or close(found.median, want["median"])
        assert close(found.mean, want["mean"]) and close(found.iqm, want["iqm"])
        assert close(found.sd, want["sd"])


def check_pairs(table, direction):
    raw = [as_numbers(row) for row in table]
    filled = ranking.fill_failures(raw, direction)
    lowest = oracle.worst([value for row in table for value in row.values()], direction)
    assert filled == [oracle.with_failures(row, lowest) for row in table]
    p_values = []
    for place, ours in enumerate(filled[1:]):
        found = differences.paired(ours, filled[place], direction)
        count, *want = oracle.paired(ours, filled[place])
        assert found.n == count
        p_values.append(found.p)
        for value, other in zip((found.mean, found.low, found.high, found.p), want, strict=True):
            assert close(value, other), (found, want)
        if count:
            shared = [seed for seed in ours if seed in filled[place]]
            sides = [[row[seed] for seed in shared] for row in (ours, filled[place])]
            assert close(found.improvement, oracle.probability_of_improvement(*sides, direction))
    p_values += [0.01, 0.02, 0.02, None]
    for value, other in zip(differences.holm(p_values), oracle.holm(p_values), strict=True):
        assert close(value, other)
    check_apart(table, filled, direction)


def check_apart(table, filled, direction):
    """The first and the last row, as if they shared no seeds."""
    sides = [list(row.values()) for row in (filled[0], filled[-1])]
    if all(sides):
        found = differences.unpaired(*sides, direction)
        mean, p = oracle.welch(*sides)
        assert close(found.mean, mean) and close(found.p, p)
        assert close(found.improvement, oracle.probability_of_improvement(*sides, direction))


def check_curves(table, direction, dice):
    target = dice.choice((-1.0, 0.0, 0.5, 2.0))
    tasks = [[*as_numbers(row).values()] for row in table]
    if any(tasks):
        (found,) = curves.performance_profile({"row": tasks}, [target], direction).values()
        assert close(found.share[0], oracle.profile(tasks, target, direction))
    for values in tasks:
        positions = sorted(dice.sample(range(100), len(values)))
        if values:
            found = curves.first_reach(positions, values, target, direction)
            assert close(found, oracle.first_reach(positions, values, target, direction))
        if len(values) > 1:
            (found,) = curves.areas_under_curves(positions, [values])
            assert close(found, oracle.area(positions, values))


def test_both_scorers_agree_on_all_tables():
    dice = random.Random(28)
    for _ in range(TABLES):
        table, direction = draw_table(dice), dice.choice(("lower", "higher"))
        check_summaries(table, direction)
        check_pairs(table, direction)
        check_curves(table, direction, dice)


def test_the_tables_have_every_case_in_them():
    dice = random.Random(28)
    tables = [draw_table(dice) for _ in range(TABLES)]
    values = [value for table in tables for row in table for value in row.values()]
    assert values.count(None) > 100 and values.count(math.inf) > 100
    assert any(not row for table in tables for row in table)
    assert len({len(row) for table in tables for row in table}) == 13


def test_the_oracle_is_right_where_the_answer_is_known():
    assert oracle.student_p(2.7764451051977987, 4) == pytest.approx(0.05, abs=1e-12)
    assert oracle.student_p(1.0, 1) == pytest.approx(0.5, abs=1e-12)
    assert oracle.student_p(0.0, 7.5) == pytest.approx(1.0, abs=1e-12)
    assert oracle.student_quantile(9) == pytest.approx(2.2621571627409915, abs=1e-9)
    assert oracle.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert oracle.interquartile_mean([8, 1, 2, 3, 100, 4, 5, 6]) == 4.5
