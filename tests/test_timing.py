import json
import subprocess
import sys

import numpy as np
import pytest
from toys import make_record, make_trial

from ganbench import environment, probe, remarks, rows, steadiness, timing
from ganbench.analysis import table
from ganbench.chunk_times import MOST_ENTRIES, ChunkTimes, Span, total
from ganbench.columns import Column
from ganbench.comparison import compared, with_words
from ganbench.costs import costs
from ganbench.measured import Labels, Measured, Side

QUIET = {"probe_ms": 0.2, "load_average": 0.1, "runnable_threads": 1}
IDLE = {"cores": 2, "busy_cores_at_start": 0.3}


def times_of(chunks):
    """The times of chunks of (steps, seconds) or (steps, seconds, waited)."""
    times = ChunkTimes()
    for steps, seconds, *waited in chunks:
        times.add(Span(steps, seconds, *(waited or [0.0])))
    return times


# --------------------------------------------------------------------------- chunks and the window


def test_the_window_begins_after_twenty_steps_at_a_chunks_edge():
    found = times_of([(4, 4.0), (32, 3.2), (50, 1.0), (50, 3.0)]).summary(images_per_step=8)
    assert found["window"] == "steady" and found["warm_up_steps"] == 36
    assert (found["steps"], found["seconds"]) == (100, 4.0)
    assert found["images_per_second"] == 200.0
    assert found["step_ms_p50"] == pytest.approx((20 + 60) / 2)
    assert found["step_ms_p95"] == pytest.approx(20 + 0.95 * 40)


def test_slow_steps_are_warm_after_five_seconds():
    times = times_of([(1, 3.0), (1, 2.5), (1, 2.0), (1, 2.0), (1, 2.0)])
    assert total(times.warm_up).steps == 2 and times.has_steady_state
    assert times.summary(10)["images_per_second"] == 5.0


@pytest.mark.parametrize(
    "chunks",
    [[(4, 0.1)], [(4, 0.1), (15, 0.4)], [(4, 0.1), (16, 0.4)], [(4, 0.1), (32, 1), (9, 0.3)]],
)
def test_a_short_trial_says_that_it_reached_no_steady_state(chunks):
    found = times_of(chunks).summary(1)
    assert found["window"].startswith("all") and found["warm_up_steps"] == 0
    assert found["steps"] == sum(steps for steps, _ in chunks)


def test_nothing_timed_has_no_speed():
    found = times_of([]).summary(4)
    for name in ("images_per_second", "images_per_second_with_draw", "step_ms_p50", "step_ms_p95"):
        assert found[name] is None


def test_the_speed_with_draw_counts_what_the_loop_waited():
    found = times_of([(20, 1.0, 9.0), (50, 1.0, 0.25), (50, 1.0, 0.0)]).summary(1)
    assert found["images_per_second"] == 50.0
    assert found["images_per_second_with_draw"] == 100 / 2.25


@pytest.mark.parametrize("chunks", [1, 127, 128, 129, 1000, 70_001])
def test_however_many_chunks_there_are_their_entries_are_few_and_complete(chunks):
    times = times_of([(20, 1.0)] + [(2, 0.5, 0.25)] * chunks)
    entries = times.summary(1)["chunks"]
    assert len(times.after) <= MOST_ENTRIES
    assert sum(entries["steps"]) == 20 + 2 * chunks
    assert sum(entries["seconds"]) == 1 + 0.5 * chunks
    assert sum(entries["waited"]) == 0.25 * chunks
    whole = set(entries["steps"][1:-1])
    assert whole <= {2 * entries["chunks_per_entry"]}
    assert chunks < MOST_ENTRIES or len(times.after) > MOST_ENTRIES // 2
    assert len(json.dumps(entries)) < 5000


# --------------------------------------------------------------------------- steadiness


def test_the_spread_is_that_computed_by_hand():
    found = steadiness.spread([90.0, 100.0, 140.0])
    assert found.n == 3 and found.trend == 0.0
    assert found.deviation == pytest.approx(np.std([90, 100, 140], ddof=1) / 110)
    assert found.off == pytest.approx(30 / 110)
    assert steadiness.spread([1.0, 2.0]) is None


def test_each_limit_makes_a_row_unstable_alone():
    calm = [1.0, 1.01, 0.99, 1.005, 0.995] * 8
    assert not steadiness.spread(calm).is_unstable
    one_off = steadiness.spread([*calm, 1.27])
    assert one_off.deviation < 0.05 and one_off.trend == 0 and one_off.is_unstable
    wide = steadiness.spread([0.94, 1.06] * 6)
    assert wide.off < 0.25 and wide.trend == 0 and wide.is_unstable
    rising = steadiness.spread(np.linspace(1, 1.08, 12))
    assert rising.deviation < 0.05 and rising.off < 0.25 and rising.is_unstable
    assert rising.trend == pytest.approx(0.08 / 1.04)
    slightly = steadiness.spread(np.linspace(1, 1.04, 12))
    assert not slightly.is_unstable


