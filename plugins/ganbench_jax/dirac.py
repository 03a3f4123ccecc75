"""The Dirac-GAN in JAX."""

from __future__ import annotations

import jax.numpy as jnp

from ganbench_recipes.layout import Layout


class Generator:
    """theta [n, 1], whatever the noise [n, 1]."""

    def __init__(self, recipe, task):
        pass

    def layouts(self):
        """Layout of its number."""
        return {"generator.theta": Layout.vector((1,))}

    def __call__(self, arrays, noise, training):
        """Generate."""
        return jnp.broadcast_to(arrays["generator.theta"], noise.shape), {}


class Discriminator:
    """Numbers [n, 1] to logits psi x [n, 1]."""

    def __init__(self, recipe, task):
        pass

    def layouts(self):
        """Layout of its number."""
        return {"discriminator.psi": Layout.vector((1,))}

    def __call__(self, arrays, numbers):
        """Judge."""
        return arrays["discriminator.psi"] * numbers, {}
