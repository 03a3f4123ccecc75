"""The optimisers as the recipe states them."""

from __future__ import annotations

from math import sqrt

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
        """Count one update and give its step size and epsilon, computed in float64.

        a m / (sqrt(v / (1 - beta2^t)) + e) = a c m / (sqrt(v) + e c), where c = sqrt(1 - beta2^t)
        and a = learning rate / (1 - beta1^t); epsilon hat is the same without the c beside e.
        `progress` is the used share of the budget.
        """
        self.updates += 1
        recipe = self.recipe
        bias_correction = sqrt(1 - recipe.beta2**self.updates)
        learning_rate = recipe.learning_rate_at(progress)
        step_size = learning_rate * bias_correction / (1 - recipe.beta1**self.updates)
        epsilon = recipe.epsilon if recipe.epsilon_hat else recipe.epsilon * bias_correction
        return step_size, epsilon

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
