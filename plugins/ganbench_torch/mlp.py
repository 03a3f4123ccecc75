"""Multilayer perceptrons in torch."""

from __future__ import annotations

from collections import OrderedDict
from itertools import pairwise

from torch import nn


def generator(recipe, task):
    """Noise [n, latent] to images [n, channels, height, width] in [-1, 1], or points [n, 2]."""
    layers = perceptron(recipe.layer_sizes(task)["generator"], nn.ReLU)
    if task.kind == "images":
        height, width, channels = task.shape
        layers["tanh"] = nn.Tanh()
        layers["unflatten"] = nn.Unflatten(1, (channels, height, width))
    return nn.Sequential(layers)


def discriminator(recipe, task):
    """Images or points to logits [n, 1]."""
    layers = OrderedDict(flatten=nn.Flatten())
    sizes = recipe.layer_sizes(task)["discriminator"]
    layers.update(perceptron(sizes, lambda: nn.LeakyReLU(recipe.leaky_relu_slope)))
    return nn.Sequential(layers)


def perceptron(sizes, activation):
    """Linear layers of these sizes with activations between them, by name."""
    layers = OrderedDict()
    for layer, (inputs, outputs) in enumerate(pairwise(sizes)):
        if layer > 0:
            layers[f"activation{layer - 1}"] = activation()
        layers[f"layer{layer}"] = nn.Linear(inputs, outputs)
    return layers
