import contextlib
import copy
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
from toys import SMALL, SMALL_OPTIONS, TOY, toy_catalog

from ganbench import benchmark, child, plan, schedule, trial
from ganbench.errors import ConfigError, EnvironmentNotReady, PluginWarning
from ganbench.headline import folder as headlines
from ganbench.memory import PeakMemory
from ganbench.report.folder import FILES
from ganbench.store import Store
from ganbench.view import SilentView

MARK = "GANBENCH_TEST_MARK"


class Watching(SilentView):
    """Remembers what it was told."""

    def __init__(self):
        self.told = []

    def started(self, trial, phase):
        self.told.append((trial.model, phase))

    def ended(self, trial, found, was_stored):
        self.told.append((trial.model, "stored" if was_stored else found.status))


def run(folder, **changes):
    """Run a benchmark of toys; gives the outcome, what a view was told and records by model."""
    view = Watching()
    prepared = benchmark.prepare(None, {**SMALL, "out": str(folder), **changes})
    outcome = benchmark.run(prepared, lambda planned: view)
    by_model = {found.model: found for found in outcome.records}
    return SimpleNamespace(outcome=outcome, told=view.told, by_model=by_model, folder=folder)


def pid(found):
    return found.training["backend_description"]["pid"]


def outcome_of(found):
    """What has to be the same wherever and after whatever a trial was run."""
    names = ("steps", "images", "losses", "samples_sha256", "parameters", "data_sha256")
    scores = copy.deepcopy(found.scores)
    for score in scores:
        for point in score.get("curve", ()):
            del point["train_seconds"]
    return {name: found.training[name] for name in names}, scores


def processes(mark):
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def wait_until(happened, what, seconds=30):
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"timed out waiting until {what}"
        time.sleep(0.02)


def assert_no_process_is_left(mark):
    wait_until(lambda: processes(mark) == [], "no process is left", 10)


@pytest.fixture
def mark(monkeypatch):
    """Marks the processes that a test starts; whatever is left of them is ended."""
    value = uuid.uuid4().hex
    monkeypatch.setenv(MARK, value)
    yield value
    for process in processes(value):
        if process.pid != os.getpid():
            process.kill()


# --------------------------------------------------------------------------- the zoo

GOOD = ["toy", "toy[rate=0.2]", "toy[rate=0.3]", "toy[rate=0.4]"]
BAD = {
    "toy[does=exit]": ("failed", "the process ended itself with code 3"),
    "toy[does=raise,after=3]": ("failed", "train() raised RuntimeError: toy broke"),
    "toy[does=segfault]": ("failed", "the process was ended by SIGSEGV"),
    "toy[does=quit]": ("failed", "train() raised SystemExit: 0"),
    "toy[does=few-samples]": ("failed", "sample() returned uint8"),
    "toy[does=diverge]": ("diverged", "a loss was not finite after step 1"),
}


@pytest.fixture(scope="module")
def zoo(tmp_path_factory):
    bad = list(BAD)
    models = [bad[0], GOOD[0], bad[1], GOOD[1], bad[2], GOOD[2], *bad[3:], GOOD[3]]
    return run(tmp_path_factory.mktemp("zoo") / "out", models=models)


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    return run(tmp_path_factory.mktemp("clean") / "out", models=GOOD)


def log_of(ran, model):
    return (ran.folder / "trials" / ran.by_model[model].id / "log.txt").read_text()


@pytest.mark.parametrize("model", BAD)
def test_a_trial_that_misbehaves_has_a_record_that_says_how(zoo, model):
    found = zoo.by_model[model]
    status, reason = BAD[model]
    assert found.status == status and reason in found.reason
    assert found.attempt == 1 and found.scores == []
    assert Store(zoo.folder).load(found.id) == found


@pytest.mark.parametrize("model", GOOD)
def test_the_other_trials_are_what_they_are_without_the_bad_ones(zoo, clean, model):
    assert zoo.by_model[model].status == "completed"
    assert outcome_of(zoo.by_model[model]) == outcome_of(clean.by_model[model])


