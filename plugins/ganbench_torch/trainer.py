"""The adversarial loop in torch."""

from __future__ import annotations

import contextlib

import numpy as np
import torch

from ganbench.contracts import Samples
from ganbench_torch import flops, optimizer
from ganbench_torch.batches import Batches
from ganbench_torch.layers import SpectralNorm
from ganbench_torch.ops import BoundDiscriminator
from ganbench_torch.weights import canonical_tensors, copy_into, to_array

SAMPLE_BATCH_SIZE = 500


class AdversarialTrainer:
    """Trains a generator and a discriminator, two torch modules, as the recipe says."""

    def __init__(self, recipe, generator, discriminator, loss, penalties, task, weights, runtime):
        self.recipe, self.loss, self.penalties = recipe, loss, penalties
        self.batches = Batches(recipe, task, runtime)
        # Channels last is the faster layout on a CPU.
        placed = {"device": runtime.device, "dtype": runtime.dtype}
        self.generator = generator.to(**placed, memory_format=torch.channels_last)
        self.discriminator = discriminator.to(**placed, memory_format=torch.channels_last)
        found = {
            **canonical_tensors("generator", self.generator),
            **canonical_tensors("discriminator", self.discriminator),
        }
        self.tensors = {name: found[name] for name in recipe.parameters(task)}
        copy_into(self.tensors, weights)
        self.generator_weights = list(self.generator.parameters())
        self.discriminator_weights = list(self.discriminator.parameters())
        self.generator_optimizer = optimizer.make(self.generator_weights, recipe)
        self.discriminator_optimizer = optimizer.make(self.discriminator_weights, recipe)
        self.averages = {}
        if recipe.ema_decay:
            trainable = self._trainable("generator")
            self.averages = {name: tensor.detach().clone() for name, tensor in trainable.items()}
        layers = self.discriminator.modules()
        self.spectral_norms = [layer for layer in layers if isinstance(layer, SpectralNorm)]
        self.watched = frozenset().union(
            *(getattr(part, "differentiates", ()) for part in (loss, *penalties))
        )

    def train(self, chunk):
        """Make every step of the chunk."""
        for step in range(len(chunk.noise)):
            losses = self._step(chunk, step, trace=None)
        return {name: value.item() for name, value in losses.items()}

    def trace(self, chunk):
        """Make every step and record losses, logits and gradient norms."""
        trace = {}
        for step in range(len(chunk.noise)):
            self._step(chunk, step, trace)
        steps, updates = chunk.noise.shape[:2]
        shapes = {"generator": (steps,), "discriminator": (steps, updates)}
        return {
            name: torch.stack(values).cpu().numpy().reshape(shapes[_owner(name)])
            for name, values in trace.items()
        }

    def count_flops(self, chunk):
        """Floating-point operations of training on the chunk."""
        return flops.count(self, chunk)

    def _step(self, chunk, step, trace):
        """One step of adversarial training: noise, generate, judge, losses, both updates."""
        simultaneous = self.recipe.update_order == "simultaneous"
        for update in range(chunk.noise.shape[1]):
            ops = self.batches.ops(chunk, step, update)
            # Noise, generated samples, and the discriminator's view of real and generated ones.
            labels = self.batches.labels(chunk.labels, step, update)
            with torch.set_grad_enabled(self.recipe.shared_noise):
                images = self._generate(chunk.noise[step, update], labels)
            fake = Samples(self.batches.packed(images.detach()), labels)
            real = self.batches.real(chunk.real[step, update], labels)
            real, fake = self._judged(ops, real, "real"), self._judged(ops, fake, "fake")
            discriminator = self._bound()
            # Its loss, gradients and update.
            for layer in self.spectral_norms:
                layer.iterate()
            loss = self._discriminator_loss(ops, discriminator, real, fake)
            _backward(loss, self.discriminator_weights)
            if not simultaneous:
                self._update_discriminator(ops)
            logits = [discriminator(samples).detach() for samples in (real, fake)]
            if trace is not None:
                trace.setdefault("logit_magnitude", []).append(torch.cat(logits).abs().mean())
                self._record(trace, "discriminator", loss)

        # The generator's turn: fresh noise, unless the recipe shares the discriminator's.
        ops = self.batches.generator_ops(chunk, step)
        labels = self.batches.labels(chunk.generator_labels, step)
        if not self.recipe.shared_noise:
            images = self._generate(chunk.generator_noise[step], labels)
        fake = self._judged(ops, Samples(self.batches.packed(images), labels), "fake")
        real = None
        if chunk.generator_real is not None:
            real = self.batches.real(chunk.generator_real[step], labels)
            real = self._judged(ops, real, "real")
        generator_loss = self.loss.generator_loss(ops, self._bound(), real, fake)
        _backward(generator_loss, self.generator_weights)
        if simultaneous:
            self._update_discriminator(ops)
        self._update_generator(ops)
        if trace is not None:
            self._record(trace, "generator", generator_loss)
        return {
            "discriminator_loss": loss.detach(),
            "generator_loss": generator_loss.detach(),
            "real_probability": logits[0].sigmoid().mean(),
            "fake_probability": logits[1].sigmoid().mean(),
        }

    def _generate(self, noise, labels):
        inputs = (self.batches.tensor(noise), labels)
        return self.generator(*inputs) if self.recipe.conditional else self.generator(inputs[0])

    def _bound(self):
        return BoundDiscriminator(self.discriminator, self.recipe.conditional)

    def _judged(self, ops, samples, side):
        """The samples as penalties hand them to the discriminator."""
        for penalty in self.penalties:
            if hasattr(penalty, "transform_input"):
                samples = penalty.transform_input(ops, samples, side)
        return samples

    def _discriminator_loss(self, ops, discriminator, real, fake):
        """The loss and its penalties; the inputs that they differentiate are watched first."""
        for side, samples in (("real", real), ("fake", fake)):
            samples.images.requires_grad_(side in self.watched)
        loss = self.loss.discriminator_loss(ops, discriminator, real, fake)
        for penalty in self.penalties:
            if hasattr(penalty, "discriminator_term"):
                loss = loss + penalty.discriminator_term(ops, discriminator, real, fake)
        return loss

    @torch.no_grad()
    def _update_discriminator(self, ops):
        self.discriminator_optimizer.apply(ops.progress)
        for penalty in self.penalties:
            if hasattr(penalty, "after_update"):
                for weight in self.discriminator_weights:
                    weight.copy_(penalty.after_update(ops, weight))

    @torch.no_grad()
    def _update_generator(self, ops):
        self.generator_optimizer.apply(ops.progress)
        decay = self.recipe.ema_decay
        for name, average in self.averages.items():
            average.mul_(decay).add_(self.tensors[name], alpha=1 - decay)

    def _record(self, trace, owner, loss):
        trace.setdefault(f"{owner}_loss", []).append(loss.detach())
        for name, tensor in self._trainable(owner).items():
            trace.setdefault(f"gradient/{name}", []).append(tensor.grad.norm())

    @torch.no_grad()
    def sample(self, noise, labels):
        """Generate with running statistics; nothing of the training state moves."""
        self.generator.eval()
        parts = []
        with self._averaged():
            for start in range(0, len(noise), SAMPLE_BATCH_SIZE):
                part = slice(start, start + SAMPLE_BATCH_SIZE)
                images = self._generate(noise[part], self.batches.labels(labels, part))
                parts.append(to_array(self.batches.samples(images)))
        self.generator.train()
        return np.concatenate(parts)

    @contextlib.contextmanager
    def _averaged(self):
        """Put the averaged weights, if there are any, in the generator for a while."""
        current = {name: self.tensors[name].clone() for name in self.averages}
        for name, average in self.averages.items():
            self.tensors[name].copy_(average)
        try:
            yield
        finally:
            for name, tensor in current.items():
                self.tensors[name].copy_(tensor)

    def state(self):
        """Weights, buffers, averages and the optimisers' moments, under canonical names."""
        state = {name: to_array(tensor) for name, tensor in self._kept().items()}
        for owner, optimizer_ in self._optimizers().items():
            state[f"optimizer.{owner}.updates"] = np.array(optimizer_.updates)
        return state

    def load_state(self, state):
        """Continue from such a state."""
        copy_into(self._kept(), state)
        for owner, optimizer_ in self._optimizers().items():
            optimizer_.restore(int(state[f"optimizer.{owner}.updates"]))

    def _kept(self):
        """Every tensor that training depends on."""
        kept = dict(self.tensors)
        kept |= {f"ema.{name}": average for name, average in self.averages.items()}
        for owner, optimizer_ in self._optimizers().items():
            for name, tensor in self._trainable(owner).items():
                for moment, values in optimizer_.moments(tensor).items():
                    kept[f"optimizer.{name}.{moment}"] = values
        return kept

    def _optimizers(self):
        return {
            "generator": self.generator_optimizer,
            "discriminator": self.discriminator_optimizer,
        }

    def _trainable(self, owner):
        """Names and tensors of one network's weights, without its buffers."""
        return {
            name: tensor
            for name, tensor in self.tensors.items()
            if _owner(name) == owner and tensor.requires_grad
        }


def _backward(loss, weights):
    """Leave the loss's gradients by these weights, and no others, in `.grad`."""
    for weight in weights:
        weight.grad = None
    # Not autograd.grad: the fused optimisers assume that a gradient has its weight's strides, and
    # only backward() keeps that promise.
    loss.backward(inputs=weights)
    for weight in weights:
        if weight.grad is None:  # torch's Adam would skip it, others take a gradient of zero
            weight.grad = torch.zeros_like(weight)


def _owner(name):
    """The network that a canonical or trace name belongs to."""
    return (
        "generator" if name.removeprefix("gradient/").startswith("generator") else "discriminator"
    )
