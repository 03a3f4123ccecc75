"""torch-fidelity called directly, in a process of its own: python tests/fidelity_probe.py JOB.

JOB is a JSON object. `initialise` writes a He-initialised Inception to a file; `plugin`
registers the network of a plugin's extractor with torch-fidelity, as its own user would; `call` are
keywords of `torch_fidelity.calculate_metrics`, whose inputs are images in .npy files. Prints JSON.
"""

from __future__ import annotations

import json
import sys
from unittest.mock import patch

import numpy as np
import torch
import torch_fidelity
from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY

from ganbench import plugins


class Images(torch.utils.data.Dataset):
    """Bare uint8 tensors of three channels, which torch-fidelity asks for."""

    def __init__(self, path: str) -> None:
        images = torch.from_numpy(np.load(path)).permute(0, 3, 1, 2)
        self.images = images.expand(-1, 3, -1, -1).contiguous()

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> torch.Tensor:
        return self.images[index]


def initialise(path: str, images: str) -> None:
    """Write a He-initialised Inception whose features and logits differ between these images."""
    name = "inception-v3-compat"
    cls = FEATURE_EXTRACTORS_REGISTRY[name]
    torch.manual_seed(0)
    nothing = patch.object(cls, "load_state_dict", lambda self, arrays: None)
    with nothing, patch("torch.load", lambda *_, **__: {}):
        network = cls(name, ["2048"], "none")
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
            torch.nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    few = torch.stack([image for _, image in zip(range(8), Images(images), strict=False)])
    (features,) = network(few)
    # There are rectifiers and no biases: what scales the first layer scales the features.
    factor = 0.1 / features.std(0).mean()
    next(network.parameters()).mul_(factor)
    classes, mean = network.fc.weight, factor * features.mean(0)
    classes.sub_(torch.outer(classes @ mean, mean) / mean.square().sum())  # no class wins always
    classes.mul_(3 / (factor * features @ classes.T).std(0).mean())
    torch.save(network.state_dict(), path)


def main(job: dict) -> dict:
    """Do what the job says."""
    if "initialise" in job:
        initialise(**job["initialise"])
    if "plugin" in job:
        extractor = plugins.load([job["plugin"]]).get("extractors", job["name"])()
        torch_fidelity.register_feature_extractor(job["name"], extractor.network())
    if "call" not in job:
        return {}
    inputs = {name: Images(job[name]) for name in ("input1", "input2")}
    settings = {"cuda": False, "cache": False, "save_cpu_ram": True, "verbose": False}
    return torch_fidelity.calculate_metrics(**inputs, **settings, **job["call"])


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