def test_every_trial_is_told_to_the_view_in_order(zoo):
    ends = [(model, what) for model, what in zoo.told if what not in ("train", "score")]
    assert [model for model, _ in ends] == [found.model for found in zoo.outcome.records]
    assert dict(ends) == {found.model: found.status for found in zoo.outcome.records}
    assert zoo.told[0] == ("toy[does=exit]", "train")
    assert ("toy", "score") in zoo.told and ("toy[does=diverge]", "score") not in zoo.told


def test_the_table_counts_the_failed_ones(zoo):
    (headline,) = zoo.outcome.headlines
    rows = {row.source.key[1]: row.source.row for row in headline.rows}
    assert [len(rows[model].failed) for model in BAD] == [1] * len(BAD)
    assert [len(rows[model].completed) for model in GOOD] == [1] * len(GOOD)
    assert {found.model for found in zoo.outcome.failures} == set(BAD)


def test_logs_tell_what_happened(zoo):
    assert "and this is the second line" in log_of(zoo, "toy[does=raise,after=3]")
    assert "Traceback" in log_of(zoo, "toy[does=raise,after=3]")
    assert "Segmentation fault" in log_of(zoo, "toy[does=segfault]")


def test_a_folder_holds_records_samples_pictures_events_and_tables(clean):
    folder = clean.folder / "trials" / clean.by_model["toy"].id
    assert {path.name for path in folder.iterdir()} == {
        *("record.json", "samples.npy", "samples.png", "events.jsonl", "log.txt", "checkpoints"),
        "checkpoints.npz",
    }
    assert {path.name for path in clean.folder.iterdir()} == {
        *("config.toml", "environment.json", "manifest.json", "report.html", "tables", "trials")
    }
    assert {path.name for path in (clean.folder / "tables").iterdir()} == set(FILES)
    assert not [path for path in clean.folder.rglob("*") if ".tmp" in path.name]


def test_a_record_tells_its_environment_and_its_plugins_by_hash(clean):
    found = clean.by_model["toy"]
    assert {plugin["name"] for plugin in found.plugins} == {"ganbench_file_toy", "losses"}
    hashes = [plugin["sources"] for plugin in found.plugins]
    assert {**hashes[0], **hashes[1]} == found.specification["sources"]
    assert found.environment["cores"] >= 1
    assert found.training["backend_description"]["threads"] == "1"
    assert [score["metric"] for score in found.scores] == ["brightness", "frechet"]


def test_a_record_tells_how_long_everything_took(clean):
    first, *later = (clean.by_model[model].training for model in GOOD)
    assert all(found["score_seconds"] > 0 for found in (first, *later))
    # the worker imports its plugins once, for the first trial
    assert first["import_seconds"] > 10 * max(found["import_seconds"] for found in later)
    for found in (first, *later):
        assert abs(found["wall_seconds"] - found["total_seconds"]) < 0.1
        assert "clock" not in found["timing"]["marks"]
        settings = found["timing"]["thread_settings"]
        assert settings["OMP_NUM_THREADS"] == settings["OPENBLAS_NUM_THREADS"] == "1"
    assert clean.by_model["toy"].environment["busy_cores_at_start"] >= 0
    (headline,) = clean.outcome.headlines
    assert all(row.source.timing for row in headline.rows)


def test_a_trial_that_slows_the_clock_is_found_out_by_its_parent(tmp_path):
    cheat = "toy[does=slow-clock,step_seconds=0.03]"
    ran = run(tmp_path / "out", models=[cheat])
    found = ran.by_model[cheat].training
    assert found["total_seconds"] < 0.75 * found["wall_seconds"]
    assert "clock" in found["timing"]["marks"]


def test_nothing_that_is_published_tells_whose_machine_it_was(clean):
    home, folder = os.path.expanduser("~"), str(clean.folder.parent)
    for path in clean.folder.rglob("*"):
        if path.suffix in (".json", ".toml", ".md", ".csv", ".tex", ".jsonl"):
            text = path.read_text()
            assert folder not in text and os.uname().nodename not in text, path
            assert f"{home}/" not in text, path


# --------------------------------------------------------------------------- workers


