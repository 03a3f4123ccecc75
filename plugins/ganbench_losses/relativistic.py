"""Relativistic losses: real samples are meant to score higher than generated ones.

Jolicoeur-Martineau 2018, arXiv:1807.00734. The generator's update takes fresh real samples, which
a record counts apart.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Relativistic:
    """Relativistic loss in pairs: the logistic loss of real minus fake, pair by pair.

    RSGAN of Jolicoeur-Martineau 2018, arXiv:1807.00734; with r1 and r2 the loss of R3GAN, Huang
    et al. 2024, arXiv:2501.05441. Discriminator: mean softplus(fake - real).
    """

    name = "relativistic"
    generator_needs_real = True

    def discriminator_loss(self, ops, discriminator, real, fake):
        """Mean softplus(fake - real)."""
        return ops.mean(ops.softplus(discriminator(fake) - discriminator(real)))

    def generator_loss(self, ops, discriminator, real, fake):
        """Mean softplus(real - fake)."""
        return ops.mean(ops.softplus(discriminator(real) - discriminator(fake)))


@dataclass(frozen=True)
class RelativisticAverage:
    """Relativistic average loss: each logit against the mean logit of the other side.

    RaSGAN of Jolicoeur-Martineau 2018, arXiv:1807.00734, halved as in its author's code.
    """

    name = "relativistic-average"
    generator_needs_real = True

    def discriminator_loss(self, ops, discriminator, real, fake):
        """Half of mean softplus(mean fake - real) + mean softplus(fake - mean real)."""
        return _against_averages(ops, discriminator(real), discriminator(fake))

    def generator_loss(self, ops, discriminator, real, fake):
        """The same with real and fake exchanged."""
        return _against_averages(ops, discriminator(fake), discriminator(real))


def _against_averages(ops, high, low):
    """The loss that pushes `high` above `low`."""
    high_term = ops.mean(ops.softplus(ops.mean(low) - high))
    return (high_term + ops.mean(ops.softplus(low - ops.mean(high)))) / 2
