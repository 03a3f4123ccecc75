"""The device that each backend of a plan trains on, found before any training."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ganbench import backend_start, schedule
from ganbench.specification import Trial

CPU = "cpu"


@dataclass(frozen=True)
class Placement:
    """A backend and the device that it trains on."""

    backend: str  # its label
    device: str  # "cpu" or the name of a GPU; "" where the backend does not start
    problem: str = ""  # why it does not


def of_trials(trials: Iterable[Trial], device: str, setup: dict[str, Any]) -> list[Placement]:
    """Where the backends of these trials train.

    Each backend starts once in a child process, but only where the device is not known: `cpu` is,
    and so is `auto` on a machine without an accelerator.
    """
    backends = {trial.backend: trial.specification["backend"] for trial in trials}
    if device == CPU or (device == "auto" and not schedule.has_accelerator()):
        return [Placement(label, CPU) for label in backends]

    def placed(label: str) -> Placement:
        description, problem = backend_start.describe(backends[label], device, setup)
        name = description.get("device_name", description.get("device", CPU))
        return Placement(label, "" if problem else name, problem)

    with ThreadPoolExecutor(max_workers=len(backends) or 1) as pool:
        return list(pool.map(placed, backends))


def in_words(placements: list[Placement], device: str) -> list[str]:
    """One line for each device, with the backends that train on it."""
    by_device: dict[str, list[str]] = {}
    for placement in placements:
        if placement.device:
            by_device.setdefault(placement.device, []).append(placement.backend)
    reason = " (no GPU found)" if device == "auto" and not schedule.has_accelerator() else ""
    return [f"device {name}{reason}: {', '.join(some)}" for name, some in by_device.items()]
