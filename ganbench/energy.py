"""Energy of a training, where the machine counts it: RAPL for processors, NVML for GPUs.

RAPL counts whole processor packages and NVML a whole GPU, so all else that runs there is in it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from ganbench.budget import Clock

POWERCAP = Path("/sys/class/powercap")


class Counter(Protocol):
    """A counter of joules that never goes back."""

    name: str

    def joules(self) -> float:
        """Joules since this object was made; raises OSError where it is no longer told."""


@dataclass(frozen=True)
class Found:
    """The counters that can be read, and why the others cannot."""

    counters: list[Counter]
    absent: list[str]

    @property
    def source(self) -> str:
        """What the joules come from, or why there are none."""
        if self.counters:
            return ", ".join(counter.name for counter in self.counters)
        return "; ".join(self.absent)


def find(on_gpu: bool) -> Found:
    """The counters of a training on the processor, and on the first visible GPU where asked."""
    found = _packages(POWERCAP)
    if not on_gpu:
        return found
    gpu = _gpu()
    return Found([*found.counters, *gpu.counters], [*found.absent, *gpu.absent])


class Package:
    """A processor's packages as powercap has them, in microjoules that begin again at a limit."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = f"RAPL {(folder / 'name').read_text().strip()}"
        self.range = int((folder / "max_energy_range_uj").read_text())
        self.last, self.sum = self._read(), 0

    def joules(self) -> float:
        """Joules so far; it must be asked before the counter has gone round twice."""
        now = self._read()
        self.sum += (now - self.last) % (self.range + 1)
        self.last = now
        return self.sum / 1e6

    def _read(self) -> int:
        return int((self.folder / "energy_uj").read_text())


class Gpu:
    """A GPU as NVML has it, in millijoules since its driver was loaded."""

    def __init__(self, nvml: Any, handle: Any) -> None:
        self.nvml, self.handle = nvml, handle
        name = nvml.nvmlDeviceGetName(handle)
        self.name = f"NVML {name.decode() if isinstance(name, bytes) else name}"
        self.start = nvml.nvmlDeviceGetTotalEnergyConsumption(handle)

    def joules(self) -> float:
        """Joules so far; the counter moves every 20 to 100 ms."""
        try:
            now = self.nvml.nvmlDeviceGetTotalEnergyConsumption(self.handle)
        except self.nvml.NVMLError as error:
            raise OSError(str(error)) from None
        return float(now - self.start) / 1e3


@dataclass
class MeteredClock(Clock):
    """A clock that counts the joules of its spans, too; None where a counter has failed."""

    counters: list[Counter] = field(default_factory=list)
    joules: float | None = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count what is used inside; the counters are read outside the time."""
        before = self._joules()
        with super().running():
            yield
        after = self._joules()
        known = self.joules is not None and before is not None and after is not None
        self.joules = self.joules + after - before if known else None  # type: ignore[operator]

    def _joules(self) -> float | None:
        try:
            return sum(counter.joules() for counter in self.counters) if self.counters else None
        except OSError:
            return None


def _packages(root: Path) -> Found:
    try:
        # Of AMD too; others are parts of packages, or the platform that holds them.
        folders = [
            path
            for path in sorted(root.glob("intel-rapl:*"))
            if (path / "name").read_text().startswith("package")
        ]
        counters: list[Counter] = [Package(path) for path in folders]
    except PermissionError:
        return Found([], [f"RAPL: {root} may be read by root alone"])
    except (OSError, ValueError) as error:
        return Found([], [f"RAPL: {root} cannot be read ({type(error).__name__})"])
    return Found(counters, [] if counters else [f"RAPL: no counter in {root}"])


def _gpu() -> Found:
    try:
        nvml = import_module("pynvml")
    except ImportError:
        return Found([], ["NVML: pip install nvidia-ml-py"])
    try:
        nvml.nvmlInit()
        first = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
        if first.isdigit():
            handle = nvml.nvmlDeviceGetHandleByIndex(int(first))
        else:
            handle = nvml.nvmlDeviceGetHandleByUUID(first)
        return Found([Gpu(nvml, handle)], [])
    except nvml.NVMLError as error:
        return Found([], [f"NVML: {error}"])
