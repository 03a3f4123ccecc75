"""The calls of torch-fidelity. Networks are built once a process, and batches are judged once.

Each of torch-fidelity's metrics would build the network and extract both sides again. What is
registered with it here is the same network behind a memory of batches, so that several metrics,
and trials that share a reference, cost one extraction; a reference's features are kept on disk.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Any

import numpy as np
import torch
import torch_fidelity
from torch.utils.data import DataLoader
from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY
from torch_fidelity.utils import create_feature_extractor, get_featuresdict_from_dataset

from ganbench.errors import ConfigError, EnvironmentNotReady
from ganbench.feature_cache import FeatureCache, cache_folder, key
from ganbench.progress import track
from ganbench_fidelity.extractor import FidelityExtractor
from ganbench_fidelity.folding import folded
from ganbench_fidelity.images import Images
from ganbench_fidelity.loading import harmless

# On a CPU what a layer makes of eight images stays in the cache; 64 is torch-fidelity's default.
BATCH_SIZES = {"cpu": 8, "cuda": 64}
MEMORY_BYTES = 1 << 30
METRICS = ("isc", "fid", "kid", "prc")

Layers = dict[str, torch.Tensor]


def calculate(
    extractor: FidelityExtractor, images: list[np.ndarray], **settings: Any
) -> dict[str, float]:
    """Call `torch_fidelity.calculate_metrics` on one or two sets of images.

    The generated ones come first, as torch-fidelity has it. `settings` are its own keywords.
    """
    name = registered_name(extractor)
    if len(images) == 2:
        network = FEATURE_EXTRACTORS_REGISTRY[name]
        asked = [metric for metric in METRICS if settings.get(metric)]
        layers = {network.get_default_feature_layer_for_metric(metric) for metric in asked}
        _recall(extractor, images[1], layers)
    steps = track(range(sum(map(len, images))))
    inputs = {f"input{number}": Images(side, steps) for number, side in enumerate(images, 1)}
    return torch_fidelity.calculate_metrics(
        **inputs,
        feature_extractor=name,
        cuda=extractor.device == "cuda",
        batch_size=BATCH_SIZES[extractor.device],
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
    size = BATCH_SIZES[extractor.device]
    found = get_featuresdict_from_dataset(dataset, network, size, on_cuda, True, False)
    logits = found[extractor.logits].numpy() if extractor.logits else None
    return found[extractor.features].numpy(), logits


def registered_name(extractor: FidelityExtractor) -> str:
    """Register the extractor's network with torch-fidelity, once a process, under its id."""
    name = extractor.id
    if name not in FEATURE_EXTRACTORS_REGISTRY:
        torch_fidelity.register_feature_extractor(name, _remembering(extractor))
    return name


def _recall(extractor: FidelityExtractor, images: np.ndarray, layers: set[str]) -> None:
    """Have a reference's features from the disk, or put them there, if they are `layers`."""
    kept = [layer for layer in (extractor.features, extractor.logits) if layer]
    memory = FEATURE_EXTRACTORS_REGISTRY[extractor.id].memory
    name = key(images, extractor)
    if memory.reference_name == name or not layers <= set(kept):
        return
    known = FeatureCache(cache_folder() / "features").extract(images, extractor)
    size = BATCH_SIZES[extractor.device]
    memory.reference_name, memory.reference = name, {}
    for number, batch in enumerate(DataLoader(Images(images, iter(())), size)):
        rows = slice(number * size, (number + 1) * size)
        parts = [torch.from_numpy(values[rows]) for values in known if values is not None]
        memory.reference[_name(batch)] = dict(zip(kept, parts, strict=True))


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
    network.requires_grad_(False).eval()
    return folded(network) if extractor.device == "cpu" else network.to(extractor.device)


def _remembering(extractor: FidelityExtractor) -> type[Any]:
    """A class for torch-fidelity's registry: this very network, which is asked once a batch."""
    cls = extractor.network()
    network = _build(extractor, cls)

    class Remembering(torch_fidelity.FeatureExtractorBase):
        memory = Memory(MEMORY_BYTES)

        def __init__(self, name: str, features_list: list[str], **settings: Any) -> None:
            super().__init__(name, features_list)

        @staticmethod
        def get_provided_features_list() -> tuple[str, ...]:
            return tuple(network.features_list)

        @staticmethod
        def get_default_feature_layer_for_metric(metric: str) -> str:
            return cls.get_default_feature_layer_for_metric(metric)

        def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
            layers = self.memory.of(images, network, self.features_list)
            return tuple(layers[name] for name in self.features_list)

    return Remembering


class Memory:
    """What a network said of batches; the oldest are forgotten beyond so many bytes.

    Those of the reference are not counted: they are views of its features.
    """

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes, self.bytes = most_bytes, 0
        self.known: OrderedDict[str, Layers] = OrderedDict()
        self.reference_name, self.reference = "", dict[str, Layers]()

    def of(self, images: torch.Tensor, network: Any, wanted: list[str]) -> Layers:
        """At least the wanted layers of a batch of uint8 images."""
        name = _name(images)
        if set(wanted) <= set(self.reference.get(name, ())):
            return self.reference[name]
        if name not in self.known:
            layers = network.convert_features_tuple_to_dict(network(images))
            self.known[name] = {layer: values.cpu() for layer, values in layers.items()}
            self.bytes += _size(self.known[name])
        self.known.move_to_end(name)
        while self.bytes > self.most_bytes and len(self.known) > 1:
            self.bytes -= _size(self.known.popitem(last=False)[1])
        return self.known[name]


def _name(images: torch.Tensor) -> str:
    pixels = images.cpu().numpy()
    return hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()


def _size(layers: Layers) -> int:
    return sum(values.nbytes for values in layers.values())
