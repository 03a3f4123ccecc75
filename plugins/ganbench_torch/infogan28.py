"""The network of Lucic et al. in torch."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from ganbench_recipes.dcgan import KERNEL_SIZE
from ganbench_recipes.infogan28 import SMALLEST_SIDE
from ganbench_torch.layers import batch_norm


def generator(recipe, task):
    """Noise [n, latent] to images [n, channels, height, width] in [-1, 1]."""
    width, hidden, slope = recipe.width, 16 * recipe.width, recipe.leaky_relu_slope
    smallest = (2 * width, SMALLEST_SIDE, SMALLEST_SIDE)
    features = 2 * width * SMALLEST_SIDE**2
    layers = OrderedDict()
    layers["hidden"] = nn.Linear(recipe.latent_size, hidden, bias=False)
    layers["norm0"] = batch_norm(recipe, hidden, images=False)
    layers["leaky0"] = nn.LeakyReLU(slope)
    layers["project"] = nn.Linear(hidden, features, bias=False)
    layers["norm1"] = batch_norm(recipe, features, images=False)
    layers["leaky1"] = nn.LeakyReLU(slope)
    layers["unflatten"] = nn.Unflatten(1, smallest)
    layers["up1"] = nn.ConvTranspose2d(2 * width, width, KERNEL_SIZE, 2, 1, bias=False)
    layers["norm2"] = batch_norm(recipe, width)
    layers["leaky2"] = nn.LeakyReLU(slope)
    layers["up2"] = nn.ConvTranspose2d(width, task.shape[2], KERNEL_SIZE, 2, 1)
    layers["sigmoid"] = nn.Sigmoid()
    layers["both_signs"] = BothSigns()
    return nn.Sequential(layers)


def discriminator(recipe, task):
    """Images to logits [n, 1]."""
    width, hidden, slope = recipe.width, 16 * recipe.width, recipe.leaky_relu_slope
    features = 2 * width * SMALLEST_SIDE**2
    normalized = recipe.batch_norm_in_discriminator
    layers = OrderedDict()
    layers["positive"] = Positive()
    layers["down1"] = nn.Conv2d(recipe.judged_shape(task)[2], width, KERNEL_SIZE, 2, 1)
    layers["leaky1"] = nn.LeakyReLU(slope)
    layers["down2"] = nn.Conv2d(width, 2 * width, KERNEL_SIZE, 2, 1, bias=not normalized)
    if normalized:
        layers["norm2"] = batch_norm(recipe, 2 * width)
    layers["leaky2"] = nn.LeakyReLU(slope)
    layers["flatten"] = nn.Flatten()
    layers["hidden"] = nn.Linear(features, hidden, bias=not normalized)
    if normalized:
        layers["norm3"] = batch_norm(recipe, hidden, images=False)
    layers["leaky3"] = nn.LeakyReLU(slope)
    layers["logit"] = nn.Linear(hidden, 1)
    return nn.Sequential(layers)


class BothSigns(nn.Module):
    """From [0, 1] to [-1, 1]."""

    def forward(self, images):
        """2 x - 1."""
        return 2 * images - 1


class Positive(nn.Module):
    """From [-1, 1] to [0, 1]."""

    def forward(self, images):
        """(x + 1) / 2."""
        return (images + 1) / 2