def test_one_worker_serves_the_trials_of_a_backend_and_a_failed_one_is_replaced(zoo, clean):
    assert len({pid(clean.by_model[model]) for model in GOOD}) == 1
    assert len({pid(zoo.by_model[model]) for model in GOOD}) == len(GOOD)
    assert pid(zoo.by_model["toy[does=diverge]"]) == pid(zoo.by_model["toy[rate=0.4]"])
    assert str(os.getpid()) != pid(clean.by_model["toy"])


def test_a_trial_in_a_used_worker_is_that_of_a_fresh_process(clean, tmp_path):
    catalog = toy_catalog()
    last = clean.by_model[GOOD[-1]]
    dataset = catalog.get("datasets", "specks")().load(None)
    alone = trial.run(last.specification, tmp_path, catalog, lambda _: dataset, lambda _: None)
    assert alone["samples_sha256"] == last.training["samples_sha256"]
    assert alone["losses"] == last.training["losses"]


def test_what_a_plugin_prints_goes_to_the_log_and_cannot_forge_an_event(tmp_path):
    ran = run(tmp_path / "out", models=["toy[does=print]"])
    found = ran.by_model["toy[does=print]"]
    assert found.status == "completed" and found.training["steps"] == 20
    log = log_of(ran, "toy[does=print]")
    assert "chatter of a framework" in log and "forged" in log


def test_what_a_plugin_prints_when_it_is_imported_cannot_forge_an_event_either(tmp_path, capfd):
    path = tmp_path / "loud.py"
    path.write_text("""print('{"event": "done", "result": "forged"}\\nand more', flush=True)\n""")
    with pytest.warns(PluginWarning, match="has no hook"):
        (found,) = run(tmp_path / "out", plugins=[TOY, str(path)]).outcome.records
    assert found.status == "completed"
    assert "and more" in capfd.readouterr().out  # the parent imports it, too


def test_a_trial_that_hangs_is_ended_and_the_next_one_runs(tmp_path, mark):
    start = time.monotonic()
    ran = run(tmp_path / "out", models=["toy[does=hang,after=3]", "toy"], trial_timeout_seconds=4.0)
    hung = ran.by_model["toy[does=hang,after=3]"]
    assert (hung.status, hung.reason) == ("timeout", "took longer than 4 seconds")
    assert ran.by_model["toy"].status == "completed"
    assert time.monotonic() - start < 30
    assert processes(mark) == []


def test_a_trial_that_gives_no_sign_of_life_is_ended_without_a_limit_too(
    tmp_path, mark, monkeypatch
):
    monkeypatch.setattr(child, "SILENCE_SECONDS", 2.0)
    found = run(tmp_path / "out", models=["toy[does=hang]"]).by_model["toy[does=hang]"]
    assert (found.status, found.reason) == ("timeout", "gave no sign of life for 2 seconds")
    assert processes(mark) == []


def test_a_trial_that_keeps_reporting_is_ended_at_its_limit(tmp_path):
    found = run(
        tmp_path / "out",
        models=["toy[step_seconds=0.001]"],
        budget="updates=1M",
        trial_timeout_seconds=2.0,
    ).outcome.records[0]
    assert (found.status, found.reason) == ("timeout", "took longer than 2 seconds")


@pytest.mark.parametrize(("deed", "code"), [("litter", 4), ("fork", 5)])
def test_processes_that_a_trial_leaves_behind_are_ended_with_it(tmp_path, mark, deed, code):
    ran = run(tmp_path / "out", models=[f"toy[does={deed}]", "toy"])
    reason = ran.by_model[f"toy[does={deed}]"].reason
    assert reason == f"the process ended itself with code {code}"
    assert ran.by_model["toy"].status == "completed"
    assert_no_process_is_left(mark)


@pytest.mark.skipif(not PeakMemory().resettable, reason="this system cannot reset the peak")
def test_the_memory_of_one_trial_is_not_charged_to_the_next(tmp_path):
    models = ["toy", "toy[megabytes=300]", "toy[rate=0.2]"]
    by_model = run(tmp_path / "out", models=models, budget="updates=2").by_model
    before, hungry, after = (by_model[name].training["peak_memory_mib"] for name in models)
    assert len({pid(found) for found in by_model.values()}) == 1
    assert before + 290 < hungry < before + 400
    assert after < before + 30


