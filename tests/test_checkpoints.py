import numpy as np
import pytest
from toys import small_config, toy_catalog

from ganbench import checkpoints, plan, trial
from ganbench.contracts import Task
from ganbench.errors import ConfigError
from ganbench.results import checkpoint_samples
from ganbench.specification import rebuild


@pytest.fixture
def run(tmp_path):
    """Run one trial of the toy model in this process and give its result."""
    catalog = toy_catalog()

    def one(model="toy", folder="trial", **changes):
        (planned,) = plan.make(small_config(models=[model], **changes), catalog).trials
        one.folder = tmp_path / folder
        one.folder.mkdir()
        return trial.run(planned.specification, one.folder, catalog, load, lambda event: None)

    def load(specification):
        return rebuild(catalog, "datasets", specification["dataset"]).load(None)

    return one


@pytest.mark.parametrize(
    ("updates", "wanted", "expected"),
    [(20, 4, [0, 5, 10, 15]), (7, 3, [0, 2, 4]), (300, 1, [0]), (2, 4, [0, 1])],
)
def test_samples_are_taken_at_equal_shares_of_the_budget_from_the_start(
    run, updates, wanted, expected
):
    result = run(budget=f"updates={updates}", checkpoints=wanted)
    taken = result["checkpoints"]
    reached = [item["updates"] for item in taken]
    assert sorted(set(reached)) == expected and len(taken) <= wanted
    assert [item["images"] for item in taken] == [4 * updates for updates in reached]
    seconds = [item["train_seconds"] for item in taken]
    assert seconds == sorted(seconds) and seconds[0] == 0 and seconds[-1] < result["train_seconds"]
    assert result["steps"] == updates


def test_what_is_taken_on_the_way_does_not_change_what_is_trained(run):
    without = run(budget="updates=300", checkpoints=0, folder="a")
    often = run(budget="updates=300", checkpoints=20, folder="b")
    assert without["checkpoints"] == [] and len(often["checkpoints"]) == 20
    assert often["samples_sha256"] == without["samples_sha256"]
    assert often["losses"] == without["losses"]


def test_the_clock_of_training_stands_still_meanwhile(run):
    result = run("toy[sample_seconds=0.2]", budget="updates=10", checkpoints=3)
    assert result["checkpoint_seconds"] >= 0.6
    assert result["train_seconds"] + result["compile_seconds"] < 0.2


def test_a_budget_in_seconds_has_them_at_shares_of_the_time(run):
    result = run("toy[step_seconds=0.005]", budget="seconds=1.2", checkpoints=2)
    first, second = (item["train_seconds"] for item in result["checkpoints"])
    assert first == 0 and 0.6 <= second < 1.2


def test_they_are_read_again_only_as_they_were_written(run):
    (first, _) = run(budget="updates=10", checkpoints=2)["checkpoints"]
    samples = checkpoints.samples_of(first, run.folder)
    assert samples.dtype == np.uint8 and len(samples) == 20
    np.save(run.folder / first["file"], samples + 1)
    with pytest.raises(ConfigError, match=r"000\.npy is gone or changed"):
        checkpoints.samples_of(first, run.folder)


def test_a_generator_that_gives_no_numbers_on_the_way_has_diverged(run):
    result = run("toy[does=nan-samples]", datasets=["dots"], metrics=None, checkpoints=2)
    assert result["status"] == "diverged" and result["checkpoints"] == []
    assert "samples_sha256" not in result


def test_baselines_have_no_way_to_follow(run):
    result = run("real", budget="updates=10", checkpoints=4, backends=["numpy"])
    assert result["checkpoints"] == []


def test_the_first_samples_of_every_checkpoint_are_kept_in_a_small_file(run):
    result = run(budget="updates=20", checkpoints=4)
    path = run.folder / checkpoint_samples.FILE
    kept = checkpoint_samples.read(path, result["checkpoint_samples_sha256"])
    assert kept.images.tolist() == [0, 20, 40, 60, 80]
    final = np.load(run.folder / "samples.npy")
    assert kept.samples.dtype == np.uint8 and len(final) < checkpoint_samples.IMAGES
    np.testing.assert_array_equal(kept.samples[-1], final)
    first = checkpoints.samples_of(result["checkpoints"][0], run.folder)
    np.testing.assert_array_equal(kept.samples[0], first)
    assert checkpoint_samples.read(path, "0" * 64) is None
    path.write_bytes(path.read_bytes()[:100])
    assert checkpoint_samples.read(path, result["checkpoint_samples_sha256"]) is None


def test_small_samples_are_at_most_32_pixels_a_side_and_keep_their_brightness():
    images = np.zeros((40, 64, 128, 3), np.uint8)
    images[:, :, :64] = 200
    small = checkpoint_samples.select(images, Task("any", "images", (64, 128, 3)))
    assert small.shape == (32, 16, 32, 3)
    assert small[:, :, :16].min() == 200 and small[:, :, 16:].max() == 0


def test_a_trial_that_gave_no_samples_keeps_none(run):
    result = run("toy[does=nan-samples]", datasets=["dots"], metrics=None, checkpoints=2)
    assert "checkpoint_samples_sha256" not in result
    assert not (run.folder / checkpoint_samples.FILE).exists()
