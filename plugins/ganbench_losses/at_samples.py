"""Penalties on the gradient of the logit at real or at generated samples.

Both are gamma / 2 mean |gradient|^2 of Mescheder et al. 2018, arXiv:1801.04406. gamma has the unit
of the input squared: data in [0, 1] instead of [-1, 1] would want a quarter of it. The authors'
code leaves the half out, so that its weight 10 is gamma = 20 here.
"""

from __future__ import annotations

from dataclasses import dataclass

from ganbench_losses.option_types import NonNegative


@dataclass(frozen=True)
class R1:
    """R1: gamma / 2 mean |gradient|^2 at real samples.

    Mescheder et al. 2018, arXiv:1801.04406, equation 9. StyleGAN2 takes 10, R3GAN 0.05 to 150.
    """

    name = "r1"
    differentiates = frozenset({"real"})

    gamma: NonNegative = 1.0

    def discriminator_term(self, ops, discriminator, real, fake):
        """gamma / 2 mean |g(real)|^2."""
        return self.gamma / 2 * _mean_squared_norm(ops, discriminator, real)


@dataclass(frozen=True)
class R2:
    """R2: gamma / 2 mean |gradient|^2 at generated samples.

    Mescheder et al. 2018, arXiv:1801.04406, equation 10; used beside r1 by R3GAN, arXiv:2501.05441.
    """

    name = "r2"
    differentiates = frozenset({"fake"})

    gamma: NonNegative = 1.0

    def discriminator_term(self, ops, discriminator, real, fake):
        """gamma / 2 mean |g(fake)|^2."""
        return self.gamma / 2 * _mean_squared_norm(ops, discriminator, fake)


def _mean_squared_norm(ops, discriminator, samples):
    _, gradients = ops.logits_and_input_gradients(discriminator, samples)
    return ops.mean(ops.sum_per_sample(ops.square(gradients)))
