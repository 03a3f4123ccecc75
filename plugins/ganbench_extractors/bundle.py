"""Reading of a frozen feature space: a safetensors file and the JSON card that describes it."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ganbench.errors import ConfigError

QUANTISATION = "uint8, divided by 255"
WEIGHTS_FOLDER = Path(__file__).with_name("weights")
# What decides the features. The code is not hashed: where it changes them, the probe fails.
_IDENTITY = ("name", "architecture", "input", "scale", "temperature", "weights_sha256")


def content_id(card: dict[str, Any]) -> str:
    """Give the name with eight hex digits of the hash of all that decides the features."""
    identity = json.dumps({key: card[key] for key in _IDENTITY}, sort_keys=True)
    return f"{card['name']}-{hashlib.sha256(identity.encode()).hexdigest()[:8]}"


@cache
def read_card(name: str) -> dict[str, Any]:
    """Give the card of a feature space; raises ConfigError where its id is not its content's."""
    path = WEIGHTS_FOLDER / f"{name}.json"
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read ({error}); reinstall ganbench") from None
    if card["id"] != content_id(card):
        raise ConfigError(f"{path} was changed without a new id; reinstall ganbench")
    return card


@cache
def read_weights(name: str) -> dict[str, np.ndarray]:
    """Give the arrays of a feature space after checking the file's sha256 against the card.

    Raises ConfigError where the file is absent or another one.
    """
    from safetensors.numpy import load

    path = WEIGHTS_FOLDER / f"{name}.safetensors"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error}); reinstall ganbench") from None
    if hashlib.sha256(content).hexdigest() != read_card(name)["weights_sha256"]:
        raise ConfigError(f"{path} is not the file its card describes; reinstall ganbench")
    return load(content)


def check_probe(name: str, features: np.ndarray) -> None:
    """Compare the features of the stored probe images with those that were stored.

    Raises ConfigError where a value differs by more than 1e-5, absolute or relative: this
    machine's numbers would then not be comparable.
    """
    expected = read_weights(name)["probe.features"]
    if not np.allclose(features, expected, rtol=1e-5, atol=1e-5):
        worst = float(np.max(np.abs(features - expected)))
        raise ConfigError(
            f"{name} gives other features than published (by {worst:.1e}); reinstall ganbench "
            "and NumPy"
        )


def check_images(name: str, images: np.ndarray) -> None:
    """Raise ConfigError for images of another type or shape than the space is made for."""
    shape = tuple(read_card(name)["input"]["shape"])
    if images.dtype != np.uint8 or images.shape[1:] != shape:
        raise ConfigError(
            f"{name} takes uint8 images [n, {', '.join(map(str, shape))}], not {images.dtype} "
            f"{list(images.shape)}; choose another extractor"
        )
