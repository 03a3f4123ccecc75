"""DINOv2 from a folder and a file, without torch.hub's network access and unpickling."""

from __future__ import annotations

from typing import Any

import torch
from torch_fidelity import FeatureExtractorBase, FeatureExtractorDinoV2


def local_network(folder: str, function: str) -> type[Any]:
    """torch-fidelity's DINOv2, whose code is in `folder` and whose weights are given as a file.

    torch-fidelity 0.4 takes no file for DINOv2: it has torch.hub run the newest code of a GitHub
    repository, which unpickles a download. All but the loading is torch-fidelity's.
    """

    class LocalDinoV2(FeatureExtractorDinoV2):
        def __init__(
            self,
            name: str,
            features_list: list[str],
            feature_extractor_weights_path: Any = None,
            **settings: Any,
        ) -> None:
            FeatureExtractorBase.__init__(self, name, features_list)
            self.feature_extractor_internal_dtype = torch.float32
            self.model = torch.hub.load(folder, function, source="local", pretrained=False)
            weights = torch.load(feature_extractor_weights_path, weights_only=True)
            self.model.load_state_dict(weights)
            self.to(self.feature_extractor_internal_dtype)

    return LocalDinoV2
