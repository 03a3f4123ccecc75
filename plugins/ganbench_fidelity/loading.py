"""Weights that torch-fidelity may unpickle: it is given only bytes that were written here."""

from __future__ import annotations

import hashlib
import io
import re

import torch

from ganbench.errors import ConfigError, EnvironmentNotReady
from ganbench_fidelity.weights import Weights

_MOST_ARRAYS = 10_000


def harmless(weights: Weights, is_program: bool) -> io.BytesIO:
    """Give the weights as a file in memory that is safe to unpickle.

    torch-fidelity loads whatever it is given with `weights_only=False`. So the file is read here,
    as nothing but arrays, and what torch-fidelity gets is written anew from these. A TorchScript
    file cannot be read so; it is handed on as it is, if its hash is the published one.

    Raises ConfigError where the file has changed since it was found or holds more than arrays,
    and EnvironmentNotReady where this torch does not keep to `weights_only`.
    """
    _require_safe_torch()
    content = weights.path.read_bytes()
    if hashlib.sha256(content).hexdigest() != weights.sha256:
        raise ConfigError(f"{weights.path}: has changed since this run began; run it again")
    if is_program:
        if not weights.is_published:
            raise ConfigError(f"{weights.path}: is not the published file")
        return io.BytesIO(content)
    arrays = _arrays(content, weights)
    written = io.BytesIO()
    torch.save(arrays, written)
    written.seek(0)
    return written


def _arrays(content: bytes, weights: Weights) -> dict[str, torch.Tensor]:
    try:
        if content[8:9] == b"{":
            from safetensors.torch import load

            arrays = load(content)
        else:
            arrays = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # the pickle's, zip's or safetensors' own; none of them is harmless
        reason = str(error).strip().splitlines()[:1]
        raise ConfigError(
            f"{weights.path}: cannot be read as nothing but arrays "
            f"({type(error).__name__}: {''.join(reason)[:200]})"
        ) from None
    is_plain = isinstance(arrays, dict) and all(
        isinstance(name, str) and isinstance(array, torch.Tensor) for name, array in arrays.items()
    )
    if not is_plain or not 0 < len(arrays) <= _MOST_ARRAYS:
        raise ConfigError(
            f"{weights.path}: has to hold a network's state_dict, arrays by name, and nothing else"
        )
    return dict(arrays)


def _require_safe_torch() -> None:
    """`weights_only` could be got around before 2.10 (CVE-2025-32434, CVE-2026-24747)."""
    version = tuple(int(part) for part in re.findall(r"\d+", torch.__version__)[:2])
    if version < (2, 10):
        raise EnvironmentNotReady(
            f"torch {torch.__version__} cannot read files of weights safely; pip install "
            "--upgrade 'ganbench[fidelity]'"
        )
