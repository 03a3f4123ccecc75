"""Penalties on the gradient of the logit at points between real and generated samples.

The gradient's norm is taken over all axes of one sample, and one mixing coefficient belongs to
each sample. sqrt(x + 1e-12) has a slope at 0, which a norm need not have.
"""

from __future__ import annotations

from dataclasses import dataclass

from ganbench_losses.option_types import NonNegative

NORM_EPSILON = 1e-12


@dataclass(frozen=True)
class GradientPenalty:
    """One-centred gradient penalty: weight mean (|gradient| - 1)^2 between real and fake.

    Gulrajani et al. 2017 (WGAN-GP), arXiv:1704.00028, equation 3; weight 10 for images, 0.1 for
    2-D points in its authors' code. One-sided: only norms above 1 count.
    """

    name = "gp1"
    differentiates = frozenset({"mixed"})

    weight: NonNegative = 10.0
    one_sided: bool = False

    def discriminator_term(self, ops, discriminator, real, fake):
        """weight mean (|g| - 1)^2, or weight mean max(0, |g| - 1)^2."""
        excess = gradient_norms(ops, discriminator, ops.mix(real, fake)) - 1
        if self.one_sided:
            excess = ops.relu(excess)
        return self.weight * ops.mean(ops.square(excess))


@dataclass(frozen=True)
class ZeroCenteredPenalty:
    """Zero-centred gradient penalty: weight mean |gradient|^2 between real and fake.

    Thanh-Tung et al. 2019, arXiv:1902.03984; `wgangp0` in the code of Mescheder et al. 2018.
    """

    name = "gp0"
    differentiates = frozenset({"mixed"})

    weight: NonNegative = 10.0

    def discriminator_term(self, ops, discriminator, real, fake):
        """weight mean |g|^2."""
        _, gradients = ops.logits_and_input_gradients(discriminator, ops.mix(real, fake))
        return self.weight * ops.mean(ops.sum_per_sample(ops.square(gradients)))


@dataclass(frozen=True)
class Dragan:
    """DRAGAN's penalty: weight mean (|gradient| - target)^2 beside real samples.

    Kodali et al. 2017, arXiv:1705.07215, in the form of its authors' code: a real sample moves by
    a share, uniform in [0, 1), of half the batch's standard deviation (one number over all of it)
    times uniform noise in [0, 1).
    """

    name = "dragan"
    differentiates = frozenset({"mixed"})
    extra = {"dragan": "uniform"}

    weight: NonNegative = 10.0
    target: NonNegative = 1.0

    def discriminator_term(self, ops, discriminator, real, fake):
        """weight mean (|g| - target)^2."""
        images = real.images
        deviation = ops.sqrt(ops.mean(ops.square(images - ops.mean(images))) + NORM_EPSILON)
        moved = real._replace(images=images + 0.5 * deviation * ops.extra("dragan"))
        norms = gradient_norms(ops, discriminator, ops.mix(moved, real))
        return self.weight * ops.mean(ops.square(norms - self.target))


def gradient_norms(ops, discriminator, samples):
    """Norm of the logit's gradient by each sample: [n]."""
    _, gradients = ops.logits_and_input_gradients(discriminator, samples)
    return ops.sqrt(ops.sum_per_sample(ops.square(gradients)) + NORM_EPSILON)
