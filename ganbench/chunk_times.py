"""How long every timed chunk of a trial took, in so many entries at most, and the steady window.

The window begins at the first chunk's edge where WARM_UP_STEPS timed steps are done or
WARM_UP_SECONDS have been trained, whichever comes first; the first step of a trial, which is
charged to compilation, is not timed at all. Where less is left after the warm-up than it took, no
steady state was reached and the window is every timed chunk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

WARM_UP_STEPS = 20
WARM_UP_SECONDS = 5.0
MOST_ENTRIES = 128  # with more, neighbours are merged
RULE = f"after {WARM_UP_STEPS} timed steps or {WARM_UP_SECONDS:g} seconds"


@dataclass(frozen=True)
class Span:
    """One chunk or several neighbours: steps, seconds of training and of waiting for inputs."""

    steps: int
    seconds: float
    waited: float

    def __add__(self, other: Span) -> Span:
        return Span(
            self.steps + other.steps, self.seconds + other.seconds, self.waited + other.waited
        )


@dataclass
class ChunkTimes:
    """The timed chunks in order: those of the warm-up, then the others, merged where many."""

    warm_up: list[Span] = field(default_factory=list)
    after: list[Span] = field(default_factory=list)
    chunks_per_entry: int = 1  # of `after`; the last one may have fewer
    _chunks: int = 0  # in `after`

    def add(self, span: Span) -> None:
        """Note the next chunk."""
        if not self.is_warm:
            self.warm_up.append(span)
            return
        if self._chunks % self.chunks_per_entry:
            self.after[-1] += span
        else:
            self.after.append(span)
        self._chunks += 1
        if len(self.after) > MOST_ENTRIES:
            self.after = [total(self.after[at : at + 2]) for at in range(0, len(self.after), 2)]
            self.chunks_per_entry *= 2

    @property
    def is_warm(self) -> bool:
        """Whether the warm-up is over."""
        done = total(self.warm_up)
        return done.steps >= WARM_UP_STEPS or done.seconds >= WARM_UP_SECONDS

    @property
    def draw_share(self) -> float:
        """What the warm-up waited for inputs, as a share of its training."""
        done = total(self.warm_up)
        return done.waited / done.seconds if done.seconds else 0.0

    @property
    def has_steady_state(self) -> bool:
        """Whether at least as many steps, or seconds, came after the warm-up as it took."""
        first, rest = total(self.warm_up), total(self.after)
        return bool(rest.steps) and (rest.steps >= first.steps or rest.seconds >= first.seconds)

    @property
    def window(self) -> list[Span]:
        """The entries that speeds are taken from."""
        return self.after if self.has_steady_state else [*self.warm_up, *self.after]

    def summary(self, images_per_step: int) -> dict[str, Any]:
        """The window and its speeds, and every entry, as plain data; None where nothing was timed.

        `images_per_second` is by the clock of training alone, `..._with_draw` adds the time that
        the loop waited for inputs.
        """
        whole = total(self.window)
        images = whole.steps * images_per_step
        with_draw = whole.seconds + whole.waited
        return {
            "window": "steady" if self.has_steady_state else "all: too short for a steady state",
            "warm_up": RULE,
            "warm_up_steps": total(self.warm_up).steps if self.has_steady_state else 0,
            "steps": whole.steps,
            "seconds": whole.seconds,
            "images_per_second": images / whole.seconds if whole.seconds else None,
            "images_per_second_with_draw": images / with_draw if with_draw else None,
            "step_ms_p50": self._step_ms(0.5),
            "step_ms_p95": self._step_ms(0.95),
            "chunks": self._entries(),
        }

    def _step_ms(self, share: float) -> float | None:
        """The milliseconds per step that this share of the window's entries stays within."""
        times = [1000 * span.seconds / span.steps for span in self.window]
        return float(np.quantile(times, share)) if times else None

    def _entries(self) -> dict[str, Any]:
        spans = [*self.warm_up, *self.after]
        return {
            "warm_up": len(self.warm_up),
            "chunks_per_entry": self.chunks_per_entry,
            "steps": [span.steps for span in spans],
            "seconds": [round(span.seconds, 6) for span in spans],
            "waited": [round(span.waited, 6) for span in spans],
        }


def total(spans: Sequence[Span]) -> Span:
    """All of them as one."""
    return sum(spans, Span(0, 0.0, 0.0))
