"""The loop of one trial: chunks until the budget is used up, with every phase timed apart."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ganbench import boundary
from ganbench.budget import Budget, Clock
from ganbench.checkpoints import Checkpoints
from ganbench.chunk_times import ChunkTimes, Span
from ganbench.contracts import Step, Trainer
from ganbench.data import ChunkSource
from ganbench.drawing_ahead import DrawingAhead
from ganbench.trajectory import Trajectory

CHUNK_SECONDS = 0.5  # long enough that handing over costs nothing, short enough for a live view
LONGEST_CHUNK_BYTES = 32 * 2**20
FIRST_TIMED_STEPS = 4  # after the first step, to estimate how long a chunk may be
# Where drawing takes a smaller share of the warm-up's time, a thread for it costs what it saves:
# measured on two cores, perceptrons of 28x28 (7 to 12 %) gain 3 to 9 %, of points (1 %) nothing.
DRAWING_SHARE = 0.02

Report = Callable[[dict[str, Any]], None]


@dataclass
class Phases:
    """Seconds spent in each phase of a trial; none counts what another does.

    import_: import statements, wherever they stand; compile: the first call and its updates; draw:
    the loop's waiting for inputs; train: the other calls; checkpoint: what is kept on the way;
    probe: the fixed kernel before and after.
    """

    import_: Clock = field(default_factory=Clock)
    prepare: Clock = field(default_factory=Clock)
    load: Clock = field(default_factory=Clock)
    build: Clock = field(default_factory=Clock)
    compile: Clock = field(default_factory=Clock)
    draw: Clock = field(default_factory=Clock)
    train: Clock = field(default_factory=Clock)
    checkpoint: Clock = field(default_factory=Clock)
    sample: Clock = field(default_factory=Clock)
    probe: Clock = field(default_factory=Clock)

    def seconds(self) -> dict[str, float]:
        """The phases as `<phase>_seconds`."""
        return {f"{name.rstrip('_')}_seconds": own.seconds for name, own in vars(self).items()}


@dataclass
class Progress:
    """How far training has come."""

    steps: int = 0
    status: str = "completed"
    reason: str = ""
    losses: dict[str, float | None] = field(default_factory=dict)
    timed_images: int = 0

    def counters(self, step: Step) -> dict[str, int]:
        """What the discriminator and the generator were given, by every way of counting."""
        return {
            "steps": self.steps,
            "images": self.steps * step.images,
            "discriminator_updates": self.steps * step.discriminator_updates,
            "generator_updates": self.steps,
            "generated_images": self.steps * step.generator_samples,
            "timed_images": self.timed_images,
        }


@dataclass
class Training:
    """One trainer and all that it is given.

    `draws_ahead` says whether a thread may draw the next chunk during this one; after the run,
    whether it did.
    """

    trainer: Trainer
    source: ChunkSource
    budget: Budget
    step: Step
    phases: Phases
    checkpoints: Checkpoints
    trajectory: Trajectory | None
    draws_ahead: bool = False
    times: ChunkTimes = field(default_factory=ChunkTimes)

    def run(self, report: Report) -> Progress:
        """Train until the budget is used up. The first step is charged to compilation."""
        with DrawingAhead(self.source) as inputs:
            progress = self._run(inputs, report)
        self.draws_ahead = self._draws_ahead()
        return progress

    def _run(self, inputs: DrawingAhead, report: Report) -> Progress:
        total, clock = self.source.total_steps, self.phases.train
        progress, length = Progress(), 1
        self._follow()
        while _remaining(self.budget, total, progress.steps, clock.seconds) > 0:
            if not self._sampled(progress):
                break
            length = min([length, *self._limits(progress.steps)])
            length = self._chunk(inputs, progress, length)
            report(_progress_event(progress, self.step, self.phases, self.budget, total))
            if any(value is None for value in progress.losses.values()):
                progress.status = "diverged"
                progress.reason = f"a loss was not finite after step {progress.steps}"
                break
        return progress

    def _sampled(self, progress: Progress) -> bool:
        """Take the checkpoint that is due, if one is; False where the generator has diverged."""
        seconds = self.phases.train.seconds
        used = _used(self.budget, self.source.total_steps, progress.steps, seconds)
        if not self.checkpoints.is_due(progress.steps, used):
            return True
        reached = {
            "images": progress.steps * self.step.images,
            "updates": progress.steps,
            "train_seconds": seconds,
        }
        try:
            with self.phases.checkpoint.running():
                self.checkpoints.take(self.trainer, reached)
        except FloatingPointError as error:
            progress.status, progress.reason = "diverged", str(error)
            return False
        return True

    def _limits(self, steps: int) -> list[int]:
        """Lengths that the next chunk must not pass."""
        total = self.source.total_steps
        limits = [] if total is None else [total - steps]
        to_next = self.checkpoints.steps_to_next(steps)
        return limits if to_next is None else [*limits, to_next]

    def _chunk(self, inputs: DrawingAhead, progress: Progress, length: int) -> int:
        """Train one chunk of so many steps and give the length of the next."""
        phases, first = self.phases, progress.steps == 0
        clock = phases.compile if first else phases.train
        drawn, trained = phases.draw.seconds, clock.seconds
        with phases.draw.running():
            chunk = inputs.chunk(progress.steps, length)
        self._expect(inputs, progress.steps + length, length)
        with clock.running():
            losses = self.trainer.train(chunk)
        boundary.losses(self.trainer, losses)
        seconds = clock.seconds - trained
        if not first:
            self.times.add(Span(length, seconds, phases.draw.seconds - drawn))
        progress.steps += length
        progress.timed_images += 0 if first else length * self.step.images
        progress.losses = {name: _finite(value) for name, value in losses.items()}
        if self._follow():
            return 1
        left = _seconds_left(self.budget, phases.train.seconds)
        return _next_length(first, length, seconds, left, _bytes_per_step(chunk))

    def _follow(self) -> bool:
        """Note where a model is that is followed; it takes one step at a time."""
        if not self.trajectory:
            return False
        with self.phases.checkpoint.running():
            self.trajectory.add(self.trainer.state())
        return True

    def _expect(self, inputs: DrawingAhead, start: int, length: int) -> None:
        """Have the next chunk drawn meanwhile, where that pays, as if it were a little longer."""
        total, length = self.source.total_steps, length + length // 4
        length = length if total is None else min(length, total - start)
        if length > 0 and self._draws_ahead():
            inputs.expect(start, length)

    def _draws_ahead(self) -> bool:
        """Decided once, by what the warm-up's chunks waited for inputs that nothing had drawn."""
        may = self.draws_ahead and not self.trajectory
        return may and self.times.is_warm and self.times.draw_share > DRAWING_SHARE


