import builtins
import hashlib
import json
import os
import platform
import subprocess
import sys
import time

import numpy as np
import pytest
from toys import small_config, toy_catalog

from ganbench import importing, plan, training, trial
from ganbench.budget import Clock
from ganbench.errors import ContractBroken
from ganbench.memory import PeakMemory
from ganbench.specification import rebuild


@pytest.fixture
def run(tmp_path):
    """Run one trial in this process; what was reported is kept in `run.events`."""
    catalog = toy_catalog()

    def one(model="toy", **changes):
        changes = {"models": [model], **changes}
        if model in ("real", "memorizer", "pixel-gaussian"):
            changes["backends"] = ["numpy"]
        (planned,) = plan.make(small_config(**changes), catalog).trials
        one.events = []
        return trial.run(planned.specification, tmp_path, catalog, load, one.events.append)

    def load(specification):
        return rebuild(catalog, "datasets", specification["dataset"]).load(None)

    one.folder = tmp_path
    return one


# --------------------------------------------------------------------------- what comes back


def test_counters_tell_what_both_networks_were_given(run):
    result = run("toy[batch_size=5,discriminator_updates=3]", budget="images=200")
    steps = 200 // 15
    assert result["status"] == "completed" and result["reason"] == ""
    assert result["steps"] == result["generator_updates"] == steps
    assert result["images"] == steps * 15
    assert result["discriminator_updates"] == steps * 3
    assert result["generated_images"] == steps * 5
    assert result["timed_images"] == (steps - 1) * 15


def test_parameters_are_counted_without_buffers(run):
    assert run()["parameters"] == {"generator": 16 + 32, "discriminator": 3}


def test_the_result_is_plain_data(run):
    result = run()
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert result["data_sha256"] == "0" * 64
    assert result["losses"]["discriminator_loss"] == 1.0
    assert "pid" in result["backend_description"]


def test_every_phase_has_its_seconds_and_the_first_step_is_compilation(run):
    result = run("toy[step_seconds=0.02]", budget="updates=6")
    phases = ("prepare", "load", "build", "compile", "draw", "train", "sample", "probe")
    assert all(result[f"{phase}_seconds"] > 0 for phase in phases)
    assert 0.02 <= result["compile_seconds"] < 0.08
    assert 0.1 <= result["train_seconds"] < 0.3
    assert result["timed_images"] == 5 * 4


def test_the_phases_and_what_is_between_them_are_all_of_a_trial(run):
    result = run("toy[step_seconds=0.02,sample_seconds=0.1]", budget="updates=20", checkpoints=2)
    names = ("import", "prepare", "load", "build", "compile", "draw", "train", "checkpoint")
    parts = [result[f"{name}_seconds"] for name in (*names, "sample", "probe", "other")]
    assert sum(parts) == pytest.approx(result["total_seconds"])
    assert result["other_seconds"] >= 0
    assert result["train_seconds"] + result["compile_seconds"] >= 20 * 0.02
    assert result["sample_seconds"] >= 0.1


def test_imports_are_counted_apart_and_once(run, tmp_path, monkeypatch):
    (tmp_path / "slow_framework.py").write_text("import time\ntime.sleep(0.2)\nimport json\n")
    monkeypatch.syspath_prepend(tmp_path)
    catalog = toy_catalog()
    backend = catalog.get("backends", "toy")

    def prepare(self, options):
        import slow_framework

        time.sleep(0.05)
        return slow_framework and options

    monkeypatch.setattr(backend, "prepare", prepare)
    (planned,) = plan.make(small_config(), catalog).trials

    def result(imported):
        return trial.run(
            planned.specification,
            tmp_path,
            catalog,
            lambda _: catalog.get("datasets", "specks")().load(None),
            print,
            imported,
        )

    # Bounds that only the wrong sum passes: a busy machine may take its time.
    first, second = result(imported=100.0), result(imported=0.0)
    assert 100.2 <= first["import_seconds"] < 150 and second["import_seconds"] < 0.2
    assert all(found["prepare_seconds"] >= 0.05 for found in (first, second))
    assert first["prepare_seconds"] < first["total_seconds"] - 0.2  # the import is no part of it
    assert first["total_seconds"] < 100  # what came before its beginning is no part of it


def test_a_module_that_imports_another_is_counted_once(tmp_path, monkeypatch):
    (tmp_path / "outer_one.py").write_text("import inner_one\n")
    (tmp_path / "inner_one.py").write_text("import time\ntime.sleep(0.1)\n")
    monkeypatch.syspath_prepend(tmp_path)
    imports, work = Clock(), Clock()
    with importing.apart(imports, work):
        import outer_one  # noqa: F401
    assert 0.1 <= imports.seconds < 0.19 and 0 <= work.seconds < 0.05


