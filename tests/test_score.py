import json

import pytest
from click.testing import CliRunner
from toys import SMALL_OPTIONS, TOY

from ganbench.cli import main


def invoke(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def folder(tmp_path):
    """Two trials of a toy, scored with one metric."""
    options = [option for option in SMALL_OPTIONS if option != "frechet"]
    options = (
        options[: options.index("brightness") + 1] + options[options.index("brightness") + 2 :]
    )
    done = invoke("run", *options, "--seeds", 2, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    return tmp_path / "out"


def records(folder):
    return [json.loads(path.read_text()) for path in sorted(folder.glob("trials/*/record.json"))]


def test_old_samples_are_scored_with_a_new_metric_and_keep_their_values(folder):
    before = records(folder)
    done = invoke("score", folder, "--metric", "frechet", "--plugin", TOY)
    assert done.exit_code == 0, done.output
    for old, new in zip(before, records(folder), strict=True):
        assert [score["metric"] for score in new["scores"]] == ["brightness", "frechet"]
        assert new["scores"][0] == old["scores"][0]
        spent = [record["training"].pop("score_seconds") for record in (old, new)]
        assert 0 < spent[0] < spent[1]
        assert new["training"] == old["training"] and new["attempt"] == old["attempt"]
        assert [point["updates"] for point in new["scores"][1]["curve"]] == [0, 5, 10, 15]
    assert "fd" in (folder / "tables" / "table.md").read_text()


def test_what_is_there_is_not_computed_again(folder):
    invoke("score", folder, "--plugin", TOY)
    before = records(folder)
    done = invoke("score", folder, "--plugin", TOY)
    assert done.exit_code == 0 and done.stderr.count("(stored)") == 2
    assert records(folder) == before


def test_a_space_can_be_named(folder):
    options = ["--metric", "frechet", "--plugin", TOY]
    assert invoke("score", folder, "--extractor", "pixels", *options).exit_code == 0
    done = invoke("score", folder, "--extractor", "pixel", *options)
    assert done.exit_code == 2 and "did you mean 'pixels'" in done.stderr
    done = invoke("score", folder, "--extractor", "cls-digits-v1", *options)
    assert done.exit_code == 2 and "does not fit 'specks'" in done.stderr


def test_samples_that_are_gone_are_said_and_the_others_scored(folder):
    first, _ = sorted(folder.glob("trials/*/samples.npy"))
    first.unlink()
    done = invoke("score", folder, "--metric", "frechet", "--plugin", TOY)
    assert done.exit_code == 1
    assert "samples.npy is gone or changed" in done.stderr
    assert "scoring failed 1 of 2" in done.stdout
    assert "1 of 2 trials did not complete" in done.stderr
    assert [len(found["scores"]) for found in records(folder)] == [1, 2]
    assert all(found["status"] == "completed" for found in records(folder))


def test_other_data_than_the_trial_was_trained_on_is_refused(folder):
    for path in folder.glob("trials/*/record.json"):
        path.write_text(path.read_text().replace('"data_sha256": "00', '"data_sha256": "11'))
    done = invoke("score", folder, "--metric", "frechet", "--plugin", TOY)
    assert done.exit_code == 1 and "specks is not the data" in done.stderr


def test_a_folder_without_results_or_without_completed_trials_is_said(folder, tmp_path):
    done = invoke("score", tmp_path)
    assert done.exit_code == 2 and "manifest.json is missing" in done.stderr
    for path in folder.glob("trials/*/record.json"):
        path.write_text(path.read_text().replace('"status": "completed"', '"status": "diverged"'))
    done = invoke("score", folder, "--plugin", TOY)
    assert done.exit_code == 5 and "nothing to score" in done.stderr
