"""The doctor: what can run, what is wrong with the command that mends it, and peaks."""

import importlib.util
import json
import time

import pytest
from toys import ABSENT, PLUGINS, TOY, make_record, make_trial, run_ganbench

from ganbench import costs, doctor, doctor_page, environment, peak, plugins
from ganbench.analysis import table
from ganbench.contracts import PeakWork
from ganbench.doctor import ABSENT as NOT_INSTALLED
from ganbench.doctor import BROKEN, READY, Backend, Report
from ganbench.headline.build import build
from ganbench.report import notes, wide

MNIST_PARTS = ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"]
SETUP = {"plugin_files": [], "load_plugins": [], "data": None, "weights": {}}
NO_FRAMEWORKS = [f"-pno:{name}" for name in ("torch", "tensorflow", "jax", "fidelity")]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def report(backends, **changes):
    machine = environment.describe() | {"busy_cores_at_start": 0.1, "cores": 2}
    machine |= {"memory_available_gib": 9.0, "disk_free_gib": 50.0, "thread_variables": {}}
    values = {
        "machine": machine,
        "backends": backends,
        "datasets": {"digits": "here", "mnist": "the first run downloads them"},
        "extractors": {},
        "cache": {"folder": "cache", "files": 0, "mib": 0.0, "is_writable": True},
        "peak": [],
        "energy": {"counters": [], "absent": ["RAPL: no counter"]},
        "plugins": {"loaded": ["toy (toy.py)"], "failed": []},
        "problems": [],
    }
    machine |= changes.pop("machine", {})
    return Report(**{**values, **changes})


# --------------------------------------------------------------------------- the command


def test_a_backend_that_trains_is_enough(tmp_path):
    options = [*NO_FRAMEWORKS, "--plugin", TOY, "--plugin", ABSENT]
    done = run_ganbench("doctor", *options, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "toy: ready" in done.stdout and "numpy: ready" in done.stdout
    assert "absent: not installed, absent is not installed; pip install" in done.stdout
    assert "baselines alone" in done.stdout and "Runs can start." in done.stdout
    assert "here: digits" in done.stdout
    assert "peak        never measured here: ganbench doctor --peak" in done.stdout


def test_without_one_it_ends_with_three_and_says_what_to_install(tmp_path):
    options = [*NO_FRAMEWORKS, "--plugin", ABSENT, "--format", "json"]
    done = run_ganbench("doctor", *options, folder=tmp_path)
    assert done.returncode == 3
    found = json.loads(done.stdout)
    assert found["can_run"] is False
    assert {
        "what": "no backend can train",
        "mend": "pip install 'ganbench[absent-extra]'",
    } in found["problems"]


def test_what_does_not_start_is_told_with_its_reason(tmp_path):
    plugin = tmp_path / "sick.py"
    text = (PLUGINS / "abacus.py").read_text().replace('"abacus"', '"sick"')
    text = text.replace("return options", 'raise OSError("libcuda.so is missing")')
    plugin.write_text(text.replace('backend = "toy"', 'backend = "none"'))
    found = doctor.backends(
        plugins.load([plugin], ["no:torch", "no:tensorflow", "no:jax"]),
        {**SETUP, "plugin_files": [str(plugin)]},
    )
    (sick,) = [backend for backend in found if backend.name == "sick"]
    reason = "backend 'sick' (sick.py, line 22): prepare() raised OSError: libcuda.so is missing"
    assert (sick.status, sick.reason) == (BROKEN, reason)
    numpy = next(backend for backend in found if backend.name == "numpy")
    assert numpy.status == READY and not numpy.trains


# --------------------------------------------------------------------------- what is wrong


def problems(found):
    catalog = plugins.load([], ["no:torch", "no:tensorflow", "no:jax"])
    return [*doctor._of_backends(found, catalog), *doctor._of_machine(found)]


@pytest.mark.parametrize(
    ("changes", "what", "mend"),
    [
        ({"machine": {"busy_cores_at_start": 1.2}}, "1.2 of 2 cores have work", "wait"),
        ({"machine": {"memory_available_gib": 1.0}}, "1 GiB of memory", "end other programs"),
        ({"machine": {"disk_free_gib": 0.5}}, "0.5 GiB of disk", "--out FOLDER"),
        (
            {"cache": {"folder": "c", "files": 0, "mib": 0, "is_writable": False}},
            "c cannot be written",
            "export GANBENCH_CACHE=FOLDER",
        ),
        (
            {"energy": {"counters": [], "absent": ["RAPL: x may be read by root alone"]}},
            "root alone",
            "sudo chmod a+r /sys/class/powercap/intel-rapl:*/energy_uj",
        ),
    ],
)
def test_every_problem_comes_with_what_mends_it(changes, what, mend):
    ready = [Backend("toy", READY)]
    assert problems(report(ready)) == []
    (found,) = problems(report(ready, **changes))
    assert what in found.what and mend in found.mend


def test_two_cudas_in_one_environment_are_said(monkeypatch):
    names = ["nvidia-cudnn-cu12", "nvidia-cudnn-cu13", "numpy"]
    monkeypatch.setattr(doctor, "_distributions", lambda: names)
    (found,) = problems(report([Backend("toy", READY)]))
    assert "CUDA 12 and 13" in found.what and "python -m venv" in found.mend


def test_the_page_is_one_and_tells_the_problems_last():
    absent = Backend("jax", NOT_INSTALLED, reason="jax is not installed; pip install x")
    ready = Backend("toy", READY, {"toy": "1.0", "device_name": "H100", "cuda": "13.0"})
    text = doctor_page.to_text(report([absent, ready], problems=[doctor.Problem("a", "b")]))
    assert "toy: ready, 1.0, H100, CUDA 13.0" in text
    assert "jax: not installed, jax is not installed; pip install x" in text
    assert "mnist: not here; the first run downloads them" in text
    assert "energy      no counter: RAPL: no counter" in text
    assert text.endswith("Runs can start. 1 problem:\n- a\n    b\n")
    assert len(text.splitlines()) < 40


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("mnist", [f"{part}-ubyte.gz" for part in MNIST_PARTS]),
        ("cifar10", ["cifar-10-binary.tar.gz"]),
    ],
)
def test_data_are_here_once_their_files_are(cache, name, files):
    source = plugins.load([], ["datasets"]).get("datasets", name)()
    for file in files:
        assert "downloads" in source.missing()
        (cache / name).mkdir(parents=True, exist_ok=True)
        (cache / name / file).touch()
    assert source.missing() is None


