"""A network of torch-fidelity as a feature space: which layers, weights and preparation."""

from __future__ import annotations

import copy
import hashlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, TypeVar

import numpy as np

from ganbench.contracts import Task
from ganbench.errors import ConfigError, EnvironmentNotReady, PluginError, UnknownName
from ganbench.sources import class_hashes
from ganbench_fidelity.weights import Weights, WeightsFile, find

Device = Literal["cpu", "cuda"]
LIBRARIES = ("torch", "torchvision", "torch-fidelity")

_known: dict[str, type[FidelityExtractor]] = {}


@dataclass(frozen=True)
class FidelityExtractor:
    """The features of a network that torch-fidelity runs.

    For a network of one's own, derive from this class, set what stands first below and have
    `network` give a subclass of torch-fidelity's FeatureExtractorBase. Decorate the class with
    `register`, so that torch-fidelity's metrics take it as `feature_extractor`, and offer it with
    the hook `ganbench_extractors`, so that all other metrics can be computed on it.
    """

    name: ClassVar[str]
    preprocessing: ClassVar[str]  # what the network does to images before its first layer
    features: ClassVar[str]  # the layer that metrics of features see
    dimensions: ClassVar[int]  # of this layer
    logits: ClassVar[str | None] = None  # the layer that metrics of classes see
    has_logits: ClassVar[bool] = False
    weights_file: ClassVar[WeightsFile | None] = None  # None: the network reads none
    source: ClassVar[str] = "a network of one's own on torch-fidelity"
    by_default: ClassVar[bool] = False
    libraries: ClassVar[tuple[str, ...]] = LIBRARIES

    device: Device = "cpu"
    _found: Weights | None = field(default=None, init=False, repr=False, compare=False)

    def network(self) -> type[Any]:
        """Import torch and give the class that torch-fidelity is to run."""
        from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY

        return FEATURE_EXTRACTORS_REGISTRY[self.name]

    def with_weights(self, files: Mapping[str, Path]) -> Self:
        """Give the same with its weights found, of `files` or of torch's folder of downloads."""
        if importlib.util.find_spec("torch_fidelity") is None:
            raise EnvironmentNotReady(
                "torch-fidelity is not installed; pip install 'ganbench[fidelity]'"
            )
        if self.weights_file is None:
            if self.name in files:
                raise ConfigError(f"--weights {self.name}: this extractor reads no weights")
            return self
        ready = copy.copy(self)
        object.__setattr__(ready, "_found", find(self.name, self.weights_file, files))
        return ready

    @property
    def weights(self) -> Weights | None:
        """The file of weights; raises EnvironmentNotReady where there has to be one and is none."""
        if self.weights_file is None:
            return None
        return self._found or find(self.name, self.weights_file, {})

    @property
    def weights_sha256(self) -> str | None:
        """Hash of the file of weights."""
        return self.weights.sha256 if self.weights else None

    @property
    def id(self) -> str:
        """Name and hash: of the weights alone where the network's code is torch-fidelity's."""
        parts = [self.weights.sha256] if self.weights else []
        parts += self.code()
        whole = (
            parts[0] if len(parts) == 1 else hashlib.sha256(" ".join(parts).encode()).hexdigest()
        )
        return f"{self.name}-{whole[:8]}" + ("" if self.device == "cpu" else f"-{self.device}")

    def code(self) -> list[str]:
        """Hashes of the code that decides the features and is not torch-fidelity's."""
        hashes = class_hashes(type(self))
        own = (module for module in hashes if not module.startswith("ganbench_fidelity."))
        return [hashes[module] for module in sorted(own)]

    def fits(self, task: Task) -> bool:
        """Fit every image, grey or in colour."""
        return task.kind == "images" and task.shape[-1] in (1, 3)

    def extract(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Map uint8 images [n, h, w, 1 or 3] to float32 features [n, d] and logits or None.

        Grey images are repeated to three channels. Raises EnvironmentNotReady where the device is
        not there, and ConfigError for weights that are not this network's.
        """
        from ganbench_fidelity.calls import extract

        return extract(self, images)


Extractor = TypeVar("Extractor", bound=type[FidelityExtractor])


def register(cls: Extractor) -> Extractor:
    """Make an extractor known to the metrics as `feature_extractor=NAME`; a decorator.

    Raises PluginError where another module has one of this name.
    """
    other = _known.get(cls.name)
    if other is not None and other.__module__ != cls.__module__:
        raise PluginError(
            f"feature_extractor {cls.name!r} is registered twice, by {other.__module__} and by "
            f"{cls.__module__}; rename one"
        )
    _known[cls.name] = cls
    return cls


def registered(name: str) -> type[FidelityExtractor]:
    """Give the extractor of this name; raises UnknownName."""
    if name not in _known:
        raise UnknownName("feature_extractor", name, _known)
    return _known[name]