def test_a_probe_drifts_either_way():
    assert steadiness.is_drift(1.0, 1.06) and steadiness.is_drift(1.06, 1.0)
    assert not steadiness.is_drift(1.0, 1.04) and not steadiness.is_drift(1.04, 1.0)


def test_the_probe_takes_some_time_and_always_the_same_work():
    assert 0.001 < probe.milliseconds() < 100


# --------------------------------------------------------------------------- marks of a trial


def noisy_chunks(rng, sigma, chunks=20):
    seconds = np.clip(rng.normal(0.5, 0.5 * sigma, chunks), 0.05, None)
    return times_of([(20, 0.5), *((20, float(value)) for value in seconds)])


def marked(times, before=QUIET, after=QUIET):
    return timing.describe(times, 8, before, after)["marks"]


@pytest.mark.parametrize("chunks", [5, 20])
def test_trials_with_30_percent_of_noise_are_marked_and_quiet_ones_are_not(chunks):
    rng = np.random.default_rng(0)
    loud = [marked(noisy_chunks(rng, 0.3, chunks)) for _ in range(100)]
    quiet = [marked(noisy_chunks(rng, 0.01, chunks)) for _ in range(100)]
    assert loud.count(["unstable"]) >= 95
    assert quiet.count([]) >= 99


def test_chunks_cut_short_are_not_compared():
    # the end of the budget and checkpoints leave tiny chunks, whose overhead tells of no machine
    chunks = [(20, 0.5)] + [(20, 0.5), (1, 0.06)] * 6
    assert marked(times_of(chunks)) == []


def test_too_few_chunks_are_not_judged():
    found = timing.describe(times_of([(20, 0.1), (20, 0.5), (20, 1.5)]), 8, QUIET, QUIET)
    assert found["marks"] == [] and found["spread"] is None


def test_a_probe_that_drifted_makes_a_trial_noisy():
    calm = times_of([(20, 0.5)] * 8)
    assert marked(calm, after={**QUIET, "probe_ms": 0.22}) == ["noisy"]
    assert marked(calm, after={**QUIET, "probe_ms": 0.205}) == []
    found = timing.describe(calm, 8, QUIET, {**QUIET, "probe_ms": 0.22})
    assert found["before"] == QUIET and found["after"]["probe_ms"] == 0.22
    assert json.loads(json.dumps(found)) == found


def test_the_moment_has_probe_load_and_threads():
    found = timing.moment()
    assert found["probe_ms"] > 0 and found["load_average"] >= 0
    assert found["runnable_threads"] is None or found["runnable_threads"] >= 1


def test_a_machine_at_work_when_the_run_began_makes_every_trial_busy():
    result = {"timing": {"marks": ["unstable"]}, "total_seconds": 10.0}
    busy = {"cores": 2, "busy_cores_at_start": 1.01}
    assert timing.seen_from_outside(result, 10.0, IDLE)["timing"]["marks"] == ["unstable"]
    assert timing.seen_from_outside(result, 10.0, busy)["timing"]["marks"] == ["unstable", "busy"]
    assert result["timing"]["marks"] == ["unstable"]


@pytest.mark.parametrize(
    ("wall", "own", "found"),
    [(10.0, 9.75, []), (10.0, 9.65, ["clock"]), (10.0, 10.35, ["clock"]), (0.3, 0.22, [])],
)
def test_clocks_that_disagree_by_more_than_two_percent_are_marked(wall, own, found):
    result = {"timing": {"marks": []}, "total_seconds": own}
    outside = timing.seen_from_outside(result, wall, IDLE)
    assert outside["timing"]["marks"] == found and outside["wall_seconds"] == wall


def test_a_failed_trial_has_no_timing():
    failed = {"status": "failed", "reason": "broke"}
    assert timing.seen_from_outside(failed, 1.0, IDLE) == failed


def test_who_keeps_cores_busy_is_looked_for_once_and_among_the_own_ones(monkeypatch):
    environment._busy_cores_at_start.cache_clear()
    monkeypatch.setattr(environment.os, "sched_getaffinity", lambda process: {0, 2})
    shares = iter([[50.0, 100.0, 75.0, 100.0], [0.0, 0.0, 0.0, 0.0]])
    monkeypatch.setattr(environment.psutil, "cpu_percent", lambda *_, percpu: next(shares))
    found = [environment.describe()["busy_cores_at_start"] for _ in range(2)]
    environment._busy_cores_at_start.cache_clear()
    assert found == [1.25, 1.25]


def test_cores_at_work_are_seen():
    script = (
        "from ganbench import environment; print(environment.describe()['busy_cores_at_start'])"
    )
    spinning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(8)]
    try:
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    finally:
        for process in spinning:
            process.kill()
            process.wait()
    assert float(done.stdout) > 0.5


