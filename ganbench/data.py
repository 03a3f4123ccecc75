"""Chunks of training input: which rows, which noise, in which order, for every backend alike."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from math import prod

import numpy as np

from ganbench.contracts import Chunk, Dataset, Loss, Penalty, Split, Step
from ganbench.streams import Stream

# Starting a thread takes as long as drawing some thousands of values.
FEWEST_PER_THREAD = 2**16


@dataclass(frozen=True)
class RowOrder:
    """An endless sequence of shuffled epochs over `rows` rows, addressed by position."""

    stream: Stream
    rows: int
    _epochs: dict[int, np.ndarray] = field(default_factory=dict, repr=False, compare=False)

    def take(self, start: int, count: int) -> np.ndarray:
        """Row numbers at the positions start, start + 1, ..."""
        parts = []
        while count > 0:
            epoch, offset = divmod(start, self.rows)
            part = self._epoch(epoch)[offset : offset + count]
            parts.append(part)
            start, count = start + len(part), count - len(part)
        return np.concatenate(parts)

    def _epoch(self, epoch: int) -> np.ndarray:
        if epoch not in self._epochs:
            for old in [known for known in self._epochs if known < epoch - 1]:
                del self._epochs[old]
            self._epochs[epoch] = self.stream.at(epoch).permutation(self.rows)
        return self._epochs[epoch]


class ChunkSource:
    """Draws the inputs of any range of steps of one trial; the range never changes a value.

    With two or more `threads` the noise of both networks is drawn side by side.
    """

    def __init__(
        self,
        dataset: Dataset,
        step: Step,
        seed: int,
        total_steps: int | None,
        loss: Loss | None = None,
        penalties: tuple[Penalty, ...] = (),
        threads: int = 1,
    ) -> None:
        self.split, self.step, self.total_steps = dataset.train, step, total_steps
        self.threads = threads
        self.fresh_reals = bool(getattr(loss, "generator_needs_real", False))
        self.extra = _declared(penalties)
        self.generator_extra = _declared(
            part for part in penalties if hasattr(part, "transform_input")
        )
        names = ["rows", "generator-rows", "noise", "generator-noise", "mixing"]
        names += [f"extra/{name}" for name in self.extra]  # a penalty may call its array `noise`
        names += [f"generator-extra/{name}" for name in self.generator_extra]
        self.streams = {name: Stream(seed, name) for name in names}
        self.rows = RowOrder(self.streams["rows"], len(self.split.samples))
        self.generator_rows = RowOrder(self.streams["generator-rows"], len(self.split.samples))

    def chunk(self, start: int, steps: int) -> Chunk:
        """Draw the inputs of the steps start ... start + steps - 1."""
        step, split = self.step, self.split
        shape = (steps, step.discriminator_updates, step.batch_size)
        rows = self.rows.take(start * step.images, steps * step.images).reshape(shape)
        generator_shape = (steps, step.generator_samples)
        generator_rows = self.generator_rows.take(
            start * step.generator_samples, steps * step.generator_samples
        ).reshape(generator_shape)
        first = start * step.discriminator_updates
        noise, generator_noise = self._noises(first, shape, start, generator_shape)
        return Chunk(
            start=start,
            real=split.samples.take(rows, axis=0),  # a third of the time of [rows]
            labels=_labels(split, rows),
            noise=noise,
            mixing=self._draw("mixing", "uniform", first, shape),
            generator_noise=generator_noise,
            generator_labels=_labels(split, generator_rows),
            generator_real=split.samples.take(generator_rows, axis=0) if self.fresh_reals else None,
            extra={
                name: self._draw(f"extra/{name}", kind, first, (*shape, *split.samples.shape[1:]))
                for name, kind in self.extra.items()
            },
            generator_extra={
                name: self._draw(
                    f"generator-extra/{name}",
                    kind,
                    start,
                    (*generator_shape, *split.samples.shape[1:]),
                )
                for name, kind in self.generator_extra.items()
            },
            progress=self._progress(start, steps),
        )

    def _noises(
        self, first: int, shape: tuple[int, ...], start: int, generator_shape: tuple[int, ...]
    ) -> tuple[np.ndarray, np.ndarray]:
        """The noise of the discriminator's and of the generator's updates."""
        own, other = ("noise", first, shape), ("generator-noise", start, generator_shape)
        fewest = min(prod(shape), prod(generator_shape)) * self.step.latent_size
        if self.threads == 1 or fewest < FEWEST_PER_THREAD:
            return self._noise(*own), self._noise(*other)
        with ThreadPoolExecutor(1, "noise") as thread:
            beside = thread.submit(self._noise, *other)
            return self._noise(*own), beside.result()

    def _noise(self, name: str, first: int, shape: tuple[int, ...]) -> np.ndarray:
        values = self._draw(name, self.step.noise, first, (*shape, self.step.latent_size))
        return as_noise(values, self.step)

    def _draw(self, name: str, kind: str, first: int, shape: tuple[int, ...]) -> np.ndarray:
        """Fill float32 [s, m, ...] or [s, k, n, ...], an index for each update from `first`."""
        values = np.empty(shape, np.float32)
        per_step = name.startswith("generator-")
        updates = values if per_step else values.reshape(-1, *shape[2:])
        for offset, update in enumerate(updates):
            generator = self.streams[name].at(first + offset)
            if kind == "normal":
                generator.standard_normal(dtype=np.float32, out=update)
            else:
                generator.random(dtype=np.float32, out=update)
        return values

    def _progress(self, start: int, steps: int) -> np.ndarray:
        if self.total_steps is None:  # a budget in seconds has no known end
            return np.zeros(steps, np.float32)
        return (np.arange(start, start + steps) / self.total_steps).astype(np.float32)


def as_noise(draws: np.ndarray, step: Step) -> np.ndarray:
    """Turn standard normal or unit uniform draws into the noise of this step, in place."""
    if step.noise == "uniform":
        draws *= 2
        draws -= 1
    return draws


def _declared(penalties: Iterable[Penalty]) -> dict[str, str]:
    """Arrays that penalties declare, with their distributions."""
    declared = [getattr(part, "extra", {}) for part in penalties]
    return {name: kind for extra in declared for name, kind in extra.items()}


def _labels(split: Split, rows: np.ndarray) -> np.ndarray | None:
    return None if split.labels is None else split.labels[rows]


def evaluation_noise(
    dataset: Dataset, step: Step, seed: int, samples: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """Noise [samples, latent] and labels [samples] that the final samples are made from."""
    stream = Stream(seed, "evaluation-noise").at(0)
    draw = stream.standard_normal if step.noise == "normal" else stream.random
    values = as_noise(draw((samples, step.latent_size), dtype=np.float32), step)
    if dataset.train.labels is None:
        return values, None
    rows = Stream(seed, "evaluation-labels").at(0).integers(len(dataset.train.labels), size=samples)
    return values, dataset.train.labels[rows]
