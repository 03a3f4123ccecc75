"""Check what methods of plugins return, where the harness uses it. Raises ContractBroken."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np

from ganbench.contracts import Dataset, Parameter, Split, Step, Task
from ganbench.errors import ContractBroken

_NETWORKS = ("generator", "discriminator")


def dataset(source: Any, data: Any) -> None:
    """Require a Dataset of the source's task, with splits of its shape and dtype."""
    if not isinstance(data, Dataset):
        raise ContractBroken(source, "load", _type(data), "a Dataset")
    if data.task != source.task():
        raise ContractBroken(source, "load", f"{data.task}", f"the task of task(), {source.task()}")
    for split in (data.train, data.reference, data.validation):
        if split is not None:
            _split(source, data.task, split)


def _split(source: Any, task: Task, split: Split) -> None:
    dtype = np.dtype(np.uint8 if task.kind == "images" else np.float32)
    samples: Any = split.samples
    if not _is_array(samples, dtype) or samples.shape[1:] != task.shape:
        raise ContractBroken(
            source,
            "load",
            f"{_array(samples)} in the split {split.name!r}",
            f"{dtype} [n, {', '.join(map(str, task.shape))}], as task() says",
        )


def step(model: Any, value: Any) -> None:
    """Require a Step."""
    if not isinstance(value, Step):
        raise ContractBroken(model, "step", _type(value), "a Step")


def parameters(model: Any, values: Any) -> None:
    """Require Parameters under names of the two networks."""
    if not isinstance(values, Mapping):
        raise ContractBroken(model, "parameters", _type(values), "a dict of Parameters by name")
    for name, value in values.items():
        network, dot, _ = str(name).partition(".")
        if network not in _NETWORKS or not dot:
            expected = "names that begin with generator. or discriminator."
            raise ContractBroken(model, "parameters", f"the name {name!r}", expected)
        if not isinstance(value, Parameter):
            raise ContractBroken(model, "parameters", f"{_type(value)} at {name!r}", "a Parameter")


def trainer(model: Any, value: Any) -> None:
    """Require the methods that every training calls."""
    missing = [name for name in ("train", "sample") if not callable(getattr(value, name, None))]
    if missing:
        got = f"{_type(value)} without {' and '.join(f'{name}()' for name in missing)}"
        raise ContractBroken(model, "trainer", got, "a Trainer")


def losses(trainer: Any, values: Any) -> None:
    """Require numbers by name from `Trainer.train`."""
    if not isinstance(values, Mapping):
        raise ContractBroken(trainer, "train", _type(values), "a dict of numbers, such as losses")
    for name, value in values.items():
        if not _is_number(value):
            raise ContractBroken(trainer, "train", f"{_array(value)} as {name!r}", "a number")


def samples(trainer: Any, values: Any, count: int, task: Task) -> None:
    """Require as many samples as there were rows of noise, of the task's shape and dtype."""
    dtype = np.dtype(np.uint8 if task.kind == "images" else np.float32)
    shape = (count, *task.shape)
    if not _is_array(values, dtype) or values.shape != shape:
        raise ContractBroken(trainer, "sample", _array(values), f"{dtype} {shape}")


def metric_values(metric: Any, values: Any) -> None:
    """Require one number for each column of the metric."""
    if not isinstance(values, Mapping) or set(values) != set(metric.columns):
        got = f"the columns {sorted(values)}" if isinstance(values, Mapping) else _type(values)
        expected = f"those of `columns`, {sorted(metric.columns)}"
        raise ContractBroken(metric, "compute", got, expected)
    for name, value in values.items():
        if not _is_number(value):
            raise ContractBroken(metric, "compute", f"{_array(value)} as {name!r}", "a number")


def features(extractor: Any, value: Any, count: int) -> None:
    """Require features [n, d], and logits [n, classes] or None."""
    expected = f"features [{count}, d] and logits [{count}, classes] or None"
    if not isinstance(value, tuple) or len(value) != 2:
        raise ContractBroken(extractor, "extract", _type(value), expected)
    for array in value[: 1 if value[1] is None else 2]:
        if not isinstance(array, np.ndarray) or array.ndim != 2 or len(array) != count:
            raise ContractBroken(extractor, "extract", _array(array), expected)


def _is_array(value: Any, dtype: np.dtype[Any]) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == dtype


def _is_number(value: Any) -> bool:
    """Whether a value is one number; arrays of one element without a shape are."""
    return isinstance(value, Real) or (getattr(value, "shape", None) == () and _has_float(value))


def _has_float(value: Any) -> bool:
    try:
        return isinstance(math.isfinite(value), bool)
    except TypeError:
        return False


def _type(value: Any) -> str:
    return "None" if value is None else f"{type(value).__name__}"


def _array(value: Any) -> str:
    """An array in words: its dtype and shape."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{value.dtype} {tuple(value.shape)}"
    return _type(value)
