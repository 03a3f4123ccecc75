"""The vocabulary of losses and penalties in torch."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F

from ganbench.contracts import Samples


class BoundDiscriminator:
    """A discriminator that computes the logits of the same samples once in an update."""

    def __init__(self, network, conditional=False):
        self.network, self.conditional = network, conditional
        self._known = []

    def __call__(self, samples):
        """Give logits [n]."""
        for known, logits in self._known:  # compared by identity, which a compiled step can do
            if known.images is samples.images:
                return logits
        inputs = samples if self.conditional else samples[:1]
        logits = self.network(*inputs).flatten()
        self._known.append((samples, logits))
        return logits


@dataclass
class TorchOps:
    """`ganbench.contracts.Ops` for one update."""

    step: torch.Tensor | float = 0.0
    progress: torch.Tensor | float = 0.0
    mixing: torch.Tensor | None = None  # [n]; None in the generator's update
    extras: dict = field(default_factory=dict)  # name -> [n, ...]

    def mean(self, values):
        """Mean over all elements."""
        return values.mean()

    def square(self, values):
        """Elementwise square."""
        return values.square()

    def sqrt(self, values):
        """Elementwise square root."""
        return values.sqrt()

    def relu(self, values):
        """max(0, x)."""
        return F.relu(values)

    def clip(self, values, low, high):
        """The nearest number in [low, high]."""
        return values.clamp(low, high)

    def softplus(self, values):
        """log(1 + exp(x)); F.softplus would be linear above 20."""
        return -F.logsigmoid(-values)

    def sum_per_sample(self, values):
        """Sum over all axes but the first."""
        return values.flatten(1).sum(1)

    def mix(self, real, fake):
        """real * a + fake * (1 - a), one a per sample; its gradients can be asked for."""
        weight = self.mixing.reshape(-1, *[1] * (real.images.ndim - 1))
        mixed = real.images.detach() * weight + fake.images.detach() * (1 - weight)
        return Samples(mixed.requires_grad_(), real.labels)

    def extra(self, name):
        """The declared array of this update."""
        return self.extras[name]

    def logits_and_input_gradients(self, discriminator, samples):
        """Logits [n] and their gradients by the images, differentiable once more."""
        logits = discriminator(samples)
        # A logit depends on its own image only, so the gradient of the sum is one per image.
        (gradients,) = torch.autograd.grad(logits.sum(), samples.images, create_graph=True)
        return logits, gradients
