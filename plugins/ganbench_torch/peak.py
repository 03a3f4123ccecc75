"""Products of matrices and a convolution that are large enough to find out a device's limit."""

from __future__ import annotations

import torch

from ganbench.contracts import PeakWork

SIDES = {"cpu": 1536, "cuda": 8192}  # of square matrices
BATCHES = {"cpu": 16, "cuda": 256}
CHANNELS, IMAGE, KERNEL = 128, 32, 3


def work(runtime):
    """A product of square matrices and a convolution of stride 1, channels last."""
    device = runtime.device
    side, batch = SIDES[device.type], BATCHES[device.type]
    one, other = torch.randn(2, side, side, device=device)
    layer = torch.nn.Conv2d(CHANNELS, CHANNELS, KERNEL, padding=1, bias=False, device=device)
    layer = layer.to(memory_format=torch.channels_last)
    images = torch.randn(batch, CHANNELS, IMAGE, IMAGE, device=device)
    images = images.contiguous(memory_format=torch.channels_last)
    flops = 2 * batch * IMAGE**2 * layer.weight.numel()
    return [
        PeakWork("matrix product", 2 * side**3, lambda: _run(lambda: one @ other, device)),
        PeakWork("convolution", flops, lambda: _run(lambda: layer(images), device)),
    ]


@torch.no_grad()
def _run(function, device):
    function()
    if device.type == "cuda":
        torch.cuda.synchronize()
