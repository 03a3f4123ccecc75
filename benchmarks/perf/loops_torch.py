"""Training loops as people write them in torch, from the usual script to the best of its kind.

All of them make the same updates: fresh noise for each, and the discriminator's first. None looks
at what it has drawn, and all end a span with the last loss on the host.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from functools import partial
from itertools import count, pairwise
from math import sqrt
from typing import Any

import torch
import torch.nn.functional as F
from harness import Harness
from protocols import PROTOCOLS
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

BLOCK = 4  # steps between looks at the clock


def ways(threads: int) -> dict[str, Any]:
    """What the parent may ask for."""
    torch.set_num_threads(threads)
    return {
        "harness": partial(Harness, "torch", threads),
        "usual script": UsualScript,
        "plain": Plain,
        "best": Best,
        "best compiled": BestCompiled,
        "layers": Layers,
        "matrix products": MatrixProducts,
    }


def networks(recipe, task):
    """Generator and discriminator of plain modules."""
    if recipe.name == "dcgan":
        return _convolutional(recipe, task)
    sizes = recipe.layer_sizes(task)
    generator = _perceptron(sizes["generator"], nn.ReLU)
    if task.kind == "images":
        height, width, channels = task.shape
        generator += [nn.Tanh(), nn.Unflatten(1, (channels, height, width))]
    discriminator = [nn.Flatten(), *_perceptron(sizes["discriminator"], lambda: nn.LeakyReLU(0.2))]
    return nn.Sequential(*generator), nn.Sequential(*discriminator)


def _perceptron(sizes, activation):
    layers = [part for pair in pairwise(sizes) for part in (nn.Linear(*pair), activation())]
    return layers[:-1]


def _convolutional(recipe, task):
    width, side, channels = recipe.width, task.shape[0] // 4, task.shape[2]
    features = 4 * width * side * side
    generator = nn.Sequential(
        nn.Linear(recipe.latent_size, features, bias=False),
        nn.Unflatten(1, (4 * width, side, side)),
        nn.BatchNorm2d(4 * width),
        nn.ReLU(),
        nn.ConvTranspose2d(4 * width, 2 * width, 4, 2, 1, bias=False),
        nn.BatchNorm2d(2 * width),
        nn.ReLU(),
        nn.ConvTranspose2d(2 * width, channels, 4, 2, 1),
        nn.Tanh(),
    )
    discriminator = nn.Sequential(
        nn.Conv2d(channels, 2 * width, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(2 * width, 4 * width, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(features, 1),
    )
    return generator, discriminator


class Loop:
    """What all loops share: networks, data in memory, and working for a while."""

    def __init__(self, protocol: str) -> None:
        wanted = PROTOCOLS[protocol]
        self.recipe, self.task = wanted.settled, wanted.task
        self.generator, self.discriminator = networks(self.recipe, self.task)
        self.samples = torch.from_numpy(wanted.dataset().train.samples)
        self.generator_weights = list(self.generator.parameters())
        self.discriminator_weights = list(self.discriminator.parameters())

    def __call__(self, seconds: float) -> float:
        """Train for at least so many seconds; images per second."""
        start, steps = time.perf_counter(), 0
        while (elapsed := time.perf_counter() - start) < seconds:
            for _ in range(BLOCK):
                loss = self.step()
            steps += BLOCK
            loss.item()
        return steps * self.recipe.batch_size / elapsed

    def noise(self):
        """Noise of one update."""
        return torch.randn(self.recipe.batch_size, self.recipe.latent_size)

    def rows(self):
        """Samples as they are kept, chosen by chance."""
        return self.samples[torch.randint(len(self.samples), (self.recipe.batch_size,))]

    def adam(self, weights, fused):
        """torch's optimiser with the recipe's numbers; `fused` None is torch's own choice."""
        recipe = self.recipe
        return torch.optim.Adam(
            weights, recipe.learning_rate, (recipe.beta1, recipe.beta2), fused=fused
        )


