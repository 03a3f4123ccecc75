"""Features of a data set's own images, kept on disk under a hash of all that decides them."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import os
import platform
import secrets
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ganbench import boundary, selectors
from ganbench.contracts import Extractor
from ganbench.samples import sha256_of
from ganbench.sources import class_hashes

FORMAT = 1


def cache_folder() -> Path:
    """Where ganbench keeps what can be made again: `GANBENCH_CACHE`, or ~/.cache/ganbench."""
    return Path(os.environ.get("GANBENCH_CACHE") or Path.home() / ".cache" / "ganbench")


@dataclass(frozen=True)
class FeatureCache:
    """Features float32 [n, d] and logits float32 [n, classes] or None, by what they are made of."""

    folder: Path

    def extract(
        self, samples: np.ndarray, extractor: Extractor
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Give what the extractor gives, from the cache where it is there and whole.

        A cache that cannot be written is done without.
        """
        path = self.folder / f"{key(samples, extractor)}.npz"
        known = _read(path)
        if known is None:
            known = extractor.extract(samples)
            boundary.features(extractor, known, len(samples))
            _write(path, *known)
        return known


def key(samples: np.ndarray, extractor: Extractor) -> str:
    """The hash of every input of an extraction."""
    return hashlib.sha256(
        json.dumps(inputs(samples, extractor), sort_keys=True).encode()
    ).hexdigest()


def inputs(samples: np.ndarray, extractor: Extractor) -> dict[str, Any]:
    """All that decides the features of these samples, and the bits of them."""
    return {
        "samples_sha256": sha256_of(samples),
        "shape": list(samples.shape),
        "dtype": str(samples.dtype),
        "extractor_id": extractor.id,
        "extractor_options": selectors.options(extractor),
        "extractor_sources": class_hashes(type(extractor)),
        "weights_sha256": getattr(extractor, "weights_sha256", None),
        "preprocessing": getattr(extractor, "preprocessing", None),
        "numpy": np.__version__,
        "libraries": [
            f"{name} {importlib.metadata.version(name)}"
            for name in getattr(extractor, "libraries", ())
        ],
        "machine": platform.machine(),
        "format": FORMAT,
    }


def _read(path: Path) -> tuple[np.ndarray, np.ndarray | None] | None:
    """What is kept under a key, or None where it is not there or not whole."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files}
        if str(found.pop("sha256")) != _checksum(found):
            return None
        return found["features"], found.get("logits")
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None


def _write(path: Path, features: np.ndarray, logits: np.ndarray | None) -> None:
    arrays = {"features": features} if logits is None else {"features": features, "logits": logits}
    temporary = path.with_name(f".tmp-{secrets.token_hex(8)}.npz")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(temporary, sha256=np.array(_checksum(arrays)), **arrays)  # type: ignore[arg-type]
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _checksum(arrays: dict[str, np.ndarray]) -> str:
    parts = [f"{name} {sha256_of(array)}" for name, array in sorted(arrays.items())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
