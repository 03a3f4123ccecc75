"""The vocabulary of losses and penalties in JAX."""

from __future__ import annotations

from dataclasses import dataclass, field

import jax
import jax.numpy as jnp

from ganbench.contracts import Samples


class BoundDiscriminator:
    """A discriminator with its arrays, for the length of one differentiated function.

    It computes the logits of the same samples once. `noted` holds what its normalisations have
    noted on the way, for the caller to return and to keep.
    """

    def __init__(self, network, arrays):
        self.network, self.arrays = network, arrays
        self.noted = {}
        self._known = {}

    def __call__(self, samples):
        """Give logits [n]."""
        key = id(samples.images)
        if key not in self._known:
            logits, noted = self.network({**self.arrays, **self.noted}, samples.images)
            self.noted |= noted
            # The samples are kept too, so that no other array can take their identity.
            self._known[key] = (samples, logits.flatten())
        return self._known[key][1]


@dataclass
class JaxOps:
    """`ganbench.contracts.Ops` for one update."""

    step: jax.Array | int = 0
    progress: jax.Array | float = 0.0
    mixing: jax.Array | None = None  # [n]; None in the generator's update
    extras: dict = field(default_factory=dict)  # name -> [n, ...]

    def mean(self, values):
        """Mean over all elements."""
        return values.mean()

    def square(self, values):
        """Elementwise square."""
        return jnp.square(values)

    def sqrt(self, values):
        """Elementwise square root."""
        return jnp.sqrt(values)

    def relu(self, values):
        """max(0, x)."""
        return jax.nn.relu(values)

    def clip(self, values, low, high):
        """The nearest number in [low, high]."""
        return jnp.clip(values, low, high)

    def softplus(self, values):
        """log(1 + exp(x))."""
        return jax.nn.softplus(values)

    def sum_per_sample(self, values):
        """Sum over all axes but the first."""
        return values.reshape(len(values), -1).sum(1)

    def mix(self, real, fake):
        """real * a + fake * (1 - a), one a per sample; cut from what they were made of."""
        weight = self.mixing.reshape(-1, *[1] * (real.images.ndim - 1))
        mixed = real.images * weight + fake.images * (1 - weight)
        return Samples(jax.lax.stop_gradient(mixed), real.labels)

    def extra(self, name):
        """The declared array of this update."""
        return self.extras[name]

    def logits_and_input_gradients(self, discriminator, samples):
        """Logits [n] and their gradients by the images, differentiable once more.

        The forward pass is written out once more than the loss has it; XLA finds that both are the
        same and makes one.
        """

        def judge(images):
            return discriminator(samples._replace(images=images))

        logits, pull_back = jax.vjp(judge, samples.images)
        # A logit depends on its own image only, so the gradient of the sum is one per image.
        (gradients,) = pull_back(jnp.ones_like(logits))
        return logits, gradients
