"""The hinge loss."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Hinge:
    """Hinge loss: logits are pushed beyond the margins 1 and -1, and no further.

    Lim and Ye 2017, arXiv:1705.02894; Miyato et al. 2018, arXiv:1802.05957, equations 16-17.
    """

    name = "hinge"

    def discriminator_loss(self, ops, discriminator, real, fake):
        """Mean relu(1 - real) + mean relu(1 + fake)."""
        real_term = ops.mean(ops.relu(1 - discriminator(real)))
        return real_term + ops.mean(ops.relu(1 + discriminator(fake)))

    def generator_loss(self, ops, discriminator, real, fake):
        """Minus the mean logit: the generator's side is not hinged."""
        return -ops.mean(discriminator(fake))
