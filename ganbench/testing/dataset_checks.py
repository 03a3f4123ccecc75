"""Checks of a data set."""

from __future__ import annotations

import re
import time

import numpy as np

from ganbench.contracts import Dataset, Split, Task
from ganbench.testing.check import Check, require
from ganbench.testing.subject import Subject
from ganbench.testing.surroundings import unchanged

_TASK_SECONDS = 1.0


def task_is_cheap(subject: Subject) -> None:
    """`task` says what has to be generated, at once and the same each time."""
    begun = time.perf_counter()
    task = subject.part.task()
    seconds = time.perf_counter() - begun
    require(isinstance(task, Task), f"task() gave {task!r}; give a ganbench.contracts.Task")
    require(
        seconds < _TASK_SECONDS,
        f"task() took {seconds:.1f} s; every command that plans asks for it, so read nothing there",
    )
    require(subject.part.task() == task, "task() gives something else the second time")
    require(
        len(task.shape) == (3 if task.kind == "images" else 1)
        and all(isinstance(size, int) and size >= 1 for size in task.shape),
        f"task() has {task.kind} of shape {task.shape}; images are (height, width, channels), "
        "points (1,) or (2,)",
    )


def facts_are_sound(subject: Subject) -> None:
    """`source` tells where the data come from; `default_samples` is at least 2."""
    source = subject.part
    require(
        isinstance(source.source, str) and source.source.strip(),
        "source is empty; say where the data come from, for `ganbench info` and the record",
    )
    require(
        isinstance(source.default_samples, int) and source.default_samples >= 2,
        f"default_samples is {source.default_samples!r}; it is how many samples a trial is scored "
        "on, at least 2",
    )


def task_is_that_of_the_data(subject: Subject) -> None:
    """The data that are loaded have the task that was told before."""
    told, found = subject.part.task(), _load(subject).task
    require(told == found, f"task() says {told} and load() gives {found}; they have to be the same")


def arrays_fit_the_task(subject: Subject) -> None:
    """Splits are uint8 images or finite float32 points of the task's shape, at least two."""
    data = _load(subject)
    task = data.task
    dtype = np.dtype(np.uint8 if task.kind == "images" else np.float32)
    for split in _splits(data):
        array = split.samples
        require(
            isinstance(array, np.ndarray)
            and array.dtype == dtype
            and array.shape[1:] == task.shape
            and len(array) >= 2,
            f"the split {split.name!r} has samples {getattr(array, 'dtype', type(array))} "
            f"{getattr(array, 'shape', '')}; give at least two, {dtype} [n, "
            f"{', '.join(map(str, task.shape))}]",
        )
        require(
            np.isfinite(array).all(),
            f"the split {split.name!r} has values that are not finite; remove or repair them",
        )
    names = [split.name for split in _splits(data)]
    require(
        len(set(names)) == len(names) and all(names),
        f"splits are named {names}; give each a name of its own",
    )


def labels_are_in_range(subject: Subject) -> None:
    """Labels are int32 [n] from 0 to classes - 1, and absent where the task has no classes."""
    data = _load(subject)
    for split in _splits(data):
        labels = split.labels
        if data.task.classes == 0:
            require(
                labels is None,
                f"the split {split.name!r} has labels and task() says classes=0; say how many",
            )
            continue
        require(
            isinstance(labels, np.ndarray)
            and labels.dtype == np.int32
            and labels.shape == (len(split.samples),)
            and labels.min() >= 0
            and labels.max() < data.task.classes,
            f"the split {split.name!r} has no int32 [{len(split.samples)}] of labels from 0 to "
            f"{data.task.classes - 1}",
        )


def loading_twice_gives_the_same(subject: Subject) -> None:
    """Two loads have the same arrays and sha256, which has 64 hexadecimal digits."""
    one, other = _load(subject), _load(subject)
    require(
        isinstance(one.sha256, str) and re.fullmatch("[0-9a-f]{64}", one.sha256),
        f"sha256 is {one.sha256!r}; give hashlib.sha256(...).hexdigest() of the decompressed data",
    )
    require(one.sha256 == other.sha256, "two loads have different sha256; hash the data alone")
    for first, second in zip(_splits(one), _splits(other), strict=True):
        require(
            np.array_equal(first.samples, second.samples)
            and np.array_equal(first.labels, second.labels),  # type: ignore[arg-type]  # or None
            f"two loads have different samples in the split {first.name!r}; draw from a generator "
            "of a fixed seed and keep the order of files",
        )


def loading_leaves_the_process_alone(subject: Subject) -> None:
    """Loading leaves generators, environment, folder, signals and threads as they are."""
    with unchanged(f"loading {subject.part.name}"):
        _load(subject)


def _load(subject: Subject) -> Dataset:
    data = subject.part.load(None)
    require(
        isinstance(data, Dataset), f"load() gave {type(data).__name__}; give a contracts.Dataset"
    )
    return data  # type: ignore[no-any-return]


def _splits(data: Dataset) -> list[Split]:
    return [data.train, data.reference, *([data.validation] if data.validation else [])]


CHECKS = (
    Check(facts_are_sound),
    Check(task_is_cheap),
    Check(task_is_that_of_the_data, after=("task_is_cheap",)),
    Check(arrays_fit_the_task, after=("task_is_cheap", "task_is_that_of_the_data")),
    Check(labels_are_in_range, after=("arrays_fit_the_task", "task_is_that_of_the_data")),
    Check(loading_twice_gives_the_same, after=("arrays_fit_the_task",)),
    Check(loading_leaves_the_process_alone),
)