def _remaining(budget: Budget, total: int | None, steps: int, train_seconds: float) -> float:
    return budget.value - train_seconds if total is None else total - steps


def _used(budget: Budget, total: int | None, steps: int, train_seconds: float) -> float:
    return train_seconds / budget.value if total is None else steps / total


def _seconds_left(budget: Budget, train_seconds: float) -> float:
    return budget.value - train_seconds if budget.kind == "seconds" else math.inf


def _next_length(
    first: bool, length: int, seconds: float, seconds_left: float, bytes_per_step: int
) -> int:
    """Steps that take about CHUNK_SECONDS; the length of a chunk never changes a result."""
    if first:
        return FIRST_TIMED_STEPS
    wanted = min(CHUNK_SECONDS, seconds_left)
    length = min(int(length * wanted / max(seconds, 1e-9)), 8 * length)
    return max(1, min(length, LONGEST_CHUNK_BYTES // bytes_per_step))


def _bytes_per_step(chunk: Any) -> int:
    arrays = [array for array in chunk if isinstance(array, np.ndarray)]
    return max(1, sum(array.nbytes for array in arrays) // len(chunk.noise))


def _progress_event(
    progress: Progress, step: Step, phases: Phases, budget: Budget, total: int | None
) -> dict[str, Any]:
    return {
        "event": "progress",
        "share": min(1.0, _used(budget, total, progress.steps, phases.train.seconds)),
        "images": progress.steps * step.images,
        "updates": progress.steps,
        "timed_images": progress.timed_images,
        "train_seconds": phases.train.seconds,
        **progress.losses,
    }


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