# --------------------------------------------------------------------------- again


def stamps(folder):
    return {
        path: (path.stat().st_mtime_ns, path.stat().st_ino)
        for path in (folder / "trials").rglob("*")
        if path.is_file()
    }


def test_a_second_run_does_nothing(clean):
    before = stamps(clean.folder)
    again = run(clean.folder, models=GOOD)
    assert stamps(clean.folder) == before
    assert again.told == [(model, "stored") for model in GOOD]
    assert again.outcome.records == clean.outcome.records


def test_failed_trials_are_tried_again_and_diverged_ones_are_not(tmp_path):
    models = ["toy[does=raise]", "toy[does=diverge]"]
    run(tmp_path, models=models)
    for attempt in (2, 3):
        again = run(tmp_path, models=models)
        assert again.by_model["toy[does=raise]"].attempt == attempt
        assert again.by_model["toy[does=diverge]"].attempt == 1
        assert Store(tmp_path).load(again.by_model["toy[does=raise]"].id).attempt == attempt
        assert again.told == [
            ("toy[does=raise]", "train"),
            ("toy[does=raise]", "failed"),
            ("toy[does=diverge]", "stored"),
        ]


def test_a_metric_that_is_added_later_scores_the_old_samples(tmp_path):
    first = run(tmp_path, metrics=["brightness"])
    (found,) = first.outcome.records
    samples = tmp_path / "trials" / found.id / "samples.npy"
    written = samples.stat().st_mtime_ns
    again = run(tmp_path, metrics=["brightness", "frechet"])
    (scored,) = again.outcome.records
    assert again.told == [("toy", "score"), ("toy", "completed")]
    assert samples.stat().st_mtime_ns == written
    before, after = ({**item.training} for item in (found, scored))
    assert after.pop("score_seconds") > before.pop("score_seconds") > 0  # of both scorings
    assert before == after and scored.attempt == 1
    assert {score["metric"] for score in scored.scores} == {"brightness", "frechet"}
    assert run(tmp_path, metrics=["frechet"]).told == [("toy", "stored")]


def test_editing_a_plugin_runs_its_trials_again_and_replaces_them_in_the_table(tmp_path):
    path = tmp_path / "toy.py"
    shutil.copy(TOY, path)
    first = run(tmp_path / "out", plugins=[str(path)])
    path.write_text(path.read_text().replace("0.01 * push", "0.02 * push"))
    # The same process again, as in a notebook.
    second = run(tmp_path / "out", plugins=[str(path)])
    (old,), (new,) = first.outcome.records, second.outcome.records
    assert old.id != new.id
    assert old.training["samples_sha256"] != new.training["samples_sha256"]
    (headline,) = headlines.read(Store(tmp_path / "out"))
    assert [len(row.source.row.completed) for row in headline.rows] == [1]


def test_a_metric_that_fails_is_told_and_costs_no_training(tmp_path):
    path = tmp_path / "moody.py"
    path.write_text(
        "import ganbench\n"
        "class Moody:\n"
        "    name, version, needs, columns = 'moody', 1, 'images', {'moody': 'lower'}\n"
        "    def compute(self, real, fake, rng):\n"
        "        raise ValueError('not today')\n"
        "@ganbench.hookimpl\n"
        "def ganbench_metrics():\n"
        "    return [Moody]\n"
    )
    settings = {"metrics": ["moody"], "plugins": [TOY, str(path)]}
    for phases in (["train", "score"], ["score"]):
        ran = run(tmp_path / "out", **settings)
        assert [what for _, what in ran.told] == [*phases, "failed"]
        (failure,) = ran.outcome.failures
        told = "metric 'moody' (moody.py, line 5): compute() raised ValueError: not today"
        assert failure.reason == f"scoring: {told}"
        assert failure.training["check"] == "moody.py"
        assert Store(tmp_path / "out").load(failure.id).status == "completed"
    path.write_text(
        path.read_text().replace("raise ValueError('not today')", "return {'moody': 2}")
    )
    assert run(tmp_path / "out", **settings).outcome.failures == []


