"""Regularisers that add noise to what the discriminator judges."""

from __future__ import annotations

from dataclasses import dataclass

from ganbench_losses.option_types import NonNegative


@dataclass(frozen=True)
class InstanceNoise:
    """Instance noise: normal noise on real and generated samples before they are judged.

    Sønderby et al. 2016, arXiv:1610.04490. Annealed: the noise falls in proportion to what is left
    of the budget; with a budget in seconds, whose end nobody knows, it stays.
    """

    name = "instance-noise"
    extra = {"instance-noise-real": "normal", "instance-noise-fake": "normal"}

    sigma: NonNegative = 0.1
    annealed: bool = True

    def transform_input(self, ops, samples, side):
        """The samples with noise, drawn apart for real and fake."""
        sigma = self.sigma * (1 - ops.progress) if self.annealed else self.sigma
        return samples._replace(images=samples.images + sigma * ops.extra(f"instance-noise-{side}"))


@dataclass(frozen=True)
class Consistency:
    """Consistency: weight mean (D(real + sigma noise) - D(real))^2.

    Zhang et al. 2019 (CR-GAN), arXiv:1910.12027, with normal noise as the augmentation, which
    images and points have in common; the paper's default for images is to shift and to flip them.
    """

    name = "consistency"
    extra = {"consistency": "normal"}

    weight: NonNegative = 10.0
    sigma: NonNegative = 0.1

    def discriminator_term(self, ops, discriminator, real, fake):
        """weight mean (D(T(real)) - D(real))^2."""
        moved = real._replace(images=real.images + self.sigma * ops.extra("consistency"))
        difference = discriminator(moved) - discriminator(real)
        return self.weight * ops.mean(ops.square(difference))