def test_an_import_that_fails_leaves_importing_as_it_was():
    before = builtins.__import__
    imports, work = Clock(), Clock()
    with pytest.raises(ModuleNotFoundError), importing.apart(imports, work):
        import no_such_module_at_all  # noqa: F401
    assert builtins.__import__ is before
    assert imports.seconds > 0 and 0 <= work.seconds < imports.seconds + 0.05


def test_every_timed_chunk_is_kept(run):
    result = run("toy[step_seconds=0.002]", budget="updates=200")
    found = result["timing"]
    ends = [event["updates"] for event in run.events if event["event"] == "progress"]
    assert found["chunks"]["steps"] == np.diff(ends).tolist()
    assert sum(found["chunks"]["seconds"]) == pytest.approx(result["train_seconds"], abs=1e-4)
    assert found["window"] == "steady"
    assert 400 < found["images_per_second"] <= 4 / 0.002
    assert 2 <= found["step_ms_p50"] <= found["step_ms_p95"] < 10
    assert set(found["thread_settings"]) == {
        *("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
        *("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"),
    }


def test_a_budget_of_one_step_is_spent_on_compilation(run):
    result = run(budget="images=1")
    assert (result["steps"], result["timed_images"], result["train_seconds"]) == (1, 0, 0)
    assert result["status"] == "completed"


# --------------------------------------------------------------------------- the budget


@pytest.mark.parametrize("budget", ["updates=1", "updates=2", "updates=7", "updates=5000"])
def test_chunks_grow_and_end_with_the_budget(run, budget):
    result = run(budget=budget)
    ends = [event["updates"] for event in run.events if event["event"] == "progress"]
    lengths = np.diff([0, *ends])
    assert ends[-1] == result["steps"] == int(budget.partition("=")[2])
    assert lengths[0] == 1 and all(lengths[1:2] <= training.FIRST_TIMED_STEPS)
    assert np.all(lengths > 0) and np.all(lengths[2:] <= 8 * lengths[1:-1])


def test_the_length_of_chunks_does_not_change_the_outcome(run, monkeypatch):
    long = run(budget="updates=300")
    chunks = len(run.events)
    monkeypatch.setattr(training, "CHUNK_SECONDS", 0.0)
    short = run(budget="updates=300")
    assert len(run.events) > 10 * chunks
    assert short["samples_sha256"] == long["samples_sha256"]
    assert short["losses"] == long["losses"]


def test_chunks_are_bounded_in_memory(run, monkeypatch):
    monkeypatch.setattr(training, "LONGEST_CHUNK_BYTES", 1000)
    run(budget="updates=50")
    ends = [event["updates"] for event in run.events if event["event"] == "progress"]
    assert np.diff(ends)[1:].max() <= 1000 // (4 * 16)


def test_a_budget_in_seconds_counts_training_alone(run):
    result = run("toy[step_seconds=0.005]", budget="seconds=0.3")
    assert 0.3 <= result["train_seconds"] < 0.45
    assert result["steps"] > 10
    assert run.events[-2]["share"] == 1.0


# --------------------------------------------------------------------------- divergence


@pytest.mark.parametrize("deed", ["diverge", "explode"])
def test_a_loss_that_is_not_finite_ends_the_trial_as_diverged(run, deed):
    result = run(f"toy[does={deed},after=10]", budget="updates=100000")
    assert result["status"] == "diverged"
    assert result["reason"] == f"a loss was not finite after step {result['steps']}"
    assert 10 < result["steps"] < 100_000
    assert result["losses"]["discriminator_loss"] is None
    assert result["losses"]["generator_loss"] is not None
    assert "samples_sha256" not in result and not (run.folder / "samples.npy").exists()
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert result["images"] == result["steps"] * 4


def test_points_that_are_not_finite_are_diverged_too(run):
    result = run("toy[does=nan-samples]", datasets=["dots"], metrics=[])
    assert (result["status"], result["reason"]) == ("diverged", "generated points are not finite")
    assert not (run.folder / "samples.npy").exists()


# --------------------------------------------------------------------------- samples and events


def test_samples_are_kept_with_their_hash(run):
    result = run()
    samples = np.load(run.folder / "samples.npy", allow_pickle=False)
    assert samples.shape == (20, 4, 4, 1) and samples.dtype == np.uint8
    assert result["samples_sha256"] == hashlib.sha256(samples.tobytes()).hexdigest()
    assert len(np.unique(samples.reshape(20, -1), axis=0)) == 20


def test_points_are_kept_as_float32(run):
    run(datasets=["dots"], metrics=[], samples=7)
    samples = np.load(run.folder / "samples.npy")
    assert samples.shape == (7, 2) and samples.dtype == np.float32


@pytest.mark.parametrize("deed", ["few-samples", "float-samples"])
def test_samples_that_are_not_what_was_asked_for_are_refused(run, deed):
    with pytest.raises(ContractBroken, match=r"sample.*\(20, 4, 4, 1\)"):
        run(f"toy[does={deed}]")
    assert not (run.folder / "samples.npy").exists()


def test_the_same_trial_gives_the_same_samples_and_another_seed_others(run):
    first, again = run(), run()
    assert first["samples_sha256"] == again["samples_sha256"]
    assert run(models=["toy[rate=0.2]"])["samples_sha256"] != first["samples_sha256"]
    catalog, config = toy_catalog(), small_config(seeds=2)
    second_seed = plan.make(config, catalog).trials[1].specification
    source = catalog.get("datasets", "specks")()
    result = trial.run(second_seed, run.folder, catalog, lambda _: source.load(None), print)
    assert result["samples_sha256"] != first["samples_sha256"]


def test_events_are_kept_as_they_were_reported(run):
    run(budget="updates=100")
    lines = (run.folder / "events.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    assert events == [event for event in run.events if event["event"] == "progress"]
    assert run.events[-1] == {"event": "phase", "phase": "sample"}
    assert set(events[0]) == {
        *("event", "share", "images", "updates", "timed_images", "train_seconds"),
        *("discriminator_loss", "generator_loss", "real_probability", "fake_probability"),
    }
    shares = [event["share"] for event in events]
    assert shares == sorted(shares) and shares[0] == 0.01 and shares[-1] == 1.0
    assert events[0]["train_seconds"] == 0 and events[-1]["images"] == 400


# --------------------------------------------------------------------------- the NumPy backend


@pytest.mark.parametrize("model", ["real", "memorizer"])
def test_the_replaying_baselines_give_training_images_back(run, model):
    result = run(model, budget="images=640", samples=200)
    assert result["status"] == "completed" and result["losses"] == {}
    assert result["parameters"] == {"generator": 0, "discriminator": 0}
    assert result["images"] == 640 and result["steps"] == 10
    train = toy_catalog().get("datasets", "specks")().load(None).train.samples
    known = {image.tobytes() for image in train}
    samples = np.load(run.folder / "samples.npy")
    assert {image.tobytes() for image in samples} <= known
    assert result["backend_description"]["device"] == "cpu"


def test_the_gaussian_baseline_completes_on_images_and_points(run):
    assert run("pixel-gaussian")["status"] == "completed"
    assert run("pixel-gaussian", datasets=["dots"], metrics=[])["status"] == "completed"


# --------------------------------------------------------------------------- failures and memory


def test_what_a_plugin_raises_comes_through(run):
    with pytest.raises(RuntimeError, match="toy broke"):
        run("toy[does=raise,after=3]")
    assert not (run.folder / "samples.npy").exists()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="this system has no glibc")
def test_what_a_step_frees_is_kept_for_the_next_one():
    script = """
import resource, sys
import numpy as np
from ganbench import memory
if sys.argv[1] == "keep": memory.keep_freed_memory()
for step in range(20):
    if step == 10: before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    blocks = [np.ones(3 * 2**18) for _ in range(20)]  # 6 MiB each
    del blocks
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""

    def faults(word, **variables):
        done = subprocess.run(
            [sys.executable, "-c", script, word],
            env={name: value for name, value in os.environ.items() if "MALLOC" not in name}
            | variables,
            capture_output=True,
            check=True,
        )
        return int(done.stdout)

    assert faults("keep") < faults("default") / 4
    settings = {"MALLOC_TRIM_THRESHOLD_": "131072", "MALLOC_MMAP_THRESHOLD_": "131072"}
    assert faults("keep", **settings) > faults("keep") * 4


@pytest.mark.skipif(not PeakMemory().resettable, reason="this system cannot reset the peak")
def test_the_peak_of_memory_is_that_of_the_trial(run):
    plain = run()["peak_memory_mib"]
    hungry = run("toy[megabytes=200]", budget="updates=2")["peak_memory_mib"]
    after = run()["peak_memory_mib"]
    assert plain + 190 < hungry < plain + 260
    assert after < plain + 30
