"""The residual networks that are told the class, in TensorFlow."""

from __future__ import annotations

from functools import partial

import tensorflow as tf

from ganbench_tensorflow import sn_resnet
from ganbench_tensorflow.layers import ConditionalBatchNorm, SpectralNormLinear, one_hot


class Generator(sn_resnet.Generator):
    """Noise [n, latent] and labels [n] to images in [-1, 1]."""

    def __init__(self, recipe, task, dtype):
        normalization = partial(ConditionalBatchNorm, classes=task.classes)
        super().__init__(recipe, task, dtype, normalization)


class Discriminator(sn_resnet.Discriminator):
    """The same features, projected on the label's row of the embedding too."""

    def __init__(self, recipe, task, dtype):
        super().__init__(recipe, task, dtype)
        self.classes = task.classes
        self.embedding = SpectralNormLinear(
            "embedding", (recipe.width,), (task.classes,), dtype, bias=False
        )

    def __call__(self, images, labels):
        """Judge."""
        features = self.features(images)
        chosen = one_hot(labels, self.classes, features.dtype) * self.embedding(features)
        return self.logit(features) + tf.reduce_sum(chosen, axis=1, keepdims=True)
