"""Writing of a frozen feature space: scale, probe, sampling floors, hashes and card."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import numpy as np

from ganbench.contracts import Dataset
from ganbench_extractors.bundle import QUANTISATION, WEIGHTS_FOLDER, content_id
from ganbench_metrics.frechet import moments, sampling_floor

_PROBE_IMAGES = 16
_FLOOR_SAMPLES = (250, 500, 797, 1000, 2500, 5000, 10_000)


def write_bundle(
    dataset: Dataset,
    weights: dict[str, np.ndarray],
    raw_features: Callable[[np.ndarray], np.ndarray],
    card: dict[str, Any],
) -> dict[str, Any]:
    """Write `weights/NAME.safetensors` and `weights/NAME.json` and give the finished card.

    `raw_features` maps uint8 images to unscaled features [n, d]. The scale makes the trace of
    the covariance over the data set's training images d.
    """
    from safetensors.numpy import save

    mean, covariance = moments(raw_features(dataset.train.samples))
    scale = float(np.sqrt(len(mean) / np.trace(covariance)))
    probe = probe_images(dataset.task.shape)
    tensors = {name: np.ascontiguousarray(array) for name, array in weights.items()}
    tensors["probe.images"] = probe
    tensors["probe.features"] = raw_features(probe) * np.float32(scale)
    content = save(tensors)
    eigenvalues = np.linalg.eigvalsh(covariance) * scale**2
    card = {
        **card,
        "version": "1.0.0",
        "features": len(mean),
        "input": _describe_input(dataset),
        "dataset_sha256": dataset.sha256,
        "scale": scale,
        "floors": {
            str(count): sampling_floor(eigenvalues, count, count) for count in _FLOOR_SAMPLES
        },
        "weights_sha256": hashlib.sha256(content).hexdigest(),
    }
    card = {"id": content_id(card), **card}
    WEIGHTS_FOLDER.mkdir(exist_ok=True)
    (WEIGHTS_FOLDER / f"{card['name']}.safetensors").write_bytes(content)
    text = json.dumps(card, indent=2) + "\n"
    (WEIGHTS_FOLDER / f"{card['name']}.json").write_text(text, encoding="utf-8")
    return card


def probe_images(shape: tuple[int, ...]) -> np.ndarray:
    """Give 16 fixed uint8 images of growing contrast that belong to no data set."""
    noise = np.random.Generator(np.random.Philox(key=16)).integers(
        256, size=(_PROBE_IMAGES, *shape)
    )
    contrast = np.arange(1, _PROBE_IMAGES + 1).reshape(-1, *[1] * len(shape))
    return (noise * contrast // _PROBE_IMAGES).astype(np.uint8)


def _describe_input(dataset: Dataset) -> dict[str, Any]:
    return {
        "dataset": dataset.task.dataset,
        "layout": "NHWC",
        "shape": list(dataset.task.shape),
        "quantisation": QUANTISATION,
    }
