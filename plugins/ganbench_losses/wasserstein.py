"""The Wasserstein loss."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wasserstein:
    """Wasserstein loss: the mean logits of real and fake are pushed apart without bound.

    Arjovsky et al. 2017, arXiv:1701.07875, algorithm 1, with real samples meant to score high.
    The discriminator has to be kept smooth by a penalty, such as `wgan+clip` or `wgan+gp1`; the
    papers make five of its updates for each of the generator's.
    """

    name = "wgan"

    def discriminator_loss(self, ops, discriminator, real, fake):
        """Mean fake logit minus mean real logit."""
        return ops.mean(discriminator(fake)) - ops.mean(discriminator(real))

    def generator_loss(self, ops, discriminator, real, fake):
        """Minus the mean logit."""
        return -ops.mean(discriminator(fake))
