"""The file of samples in which training and scoring meet."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from ganbench.contracts import Task
from ganbench.errors import ConfigError

_PIECE_BYTES = 8 * 2**20


def keep(samples: np.ndarray, count: int, task: Task, path: Path) -> dict[str, Any]:
    """Write the samples and give their sha256; points that are not finite mean divergence.

    Raises ValueError for samples that are not what was asked for: they would be scored anyhow.
    """
    shape, dtype = (count, *task.shape), np.dtype("u1" if task.kind == "images" else "f4")
    if samples.shape != shape or samples.dtype != dtype:
        raise ValueError(
            f"the model gave samples {samples.dtype} {samples.shape} instead of {dtype} {shape}"
        )
    if samples.dtype != np.uint8 and not np.isfinite(samples).all():
        return {"status": "diverged", "reason": "generated points are not finite"}
    np.save(path, samples, allow_pickle=False)
    return {"samples_sha256": sha256_of(samples)}


def load(path: Path, sha256: str) -> np.ndarray:
    """Read an array; raises ConfigError where it is not the one that the trial made."""
    if path.is_file():
        array: np.ndarray = np.load(path, allow_pickle=False)
        if sha256_of(array) == sha256:
            return array
    raise ConfigError(f"{path.name} is gone or changed; remove record.json to run the trial again")


def sha256_of(array: np.ndarray) -> str:
    """Hash of an array's values in C order, as the record keeps it; no whole copy is made."""
    digest = hashlib.sha256()
    rows = np.atleast_1d(array)
    step = max(1, _PIECE_BYTES // max(1, rows[:1].nbytes))
    for start in range(0, len(rows), step):
        digest.update(np.ascontiguousarray(rows[start : start + step]).data)
    return digest.hexdigest()
