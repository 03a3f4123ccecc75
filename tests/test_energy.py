"""Joules: counted where a counter exists, said to be absent where not."""

import itertools
import sys
from types import SimpleNamespace

import pytest
from toys import small_config, toy_catalog

from ganbench import energy, plan, trial
from ganbench.energy import MeteredClock, Package

MILLION = 1_000_000


def powercap(root, **packages):
    """A tree as Linux has it: `intel-rapl:0` and so on, named, with a counter of microjoules."""
    for place, (name, microjoules) in packages.items():
        folder = root / place.replace("_", ":").replace("rapl", "intel-rapl")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "name").write_text(f"{name}\n")
        (folder / "max_energy_range_uj").write_text("262143328850\n")
        (folder / "energy_uj").write_text(f"{microjoules}\n")
    return root


def use(root, package, microjoules):
    (root / f"intel-rapl:{package}" / "energy_uj").write_text(f"{microjoules}\n")


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Two packages, a part of one, and the platform that holds both."""
    root = powercap(
        tmp_path / "powercap",
        rapl_0=("package-0", 100 * MILLION),
        rapl_0_0=("core", 0),
        rapl_1=("package-1", 0),
        rapl_2=("psys", 0),
    )
    monkeypatch.setattr(energy, "POWERCAP", root)
    return root


def test_packages_are_counted_and_neither_their_parts_nor_the_platform(tree):
    found = energy.find(on_gpu=False)
    assert found.source == "RAPL package-0, RAPL package-1"
    use(tree, 0, 103 * MILLION)
    use(tree, 1, 2 * MILLION)
    assert [counter.joules() for counter in found.counters] == [3.0, 2.0]


def test_a_counter_goes_on_where_it_begins_again(tree):
    package = Package(tree / "intel-rapl:0")
    use(tree, 0, 262143328850)
    first = package.joules()
    use(tree, 0, MILLION - 1)
    assert package.joules() == pytest.approx(first + 1.0, abs=1e-9)
    use(tree, 0, 3 * MILLION - 1)
    assert package.joules() == pytest.approx(first + 3.0, abs=1e-9)


def test_a_clock_counts_the_joules_of_its_spans_and_no_others(tree):
    clock = MeteredClock(counters=energy.find(on_gpu=False).counters)
    with clock.running():
        use(tree, 0, 101 * MILLION)
    use(tree, 0, 150 * MILLION)  # somebody else's
    with clock.running():
        use(tree, 1, 4 * MILLION)
    assert clock.joules == pytest.approx(5.0)
    assert clock.seconds > 0


def test_a_counter_that_fails_on_the_way_leaves_no_half_sum(tree):
    clock = MeteredClock(counters=energy.find(on_gpu=False).counters)
    with clock.running():
        (tree / "intel-rapl:0" / "energy_uj").unlink()
    with clock.running():
        use(tree, 0, 1)
    assert clock.joules is None


def test_without_counters_there_are_no_joules_and_a_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(energy, "POWERCAP", tmp_path / "none")
    found = energy.find(on_gpu=False)
    assert (found.counters, found.source) == ([], f"RAPL: no counter in {tmp_path / 'none'}")
    clock = MeteredClock(counters=found.counters)
    with clock.running():
        pass
    assert clock.joules is None


@pytest.mark.parametrize(
    ("error", "reason"),
    [(PermissionError(13, "no"), "may be read by root alone"), (OSError(5, "no"), "(OSError)")],
)
def test_a_counter_that_cannot_be_read_is_absent(tree, monkeypatch, error, reason):
    def refuse(self):
        raise error

    monkeypatch.setattr(Package, "_read", refuse)
    found = energy.find(on_gpu=False)
    assert found.counters == [] and reason in found.source


class Nvml(SimpleNamespace):
    """NVML of one GPU, in millijoules."""

    class NVMLError(Exception):
        pass

    def __init__(self):
        super().__init__(millijoules=5_000, asked=[], broken=False)

    def nvmlInit(self):
        if self.broken:
            raise self.NVMLError("Driver Not Loaded")

    def nvmlDeviceGetHandleByIndex(self, index):
        self.asked.append(index)
        return "handle"

    def nvmlDeviceGetHandleByUUID(self, name):
        self.asked.append(name)
        return "handle"

    def nvmlDeviceGetName(self, handle):
        return "GPU"

    def nvmlDeviceGetTotalEnergyConsumption(self, handle):
        return self.millijoules


@pytest.fixture
def nvml(monkeypatch):
    fake = Nvml()
    monkeypatch.setitem(sys.modules, "pynvml", fake)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return fake


def test_a_gpus_joules_are_added_where_it_trains(tree, nvml):
    found = energy.find(on_gpu=True)
    assert found.source == "RAPL package-0, RAPL package-1, NVML GPU"
    clock = MeteredClock(counters=found.counters)
    with clock.running():
        nvml.millijoules += 2_500
        use(tree, 0, 101 * MILLION)
    assert clock.joules == pytest.approx(3.5)
    assert len(energy.find(on_gpu=False).counters) == 2


@pytest.mark.parametrize(("visible", "asked"), [("1,0", 1), ("GPU-abc", "GPU-abc")])
def test_the_gpu_is_the_first_that_is_visible(nvml, monkeypatch, visible, asked):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    energy.find(on_gpu=True)
    assert nvml.asked == [asked]


def test_a_gpu_without_its_driver_or_library_is_absent_with_a_reason(nvml, tree, monkeypatch):
    nvml.broken = True
    assert energy.find(on_gpu=True).absent == ["NVML: Driver Not Loaded"]
    monkeypatch.setitem(sys.modules, "pynvml", None)  # as if it were not installed
    assert energy.find(on_gpu=True).absent == ["NVML: pip install nvidia-ml-py"]


def test_a_trial_records_the_joules_of_its_timed_chunks(tree, tmp_path, monkeypatch):
    catalog = toy_catalog()
    (planned,) = plan.make(small_config(), catalog).trials
    source = catalog.get("datasets", "specks")()
    read = itertools.count(0, MILLION)  # a joule between any two looks at any counter
    monkeypatch.setattr(Package, "_read", lambda self: next(read))
    events = []
    result = trial.run(
        planned.specification,
        tmp_path,
        catalog,
        lambda specification: source.load(None),
        events.append,
    )
    assert result["status"] == "completed"
    chunks = sum(event["event"] == "progress" for event in events)
    # Two packages, each looked at again after one look at the other; the first step is not timed.
    assert result["energy_joules"] == 2 * 2 * (chunks - 1) > 0
    assert result["energy_source"] == "RAPL package-0, RAPL package-1"
    assert result["peak_device_memory_mib"] is None
