"""Canonical names and layouts of the weights of torch modules.

torch's own layouts are the canonical ones; only batch normalisation names its arrays otherwise.
"""

from __future__ import annotations

import torch

_BATCH_NORM_NAMES = {"weight": "scale", "running_mean": "mean", "running_var": "var"}


def canonical_tensors(prefix, network):
    """Map canonical names to the tensors of a network, weights and buffers alike."""
    tensors = {}
    for path, module in network.named_modules():
        names = (
            _BATCH_NORM_NAMES if isinstance(module, torch.nn.modules.batchnorm._BatchNorm) else {}
        )
        own = [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
        for name, tensor in own:
            if name != "num_batches_tracked":
                tensors[".".join(filter(None, (prefix, path, names.get(name, name))))] = tensor
    return tensors


@torch.no_grad()
def copy_into(tensors, arrays):
    """Set tensors from canonical arrays of the same names."""
    for name, tensor in tensors.items():
        tensor.copy_(torch.from_numpy(arrays[name].copy()))


def to_array(tensor):
    """Copy a tensor to a contiguous NumPy array."""
    return tensor.detach().cpu().contiguous().numpy().copy()
