"""R3GAN for small images in torch."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

from ganbench_recipes.r3gan_mini import CHANNELS_PER_GROUP, EXPANSION, resampling_matrix


def generator(recipe, task):
    """Noise [n, latent] to images [n, channels, height, width], around [-1, 1]."""
    widths, side = recipe.widths(task), recipe.smallest_side(task)
    layers = OrderedDict()
    layers["basis"] = Basis(recipe.latent_size, widths[0], side)
    for stage, width in enumerate(widths):
        if stage > 0:
            if widths[stage - 1] != width:
                layers[f"transition{stage}"] = pointwise(widths[stage - 1], width)
            layers[f"up{stage}"] = Resampling(side, "up")
            side = 2 * side
        layers[f"block{stage}"] = ResidualBlock(width, recipe.leaky_relu_slope)
    layers["to_image"] = pointwise(widths[-1], task.shape[2])
    return nn.Sequential(layers)


def discriminator(recipe, task):
    """Images to logits [n, 1]."""
    widths, side = recipe.widths(task)[::-1], task.shape[0]
    layers = OrderedDict()
    layers["from_image"] = pointwise(recipe.judged_shape(task)[2], widths[0])
    for stage, width in enumerate(widths):
        if stage > 0:
            layers[f"down{stage}"] = Resampling(side, "down")
            side = side // 2
            if widths[stage - 1] != width:
                layers[f"transition{stage}"] = pointwise(widths[stage - 1], width)
        layers[f"block{stage}"] = ResidualBlock(width, recipe.leaky_relu_slope)
    layers["basis"] = nn.Conv2d(widths[-1], widths[-1], side, groups=widths[-1], bias=False)
    layers["flatten"] = nn.Flatten()
    layers["logit"] = nn.Linear(widths[-1], 1, bias=False)
    return nn.Sequential(layers)


def pointwise(inputs, outputs, bias=False):
    """Convolution of one pixel."""
    return nn.Conv2d(inputs, outputs, 1, bias=bias)


class ResidualBlock(nn.Module):
    """x + F(x), F wide inside, grouped, and without normalisation."""

    def __init__(self, width, slope):
        super().__init__()
        hidden = EXPANSION * width
        groups = hidden // CHANNELS_PER_GROUP
        self.expand = pointwise(width, hidden, bias=True)
        self.grouped = nn.Conv2d(hidden, hidden, 3, padding=1, groups=groups)
        self.contract = pointwise(hidden, width)
        self.leaky = nn.LeakyReLU(slope)

    def forward(self, images):
        """[n, width, height, width of images] to the same."""
        hidden = self.leaky(self.expand(images))
        hidden = self.leaky(self.grouped(hidden))
        return images + self.contract(hidden)


class Basis(nn.Module):
    """Learned maps, each times a number that a matrix makes of the noise."""

    def __init__(self, latent, width, side):
        super().__init__()
        self.shape = (width, side, side)
        self.maps = nn.Parameter(torch.empty(width * side * side))
        self.scale = nn.Linear(latent, width, bias=False)

    def forward(self, noise):
        """[n, latent] to [n, width, side, side]."""
        return self.scale(noise)[:, :, None, None] * self.maps.reshape(self.shape)


class Resampling(nn.Module):
    """Twice or half the height and width; matrices beat depthwise convolutions here."""

    def __init__(self, side, direction):
        super().__init__()
        matrix = torch.from_numpy(resampling_matrix(side, direction))
        self.register_buffer("matrix", matrix, persistent=False)

    def forward(self, images):
        """[n, channels, side, side] to [n, channels, new side, new side]."""
        images = images.permute(0, 2, 3, 1)  # as they are in memory: channels last
        n, height, width, channels = images.shape
        images = self.matrix @ images.reshape(n, height, width * channels)
        images = self.matrix @ images.reshape(n, -1, width, channels)
        return images.permute(0, 3, 1, 2)
