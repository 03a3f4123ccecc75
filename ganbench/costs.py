"""What a trial costs: time, memory and parameters, and which way each is better.

Images per second are real images shown to the discriminator, by the clock of training alone, in the
steady window where a trial was long enough for one (see `chunk_times`), else in all of it but the
first step. `images_per_second_with_draw` adds the time that training waited for its inputs.
"""

from __future__ import annotations

from typing import Any

from ganbench.contracts import Direction
from ganbench.record import Record

COSTS: dict[str, Direction] = {
    "images_per_second": "higher",
    "compile_seconds": "lower",
    "train_seconds": "none",
    "peak_memory_mib": "lower",
    "peak_device_memory_mib": "lower",
    "flops_per_step": "none",
    "flops_per_second": "none",
    "share_of_peak": "none",
    "energy_joules": "none",
    "joules_per_image": "none",
    "parameters": "none",
    "images_per_second_with_draw": "none",
    "step_ms_p50": "none",  # over chunks
    "step_ms_p95": "none",
}
TIMED = ("images_per_second_with_draw", "step_ms_p50", "step_ms_p95")  # not in older records
RANKED = "images_per_second"  # what a table ranks rows by; the others are told beside it
COMPARED = tuple(name for name, direction in COSTS.items() if direction != "none")


def costs(record: Record) -> dict[str, float | None]:
    """What a completed trial cost; None for what it does not tell."""
    training = record.training
    timing = training.get("timing", {})
    speed = timing.get("images_per_second", _without_first_step(training))
    return {
        "images_per_second": speed,
        **{name: timing.get(name) for name in TIMED},
        "compile_seconds": training["compile_seconds"],
        "train_seconds": training["train_seconds"],
        "peak_memory_mib": training["peak_memory_mib"],
        "peak_device_memory_mib": training.get("peak_device_memory_mib"),
        **_work(training, speed),
        **_energy(training),
        "parameters": sum(training["parameters"].values()),
    }


def _without_first_step(training: dict[str, Any]) -> float | None:
    """The speed of an older record, which knows no chunks."""
    seconds, images = training["train_seconds"], training["timed_images"]
    return images / seconds if seconds > 0 and images > 0 else None


def _work(training: dict[str, Any], speed: float | None) -> dict[str, float | None]:
    """FLOPs of a step and of a second, where the record knows them."""
    per_step = training.get("flops_per_step")
    if per_step is None or speed is None:
        return {"flops_per_step": per_step, "flops_per_second": None, "share_of_peak": None}
    per_second = per_step * speed * training["steps"] / training["images"]
    peak = training.get("peak")
    share = per_second / peak["flops_per_second"] if peak else None
    return {"flops_per_step": per_step, "flops_per_second": per_second, "share_of_peak": share}


def _energy(training: dict[str, Any]) -> dict[str, float | None]:
    """Joules of the timed part of training, where they were counted."""
    joules, images = training.get("energy_joules"), training["timed_images"]
    per_image = joules / images if joules is not None and images else None
    return {"energy_joules": joules, "joules_per_image": per_image}
