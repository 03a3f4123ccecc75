"""DCGAN for small images in torch."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from ganbench_recipes.dcgan import KERNEL_SIZE
from ganbench_torch.layers import batch_norm


def generator(recipe, task):
    """Noise [n, latent] to images [n, channels, height, width] in [-1, 1]."""
    width, side, channels = recipe.width, recipe.smallest_side(task), task.shape[2]
    layers = OrderedDict()
    layers["project"] = nn.Linear(recipe.latent_size, 4 * width * side * side, bias=False)
    layers["unflatten"] = nn.Unflatten(1, (4 * width, side, side))
    layers["norm0"] = batch_norm(recipe, 4 * width)
    layers["relu0"] = nn.ReLU()
    layers["up1"] = nn.ConvTranspose2d(4 * width, 2 * width, KERNEL_SIZE, 2, 1, bias=False)
    layers["norm1"] = batch_norm(recipe, 2 * width)
    layers["relu1"] = nn.ReLU()
    layers["up2"] = nn.ConvTranspose2d(2 * width, channels, KERNEL_SIZE, 2, 1)
    layers["tanh"] = nn.Tanh()
    return nn.Sequential(layers)


def discriminator(recipe, task):
    """Images to logits [n, 1]."""
    width, side, channels = recipe.width, recipe.smallest_side(task), recipe.judged_shape(task)[2]
    normalized = recipe.batch_norm_in_discriminator
    layers = OrderedDict()
    layers["down1"] = nn.Conv2d(channels, 2 * width, KERNEL_SIZE, 2, 1)
    layers["leaky1"] = nn.LeakyReLU(recipe.leaky_relu_slope)
    layers["down2"] = nn.Conv2d(2 * width, 4 * width, KERNEL_SIZE, 2, 1, bias=not normalized)
    if normalized:
        layers["norm2"] = batch_norm(recipe, 4 * width)
    layers["leaky2"] = nn.LeakyReLU(recipe.leaky_relu_slope)
    layers["flatten"] = nn.Flatten()
    layers["logit"] = nn.Linear(4 * width * side * side, 1)
    return nn.Sequential(layers)