# --------------------------------------------------------------------------- rows and tables


def with_timing(seed, speed, marks=(), model="toy"):
    trial = make_trial(f"{model}{seed}", seed=seed, model=model)
    told = {
        **{"images_per_second": speed, "images_per_second_with_draw": 0.9 * speed},
        **{"step_ms_p50": 8e3 / speed, "step_ms_p95": 9e3 / speed, "marks": list(marks)},
    }
    return trial, make_record(trial, timing=told)


def row_of(pairs):
    by_id = {trial.id: found for trial, found in pairs}
    (row,) = rows.group([trial for trial, _ in pairs], by_id)
    return row.with_values(costs)


@pytest.mark.parametrize("seeds", [3, 5, 10])
def test_rows_with_30_percent_of_noise_are_marked_and_quiet_ones_are_not(seeds):
    rng = np.random.default_rng(1)

    def told(sigma):
        speeds = np.clip(rng.normal(1000, 1000 * sigma, seeds), 100, None)
        pairs = [with_timing(seed, float(speed)) for seed, speed in enumerate(speeds)]
        return remarks.timing(row_of(pairs))

    assert [told(0.3) for _ in range(100)].count("unstable") >= 95
    assert [told(0.01) for _ in range(100)].count("ok") >= 99


@pytest.mark.parametrize("sigma", [0.01, 0.3])
@pytest.mark.parametrize("seeds", [5, 10])
def test_equal_rows_seldom_have_a_winner(sigma, seeds):
    rng = np.random.default_rng(2)
    calls = 0
    for _ in range(100):
        one, two = (dict(enumerate(rng.normal(1000, 1000 * sigma, seeds))) for _ in range(2))
        calls += compared_word(one, two) != "not distinguishable"
    assert calls <= 10


def compared_word(one, two):
    column = Column("images_per_second", "", "higher", False, {}, is_cost=True)
    sides = [
        (Side(Labels("b", "m", "l", "d"), (), len(values), 0, 0, []), Measured(column, values))
        for values in (one, two)
    ]
    (found,) = with_words([compared(*sides, 1)])
    return found.word


def test_a_difference_within_the_spread_is_a_tie_and_one_beyond_it_is_not():
    base = dict(enumerate([1000.0, 1100, 900, 1050, 950]))  # standard deviation 79
    near = {seed: value + 60 + seed for seed, value in base.items()}
    far = {seed: value + 160 + seed for seed, value in base.items()}
    assert compared_word(base, near) == "not distinguishable"
    assert compared_word(base, far) == "better"


def built(*pairs):
    (found,) = table.build([trial for trial, _ in pairs], [record for _, record in pairs])
    return {row.key[1]: row for row in found.rows}


def test_the_table_shows_marks_beside_the_speed_of_the_steady_window():
    pairs = [with_timing(0, 1000.0, ["noisy"]), with_timing(1, 1001.0, ["unstable"])]
    pairs += [with_timing(seed, 2000.0, model="calm") for seed in (0, 1)]
    found = built(*pairs)
    assert (found["toy"].timing, found["calm"].timing) == ("noisy 1/2, unstable 1/2", "ok")
    assert (found["toy"].is_doubtful, found["calm"].is_doubtful) == (True, False)
    assert found["calm"].summary("images_per_second").median == 2000.0
    assert found["calm"].summary("images_per_second_with_draw").median == 1800.0
    assert found["calm"].summary("step_ms_p50").median == 4.0


def test_marks_of_every_trial_need_no_number():
    pairs = [with_timing(seed, 1000.0, ["busy", "clock"]) for seed in (0, 1)]
    assert remarks.timing(row_of(pairs)) == "busy, clock"
    assert remarks.timing(row_of(pairs[:1])) == "busy, clock"


def test_older_records_have_a_speed_and_no_word_on_their_timing():
    trial = make_trial("old")
    (row,) = built((trial, make_record(trial))).values()
    assert row.summary("images_per_second").median == 120
    assert row.timing is None and not row.is_doubtful
    assert not row.summary("step_ms_p50").values
    assert not row.summary("images_per_second_with_draw").values
    found = built((trial, make_record(trial)), with_timing(0, 1000.0, model="new"))
    assert (found["toy"].timing, found["new"].timing) == (None, "ok")
    speeds = [found[name].summary("images_per_second").median for name in ("toy", "new")]
    assert speeds == [120, 1000]


@pytest.mark.parametrize("mark", ["noisy", "busy", "clock", "unstable"])
@pytest.mark.parametrize(("marked", "expected"), [(0, False), (2, False), (3, True), (5, True)])
def test_a_speed_is_doubtful_where_half_of_the_trials_are_marked(mark, marked, expected):
    pairs = [with_timing(seed, 1000.0 + seed, [mark] * (seed < marked)) for seed in range(5)]
    (row,) = built(*pairs).values()
    assert row.is_doubtful == expected
