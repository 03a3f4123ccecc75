import dataclasses
import json

import pytest
from click.testing import CliRunner
from toys import make_record, make_score, make_trial

from ganbench.cli import main
from ganbench.errors import ConfigError
from ganbench.headline import folder as headlines
from ganbench.merge import merge
from ganbench.plan import Plan, Skipped
from ganbench.report.folder import FILES
from ganbench.store import Store

SKIPPED = Skipped("toy", "toy", "odd", "specks", "it is odd")


def folder(path, *trials, value=1.0, skipped=(), **changes):
    """A folder of results with a record, a picture and samples of each of these trials."""
    store = Store(path)
    store.prepare()
    for trial in trials:
        place = store.trial_folder(trial.id)
        store.publish(make_record(trial, scores=[make_score(value)], **changes))
        (place / "samples.png").write_bytes(f"picture {trial.id}".encode())
        (place / "samples.npy").write_bytes(b"many numbers")
    store.write_manifest(Plan(list(trials), list(skipped)), path.name)
    return store


@pytest.fixture
def two(tmp_path):
    """Folders of two machines, with a seed each."""
    other = {"environment": {"cpu": "Other"}}
    return (
        folder(tmp_path / "a", make_trial("t0"), skipped=[SKIPPED]),
        folder(tmp_path / "b", make_trial("t1", seed=1), value=3.0, skipped=[SKIPPED], **other),
    )


def test_a_merged_folder_has_all_records_and_pictures_and_no_samples(two, tmp_path):
    target = Store(tmp_path / "c")
    assert merge(list(two), target) == 2
    assert [trial.id for trial in target.planned()] == ["t0", "t1"]
    for source, name in zip(two, ("t0", "t1"), strict=True):
        assert target.load(name) == source.load(name)
        place = target.root / "trials" / name
        assert (place / "samples.png").read_bytes() == f"picture {name}".encode()
        assert {path.name for path in place.iterdir()} == {"record.json", "samples.png"}
    manifest = json.loads((target.root / "manifest.json").read_text())
    assert manifest["name"] == "c" and manifest["skipped"] == [dataclasses.asdict(SKIPPED)]


def test_the_command_writes_the_tables(two, tmp_path):
    out = tmp_path / "c"
    done = CliRunner().invoke(main, ["merge", *(str(s.root) for s in two), "-o", str(out)])
    assert done.exit_code == 0, done.stderr
    assert "2 records of 2 folders" in done.stdout
    assert {path.name for path in (out / "tables").iterdir()} == set(FILES)
    (headline,) = headlines.read(Store(out))
    (row,) = headline.rows
    assert row.source.row.planned == 2 and row.summary.median == 2.0


def test_a_trial_that_was_not_run_is_planned_still_and_one_record_stays_one(tmp_path):
    a = folder(tmp_path / "a", make_trial("t0"))
    a.write_manifest(Plan([make_trial("t1", seed=1)], []), "a")
    b = folder(tmp_path / "b", make_trial("t0"))
    target = Store(tmp_path / "c")
    assert merge([a, b], target) == 1
    assert [trial.id for trial in target.planned()] == ["t0", "t1"]


def refused(sources, target):
    with pytest.raises(ConfigError) as error:
        merge(sources, target)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_folder_with_results_is_no_target(two, tmp_path):
    assert "has results already" in refused(list(two), two[0])
    stray = Store(tmp_path / "stray")
    stray.trial_folder("t9")
    assert "has results already" in refused(list(two), stray)


def test_different_records_of_one_trial_are_refused_by_name(tmp_path):
    a = folder(tmp_path / "a", make_trial("t0"))
    b = folder(tmp_path / "b", make_trial("t0"), value=2.0)
    message = refused([a, b], Store(tmp_path / "c"))
    assert f"{a.root}/trials/t0 and {b.root}/trials/t0 are different records" in message
    assert not (tmp_path / "c").exists()


def test_trials_that_a_table_could_not_tell_apart_are_refused(tmp_path):
    a = folder(tmp_path / "a", make_trial("t0"))
    b = folder(tmp_path / "b", make_trial("t0-edited", sources={"toy": "edited"}))
    message = refused([a, b], Store(tmp_path / "c"))
    assert "trials/t0 and" in message and "trials/t0-edited ask the same" in message


def test_one_folder_is_not_merged(two, tmp_path):
    assert "two folders" in refused([two[0]], Store(tmp_path / "c"))


def test_a_folder_without_results_is_refused(two, tmp_path):
    assert "no ganbench results here" in refused([two[0], Store(tmp_path)], Store(tmp_path / "c"))
