"""Which trials run side by side, with one thread each, and which run alone."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from ganbench import budget
from ganbench.config import Config
from ganbench.specification import Trial

# So many trials are trained in each lane before all of them are scored, while nothing is timed:
# few enough that scores come while a sweep goes on, enough that lanes seldom wait for each other.
TRIALS_PER_LANE = 8
ACCELERATORS = ("/dev/nvidiactl", "/dev/kfd")  # what the drivers of NVIDIA and of AMD leave there


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0))


def lanes(config: Config) -> int:
    """How many trials of one thread may run at once: never more than there are cores."""
    return min(cores(), cores() if config.jobs == "auto" else config.jobs)


def obstacle(config: Config) -> str:
    """Why no trial of this configuration runs beside another, whatever its model, or ""."""
    if lanes(config) == 1:
        return "jobs is 1" if config.jobs == 1 else "there is one core"
    if config.threads not in (None, 1):
        return f"threads is {config.threads}, and only trials of one thread run side by side"
    if budget.parse(config.budget).kind == "seconds":
        return "the budget is time, of which neighbours take a share"
    if config.device != "cpu" and (config.device == "cuda" or has_accelerator()):
        return "trials would share one device; device cpu is not shared"
    return ""


def is_beside(config: Config, model: Any) -> bool:
    """Whether the trials of this model run side by side: where the model says that it pays."""
    return not obstacle(config) and bool(getattr(model, "gains_side_by_side", False))


def threads(config: Config, model: Any) -> int:
    """Threads of this model's trials: what was asked for, one side by side, every core alone."""
    return config.threads or (1 if is_beside(config, model) else cores())


def rounds(trials: Sequence[Trial], beside: Collection[str], size: int) -> list[list[Trial]]:
    """What is trained before anything of it is scored: at most `size` trials, or one alone.

    Trials whose ids are in `beside` wait until a round is full; the others keep their places.
    """
    found: list[list[Trial]] = []
    waiting: list[Trial] = []
    for trial in trials:
        if trial.id not in beside:
            found.append([trial])
            continue
        waiting.append(trial)
        if len(waiting) == size:
            found.append(waiting)
            waiting = []
    return [*found, waiting] if waiting else found


def has_accelerator() -> bool:
    """Whether the driver of a GPU is there."""
    return any(Path(path).exists() for path in ACCELERATORS)
