"""The vocabulary of losses and penalties in TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass, field

import tensorflow as tf

from ganbench.contracts import Samples
from ganbench.errors import PluginError


class BoundDiscriminator:
    """A discriminator that computes the logits of the same samples once in an update."""

    def __init__(self, network, conditional=False):
        self.network, self.conditional = network, conditional
        self._known = {}

    def __call__(self, samples):
        """Give logits [n]."""
        key = id(samples.images)
        if key not in self._known:
            # The samples are kept too, so that no other tensor can take their identity.
            inputs = samples if self.conditional else samples[:1]
            self._known[key] = (samples, tf.reshape(self.network(*inputs), [-1]))
        return self._known[key][1]


@dataclass
class TensorFlowOps:
    """`ganbench.contracts.Ops` for one update."""

    step: tf.Tensor | int = 0
    progress: tf.Tensor | float = 0.0
    mixing: tf.Tensor | None = None  # [n]; None in the generator's update
    extras: dict = field(default_factory=dict)  # name -> [n, ...]
    # Records what is computed from watched images; the trainer enters it before the first logits.
    tape: tf.GradientTape = field(
        default_factory=lambda: tf.GradientTape(persistent=True, watch_accessed_variables=False)
    )

    def mean(self, values):
        """Mean over all elements."""
        return tf.reduce_mean(values)

    def square(self, values):
        """Elementwise square."""
        return tf.square(values)

    def sqrt(self, values):
        """Elementwise square root."""
        return tf.sqrt(values)

    def relu(self, values):
        """max(0, x)."""
        return tf.nn.relu(values)

    def clip(self, values, low, high):
        """The nearest number in [low, high]."""
        return tf.clip_by_value(values, low, high)

    def softplus(self, values):
        """log(1 + exp(x))."""
        return tf.nn.softplus(values)

    def sum_per_sample(self, values):
        """Sum over all axes but the first."""
        return tf.reduce_sum(tf.reshape(values, [values.shape[0], -1]), axis=1)

    def mix(self, real, fake):
        """real * a + fake * (1 - a), one a per sample; its gradients can be asked for."""
        weight = tf.reshape(self.mixing, [-1] + [1] * (real.images.shape.rank - 1))
        mixed = tf.stop_gradient(real.images * weight + fake.images * (1 - weight))
        self.tape.watch(mixed)
        return Samples(mixed, real.labels)

    def extra(self, name):
        """The declared array of this update."""
        return self.extras[name]

    def logits_and_input_gradients(self, discriminator, samples):
        """Logits [n] and their gradients by the images, differentiable once more."""
        logits = discriminator(samples)
        # The weights' tape goes on recording. A logit depends on its own image only, so the
        # gradient of the sum, which is what a tape gives for a vector, is one per image.
        with self.tape.stop_recording():
            gradients = self.tape.gradient(logits, samples.images)
        if gradients is None:
            raise PluginError(
                "a loss or penalty asks for gradients by images that its `differentiates` "
                "does not name"
            )
        return logits, gradients
