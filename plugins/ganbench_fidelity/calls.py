"""The calls of torch-fidelity. Networks are built once a process, and batches are judged once.

Each of torch-fidelity's metrics would build the network and extract both sides again. What is
registered with it here is the same network behind a memory of batches, so that several metrics,
and trials that share a reference, cost one extraction.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Any

import numpy as np
import torch
import torch_fidelity
from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY
from torch_fidelity.utils import create_feature_extractor, get_featuresdict_from_dataset

from ganbench.errors import ConfigError, EnvironmentNotReady
from ganbench.progress import track
from ganbench_fidelity.extractor import FidelityExtractor
from ganbench_fidelity.images import Images
from ganbench_fidelity.loading import harmless

BATCH_SIZE = 64  # torch-fidelity's default
MEMORY_BYTES = 1 << 30

Layers = dict[str, torch.Tensor]


def calculate(
    extractor: FidelityExtractor, images: list[np.ndarray], **settings: Any
) -> dict[str, float]:
    """Call `torch_fidelity.calculate_metrics` on one or two sets of images.

    The generated ones come first, as torch-fidelity has it. `settings` are its own keywords.
    """
    name = registered_name(extractor)
    steps = track(range(sum(map(len, images))))
    inputs = {f"input{number}": Images(side, steps) for number, side in enumerate(images, 1)}
    return torch_fidelity.calculate_metrics(
        **inputs,
        feature_extractor=name,
        cuda=extractor.device == "cuda",
        batch_size=BATCH_SIZE,
        cache=False,
        save_cpu_ram=True,  # no worker processes
        verbose=False,
        **settings,
    )


def extract(
    extractor: FidelityExtractor, images: np.ndarray
) -> tuple[np.ndarray, np.ndarray | None]:
    """Give the features and logits that torch-fidelity's network gives."""
    layers = [layer for layer in (extractor.features, extractor.logits) if layer]
    on_cuda = extractor.device == "cuda"
    network = create_feature_extractor(
        registered_name(extractor), layers, cuda=on_cuda, verbose=False
    )
    dataset = Images(images, track(range(len(images))))
    found = get_featuresdict_from_dataset(dataset, network, BATCH_SIZE, on_cuda, True, False)
    logits = found[extractor.logits].numpy() if extractor.logits else None
    return found[extractor.features].numpy(), logits


def registered_name(extractor: FidelityExtractor) -> str:
    """Register the extractor's network with torch-fidelity, once a process, under its id."""
    name = extractor.id
    if name not in FEATURE_EXTRACTORS_REGISTRY:
        torch_fidelity.register_feature_extractor(name, _remembering(extractor))
    return name


def _build(extractor: FidelityExtractor, cls: type[Any]) -> Any:
    """The network with its weights, ready to be called."""
    if extractor.device == "cuda" and not torch.cuda.is_available():
        raise EnvironmentNotReady(
            f"{extractor.name}[device=cuda]: torch sees no CUDA device; leave the option out"
        )
    file = None
    if extractor.weights and extractor.weights_file:
        file = harmless(extractor.weights, extractor.weights_file.is_program)
    layers = list(cls.get_provided_features_list())
    try:
        network = cls(extractor.name, layers, feature_extractor_weights_path=file, verbose=False)
    except (RuntimeError, KeyError) as error:
        if extractor.weights is None:
            raise
        reason = " ".join(str(error).split())[:200]
        raise ConfigError(
            f"{extractor.weights.path}: these are not the weights of {extractor.name} ({reason})"
        ) from None
    return network.requires_grad_(False).eval().to(extractor.device)


def _remembering(extractor: FidelityExtractor) -> type[Any]:
    """A class for torch-fidelity's registry: this very network, which is asked once a batch."""
    cls = extractor.network()
    network, memory = _build(extractor, cls), Memory(MEMORY_BYTES)

    class Remembering(torch_fidelity.FeatureExtractorBase):
        def __init__(self, name: str, features_list: list[str], **settings: Any) -> None:
            super().__init__(name, features_list)

        @staticmethod
        def get_provided_features_list() -> tuple[str, ...]:
            return tuple(network.features_list)

        @staticmethod
        def get_default_feature_layer_for_metric(metric: str) -> str:
            return cls.get_default_feature_layer_for_metric(metric)

        def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
            layers = memory.of(images, network)
            return tuple(layers[name] for name in self.features_list)

    return Remembering


class Memory:
    """What a network said of batches; the oldest are forgotten beyond so many bytes."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes, self.bytes = most_bytes, 0
        self.known: OrderedDict[str, Layers] = OrderedDict()

    def of(self, images: torch.Tensor, network: Any) -> Layers:
        """The layers of a batch of uint8 images."""
        pixels = images.cpu().numpy()
        key = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()
        if key not in self.known:
            layers = network.convert_features_tuple_to_dict(network(images))
            self.known[key] = {name: values.cpu() for name, values in layers.items()}
            self.bytes += _size(self.known[key])
        self.known.move_to_end(key)
        while self.bytes > self.most_bytes and len(self.known) > 1:
            self.bytes -= _size(self.known.popitem(last=False)[1])
        return self.known[key]


def _size(layers: Layers) -> int:
    return sum(values.nbytes for values in layers.values())
