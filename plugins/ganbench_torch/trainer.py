"""Training, tracing and sampling in torch, eager or compiled."""

from __future__ import annotations

import contextlib

import numpy as np
import torch

from ganbench_torch import compilation, flops
from ganbench_torch.batches import Batches
from ganbench_torch.chunks import Stepwise
from ganbench_torch.step import AdversarialStep
from ganbench_torch.weights import canonical_tensors, copy_into, to_array

SAMPLE_BATCH_SIZE = 500


class AdversarialTrainer:
    """Trains a generator and a discriminator, two torch modules, as the recipe says."""

    def __init__(self, recipe, generator, discriminator, loss, penalties, task, weights, runtime):
        self.form = compilation.form(runtime, recipe, task)
        compiled = self.form == "step"
        if compiled:
            torch.use_deterministic_algorithms(True)  # after `runtime.prepare` for the compiler too
            # What earlier trials of this process compiled goes: dynamo counts it as compilations of
            # the same function again, and allows eight.
            torch._dynamo.reset()
        self.batches = Batches(recipe, task, runtime, compiled)
        # Channels last is the faster layout on a CPU.
        placed = {"device": runtime.device, "dtype": runtime.dtype}
        self.generator = generator.to(**placed, memory_format=torch.channels_last)
        discriminator = discriminator.to(**placed, memory_format=torch.channels_last)
        found = {
            **canonical_tensors("generator", self.generator),
            **canonical_tensors("discriminator", discriminator),
        }
        self.tensors = {name: found[name] for name in recipe.parameters(task)}
        copy_into(self.tensors, weights)
        networks = (self.generator, discriminator)
        self.step = AdversarialStep(
            recipe, networks, loss, penalties, self.batches, self.tensors, compiled
        )
        self._train = Stepwise(self.step, False, compiled)
        self._trace = Stepwise(self.step, True, compiled)

    def describe(self):
        """What is compiled."""
        return {"compiler": compilation.WORDS[self.form]}

    def train(self, chunk):
        """Make every step of the chunk."""
        losses, _ = self._train.run(chunk)
        return {name: value.item() for name, value in losses.items()}

    def trace(self, chunk):
        """Make every step and record losses, logits and gradient norms."""
        _, trace = self._trace.run(chunk)
        return trace

    def count_flops(self, chunk):
        """Floating-point operations of training on the chunk."""
        return flops.count(self, chunk)

    @torch.no_grad()
    def sample(self, noise, labels):
        """Generate with running statistics; nothing of the training state moves."""
        self.generator.eval()
        noise, parts = torch.from_numpy(noise), []
        labels = None if labels is None else torch.from_numpy(labels)
        with self._averaged():
            for start in range(0, len(noise), SAMPLE_BATCH_SIZE):
                part = slice(start, start + SAMPLE_BATCH_SIZE)
                images = self.step.generated(noise[part], self.batches.labels(labels, part))
                parts.append(to_array(self.batches.samples(images)))
        self.generator.train()
        return np.concatenate(parts)

    @contextlib.contextmanager
    def _averaged(self):
        """Put the averaged weights, if there are any, in the generator for a while."""
        current = {name: self.tensors[name].clone() for name in self.step.averages}
        for name, average in self.step.averages.items():
            self.tensors[name].copy_(average)
        try:
            yield
        finally:
            for name, tensor in current.items():
                self.tensors[name].copy_(tensor)

    def state(self):
        """Weights, buffers, averages and the optimisers' moments, under canonical names."""
        state = {name: to_array(tensor) for name, tensor in self.step.kept().items()}
        for owner, optimizer_ in self.step.optimizers.items():
            state[f"optimizer.{owner}.updates"] = np.array(optimizer_.updates)
        return state

    def load_state(self, state):
        """Continue from such a state."""
        copy_into(self.step.kept(), state)
        for owner, optimizer_ in self.step.optimizers.items():
            optimizer_.restore(int(state[f"optimizer.{owner}.updates"]))
