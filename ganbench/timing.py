"""What a trial's record says of its timing: speeds, the machine before and after, and marks.

The marks: `noisy`, a fixed probe ran more than 5 % faster or slower after training than before;
`unstable`, the chunks of the steady window differ too much, see `steadiness`; `busy`, more than
half of the cores had work when the run began; `clock`, the parent's clock and the trial's differ.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ganbench import environment, probe
from ganbench.chunk_times import ChunkTimes, Span
from ganbench.steadiness import is_drift, spread

NOISY, UNSTABLE, BUSY, CLOCK = MARKS = ("noisy", "unstable", "busy", "clock")
NOT_VALID = (NOISY, BUSY, CLOCK)  # of the machine or the clock; such a timing is not ranked
FEWEST_CHUNKS = 5
BUSY_SHARE = 0.5  # of the cores
CLOCKS_APART, SLACK_SECONDS = 0.02, 0.1  # the slack is for starting and ending, not for training


def moment() -> dict[str, Any]:
    """The state of the machine: probe, load average and runnable threads."""
    return {"probe_ms": round(probe.milliseconds(), 4), **environment.activity()}


def describe(
    times: ChunkTimes, images_per_step: int, before: dict[str, Any], after: dict[str, Any]
) -> dict[str, Any]:
    """The `timing` of a trial's record, as this process sees it."""
    found = spread(_comparable(times.window)) if times.has_steady_state else None
    enough = found is not None and found.n >= FEWEST_CHUNKS
    marks = [NOISY] if is_drift(before["probe_ms"], after["probe_ms"]) else []
    marks += [UNSTABLE] if found and enough and found.is_unstable else []
    return {
        **times.summary(images_per_step),
        "spread": asdict(found) if found and enough else None,
        "before": before,
        "after": after,
        "thread_settings": environment.thread_settings(),
        "marks": marks,
    }


def seen_from_outside(
    result: dict[str, Any], wall_seconds: float, surroundings: dict[str, Any]
) -> dict[str, Any]:
    """A trial's result with what only its parent knows: its own clock, and the load at the start.

    `wall_seconds` is the parent's clock from the beginning of the job to its end.
    """
    if "timing" not in result:
        return result
    marks = list(result["timing"]["marks"])
    if surroundings["busy_cores_at_start"] > BUSY_SHARE * surroundings["cores"]:
        marks.append(BUSY)
    if abs(wall_seconds - result["total_seconds"]) > CLOCKS_APART * wall_seconds + SLACK_SECONDS:
        marks.append(CLOCK)
    timing = {**result["timing"], "marks": marks}
    return {**result, "wall_seconds": wall_seconds, "timing": timing}


def _comparable(spans: Sequence[Span]) -> list[float]:
    """Seconds per step of the entries that are not cut short by a checkpoint or the end."""
    usual = statistics.median(span.steps for span in spans) if spans else 0
    return [span.seconds / span.steps for span in spans if span.steps >= usual / 2]