class Plain(Loop):
    """The loop of torch's DCGAN example, with float images in memory."""

    def __init__(self, protocol: str) -> None:
        super().__init__(protocol)
        if self.task.kind == "images":
            self.samples = self.samples.permute(0, 3, 1, 2).contiguous().float() / 127.5 - 1
        self.generator_optimizer = self.adam(self.generator_weights, None)
        self.discriminator_optimizer = self.adam(self.discriminator_weights, None)
        self.ones = torch.ones(self.recipe.batch_size)
        self.zeros = torch.zeros(self.recipe.batch_size)

    def step(self):
        """One update of each."""
        judge = F.binary_cross_entropy_with_logits
        self.discriminator_optimizer.zero_grad()
        real = judge(self.discriminator(self.rows()).flatten(), self.ones)
        fake = self.generator(self.noise()).detach()
        (real + judge(self.discriminator(fake).flatten(), self.zeros)).backward()
        self.discriminator_optimizer.step()
        self.generator_optimizer.zero_grad()
        loss = judge(self.discriminator(self.generator(self.noise())).flatten(), self.ones)
        loss.backward()
        self.generator_optimizer.step()
        return loss


class UsualScript(Plain):
    """The same, with a DataLoader for the images."""

    def __init__(self, protocol: str) -> None:
        super().__init__(protocol)
        dataset = TensorDataset(self.samples)
        loader = DataLoader(dataset, self.recipe.batch_size, shuffle=True, drop_last=True)
        self.batches = (batch for _ in count() for (batch,) in loader)

    def rows(self):
        """The loader's next batch."""
        return next(self.batches)


class Best(Loop):
    """Channels last, no gradients that nobody needs, fused optimisers."""

    def __init__(self, protocol: str) -> None:
        super().__init__(protocol)
        for network in (self.generator, self.discriminator):
            network.to(memory_format=torch.channels_last)
        self.generator_optimizer = self.adam(self.generator_weights, True)
        self.discriminator_optimizer = self.adam(self.discriminator_weights, True)

    def rows(self):
        """Images in [-1, 1], or points."""
        rows = super().rows()
        if self.task.kind == "points":
            return rows
        return rows.permute(0, 3, 1, 2).float().div_(127.5).sub_(1)

    def step(self):
        """One update of each."""
        with torch.no_grad():
            fake = self.generator(self.noise())
        loss = -F.logsigmoid(self.discriminator(self.rows())).mean()
        loss = loss - F.logsigmoid(-self.discriminator(fake)).mean()
        loss.backward(inputs=self.discriminator_weights)
        self.discriminator_optimizer.step()
        self.discriminator_optimizer.zero_grad()
        loss = -F.logsigmoid(self.discriminator(self.generator(self.noise()))).mean()
        loss.backward(inputs=self.generator_weights)
        self.generator_optimizer.step()
        self.generator_optimizer.zero_grad()
        return loss


class BestCompiled(Best):
    """The same as one graph for inductor, with Adam as a formula."""

    def __init__(self, protocol: str) -> None:
        super().__init__(protocol)
        weights = [*self.generator_weights, *self.discriminator_weights]
        self.moments = {
            weight: (torch.zeros_like(weight), torch.zeros_like(weight)) for weight in weights
        }
        self.updates = 0
        torch._dynamo.config.trace_autograd_ops = True
        self.compiled = torch.compile(self._step, fullgraph=True, dynamic=False)

    def step(self):
        """One update of each."""
        self.updates += 1
        recipe = self.recipe
        correction = sqrt(1 - recipe.beta2**self.updates)
        size = recipe.learning_rate * correction / (1 - recipe.beta1**self.updates)
        rates = torch.tensor([size, recipe.epsilon * correction])
        return self.compiled(self.rows(), self.noise(), self.noise(), rates)

    def _step(self, real, noise, generator_noise, rates):
        with torch.no_grad():
            fake = self.generator(noise)
        loss = -F.logsigmoid(self.discriminator(real)).mean()
        loss = loss - F.logsigmoid(-self.discriminator(fake)).mean()
        self._move(self.discriminator_weights, loss, rates)
        loss = -F.logsigmoid(self.discriminator(self.generator(generator_noise))).mean()
        self._move(self.generator_weights, loss, rates)
        return loss.detach()

    def _move(self, weights, loss, rates):
        beta1, beta2 = self.recipe.beta1, self.recipe.beta2
        gradients = torch.autograd.grad(loss, weights)
        with torch.no_grad():
            for weight, gradient in zip(weights, gradients, strict=True):
                first, second = self.moments[weight]
                first.mul_(beta1).add_(gradient, alpha=1 - beta1)
                second.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
                weight.sub_(rates[0] * first / (second.sqrt() + rates[1]))


