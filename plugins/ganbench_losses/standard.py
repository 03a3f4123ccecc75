"""The losses of Goodfellow et al. 2014, in logits form: probability is sigmoid(logit).

-log sigmoid(t) = softplus(-t) and -log(1 - sigmoid(t)) = softplus(t), without their overflow.
"""

from __future__ import annotations

from dataclasses import dataclass


def _cross_entropy(ops, discriminator, real, fake):
    real_term = ops.mean(ops.softplus(-discriminator(real)))
    return real_term + ops.mean(ops.softplus(discriminator(fake)))


@dataclass(frozen=True)
class NonSaturating:
    """Non-saturating loss: the generator maximises log D(G(z)).

    Goodfellow et al. 2014, arXiv:1406.2661, section 3. Generator: mean softplus(-fake).
    """

    name = "non-saturating"

    def discriminator_loss(self, ops, discriminator, real, fake):
        """Sigmoid cross-entropy, real against fake; not halved."""
        return _cross_entropy(ops, discriminator, real, fake)

    def generator_loss(self, ops, discriminator, real, fake):
        """Mean of softplus(-fake)."""
        return ops.mean(ops.softplus(-discriminator(fake)))


@dataclass(frozen=True)
class Minimax:
    """Minimax loss, truly saturating: the generator minimises log(1 - D(G(z))).

    Goodfellow et al. 2014, arXiv:1406.2661, equation 1. Generator: -mean softplus(fake).
    """

    name = "minimax"

    def discriminator_loss(self, ops, discriminator, real, fake):
        """Sigmoid cross-entropy, real against fake; not halved."""
        return _cross_entropy(ops, discriminator, real, fake)

    def generator_loss(self, ops, discriminator, real, fake):
        """Minus the discriminator's loss on generated samples."""
        return -ops.mean(ops.softplus(discriminator(fake)))
