"""Two-layer perceptrons in torch."""

from __future__ import annotations

from collections import OrderedDict
from itertools import pairwise

from torch import nn

from ganbench_recipes.recipe import LEAKY_RELU_SLOPE
from ganbench_torch.trainer import AdversarialTrainer


def build(recipe, loss, penalties, task, weights, runtime):
    """Build both networks and their trainer."""
    sizes = recipe.layer_sizes(task)
    return AdversarialTrainer(
        recipe,
        generator(sizes["generator"], task),
        discriminator(sizes["discriminator"]),
        loss,
        penalties,
        task,
        weights,
        runtime,
    )


def generator(sizes, task):
    """Noise [n, latent] to images [n, channels, height, width] in [-1, 1], or points [n, 2]."""
    layers = _perceptron(sizes, nn.ReLU)
    if task.kind == "images":
        height, width, channels = task.shape
        layers["tanh"] = nn.Tanh()
        layers["unflatten"] = nn.Unflatten(1, (channels, height, width))
    return nn.Sequential(layers)


def discriminator(sizes):
    """Images or points to logits [n, 1]."""
    layers = OrderedDict(flatten=nn.Flatten())
    layers.update(_perceptron(sizes, lambda: nn.LeakyReLU(LEAKY_RELU_SLOPE)))
    return nn.Sequential(layers)


def _perceptron(sizes, activation):
    layers = OrderedDict()
    for layer, (inputs, outputs) in enumerate(pairwise(sizes)):
        if layer > 0:
            layers[f"activation{layer - 1}"] = activation()
        layers[f"layer{layer}"] = nn.Linear(inputs, outputs)
    return layers
