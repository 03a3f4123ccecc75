"""Adam as the recipe states it."""

from __future__ import annotations

from math import sqrt

import torch


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

    def apply(self):
        """Move the weights along their gradients."""
        self.updates += 1
        if self.recipe.epsilon_hat:
            # sqrt(v) + e = sqrt(1 - beta2^t) * (sqrt(v / (1 - beta2^t)) + e / sqrt(1 - beta2^t))
            bias_correction = sqrt(1 - self.recipe.beta2**self.updates)
            self.param_groups[0]["eps"] = self.recipe.epsilon / bias_correction
        self.step()

    def moments(self, parameter):
        """First and second moment of one parameter, zero before the first update."""
        if parameter not in self.state:
            self.state[parameter] = {
                "step": torch.zeros((), device=parameter.device),
                "exp_avg": torch.zeros_like(parameter, memory_format=torch.preserve_format),
                "exp_avg_sq": torch.zeros_like(parameter, memory_format=torch.preserve_format),
            }
        return self.state[parameter]["exp_avg"], self.state[parameter]["exp_avg_sq"]

    def restore(self, updates):
        """Continue after this many updates; the moments are set by their owner."""
        self.updates = updates
        for state in self.state.values():
            state["step"].fill_(updates)