def test_a_damaged_record_stops_the_run_with_its_path(tmp_path):
    (found,) = run(tmp_path).outcome.records
    path = tmp_path / "trials" / found.id / "record.json"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ConfigError, match=rf"{found.id}/record\.json: not a whole record"):
        run(tmp_path)


@pytest.mark.parametrize("harm", ["changed", "gone"])
def test_samples_that_are_not_the_trial_s_are_not_scored(tmp_path, harm):
    (found,) = run(tmp_path, metrics=["brightness"]).outcome.records
    path = tmp_path / "trials" / found.id / "samples.npy"
    path.unlink()
    if harm == "changed":
        np.save(path, np.zeros((20, 4, 4, 1), np.uint8))
    (failure,) = run(tmp_path, metrics=["brightness", "frechet"]).outcome.failures
    assert "samples.npy is gone or changed; remove record.json" in failure.reason
    assert run(tmp_path, metrics=["brightness"]).outcome.failures == []


def test_a_device_that_is_not_there_stops_the_run(tmp_path, mark):
    with pytest.raises(EnvironmentNotReady, match="no device 'cuda'"):
        run(tmp_path, baselines=["real"], device="cuda")
    assert_no_process_is_left(mark)


# --------------------------------------------------------------------------- interruptions

SLOW = ["--model", "toy[step_seconds=0.1]"]  # two seconds


def begin(folder, *options, count=1):
    """Start a benchmark of a quick and a slow trial; returns when the slow one has begun."""
    arguments = [*SMALL_OPTIONS, *(options or SLOW), "--out", str(folder)]
    started = subprocess.Popen(
        [sys.executable, "-m", "ganbench.cli", "run", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder.parent,
    )
    wait_until(
        lambda: len(list(folder.glob("trials/*step*/events.jsonl"))) == count,
        "the slow trial has begun",
    )
    return started


def the_slow_one(folder):
    (path,) = folder.glob("trials/*step-seconds*")
    return Store(folder).load(path.name)


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143)],
    ids=["SIGINT", "SIGTERM"],
)
def test_a_run_that_is_stopped_leaves_no_process_and_can_be_resumed(tmp_path, mark, number, code):
    folder = tmp_path / "out"
    started = begin(folder)
    assert len(processes(mark)) >= 3  # the run, a trainer, a scorer
    started.send_signal(number)
    out, err = started.communicate(timeout=30)
    assert started.returncode == code
    assert out == ""
    assert "stopped; what is done is kept" in err and "Traceback" not in err
    assert_no_process_is_left(mark)
    assert the_slow_one(folder).status == "interrupted"
    quick = {path for path in folder.glob("trials/*/record.json") if "step" not in str(path)}
    stamp = {path: path.stat().st_mtime_ns for path in quick}
    assert len(stamp) == 1

    again = run(folder, models=["toy", "toy[step_seconds=0.1]"])
    resumed = the_slow_one(folder)
    assert (resumed.status, resumed.attempt) == ("completed", 2)
    assert {path: path.stat().st_mtime_ns for path in quick} == stamp
    # Sleeping changes nothing: the resumed trial gives what the quick one did.
    quick_one = again.by_model["toy"]
    assert resumed.training["samples_sha256"] == quick_one.training["samples_sha256"]


def test_workers_end_with_a_parent_that_is_killed(tmp_path, mark):
    started = begin(tmp_path / "out", "--model", "toy[step_seconds=60]")
    started.kill()
    started.communicate(timeout=30)
    assert_no_process_is_left(mark)


def test_ids_on_the_command_line_are_those_of_the_python_api(tmp_path):
    config = benchmark.prepare(None, {**SMALL, "out": str(tmp_path)}).config
    (expected,) = plan.make(config, toy_catalog()).trials
    assert [found.id for found in run(tmp_path).outcome.records] == [expected.id]


# --------------------------------------------------------------------------- side by side

BESIDE = [f"toy[rate=0.{number},gains_side_by_side=true]" for number in range(2, 6)]


@pytest.fixture
def two_cores(monkeypatch):
    monkeypatch.setattr(schedule, "cores", lambda: 2)


