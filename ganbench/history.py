"""What a metric was at the checkpoints of a trial and at its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ganbench.record import Record


@dataclass(frozen=True)
class Point:
    """One column of one trial at one moment; a value is None where the metric gave no number."""

    images: int  # real images shown to the discriminator so far
    updates: int  # of the generator
    train_seconds: float
    seconds: float  # the same with compilation, as whoever waits counts it
    value: float | None
    validation: float | None  # against the validation split, where there is one


def points(record: Record, score: dict[str, Any], column: str) -> list[Point]:
    """The checkpoints in their order, then the end of the budget; that alone where none were kept.

    `score` is one of the record's own, `column` one of its table's columns.
    """
    compile_seconds = record.training["compile_seconds"]
    found = [
        Point(
            point["images"],
            point["updates"],
            point["train_seconds"],
            point["train_seconds"] + (compile_seconds if point["updates"] else 0.0),
            point["values"][column],
            point["validation"][column] if point["validation"] else None,
        )
        for point in score.get("curve", ())
    ]
    training, validation = record.training, score.get("validation")
    found.append(
        Point(
            training["images"],
            training["generator_updates"],
            training["train_seconds"],
            training["train_seconds"] + compile_seconds,
            score["values"][column],
            validation["values"][column] if validation else None,
        )
    )
    return found
