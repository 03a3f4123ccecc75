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
    return {
        "images_per_second": timing.get("images_per_second", _without_first_step(training)),
        **{name: timing.get(name) for name in TIMED},
        "compile_seconds": training["compile_seconds"],
        "train_seconds": training["train_seconds"],
        "peak_memory_mib": training["peak_memory_mib"],
        "parameters": sum(training["parameters"].values()),
    }


def _without_first_step(training: dict[str, Any]) -> float | None:
    """The speed of an older record, which knows no chunks."""
    seconds, images = training["train_seconds"], training["timed_images"]
    return images / seconds if seconds > 0 and images > 0 else None
