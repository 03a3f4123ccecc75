"""Weight clipping."""

from __future__ import annotations

from dataclasses import dataclass

from ganbench_losses.option_types import Positive


@dataclass(frozen=True)
class Clip:
    """Weight clipping: after each update the discriminator's weights are cut to [-limit, limit].

    Arjovsky et al. 2017 (WGAN), arXiv:1701.07875, algorithm 1. All trainable arrays, biases and
    normalisation scales included; after the update, as in the paper.
    """

    name = "clip"

    limit: Positive = 0.01

    def after_update(self, ops, weight):
        """The weight, cut."""
        return ops.clip(weight, -self.limit, self.limit)
