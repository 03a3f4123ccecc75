"""The optimisers as the recipe states them."""

from __future__ import annotations

from dataclasses import replace

import tensorflow as tf


def make(variables, recipe):
    """The recipe's optimiser of these variables."""
    return {"adam": Adam, "sgd": SGD}[recipe.optimizer](variables, recipe)


class Adam:
    """Algorithm 1 of arXiv:1412.6980, or its "epsilon hat", by TensorFlow's operation for it.

    Keras's own Adam is epsilon hat only, and keeps its learning rate in float32. The operation
    corrects no bias here, which `next_update` has done in float64. It takes 1 - beta of betas that
    are as wide as the weights, so the bias is that of these: of 0.999 itself, float32 steps would
    be 6e-6 too long.
    """

    def __init__(self, variables, recipe):
        width = variables[0].dtype.as_numpy_dtype
        betas = {name: float(width(getattr(recipe, name))) for name in ("beta1", "beta2")}
        self.variables, self.recipe = variables, replace(recipe, **betas)
        self.updates = 0
        self.first = [tf.Variable(tf.zeros_like(variable)) for variable in variables]
        self.second = [tf.Variable(tf.zeros_like(variable)) for variable in variables]

    def next_update(self, progress):
        """Count one update and give its step size and epsilon; `progress` is the budget's share."""
        self.updates += 1
        return self.recipe.adam_rates(self.updates, progress)

    def apply(self, gradients, step_size, epsilon):
        """Move the weights along their gradients; runs inside a compiled step."""
        moments = zip(self.variables, self.first, self.second, gradients, strict=True)
        for variable, first, second, gradient in moments:
            zero = tf.zeros([], variable.dtype)
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=first.handle,
                v=second.handle,
                beta1_power=zero,
                beta2_power=zero,
                lr=step_size,
                beta1=tf.constant(self.recipe.beta1, variable.dtype),
                beta2=tf.constant(self.recipe.beta2, variable.dtype),
                epsilon=epsilon,
                grad=gradient,
            )

    def moments(self, index):
        """First and second moment of one of the variables, by name."""
        return {"first": self.first[index], "second": self.second[index]}

    def restore(self, updates):
        """Continue after this many updates; the moments are set by their owner."""
        self.updates = updates


class SGD:
    """Plain gradient descent, without momentum."""

    def __init__(self, variables, recipe):
        self.variables, self.recipe = variables, recipe
        self.updates = 0

    def next_update(self, progress):
        """Count one update and give its step size, and an epsilon that is not used."""
        self.updates += 1
        return self.recipe.learning_rate_at(progress), 0.0

    def apply(self, gradients, step_size, epsilon):
        """Move the weights along their gradients."""
        for variable, gradient in zip(self.variables, gradients, strict=True):
            variable.assign_sub(step_size * gradient)

    def moments(self, index):
        """There are none."""
        return {}

    def restore(self, updates):
        """Continue after this many updates."""
        self.updates = updates
