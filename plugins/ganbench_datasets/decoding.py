"""Every image of a folder, decoded once by two threads; all that cannot be used is told at once."""

from __future__ import annotations

import warnings
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from ganbench.errors import ConfigError
from ganbench.progress import track
from ganbench_datasets.content_cache import Draft
from ganbench_datasets.folder_listing import shown
from ganbench_datasets.image_options import ImageOptions
from ganbench_datasets.image_policy import Decoded, Refused, decode

WORKERS = 2  # Pillow decodes and resizes without holding Python's lock
MOST_LINES = 20
_TASK_FILES, _TASK_BYTES = 32, 4 * 2**20

Outcome = Decoded | Refused


@dataclass
class Findings:
    """What decoding has found besides pixels."""

    problems: list[str]
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)  # (height, width)
    examples: dict[tuple[int, int], str] = field(default_factory=dict)
    remarks: Counter[str] = field(default_factory=Counter)

    def add(self, path: str, outcome: Outcome) -> None:
        """Note one file."""
        if isinstance(outcome, Refused):
            self.problems.append(f"{shown(path)}: {outcome}")
            return
        self.remarks.update(outcome.remarks)
        size = (outcome.pixels.shape[0], outcome.pixels.shape[1])
        self.sizes[size] += 1
        self.examples.setdefault(size, shown(path))

    def check(self, where: str) -> None:
        """Raise ConfigError with everything that is wrong, one line each."""
        lines = sorted(self.problems)
        if len(self.sizes) > 1:
            lines.insert(0, self._mixed())
        if not lines:
            return
        more = [f"... and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
        listed = "".join(f"\n  {line}" for line in [*lines[:MOST_LINES], *more])
        files = "1 problem" if len(lines) == 1 else f"{len(lines)} problems"
        raise ConfigError(f"{where}: {files} with its images, nothing was trained:{listed}")

    def _mixed(self) -> str:
        common = self.sizes.most_common(5)
        sizes = ", ".join(
            f"{count} of {width}x{height} such as {self.examples[height, width]}"
            for (height, width), count in common
        )
        rest = f" and {len(self.sizes) - len(common)} more sizes" if len(self.sizes) > 5 else ""
        shorter = min(min(size) for size in self.sizes)
        return (
            f"images differ in size: {sizes}{rest}; add center_crop={shorter}, or for whole "
            "images of any size resize=N,center_crop=N"
        )


def decode_into(
    draft: Draft, root: Path, paths: Sequence[str], options: ImageOptions, problems: list[str]
) -> Counter[str]:
    """Write every image into the draft in this order and give the remarks, counted.

    Files are decoded to the end even after a bad one, so that all are found at once.
    Raises ConfigError that names `problems` and all files that cannot be used.
    """
    findings = Findings(list(problems))
    Image.init()
    with _bombs_are_errors(), ThreadPoolExecutor(WORKERS) as pool:
        for task, outcomes in _in_order(pool, root, _tasks(paths, draft), options, draft):
            for path, outcome in zip(task, outcomes, strict=True):
                findings.add(path, outcome)
                if isinstance(outcome, Decoded) and len(findings.sizes) == 1:
                    draft.add(outcome.pixels)
    findings.check(str(root))
    return findings.remarks


def _in_order(
    pool: ThreadPoolExecutor,
    root: Path,
    tasks: Iterable[Sequence[str]],
    options: ImageOptions,
    draft: Draft,
) -> Iterator[tuple[Sequence[str], list[Outcome]]]:
    """Outcomes in the order of the tasks, of which only a few are decoded ahead."""
    waiting: deque[tuple[Sequence[str], Future[list[Outcome]]]] = deque()
    for task in tasks:
        waiting.append((task, pool.submit(_outcomes, root, task, options, draft.row_shape)))
        if len(waiting) > WORKERS:
            done, future = waiting.popleft()
            yield done, future.result()
    for done, future in waiting:
        yield done, future.result()


def _tasks(paths: Sequence[str], draft: Draft) -> Iterator[Sequence[str]]:
    """One file at first, then as many at a time as are not much once they are decoded."""
    starts = range(0, len(paths), _TASK_FILES)
    for block in track([paths[start : start + _TASK_FILES] for start in starts]):
        height, width, channels = draft.row_shape or (10_000, 10_000, 1)
        length = max(1, min(_TASK_FILES, _TASK_BYTES // (height * width * channels)))
        for start in range(0, len(block), length):
            yield block[start : start + length]


def _outcomes(
    root: Path, paths: Sequence[str], options: ImageOptions, wanted: tuple[int, int, int] | None
) -> list[Outcome]:
    """Decode these files; of an image of another size than the wanted one only the size stays."""
    outcomes: list[Outcome] = []
    for path in paths:
        try:
            found = decode(root / path, options)
        except Refused as refused:
            outcomes.append(refused)
            continue
        if wanted is not None and found.pixels.shape[:2] != wanted[:2]:
            empty = np.broadcast_to(np.uint8(0), found.pixels.shape)
            found = Decoded(empty, found.remarks)
        outcomes.append(found)
    return outcomes


@contextmanager
def _bombs_are_errors() -> Iterator[None]:
    """Turn Pillow's warning of huge images into an error, here only; its other ones are advice."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield
