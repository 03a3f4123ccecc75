"""The residual networks of spectral normalisation in torch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from ganbench_recipes.sn_resnet import DOWNSAMPLED
from ganbench_torch.layers import SpectralNormConvolution, SpectralNormLinear, batch_norm


def generator(recipe, task):
    """Noise [n, latent] to images [n, channels, height, width] in [-1, 1]."""
    return Generator(recipe, task, batch_norm)


def discriminator(recipe, task):
    """Images to logits [n, 1]."""
    return Discriminator(recipe, task)


class Generator(nn.Module):
    """Noise, and labels if the blocks' normalisations take them, to images."""

    def __init__(self, recipe, task, normalization):
        super().__init__()
        channels, self.side = 2 * recipe.width, recipe.smallest_side(task)
        self.project = nn.Linear(recipe.latent_size, channels * self.side * self.side)
        self.blocks = [UpBlock(recipe, channels, normalization) for _ in range(recipe.stages(task))]
        _name(self, self.blocks)
        self.norm = batch_norm(recipe, channels)
        self.image = nn.Conv2d(channels, task.shape[2], 3, padding=1)

    def forward(self, noise, *labels):
        """Generate."""
        images = self.project(noise).unflatten(1, (-1, self.side, self.side))
        for block in self.blocks:
            images = block(images, *labels)
        return torch.tanh(self.image(F.relu(self.norm(images))))


class UpBlock(nn.Module):
    """Doubles height and width."""

    def __init__(self, recipe, channels, normalization):
        super().__init__()
        self.norm1 = normalization(recipe, channels)
        self.convolution1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm2 = normalization(recipe, channels)
        self.convolution2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.shortcut = nn.Conv2d(channels, channels, 1)

    def forward(self, images, *labels):
        """Add the residual to the shortcut, whose upsampling may as well come last."""
        residual = F.relu(self.norm1(images, *labels))
        residual = self.convolution1(upsampled(residual))
        residual = F.relu(self.norm2(residual, *labels))
        return self.convolution2(residual) + upsampled(self.shortcut(images))


class Discriminator(nn.Module):
    """Images to logits [n, 1]."""

    def __init__(self, recipe, task):
        super().__init__()
        channels = [recipe.judged_shape(task)[2], *[recipe.width] * len(DOWNSAMPLED)]
        self.blocks = [
            DownBlock(inputs, outputs, downsampled, first=block == 0)
            for block, (inputs, outputs, downsampled) in enumerate(
                zip(channels[:-1], channels[1:], DOWNSAMPLED, strict=True)
            )
        ]
        _name(self, self.blocks)
        self.logit = SpectralNormLinear(recipe.width, 1, bias=False)

    def forward(self, images):
        """Judge."""
        return self.logit(self.features(images))

    def features(self, images):
        """What the blocks see in each image, summed over all places [n, width]."""
        for block in self.blocks:
            images = block(images)
        return F.relu(images).sum((2, 3))


class DownBlock(nn.Module):
    """Halves height and width, or keeps them; the first one has no ReLU before it."""

    def __init__(self, inputs, outputs, downsampled, first):
        super().__init__()
        self.downsampled, self.first = downsampled, first
        self.convolution1 = SpectralNormConvolution(inputs, outputs, 3)
        self.convolution2 = SpectralNormConvolution(outputs, outputs, 3)
        if downsampled:
            self.shortcut = SpectralNormConvolution(inputs, outputs, 1)

    def forward(self, images):
        """Add the residual to the shortcut, whose averages may as well come first."""
        residual = self.convolution1(images if self.first else F.relu(images))
        residual = self.convolution2(F.relu(residual))
        if self.downsampled:
            return averaged(residual) + self.shortcut(averaged(images))
        return residual + images


def upsampled(images):
    """Every pixel four times."""
    return F.interpolate(images, scale_factor=2, mode="nearest")


def averaged(images):
    """Means of 2x2 pixels."""
    return F.avg_pool2d(images, 2)


def _name(network, blocks):
    for number, block in enumerate(blocks):
        network.add_module(f"block{number}", block)
