"""The optimisers as the recipe states them."""

from __future__ import annotations

import jax.numpy as jnp


def make(recipe):
    """The recipe's optimiser."""
    return {"adam": Adam, "sgd": SGD}[recipe.optimizer](recipe)


class Adam:
    """Algorithm 1 of arXiv:1412.6980, or its "epsilon hat", as a formula that XLA fuses."""

    moments = ("first", "second")

    def __init__(self, recipe):
        self.recipe = recipe
        self.updates = 0

    def next_update(self, progress):
        """Count one update and give its step size and epsilon; `progress` is the budget's share."""
        self.updates += 1
        return self.recipe.adam_rates(self.updates, progress)

    def moved(self, weight, moments, gradient, step_size, epsilon):
        """One weight and its moments after a step along its gradient."""
        beta1, beta2 = self.recipe.beta1, self.recipe.beta2
        first, second = moments
        first = beta1 * first + (1 - beta1) * gradient
        second = beta2 * second + (1 - beta2) * jnp.square(gradient)
        return weight - step_size * first / (jnp.sqrt(second) + epsilon), (first, second)

    def restore(self, updates):
        """Continue after this many updates; the moments are set by their owner."""
        self.updates = updates


class SGD:
    """Plain gradient descent, without momentum."""

    moments = ()

    def __init__(self, recipe):
        self.recipe = recipe
        self.updates = 0

    def next_update(self, progress):
        """Count one update and give its step size, and an epsilon that is not used."""
        self.updates += 1
        return self.recipe.learning_rate_at(progress), 0.0

    def moved(self, weight, moments, gradient, step_size, epsilon):
        """One weight after a step along its gradient, and no moments."""
        return weight - step_size * gradient, ()

    def restore(self, updates):
        """Continue after this many updates."""
        self.updates = updates
