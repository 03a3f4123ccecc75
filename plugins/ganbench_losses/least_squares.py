"""The least-squares loss."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LeastSquares:
    """Least-squares loss on raw logits, with the targets 1 for real and 0 for fake.

    Mao et al. 2017, arXiv:1611.04076, equation 9 (a = 0, b = c = 1).
    """

    name = "lsgan"

    def discriminator_loss(self, ops, discriminator, real, fake):
        """Half the mean squared distance from the targets, summed over real and fake."""
        real_term = ops.mean(ops.square(discriminator(real) - 1))
        return (real_term + ops.mean(ops.square(discriminator(fake)))) / 2

    def generator_loss(self, ops, discriminator, real, fake):
        """Half the mean squared distance of the fakes' logits from 1."""
        return ops.mean(ops.square(discriminator(fake) - 1)) / 2
