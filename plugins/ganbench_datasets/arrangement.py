"""Splits and labels of a folder of images, from the names of its sub-folders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ganbench.errors import ConfigError
from ganbench_datasets import splits
from ganbench_datasets.splits import Rows

_FOLDERS = {"train": "train", "validation": "validation", "val": "validation", "test": "test"}


@dataclass(frozen=True)
class Arrangement:
    """Which image comes in which row, and its label."""

    rows: Rows
    labels: np.ndarray | None  # int32 [n], in the order of the rows
    classes: tuple[str, ...]  # names of the labels 0, 1, ...


def arrange(paths: list[str], use_labels: bool, where: str) -> Arrangement:
    """Arrange sorted relative paths.

    The folders train and test, with validation or val where there is one, are the splits;
    otherwise rows are split by `splits.fixed`. The first folder below is the label, in sorted
    order, where there are two of them or more and every image lies in one.

    Raises ConfigError for splits that are not clear or too small.
    """
    tops = {path.partition("/")[0] for path in paths if "/" in path}
    if {"train", "test"} <= tops:
        parts, below = _parts(paths, where)
        rows = splits.declared(parts, where)
    elif "train" in tops and tops & {"val", "validation"}:
        raise ConfigError(
            f"{where}: has train and {min(tops & {'val', 'validation'})} and no test; rename the "
            "one that metrics compare with to test"
        )
    else:
        below = paths
        rows = splits.fixed(len(paths), where)
    tokens = [path.partition("/")[0] if "/" in path else None for path in below]
    names = sorted({token for token in tokens if token is not None}, key=_bytes)
    if not use_labels or None in tokens or len(names) < 2:
        return Arrangement(rows, None, ())
    number = {name: label for label, name in enumerate(names)}
    labels = np.array([number[token] for token in tokens], np.int32)[rows.order]
    unseen = sorted(set(labels.tolist()) - set(labels[: rows.counts[0]].tolist()))
    if unseen:
        raise ConfigError(
            f"{where}: no training image has the label {names[unseen[0]]!r}; add some, or leave "
            "the labels out with labels=false"
        )
    return Arrangement(rows, labels, tuple(names))


def _parts(paths: list[str], where: str) -> tuple[dict[str, list[int]], list[str]]:
    """Rows of each declared split, and every path as it is below its split's folder."""
    parts: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    if {"val", "validation"} <= {path.partition("/")[0] for path in paths}:
        raise ConfigError(f"{where}: has val and validation; leave one of them")
    below, outside = [], []
    for row, path in enumerate(paths):
        top, slash, rest = path.partition("/")
        below.append(rest)
        if slash and top in _FOLDERS:
            parts[_FOLDERS[top]].append(row)
        else:
            outside.append(path)
    if outside:
        raise ConfigError(
            f"{where}: {len(outside)} images lie outside of train and test, such as "
            f"{outside[0]!r}; move them into one or away"
        )
    return parts, below


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
