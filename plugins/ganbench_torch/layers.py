"""Layers that torch lacks, or that every network here sets in the same way."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

POWER_EPSILON = 1e-12


def batch_norm(recipe, channels, images=True):
    """Batch normalisation as the recipe states it, of images [n, channels, height, width].

    With `images` off, of vectors [n, channels].
    """
    layer = nn.BatchNorm2d if images else nn.BatchNorm1d
    momentum = 1 - recipe.batch_norm_keep
    return layer(channels, eps=recipe.batch_norm_epsilon, momentum=momentum)


class ConditionalBatchNorm(nn.Module):
    """Batch normalisation with a scale and a bias for each class [classes, channels].

    The scale is kept as its difference from 1; the running statistics are shared.
    """

    def __init__(self, recipe, channels, classes):
        super().__init__()
        self.momentum, self.epsilon = 1 - recipe.batch_norm_keep, recipe.batch_norm_epsilon
        self.scale = nn.Parameter(torch.zeros(classes, channels))
        self.bias = nn.Parameter(torch.zeros(classes, channels))
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("var", torch.ones(channels))

    def forward(self, images, labels):
        """Normalise by the batch's statistics and note them, or by the running ones."""
        statistics = {"training": self.training, "momentum": self.momentum, "eps": self.epsilon}
        images = F.batch_norm(images, self.mean, self.var, **statistics)
        rows = one_hot(labels, len(self.scale), images.dtype)
        scale, bias = 1 + rows @ self.scale, rows @ self.bias
        return images * scale[:, :, None, None] + bias[:, :, None, None]


def one_hot(labels, classes, dtype):
    """Labels [n] to [n, classes]."""
    return F.one_hot(labels.long(), classes).to(dtype)


class SpectralNorm:
    """A layer whose weight is divided by an estimate of its largest singular value.

    Miyato et al. 2018, arXiv:1802.05957, algorithm 1, with the weight as [out, everything else].
    u and v are fixed while gradients are taken; `iterate` moves them, once for each update of the
    network that owns the layer, however many batches that update has.
    """

    def add_vectors(self):
        """Make the buffers u [out] and v [everything else]."""
        rows, columns = self.weight.flatten(1).shape
        self.register_buffer("u", torch.zeros(rows))
        self.register_buffer("v", torch.zeros(columns))

    @torch.no_grad()
    def iterate(self):
        """Make one power iteration."""
        matrix = self.weight.flatten(1)
        self.v.copy_(_unit(matrix.T @ self.u))
        self.u.copy_(_unit(matrix @ self.v))

    def normalized_weight(self):
        """weight / (u' weight v), never in bfloat16."""
        with torch.autocast(self.weight.device.type, enabled=False):
            return self.weight / torch.dot(self.u, self.weight.flatten(1) @ self.v)


class SpectralNormLinear(SpectralNorm, nn.Linear):
    """Linear with a spectrally normalised weight."""

    def __init__(self, inputs, outputs, bias=True):
        super().__init__(inputs, outputs, bias=bias)
        self.add_vectors()

    def forward(self, values):
        """[n, inputs] to [n, outputs]."""
        return F.linear(values, self.normalized_weight(), self.bias)


class SpectralNormConvolution(SpectralNorm, nn.Conv2d):
    """Convolution of stride 1 that keeps the size, with a spectrally normalised weight."""

    def __init__(self, inputs, outputs, kernel_size):
        super().__init__(inputs, outputs, kernel_size, padding=kernel_size // 2)
        self.add_vectors()

    def forward(self, images):
        """[n, inputs, height, width] to [n, outputs, height, width]."""
        return F.conv2d(images, self.normalized_weight(), self.bias, padding=self.padding)


def _unit(vector):
    return vector / torch.sqrt(vector.square().sum() + POWER_EPSILON)
