"""The optimisers as the recipe states them."""

from __future__ import annotations

from math import sqrt

import torch


def make(parameters, recipe):
    """The recipe's optimiser of these parameters."""
    return {"adam": Adam, "sgd": SGD}[recipe.optimizer](parameters, recipe)


class Adam(torch.optim.Adam):
    """torch's fused Adam, which is Algorithm 1 of arXiv:1412.6980; "epsilon hat" on demand."""

    def __init__(self, parameters, recipe):
        super().__init__(
            parameters,
            lr=recipe.learning_rate,
            betas=(recipe.beta1, recipe.beta2),
            eps=recipe.epsilon,
            fused=True,
        )
        self.recipe = recipe
        self.updates = 0

    def apply(self, progress):
        """Move the weights along their gradients; `progress` is the used share of the budget."""
        self.updates += 1
        self.param_groups[0]["lr"] = self.recipe.learning_rate_at(progress)
        if self.recipe.epsilon_hat:
            # sqrt(v) + e = sqrt(1 - beta2^t) * (sqrt(v / (1 - beta2^t)) + e / sqrt(1 - beta2^t))
            bias_correction = sqrt(1 - self.recipe.beta2**self.updates)
            self.param_groups[0]["eps"] = self.recipe.epsilon / bias_correction
        self.step()

    def moments(self, parameter):
        """First and second moment of one parameter, by name; zero before the first update."""
        if parameter not in self.state:
            self.state[parameter] = {
                "step": torch.zeros((), device=parameter.device),
                "exp_avg": torch.zeros_like(parameter, memory_format=torch.preserve_format),
                "exp_avg_sq": torch.zeros_like(parameter, memory_format=torch.preserve_format),
            }
        state = self.state[parameter]
        return {"first": state["exp_avg"], "second": state["exp_avg_sq"]}

    def restore(self, updates):
        """Continue after this many updates; the moments are set by their owner."""
        self.updates = updates
        for state in self.state.values():
            state["step"].fill_(updates)


class SGD(torch.optim.SGD):
    """Plain gradient descent, without momentum."""

    def __init__(self, parameters, recipe):
        super().__init__(parameters, lr=recipe.learning_rate)
        self.recipe = recipe
        self.updates = 0

    def apply(self, progress):
        """Move the weights along their gradients."""
        self.updates += 1
        self.param_groups[0]["lr"] = self.recipe.learning_rate_at(progress)
        self.step()

    def moments(self, parameter):
        """There are none."""
        return {}

    def restore(self, updates):
        """Continue after this many updates."""
        self.updates = updates
