import json
import os
import threading
from dataclasses import replace

import pytest
from toys import make_record, make_score, make_trial

from ganbench import record
from ganbench.errors import ConfigError, StorageError
from ganbench.plan import Plan, Skipped
from ganbench.store import Store


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "results")
    made.prepare()
    made.trial_folder("t0")
    return made


def temporary_files(folder):
    return [path for path in folder.rglob("*") if ".tmp" in path.name]


def plan_of(*trials):
    return Plan(list(trials), [])


# --------------------------------------------------------------------------- records


def test_what_is_published_can_be_loaded(store):
    made = make_record(make_trial(), scores=[make_score(1.5)])
    assert store.load("t0") is None
    store.publish(made)
    assert store.load("t0") == made
    assert temporary_files(store.root) == []


def test_the_first_record_of_a_trial_stays(store):
    first, second = make_record(make_trial()), make_record(make_trial(), status="failed")
    store.publish(first)
    store.publish(second)
    assert store.load("t0") == first
    assert temporary_files(store.root) == []


def test_of_many_writers_at_once_one_wins_whole(store):
    records = [make_record(make_trial(), reason=str(number) * 10_000) for number in range(16)]
    start = threading.Barrier(len(records))

    def publish(made):
        start.wait()
        store.publish(made)

    threads = [threading.Thread(target=publish, args=(made,)) for made in records]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.load("t0") in records
    assert temporary_files(store.root) == []


def test_replacing_puts_a_record_in_place_of_the_old_one(store):
    store.publish(make_record(make_trial()))
    second = replace(make_record(make_trial()), attempt=2)
    store.replace(second)
    assert store.load("t0") == second
    assert temporary_files(store.root) == []


def test_a_damaged_record_is_refused_with_its_path(store):
    store.publish(make_record(make_trial(), scores=[make_score(1.5)]))
    path = store.root / "trials" / "t0" / "record.json"
    whole = path.read_bytes()
    for length in range(0, len(whole) - 2, 7):
        path.write_bytes(whole[:length])
        with pytest.raises(ConfigError, match=r"trials/t0/record\.json: not a whole record"):
            store.load("t0")
    path.write_bytes(b"\xff" + whole)
    with pytest.raises((ConfigError, StorageError), match=r"trials/t0/record\.json"):
        store.load("t0")


def test_a_record_that_is_a_folder_cannot_be_read(store):
    (store.root / "trials" / "t0" / "record.json").mkdir()
    with pytest.raises(StorageError, match=r"record\.json: cannot be read"):
        store.load("t0")


# --------------------------------------------------------------------------- writing


def test_a_folder_below_a_file_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file" / "results")
    for attempt in (
        store.prepare,
        lambda: store.trial_folder("t0"),
        lambda: store.publish(make_record(make_trial())),
        lambda: store.replace(make_record(make_trial())),
        lambda: store.write("config.toml", "x"),
    ):
        with pytest.raises(StorageError, match=r"file/results.*: cannot be written") as refused:
            attempt()
        assert refused.value.exit_code == 74 and "\n" not in str(refused.value)


def test_a_full_disk_is_a_storage_error_and_leaves_nothing_behind(store, monkeypatch):
    store.publish(make_record(make_trial()))

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    for attempt in (
        lambda: store.publish(make_record(make_trial())),
        lambda: store.replace(make_record(make_trial(), status="failed")),
        lambda: store.write("config.toml", "x"),
    ):
        with pytest.raises(StorageError, match="No space left on device"):
            attempt()
    assert store.load("t0").status == "completed"
    assert temporary_files(store.root) == []


def test_a_folder_in_the_way_of_a_file_is_a_storage_error_and_leaves_nothing_behind(store):
    (store.root / "config.toml").mkdir()
    with pytest.raises(StorageError, match=r"config\.toml: cannot be written"):
        store.write("config.toml", "x")
    assert temporary_files(store.root) == []


def test_preparing_twice_keeps_what_is_there(store):
    store.publish(make_record(make_trial()))
    store.prepare()
    assert store.load("t0") is not None
    assert temporary_files(store.root) == []


def test_two_runs_can_prepare_one_folder_at_once(tmp_path):
    store, failures = Store(tmp_path / "results"), []

    def prepare():
        for _ in range(30):
            try:
                store.prepare()
            except StorageError as error:
                failures.append(error)

    threads = [threading.Thread(target=prepare) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


# --------------------------------------------------------------------------- the manifest


def test_the_manifest_gives_the_planned_trials_back(store):
    trials = [make_trial("t0"), make_trial("t1", seed=1)]
    skipped = Skipped("toy", "toy", "hinge", "ring", "no points")
    store.write_manifest(Plan(trials, [skipped]), "mine")
    assert store.planned() == trials
    manifest = json.loads((store.root / "manifest.json").read_text())
    assert (manifest["name"], manifest["manifest_version"]) == ("mine", 1)
    assert manifest["skipped"][0]["reason"] == "no points"


def test_the_manifest_keeps_what_earlier_plans_asked(store):
    first, second = make_trial("t0"), make_trial("t1", model="other")
    store.write_manifest(plan_of(first), "a")
    store.write_manifest(plan_of(second), "b")
    store.write_manifest(plan_of(first), "a")
    assert store.planned() == [first, second]


def test_a_question_that_other_sources_answer_takes_the_old_one_s_place(store):
    old = make_trial("t0")
    edited = make_trial("t1", sources={"toy": "fedcba9876543210"}, protocol=2)
    edited.specification["model"]["options"] = {"an option that has come": 1}
    other = make_trial("t2", seed=1)
    store.write_manifest(plan_of(old, other), "a")
    store.write_manifest(plan_of(edited), "a")
    assert store.planned() == [edited, other]


def test_a_folder_without_a_manifest_holds_no_results(tmp_path):
    for root in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ConfigError, match="no ganbench results here"):
            Store(root).planned()


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", "{}", '{"trials": []}', '{"manifest_version": 1}'),
        '{"manifest_version": 1, "trials": 3}',
        '{"manifest_version": 1, "trials": [3]}',
        '{"manifest_version": 1, "trials": [{"id": "t0"}]}',
        '{"manifest_version": 1, "trials": [{"id": "t0", "specification": {}, "new": 1}]}',
    ],
)
def test_a_damaged_manifest_is_refused_with_its_path(store, text):
    (store.root / "manifest.json").write_text(text)
    with pytest.raises(ConfigError, match=r"manifest\.json: damaged"):
        store.planned()
    with pytest.raises(ConfigError, match=r"manifest\.json: damaged"):
        store.write_manifest(plan_of(make_trial()), "a")


def test_a_manifest_of_another_version_is_refused_naming_both(store):
    store.write_json("manifest.json", {"manifest_version": 2, "trials": [3]})
    with pytest.raises(ConfigError, match=r"manifest\.json: has version 2 and .* reads 1"):
        store.planned()


def test_a_manifest_that_is_not_text_is_refused(store):
    (store.root / "manifest.json").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"manifest\.json: damaged"):
        store.planned()


def test_files_are_written_in_json_that_anyone_can_read(store):
    store.write_json("environment.json", {"b": 1, "a": [2]})
    text = (store.root / "environment.json").read_text()
    assert json.loads(text) == {"a": [2], "b": 1} and text.endswith("\n")


def test_a_record_is_the_file_that_its_module_writes(store):
    made = make_record(make_trial())
    store.publish(made)
    assert (store.root / "trials/t0/record.json").read_text() == record.to_json(made)
