"""Inception as torch-fidelity has it, with fewer and faster operations on a CPU."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torch_fidelity.feature_extractor_inceptionv3 import BasicConv2d, FeatureExtractorInceptionV3


def folded(network: Any) -> Any:
    """Fold Inception's batch normalisations into its convolutions, whose channels go last.

    It changes the network that is given, and only Inception. Weights are folded in float64 and
    then rounded. In exact arithmetic the features are the same; in float32 they are as near to
    those as torch-fidelity's own, and both are within 1e-6 of each other (norm of the difference
    by norm of the features), which is what threads and machines change anyway.
    """
    if not isinstance(network, FeatureExtractorInceptionV3):
        return network
    for block in network.modules():
        if isinstance(block, BasicConv2d):
            dtype = block.conv.weight.dtype
            block.conv = fuse_conv_bn_eval(block.conv.double(), block.bn.double()).to(dtype)
            block.bn = torch.nn.Identity()
    return network.to(memory_format=torch.channels_last)
