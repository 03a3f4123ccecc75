"""The residual networks that are told the class, in torch."""

from __future__ import annotations

from functools import partial

from ganbench_torch import sn_resnet
from ganbench_torch.layers import ConditionalBatchNorm, SpectralNormLinear, one_hot


def generator(recipe, task):
    """Noise [n, latent] and labels [n] to images in [-1, 1]."""
    normalization = partial(ConditionalBatchNorm, classes=task.classes)
    return sn_resnet.Generator(recipe, task, normalization)


def discriminator(recipe, task):
    """Images and labels [n] to logits [n, 1]."""
    return Discriminator(recipe, task)


class Discriminator(sn_resnet.Discriminator):
    """The same features, projected on the label's row of the embedding too."""

    def __init__(self, recipe, task):
        super().__init__(recipe, task)
        self.classes = task.classes
        self.embedding = SpectralNormLinear(recipe.width, task.classes, bias=False)

    def forward(self, images, labels):
        """Judge."""
        features = self.features(images)
        chosen = one_hot(labels, self.classes, features.dtype) * self.embedding(features)
        return self.logit(features) + chosen.sum(1, keepdim=True)
