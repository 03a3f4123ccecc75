"""The machine and the versions, by allow-list: no host, user or path name gets into a record."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
from functools import cache
from pathlib import Path
from typing import Any

import psutil

POOL_SIZES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
WAITING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")  # what threads do meanwhile
LOOK_SECONDS = 0.25  # how long is looked whether the cores have work
LIBRARIES = ("ganbench", "numpy", "scipy", "scikit-learn", "pandas")


def describe() -> dict[str, Any]:
    """What a reader needs to judge timings and to repeat a run.

    `busy_cores_at_start` are the cores that had work when this process first came here, before any
    trial of its own; a load average would count what ended a minute ago.
    """
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "load_average": _load_average(),
        "busy_cores_at_start": _busy_cores_at_start(),
        "libraries": {name: _version(name) for name in LIBRARIES},
    }


def activity() -> dict[str, Any]:
    """The load average of a minute, and how many threads are running or want to, this one too.

    The second is None where the system does not tell.
    """
    try:
        runnable = int(Path("/proc/loadavg").read_text().split()[3].partition("/")[0])
    except (OSError, ValueError, IndexError):
        runnable = None
    return {"load_average": _load_average(), "runnable_threads": runnable}


def thread_settings() -> dict[str, str | None]:
    """What this process tells the libraries that read their number of threads from variables."""
    return {name: os.environ.get(name) for name in (*POOL_SIZES, *WAITING)}


def _load_average() -> float:
    return round(os.getloadavg()[0], 2)


@cache
def _busy_cores_at_start() -> float:
    """Of the cores that this process may use, how many others keep busy just now."""
    shares = dict(enumerate(psutil.cpu_percent(LOOK_SECONDS, percpu=True)))
    busy: float = sum(shares.get(core, 0) for core in os.sched_getaffinity(0)) / 100
    return round(busy, 2)


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or "unknown"


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
