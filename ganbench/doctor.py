"""What there is to run with on this machine, what is wrong, and the command that mends it."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from ganbench import backend_start, energy, environment, peak, selectors
from ganbench.errors import ConfigError, GanbenchError
from ganbench.feature_cache import cache_folder
from ganbench.plan import how_to_install, installed
from ganbench.plugins import Catalog

LEAST_MEMORY_GIB = 2.0
LEAST_DISK_GIB = 1.0
READY, ABSENT, BROKEN = "ready", "not installed", "broken"


@dataclass(frozen=True)
class Problem:
    """What is wrong, and a command or a step that mends it."""

    what: str
    mend: str


@dataclass(frozen=True)
class Backend:
    """A backend: whether it runs, on what, and if not, why."""

    name: str
    status: str
    description: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    trains: bool = True  # False: baselines alone

    @property
    def gpu(self) -> str | None:
        """The GPU that it would take."""
        name = self.description.get("device_name", "cpu")
        return None if name == "cpu" else name


@dataclass(frozen=True)
class Report:
    """Everything that the page tells."""

    machine: dict[str, Any]
    backends: list[Backend]
    datasets: dict[str, str]  # "here", or how to get it
    extractors: dict[str, str]  # those that need files of weights: "here", or how to get them
    cache: dict[str, Any]
    peak: list[peak.Rate]
    energy: dict[str, list[str]]
    plugins: dict[str, list[str]]
    problems: list[Problem]

    @property
    def can_run(self) -> bool:
        """Whether a backend that trains is ready."""
        return any(backend.status == READY and backend.trains for backend in self.backends)


def examine(catalog: Catalog, setup: dict[str, Any]) -> Report:
    """Look at everything; each framework that is installed is started once in a process."""
    machine = _machine()  # before what follows is a load of its own
    found = backends(catalog, setup)
    counters = energy.find(on_gpu=any(backend.gpu for backend in found))
    report = Report(
        machine=machine,
        backends=found,
        datasets=dict(_datasets(catalog)),
        extractors=dict(_extractors(catalog)),
        cache=_cache(cache_folder()),
        peak=peak.kept(),
        energy={
            "counters": [counter.name for counter in counters.counters],
            "absent": counters.absent,
        },
        plugins={
            "loaded": [f"{plugin.name} ({plugin.distribution})" for plugin in catalog.plugins],
            "failed": [f"{failed.name}: {failed.reason}" for failed in catalog.failures],
        },
        problems=[],
    )
    report.problems.extend([*_of_backends(report, catalog), *_of_machine(report)])
    return report


def backends(catalog: Catalog, setup: dict[str, Any]) -> list[Backend]:
    """Every backend, those that are installed started side by side."""
    entries = catalog.entries("backends")
    with ThreadPoolExecutor(max_workers=len(entries) or 1) as pool:
        return list(pool.map(lambda entry: _backend(entry.cls, catalog, setup), entries))


def _backend(cls: type[Any], catalog: Catalog, setup: dict[str, Any]) -> Backend:
    models = [entry.cls for entry in catalog.entries("models") if entry.cls.backend == cls.name]
    trains = any(getattr(model, "needs_loss", True) for model in models)
    if not installed(cls):
        return Backend(cls.name, ABSENT, reason=how_to_install(cls), trains=trains)
    description, problem = backend_start.describe({"name": cls.name, "options": {}}, "auto", setup)
    if problem:
        return Backend(cls.name, BROKEN, reason=problem, trains=trains)
    return Backend(cls.name, READY, description, trains=trains)


def _machine() -> dict[str, Any]:
    memory = psutil.virtual_memory()
    return {
        **environment.describe(),
        "memory_available_gib": round(memory.available / 2**30, 1),
        "disk_free_gib": round(shutil.disk_usage(".").free / 2**30, 1),
        "thread_variables": {
            name: value for name, value in environment.thread_settings().items() if value
        },
    }


def _datasets(catalog: Catalog) -> Iterator[tuple[str, str]]:
    for entry in catalog.entries("datasets"):
        if not hasattr(entry.cls, "reader"):  # files of the user's own are wherever they are
            source = selectors.build(entry.cls, selectors.Selector(entry.name))
            missing = getattr(source, "missing", None)
            yield entry.name, (missing() if missing else None) or "here"


def _extractors(catalog: Catalog) -> Iterator[tuple[str, str]]:
    for entry in catalog.entries("extractors"):
        if hasattr(entry.cls, "with_weights"):
            try:
                selectors.build(entry.cls, selectors.Selector(entry.name)).with_weights({})
                yield entry.name, "here"
            except GanbenchError as error:
                yield entry.name, str(error)


def _cache(folder: Path) -> dict[str, Any]:
    files = [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return {
        "folder": str(folder),
        "files": len(files),
        "mib": round(sum(path.stat().st_size for path in files) / 2**20, 1),
        "is_writable": nearest.is_dir() and os.access(nearest, os.W_OK),
    }


def _of_backends(report: Report, catalog: Catalog) -> Iterator[Problem]:
    for backend in report.backends:
        if backend.status == BROKEN:
            extra = catalog.get("backends", backend.name).extra
            mend = f"pip install --force-reinstall 'ganbench[{extra}]'" if extra else "see its log"
            yield Problem(f"{backend.name} is installed and does not start: {backend.reason}", mend)
    if not report.can_run:
        absent = [item.reason for item in report.backends if item.status == ABSENT and item.trains]
        commands = [reason.partition("; ")[2] for reason in absent]
        mend = commands[-1] if commands else "mend one of those above"
        yield Problem("no backend can train", mend)
    for failure in catalog.failures:
        yield Problem(
            f"plugin {failure.name} was not loaded: {failure.reason}",
            f"update {failure.distribution}, or leave it out with -p no:{failure.name}",
        )
    ready = [item for item in report.backends if item.status == READY and item.trains]
    if ready and Path("/proc/driver/nvidia").exists():
        for backend in ready:
            if not backend.gpu:
                yield Problem(
                    f"there is an NVIDIA GPU and {backend.name} sees none",
                    f"install a CUDA build of {backend.name}, or take --device cpu",
                )
    majors = {found[1] for name in _distributions() if (found := re.search(r"-cu(\d+)$", name))}
    if len(majors) > 1:
        yield Problem(
            f"packages of CUDA {' and '.join(sorted(majors))} share this environment",
            "python -m venv one environment for each framework; `ganbench merge` joins the results",
        )


def _of_machine(report: Report) -> Iterator[Problem]:
    machine, cache = report.machine, report.cache
    if machine["busy_cores_at_start"] > machine["cores"] / 2:
        yield Problem(
            f"{machine['busy_cores_at_start']:g} of {machine['cores']} cores have work, so timings "
            "would be of other programs, too",
            "uptime, and wait until it is quiet",
        )
    if machine["memory_available_gib"] < LEAST_MEMORY_GIB:
        yield Problem(
            f"{machine['memory_available_gib']:g} GiB of memory are free", "end other programs"
        )
    if machine["disk_free_gib"] < LEAST_DISK_GIB:
        yield Problem(
            f"{machine['disk_free_gib']:g} GiB of disk are free here", "take --out FOLDER elsewhere"
        )
    if not cache["is_writable"]:
        yield Problem(
            f"{cache['folder']} cannot be written, so nothing is kept from run to run",
            "export GANBENCH_CACHE=FOLDER",
        )
    if any("root alone" in reason for reason in report.energy["absent"]):
        yield Problem(
            "the processor's energy counters may be read by root alone",
            f"sudo chmod a+r {energy.POWERCAP}/intel-rapl:*/energy_uj",
        )


def _distributions() -> list[str]:
    return [str(item.metadata["Name"]) for item in importlib.metadata.distributions()]


def measure_peak(catalog: Catalog, setup: dict[str, Any], found: list[Backend]) -> Iterator[str]:
    """Measure and keep the highest rates of these backends; a line for each, or why it has none.

    Raises ConfigError where nothing could be measured, or kept.
    """
    ready = [{"name": item.name, "gpu": item.gpu} for item in found if item.status == READY]
    rates: list[peak.Rate] = []
    wanted = peak.places(catalog, ready, len(os.sched_getaffinity(0)))
    for place, answer in zip(wanted, peak.measure(wanted, setup), strict=True):
        if isinstance(answer, str):
            yield f"{place['backend']['name']}: not measured: {answer}"
        else:
            rates += answer
            yield from (
                f"{peak.in_words(rate)}: {rate['flops_per_second'] / 1e9:,.1f} GFLOP/s"
                for rate in answer
            )
    if not rates:
        raise ConfigError("no backend could be measured; see the lines above")
    if not peak.keep(rates):
        raise ConfigError(f"{peak.path().parent} cannot be written; export GANBENCH_CACHE=FOLDER")