# --------------------------------------------------------------------------- peaks


def a_rate(value, threads=2, **changes):
    same = {"backend": "numpy", "library": "numpy 2", "operation": "matrix product"}
    return {**same, "device": "cpu", "threads": threads, "flops_per_second": value, **changes}


def test_a_rate_is_that_of_the_fastest_call():
    pauses = iter([0.05, 0.03, 0.004, *[0.03] * 100])
    work = PeakWork("matrix product", 1000, lambda: time.sleep(next(pauses)))
    assert 1000 / 0.012 < peak.rate(work, 0.1) <= 1000 / 0.004


def test_a_trial_is_held_against_its_own_device_and_threads(cache):
    own = {"threads": 2, "device": "auto", "backend": {"options": {}}}
    cpu = {"device_name": "cpu"}
    assert peak.of(own, cpu) is None
    rates = [a_rate(5e9, 1), a_rate(8e9), a_rate(9e9, operation="convolution")]
    rates.append(a_rate(1e13, device="H100"))
    assert peak.keep(rates) and peak.kept() == rates
    found = {"flops_per_second": 9e9, "of": "convolution of numpy 2 in float32, cpu, 2 threads"}
    assert peak.of(own, cpu) == found
    assert peak.of({**own, "device": "cpu"}, {"device_name": "H100"}) == found
    assert peak.of({**own, "threads": 1}, cpu)["of"].endswith("cpu, 1 thread")
    assert peak.of({**own, "threads": 3}, cpu) is None
    assert peak.of({**own, "threads": 3}, {"device_name": "H100"})["flops_per_second"] == 1e13
    precise = {**own, "backend": {"options": {"precision": "bfloat16"}}}
    assert peak.of(precise, cpu) is None