def test_trials_side_by_side_are_what_they_are_alone_and_say_so(tmp_path, two_cores):
    slow = BESIDE[0].replace(",", ",step_seconds=0.05,")
    ran = run(tmp_path / "out", models=[slow, *BESIDE[1:], "toy"], jobs=2, threads=None)
    alone = run(tmp_path / "alone", models=BESIDE, threads=1)
    records = ran.outcome.records
    assert [found.model for found in records] == [slow, *BESIDE[1:], "toy"]  # the plan's order
    for found, other in zip(records, alone.outcome.records, strict=False):
        assert outcome_of(found) == outcome_of(other)
    assert [found.training["side_by_side"] for found in records] == [2, 2, 2, 2, 1]
    assert [found.specification["threads"] for found in records] == [1, 1, 1, 1, 2]
    assert [found.training["backend_description"]["threads"] for found in records] == list("11112")
    assert len({pid(found) for found in records}) == 3
    assert records[0].training["timing"]["thread_settings"]["OMP_NUM_THREADS"] == "1"


def test_nothing_is_scored_while_a_trial_is_timed(tmp_path, two_cores):
    told = run(tmp_path / "out", models=BESIDE, jobs=2).told
    phases = [what for _, what in told]
    assert sorted(phases[:4]) == ["train"] * 4 and phases.count("score") == 4


def test_what_is_lost_costs_only_its_own_trial_side_by_side(tmp_path, two_cores, mark):
    bad = ["exit", "segfault", "hang", "raise"]
    models = [f"toy[does={deed},gains_side_by_side=true]" for deed in bad]
    mixed = [model for pair in zip(models, BESIDE, strict=True) for model in pair]
    ran = run(tmp_path / "out", models=mixed, jobs=2, trial_timeout_seconds=4.0)
    statuses = [ran.by_model[model].status for model in models]
    assert statuses == ["failed", "failed", "timeout", "failed"]
    assert [ran.by_model[model].status for model in BESIDE] == ["completed"] * 4
    assert_no_process_is_left(mark)
    again = run(tmp_path / "out", models=BESIDE, jobs=2)
    assert sorted(again.told) == sorted((model, "stored") for model in BESIDE)


def test_a_device_that_is_not_there_stops_all_that_runs_beside(tmp_path, mark, two_cores):
    path = tmp_path / "absent.py"
    path.write_text(
        Path(TOY)
        .read_text()
        .replace('name = "toy"\n    requires', 'name = "gone"\n    requires')
        .replace(
            "        return options\n\n    def describe",
            "        from ganbench.errors import EnvironmentNotReady\n"
            "        raise EnvironmentNotReady('no such device')\n\n    def describe",
        )
        .replace('backend = "toy"', 'backend = "gone"')
        .split("@ganbench.hookimpl")[0]
        + "@ganbench.hookimpl\ndef ganbench_backends():\n    return [Toy]\n"
        "@ganbench.hookimpl\ndef ganbench_models():\n    return [ToyGAN]\n"
    )
    slow = "toy[gains_side_by_side=true,step_seconds=60]"
    with pytest.raises(EnvironmentNotReady, match="no such device"):
        run(
            tmp_path / "out",
            plugins=[TOY, str(path)],
            backends=["toy", "gone"],
            models=[slow],
            jobs=2,
        )
    assert_no_process_is_left(mark)
    (record,) = [
        Store(tmp_path / "out").load(path.name)
        for path in (tmp_path / "out" / "trials").glob("toy-*")
    ]
    assert record.status == "interrupted"


def test_ctrl_c_stops_all_that_runs_side_by_side(tmp_path, mark):
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("there is one core")
    folder = tmp_path / "out"
    options = ["--model", "toy[gains_side_by_side=true,step_seconds=0.5|0.6]", "--jobs", "2"]
    started = begin(folder, *options, count=2)
    started.send_signal(signal.SIGINT)
    out, err = started.communicate(timeout=30)
    assert (started.returncode, out) == (130, "") and "Traceback" not in err
    assert_no_process_is_left(mark)
    slow = [Store(folder).load(path.name) for path in folder.glob("trials/*step*")]
    assert [found.status for found in slow] == ["interrupted"] * 2
