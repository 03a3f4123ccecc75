"""What this machine can do at most: measured once, kept per kind of machine, held against trials.

`ganbench doctor --peak` times what the backends offer as `peak_work`; the best rate of a device and
number of threads is what a trial's FLOPs per second are a share of.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ganbench import environment, small_files
from ganbench.child import Child, ChildLost
from ganbench.contracts import RunOptions
from ganbench.feature_cache import cache_folder
from ganbench.plugins import Catalog
from ganbench.specification import digest, rebuild

SECONDS = 1.0  # for each operation
LIMIT_SECONDS = 300.0
HARDWARE = ("cpu", "cores", "system")

Rate = dict[str, Any]  # backend, library, operation, device, threads, flops_per_second


def hardware() -> dict[str, Any]:
    """What the rates hold for: the kind of machine, no name of it."""
    described = environment.describe()
    return {name: described[name] for name in HARDWARE}


def path() -> Path:
    """Where this machine's rates are kept."""
    return cache_folder() / "peak" / f"{digest(hardware())}.json"


def kept() -> list[Rate]:
    """The rates that were measured on this kind of machine; none if never."""
    found = small_files.read(path()) or {}
    rates = found.get("rates", [])
    return rates if isinstance(rates, list) else []


def keep(rates: list[Rate]) -> bool:
    """Keep these in place of older ones; False where the cache cannot be written."""
    return small_files.write(path(), {"hardware": hardware(), "rates": rates})


def of(specification: dict[str, Any], described: dict[str, str]) -> dict[str, Any] | None:
    """The peak that a trial is held against: flops_per_second, and what reached it; or None.

    It is the best rate of the same device and, on a processor, of as many threads, in float32; a
    trial in another precision has none.
    """
    if specification["backend"]["options"].get("precision", "float32") != "float32":
        return None
    told = described.get("device_name", "cpu")
    device = "cpu" if specification["device"] == "cpu" else told
    threads = specification["threads"]
    fitting = [
        rate
        for rate in kept()
        if rate["device"] == device and (device != "cpu" or rate["threads"] == threads)
    ]
    if not fitting:
        return None
    best = max(fitting, key=lambda rate: rate["flops_per_second"])
    return {"flops_per_second": best["flops_per_second"], "of": in_words(best)}


def in_words(rate: Rate) -> str:
    """What was measured: `matrix product of torch 2.13.0 in float32, cpu, 2 threads`."""
    threads = f", {rate['threads']} thread{'s' if rate['threads'] > 1 else ''}"
    place = f"{rate['device']}{threads if rate['device'] == 'cpu' else ''}"
    return f"{rate['operation']} of {rate['library']} in float32, {place}"


def measure(
    places: Iterable[dict[str, Any]], setup: dict[str, Any], seconds: float = SECONDS
) -> Iterator[list[Rate] | str]:
    """The rates of each of these backends, devices and thread counts, or what went wrong.

    A place has `backend`, a selection, `device` and `threads`.
    """
    with tempfile.TemporaryDirectory(prefix="ganbench-") as folder:
        for place in places:
            child = Child(setup, place["threads"], Path(folder) / "log.txt")
            job = {"kind": "peak", "folder": folder, "specification": {**place, "seconds": seconds}}
            try:
                event = child.run(job, lambda event: None, LIMIT_SECONDS)
                failed = event["event"] != "done"
                yield event["reason"] if failed else event["result"]["rates"]
            except ChildLost as lost:
                yield str(lost.args[1])
            finally:
                child.kill()


def places(
    catalog: Catalog, backends: Iterable[dict[str, Any]], cores: int
) -> list[dict[str, Any]]:
    """What to measure on these selections of backends, of which some have a `gpu`."""
    found = []
    for backend in backends:
        if not hasattr(catalog.get("backends", backend["name"]), "peak_work"):
            continue
        selection = {"name": backend["name"], "options": {}}
        for threads in sorted({1, cores}):
            found.append({"backend": selection, "device": "cpu", "threads": threads})
        if backend.get("gpu"):
            found.append({"backend": selection, "device": "cuda", "threads": cores})
    return found


def work(asked: dict[str, Any], catalog: Catalog) -> list[Rate]:
    """Time what one backend offers, in this process."""
    backend = rebuild(catalog, "backends", asked["backend"])
    runtime = backend.prepare(RunOptions(asked["threads"], asked["device"]))
    told = backend.describe()
    same = {
        "backend": backend.name,
        "library": f"{backend.name} {told.get(backend.name, '')}".strip(),
        "device": "cpu" if asked["device"] == "cpu" else told["device_name"],
        "threads": asked["threads"],
    }
    return [
        {**same, "operation": item.operation, "flops_per_second": rate(item, asked["seconds"])}
        for item in backend.peak_work(runtime)
    ]


def rate(item: Any, seconds: float) -> float:
    """FLOPs per second of the fastest of many calls: what slows one down is not the machine."""
    item.call()  # kernels are chosen, memory is taken
    fastest = float("inf")
    end = time.perf_counter() + seconds
    while True:
        start = time.perf_counter()
        item.call()
        now = time.perf_counter()
        fastest = min(fastest, now - start)
        if now >= end:
            return float(item.flops / fastest)