def test_rates_of_another_machine_are_not_taken(cache, monkeypatch):
    peak.keep([a_rate(1e9)])
    own = peak.hardware()
    assert "node" not in json.dumps(own) and set(own) == set(peak.HARDWARE)
    monkeypatch.setattr(peak, "hardware", lambda: {**own, "cpu": "another"})
    assert peak.kept() == []


def test_peaks_are_measured_in_processes_and_kept_for_the_records(cache, tmp_path):
    asked = {"backend": {"name": "numpy", "options": {}}, "device": "cpu", "threads": 1}
    (rates,) = peak.measure([asked], SETUP, seconds=0.05)
    (rate,) = rates
    assert rate["flops_per_second"] > 1e8
    assert (rate["operation"], rate["threads"], rate["device"]) == ("matrix product", 1, "cpu")
    assert rate["library"].startswith("numpy ")
    peak.keep([{**rate, "flops_per_second": 1e12}])
    options = ["--plugin", TOY, "--plugin", str(PLUGINS / "abacus.py"), "--backend", "toy"]
    options += ["--model", "bead", "--loss", "hinge", "--dataset", "specks", "--no-baselines"]
    options += ["--seeds", "1", "--threads", "1", "--budget", "updates=20", "--out", "out"]
    done = run_ganbench("run", *options, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    (table,) = json.loads((tmp_path / "out/tables/table.json").read_text())["tables"]
    (row,) = table["rows"]
    found = {name: value["median"] for name, value in row["costs"].items()}
    assert found["share_of_peak"] == pytest.approx(found["flops_per_second"] / 1e12)
    shown = run_ganbench("table", "out", "--all", "--notes", "--no-report", folder=tmp_path).stdout
    assert "MFU" in shown and "matrix product of numpy" in shown.replace("\n", " ")


def test_what_cannot_be_measured_is_said(cache, monkeypatch):
    asked = {"backend": {"name": "nobody", "options": {}}, "device": "cpu", "threads": 1}
    (answer,) = peak.measure([asked], SETUP, seconds=0.05)
    assert answer.startswith("UnknownName: no backend named 'nobody'")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["torch", "tensorflow"])
def test_frameworks_reach_rates_of_this_machine(name):
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    asked = {"backend": {"name": name, "options": {}}, "device": "cpu", "threads": 1}
    (rates,) = peak.measure([asked], SETUP, seconds=0.2)
    assert {rate["operation"] for rate in rates} == {"matrix product", "convolution"}
    assert all(1e9 < rate["flops_per_second"] < 1e14 for rate in rates)


# --------------------------------------------------------------------------- tables


def everything(trial, record):
    """The headings of --all and the notes."""
    (found,) = table.build([trial], [record])
    headline = build(found)
    headings = [item.text for grid in wide.every_column(headline) for item in grid.headings]
    return "\n".join([*headings, *notes.notes(headline)])


def test_tables_show_new_costs_where_they_are_known_and_are_as_narrow_as_before_where_not():
    trial = make_trial()
    plain = make_record(trial, steps=20)
    text = everything(trial, plain)
    assert not any(word in text for word in ("MFU", "of peak", "J/image", "on GPU"))
    assert costs.costs(plain)["flops_per_second"] is None
    rich = make_record(
        trial,
        steps=20,
        flops_per_step=1_000_000,
        peak={"flops_per_second": 1e9, "of": "matrix product of numpy 2 in float32"},
        energy_joules=30.0,
        energy_source="RAPL package-0",
        peak_device_memory_mib=512.0,
    )
    found = costs.costs(rich)
    # 60 timed images in half a second, four in a step
    assert found["flops_per_second"] == 30e6 and found["share_of_peak"] == 0.03
    assert found["joules_per_image"] == 0.5 and found["peak_device_memory_mib"] == 512.0
    text = everything(trial, rich)
    assert "MFU" in text and "J/image" in text and "peak MiB on GPU" in text
    assert "matrix product of numpy 2 in float32, 1.0 GFLOP/s" in text
    assert "by RAPL package-0." in text