class Layers(Best):
    """Every layer of a step alone, forward and backward, on inputs that are there already.

    Of the generator: forward for the discriminator's update; forward and backward for its own. Of
    the discriminator: forward and backward on real and on generated images, and once more for the
    generator, by the inputs only.
    """

    def __init__(self, protocol: str) -> None:
        super().__init__(protocol)
        with torch.no_grad():
            noise = self.noise()
            generator = _inputs(self.generator, noise)
            discriminator = _inputs(self.discriminator, self.generator(noise))
        self.forward = [(layer, values) for layer, values, _ in generator]
        self.backward = [
            *(_Backward(*part, weights=True) for part in generator),
            *(_Backward(*part, weights=True) for part in discriminator for _ in range(2)),
            *(_Backward(*part, weights=False) for part in discriminator),
        ]

    def step(self):
        """What the layers of one step take."""
        with torch.no_grad():
            for layer, values in self.forward:
                last = layer(values)
        for part in self.backward:
            part()
        return last.sum()


class _Backward:
    """Forward and backward of one layer; the first of a network has no gradient by its input.

    But the discriminator's first has one in the generator's update, where the weights have none.
    """

    def __init__(self, layer, values, is_first, weights):
        self.layer, own = layer, list(layer.parameters())
        self.values = values.clone().requires_grad_(not (is_first and weights))
        wanted = [self.values] if self.values.requires_grad else []
        self.wanted = [*wanted, *(own if weights else [])]
        with torch.no_grad():
            self.by_output = torch.ones_like(layer(values))

    def __call__(self):
        output = self.layer(self.values)
        if self.wanted:
            torch.autograd.grad(output, self.wanted, self.by_output)


def _inputs(network, values):
    """Every layer with what comes to it, and whether it is the first."""
    found = OrderedDict()
    for number, layer in enumerate(network):
        found[layer] = (values, number == 0)
        values = layer(values)
    return [(layer, values, is_first) for layer, (values, is_first) in found.items()]


class MatrixProducts(Loop):
    """The products of a perceptron's step alone, on arrays that are there already."""

    def __init__(self, protocol: str) -> None:
        super().__init__(protocol)
        sizes, batch = self.recipe.layer_sizes(self.task), self.recipe.batch_size
        generator, discriminator = (
            list(pairwise(sizes[name])) for name in ("generator", "discriminator")
        )
        forward = [*generator * 2, *discriminator * 3]
        by_weights = [*generator, *discriminator * 2]
        # By the inputs: not of a network's first layer, but where the generator is behind it.
        by_inputs = [*generator[1:], *discriminator[1:] * 2, *discriminator]
        shapes = [
            *((batch, inputs, outputs) for inputs, outputs in forward),
            *((inputs, batch, outputs) for inputs, outputs in by_weights),
            *((batch, outputs, inputs) for inputs, outputs in by_inputs),
        ]
        self.products = [
            (torch.randn(rows, inner), torch.randn(inner, columns), torch.empty(rows, columns))
            for rows, inner, columns in shapes
        ]

    @torch.no_grad()
    def step(self):
        """The products of one step."""
        for one, other, out in self.products:
            torch.mm(one, other, out=out)
        return out.sum()
