"""What a run shows while it works: a live screen on a terminal, a line per trial elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from ganbench import progress
from ganbench.costs import costs
from ganbench.headline.primary import LEADERS
from ganbench.plan import Plan
from ganbench.record import Record
from ganbench.specification import NO_LOSS, Trial


class SilentView:
    """Shows nothing; for the Python API."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def started(self, trial: Trial, phase: str) -> None:
        """Show nothing."""

    def progressed(self, trial: Trial, event: dict[str, Any]) -> None:
        """Show nothing."""

    def waits(self, trial: Trial) -> None:
        """Show nothing."""

    def ended(self, trial: Trial, found: Record, was_stored: bool) -> None:
        """Show nothing."""


class LineView(SilentView):
    """One line per trial, for logs and pipes."""

    def __init__(self, plan: Plan, write: Callable[[str], None]) -> None:
        self.total, self.done, self.write = len(plan.trials), 0, write

    def ended(self, trial: Trial, found: Record, was_stored: bool) -> None:
        """Print what became of a trial."""
        self.done += 1
        self.write(f"[{self.done}/{self.total}] {_name(trial)}: {_outcome(found, was_stored)}")


class LiveView(LineView):
    """A bar for the run and one for each trial at work, above them the trials that are done."""

    def __init__(self, plan: Plan, console: Console) -> None:
        super().__init__(
            plan,
            lambda text: console.print(text, markup=False, highlight=False),
        )
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self.all = self.progress.add_task("all trials", total=self.total, note="")
        self.bars: dict[str, TaskID] = {}  # by id of the trials at work

    def __enter__(self) -> Self:
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def started(self, trial: Trial, phase: str) -> None:
        """Show that a trial is at work."""
        note = "starting" if phase == "train" else "scoring"
        self.bars[trial.id] = self.progress.add_task(_name(trial), total=1.0, note=note)

    def progressed(self, trial: Trial, event: dict[str, Any]) -> None:
        """Move the bar; losses are shown as what they are, not as quality."""
        if event["event"] != "progress":
            note, done = event["phase"], event.get("share", 1.0)
            self.progress.update(self.bars[trial.id], note=note, completed=done)
            return
        seconds = event["train_seconds"]
        speed = f"{event['timed_images'] / seconds:,.0f} images/s" if seconds else "compiled"
        losses = [
            f"{label} {event[key]:.2f}"
            for label, key in (("loss D", "discriminator_loss"), ("loss G", "generator_loss"))
            if event.get(key) is not None
        ]
        self.progress.update(
            self.bars[trial.id], completed=event["share"], note="  ".join([speed, *losses])
        )

    def waits(self, trial: Trial) -> None:
        """Take its bar away until it is scored."""
        self._remove_bar(trial)

    def ended(self, trial: Trial, found: Record, was_stored: bool) -> None:
        """Print what became of a trial, above the bars."""
        super().ended(trial, found, was_stored)
        self._remove_bar(trial)
        self.progress.update(self.all, completed=self.done)

    def _remove_bar(self, trial: Trial) -> None:
        if trial.id in self.bars:
            self.progress.remove_task(self.bars.pop(trial.id))


@contextmanager
def reading() -> Iterator[None]:
    """On a terminal, a bar while a data set is read that says how far it is; nothing elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task("reading images", total=1.0, visible=False)
        with progress.heard_by(lambda done: bars.update(task, completed=done, visible=True)):
            yield


def _name(trial: Trial) -> str:
    loss = "" if trial.loss == "none" else f" {trial.loss}"
    return f"{trial.backend} {trial.model}{loss} on {trial.dataset}, seed {trial.seed}"


def _outcome(found: Record, was_stored: bool) -> str:
    if found.status != "completed":
        return f"{found.status}: {found.reason}"
    training = found.training
    fast = None if found.loss == NO_LOSS else costs(found)["images_per_second"]
    speed = f", {fast:,.0f} images/s" if fast else ""
    stored = " (stored)" if was_stored else ""
    return f"{training['images']:,} images{speed}{_quality(found)}{stored}"


def _quality(found: Record) -> str:
    """The value of the metric that usually leads a table, in its first feature space."""
    for name in LEADERS:
        for score in found.scores:
            column = f"{name}-{score['extractor']}" if score["extractor"] else name
            value = score["values"].get(column)
            if value is not None:
                return f", {name} {value:.3g}"
    return ""
