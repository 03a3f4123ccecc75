"""What a trial costs: time, memory and parameters, and which way each is better."""

from __future__ import annotations

from ganbench.contracts import Direction
from ganbench.record import Record

COSTS: dict[str, Direction] = {
    "images_per_second": "higher",
    "compile_seconds": "lower",
    "train_seconds": "none",
    "peak_memory_mib": "lower",
    "parameters": "none",
}
RANKED = "images_per_second"  # what a table ranks rows by; the others are told beside it
COMPARED = tuple(name for name, direction in COSTS.items() if direction != "none")


def costs(record: Record) -> dict[str, float | None]:
    """What a completed trial cost; its speed leaves the untimed first step out."""
    training = record.training
    seconds, images = training["train_seconds"], training["timed_images"]
    return {
        "images_per_second": images / seconds if seconds > 0 and images > 0 else None,
        "compile_seconds": training["compile_seconds"],
        "train_seconds": seconds,
        "peak_memory_mib": training["peak_memory_mib"],
        "parameters": sum(training["parameters"].values()),
    }
