"""The optimisers as the recipe states them."""

from __future__ import annotations

from math import sqrt

import torch


def make(parameters, recipe, compiled):
    """The recipe's optimiser of these parameters, for eager or for compiled steps."""
    if recipe.optimizer == "sgd":
        return SGD(parameters, recipe)
    return (Adam if compiled else FusedAdam)(parameters, recipe)


class FusedAdam(torch.optim.Adam):
    """torch's fused Adam, which is Algorithm 1 of arXiv:1412.6980; "epsilon hat" on demand.

    The fastest one outside of a compiled step.
    """

    def __init__(self, parameters, recipe):
        super().__init__(
            parameters,
            lr=recipe.learning_rate,
            betas=(recipe.beta1, recipe.beta2),
            eps=recipe.epsilon,
            fused=True,
        )
        self.recipe, self.parameters = recipe, parameters
        self.updates = 0

    def next_update(self, progress):
        """Count one update and give its learning rate and epsilon."""
        self.updates += 1
        epsilon = self.recipe.epsilon
        if self.recipe.epsilon_hat:
            # sqrt(v) + e = sqrt(1 - beta2^t) * (sqrt(v / (1 - beta2^t)) + e / sqrt(1 - beta2^t))
            epsilon = epsilon / sqrt(1 - self.recipe.beta2**self.updates)
        return self.recipe.learning_rate_at(progress), epsilon

    def gradients(self, loss):
        """The loss's gradients by the parameters, which `apply` finds in `.grad`."""
        for weight in self.parameters:
            weight.grad = None
        # Not autograd.grad: the fused optimisers assume that a gradient has its weight's strides,
        # and only backward() keeps that promise.
        loss.backward(inputs=self.parameters)
        for weight in self.parameters:
            if weight.grad is None:  # torch's Adam would skip it, others take a gradient of zero
                weight.grad = torch.zeros_like(weight)
        return [weight.grad for weight in self.parameters]

    def apply(self, gradients, rates):
        """Move the weights along their gradients, those of the last call of `gradients`."""
        self.param_groups[0]["lr"], self.param_groups[0]["eps"] = rates
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


class Adam:
    """The same as a formula, which a compiled step joins with the gradients."""

    def __init__(self, parameters, recipe):
        self.parameters, self.recipe = parameters, recipe
        self.updates = 0
        self.first = [torch.zeros_like(parameter) for parameter in parameters]
        self.second = [torch.zeros_like(parameter) for parameter in parameters]

    def next_update(self, progress):
        """Count one update and give its step size and epsilon; `progress` is the budget's share."""
        self.updates += 1
        return self.recipe.adam_rates(self.updates, progress)

    def gradients(self, loss):
        """The loss's gradients by the parameters."""
        return gradients(loss, self.parameters)

    def apply(self, gradients, rates):
        """Move the weights along their gradients."""
        beta1, beta2 = self.recipe.beta1, self.recipe.beta2
        step_size, epsilon = rates
        moments = zip(self.parameters, self.first, self.second, gradients, strict=True)
        for parameter, first, second, gradient in moments:
            first.mul_(beta1).add_((1 - beta1) * gradient)
            second.mul_(beta2).add_((1 - beta2) * gradient * gradient)
            parameter.sub_(step_size * first / (second.sqrt() + epsilon))

    def moments(self, parameter):
        """First and second moment of one parameter, by name."""
        (index,) = (i for i, other in enumerate(self.parameters) if other is parameter)
        return {"first": self.first[index], "second": self.second[index]}

    def restore(self, updates):
        """Continue after this many updates; the moments are set by their owner."""
        self.updates = updates


class SGD:
    """Plain gradient descent, without momentum."""

    def __init__(self, parameters, recipe):
        self.parameters, self.recipe = parameters, recipe
        self.updates = 0

    def next_update(self, progress):
        """Count one update and give its step size, and an epsilon that is not used."""
        self.updates += 1
        return self.recipe.learning_rate_at(progress), 0.0

    def gradients(self, loss):
        """The loss's gradients by the parameters."""
        return gradients(loss, self.parameters)

    def apply(self, gradients, rates):
        """Move the weights along their gradients."""
        step_size, _ = rates
        for parameter, gradient in zip(self.parameters, gradients, strict=True):
            parameter.sub_(step_size * gradient)

    def moments(self, parameter):
        """There are none."""
        return {}

    def restore(self, updates):
        """Continue after this many updates."""
        self.updates = updates


def gradients(loss, parameters):
    """Gradients by the parameters, zero where the loss does not depend on one."""
    found = torch.autograd.grad(loss, parameters, allow_unused=True)
    return [
        torch.zeros_like(parameter) if gradient is None else gradient
        for parameter, gradient in zip(parameters, found, strict=True)
    ]
