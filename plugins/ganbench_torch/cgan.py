"""Perceptrons that are told the class, in torch."""

from __future__ import annotations

from torch import nn

from ganbench_torch import mlp
from ganbench_torch.layers import one_hot


def generator(recipe, task):
    """Noise [n, latent] and labels [n] to images in [-1, 1]."""
    return Labelled(mlp.generator(recipe, task), recipe.width, task.classes)


def discriminator(recipe, task):
    """Images and labels [n] to logits [n, 1]."""
    return Labelled(mlp.discriminator(recipe, task), recipe.width, task.classes)


class Labelled(nn.Sequential):
    """The same layers, with a matrix for the class beside the first one."""

    def __init__(self, plain, width, classes):
        super().__init__()
        for name, layer in plain.named_children():
            self.add_module(name, layer)
        self.label = nn.Linear(classes, width, bias=False)

    def forward(self, values, labels):
        """Apply the layers in their order; the class enters with layer0."""
        for name, layer in self.named_children():
            if name != "label":
                values = layer(values)
            if name == "layer0":
                values = values + self.label(one_hot(labels, self.label.in_features, values.dtype))
        return values
