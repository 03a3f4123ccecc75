"""DCGAN for small images in torch."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

from ganbench_recipes.dcgan import KERNEL_SIZE
from ganbench_recipes.recipe import BATCH_NORM_EPSILON, BATCH_NORM_KEEP, LEAKY_RELU_SLOPE
from ganbench_torch.trainer import AdversarialTrainer


def build(recipe, loss, penalties, task, weights, runtime):
    """Build both networks and their trainer; channels last is the faster layout on a CPU."""
    return AdversarialTrainer(
        recipe,
        generator(recipe, task).to(memory_format=torch.channels_last),
        discriminator(recipe, task).to(memory_format=torch.channels_last),
        loss,
        penalties,
        task,
        weights,
        runtime,
    )


def generator(recipe, task):
    """Noise [n, latent] to images [n, channels, height, width] in [-1, 1]."""
    width, side, channels = recipe.width, recipe.smallest_side(task), task.shape[2]
    layers = OrderedDict()
    layers["project"] = nn.Linear(recipe.latent_size, 4 * width * side * side, bias=False)
    layers["unflatten"] = nn.Unflatten(1, (4 * width, side, side))
    layers["norm0"] = _batch_norm(4 * width)
    layers["relu0"] = nn.ReLU()
    layers["up1"] = nn.ConvTranspose2d(4 * width, 2 * width, KERNEL_SIZE, 2, 1, bias=False)
    layers["norm1"] = _batch_norm(2 * width)
    layers["relu1"] = nn.ReLU()
    layers["up2"] = nn.ConvTranspose2d(2 * width, channels, KERNEL_SIZE, 2, 1)
    layers["tanh"] = nn.Tanh()
    return nn.Sequential(layers)


def discriminator(recipe, task):
    """Images to logits [n, 1]."""
    width, side, channels = recipe.width, recipe.smallest_side(task), task.shape[2]
    layers = OrderedDict()
    layers["down1"] = nn.Conv2d(channels, 2 * width, KERNEL_SIZE, 2, 1)
    layers["leaky1"] = nn.LeakyReLU(LEAKY_RELU_SLOPE)
    layers["down2"] = nn.Conv2d(2 * width, 4 * width, KERNEL_SIZE, 2, 1)
    layers["leaky2"] = nn.LeakyReLU(LEAKY_RELU_SLOPE)
    layers["flatten"] = nn.Flatten()
    layers["logit"] = nn.Linear(4 * width * side * side, 1)
    return nn.Sequential(layers)


def _batch_norm(channels):
    return nn.BatchNorm2d(channels, eps=BATCH_NORM_EPSILON, momentum=1 - BATCH_NORM_KEEP)
