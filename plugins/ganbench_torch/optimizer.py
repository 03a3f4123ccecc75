"""The optimisers as the recipe states them."""

from __future__ import annotations

from math import sqrt

import torch


def make(parameters, recipe, compiled):
    """The recipe's optimiser of these parameters, for eager or for compiled steps."""
    if recipe.optimizer == "sgd":
        return SGD(parameters, recipe)
    return (Adam if compiled else FusedAdam)(parameters, recipe)


class Adam:
    """Algorithm 1 of arXiv:1412.6980 as a formula, which a compiled step joins with the gradients.

    Its epsilon is "epsilon hat" on demand.
    """

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


class FusedAdam(Adam):
    """The same by torch's fused kernel, the fastest one outside of a compiled step.

    It is called without `torch.optim.Adam` around it, which would import torch's compiler (2 s of
    every process) and take more time than the kernel where networks are small.
    """

    def __init__(self, parameters, recipe):
        super().__init__(parameters, recipe)
        self.steps = torch.zeros((), device=parameters[0].device)  # float32 for weights of any type

    def next_update(self, progress):
        """Count one update and give its learning rate and epsilon."""
        self.updates += 1
        epsilon = self.recipe.epsilon
        if self.recipe.epsilon_hat:
            # sqrt(v) + e = sqrt(1 - beta2^t) * (sqrt(v / (1 - beta2^t)) + e / sqrt(1 - beta2^t))
            epsilon = epsilon / sqrt(1 - self.recipe.beta2**self.updates)
        return self.recipe.learning_rate_at(progress), epsilon

    def gradients(self, loss):
        """The loss's gradients by the parameters."""
        for weight in self.parameters:
            weight.grad = None
        # Not autograd.grad: the kernel assumes that a gradient has its weight's strides, and only
        # backward() keeps that promise.
        loss.backward(inputs=self.parameters)
        return [
            torch.zeros_like(weight) if weight.grad is None else weight.grad
            for weight in self.parameters
        ]

    def apply(self, gradients, rates):
        """Move the weights along their gradients."""
        learning_rate, epsilon = rates
        self.steps += 1
        torch._fused_adam_(
            self.parameters,
            gradients,
            self.first,
            self.second,
            [],
            [self.steps] * len(self.parameters),
            lr=learning_rate,
            beta1=self.recipe.beta1,
            beta2=self.recipe.beta2,
            weight_decay=0.0,
            eps=epsilon,
            amsgrad=False,
            maximize=False,
        )

    def restore(self, updates):
        """Continue after this many updates; the moments are set by their owner."""
        super().restore(updates)
        self.steps.fill_(updates)


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
