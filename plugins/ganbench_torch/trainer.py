"""The adversarial loop in torch."""

from __future__ import annotations

import numpy as np
import torch

from ganbench.contracts import Samples
from ganbench_torch.ops import BoundDiscriminator, TorchOps
from ganbench_torch.optimizer import Adam
from ganbench_torch.weights import canonical_tensors, copy_into, to_array

SAMPLE_BATCH_SIZE = 500


class AdversarialTrainer:
    """Trains a generator and a discriminator, two torch modules, as the recipe says."""

    def __init__(self, recipe, generator, discriminator, loss, penalties, task, weights, runtime):
        self.recipe, self.loss, self.penalties = recipe, loss, penalties
        self.task, self.runtime = task, runtime
        self.generator = generator.to(runtime.device, runtime.dtype)
        self.discriminator = discriminator.to(runtime.device, runtime.dtype)
        self.tensors = {
            **canonical_tensors("generator", self.generator),
            **canonical_tensors("discriminator", self.discriminator),
        }
        copy_into(self.tensors, weights)
        self.generator_weights = list(self.generator.parameters())
        self.discriminator_weights = list(self.discriminator.parameters())
        self.generator_optimizer = Adam(self.generator_weights, recipe)
        self.discriminator_optimizer = Adam(self.discriminator_weights, recipe)
        self.watched = frozenset().union(
            *(getattr(part, "differentiates", ()) for part in (loss, *penalties))
        )

    def train(self, chunk):
        """Make every step of the chunk."""
        for step in range(len(chunk.noise)):
            losses = self._step(chunk, step, trace=None)
        return {name: value.item() for name, value in losses.items()}

    def trace(self, chunk):
        """Make every step and record losses and gradient norms."""
        trace = {}
        for step in range(len(chunk.noise)):
            self._step(chunk, step, trace)
        steps, updates = chunk.noise.shape[:2]
        shapes = {"generator": (steps,), "discriminator": (steps, updates)}
        return {
            name: torch.stack(values).cpu().numpy().reshape(shapes[_owner(name)])
            for name, values in trace.items()
        }

    def _step(self, chunk, step, trace):
        """One step of adversarial training: noise, generate, judge, losses, both updates."""
        simultaneous = self.recipe.update_order == "simultaneous"
        for update in range(chunk.noise.shape[1]):
            ops = self._ops(chunk, step, update)
            # Noise, generated samples, and the discriminator's view of real and generated ones.
            noise = self._tensor(chunk.noise[step, update])
            with torch.set_grad_enabled(self.recipe.shared_noise):
                images = self.generator(noise)
            fake = Samples(images.detach(), self._labels(chunk.labels, step, update))
            real = Samples(self._images(chunk.real[step, update]), fake.labels)
            discriminator = BoundDiscriminator(self.discriminator)
            loss = self._discriminator_loss(ops, discriminator, real, fake)
            # Its loss, gradients and update.
            _backward(loss, self.discriminator_weights)
            if not simultaneous:
                self.discriminator_optimizer.apply()
            losses = {
                "discriminator_loss": loss.detach(),
                "real_probability": discriminator(real).detach().sigmoid().mean(),
                "fake_probability": discriminator(fake).detach().sigmoid().mean(),
            }
            if trace is not None:
                self._record(trace, "discriminator", loss)

        # The generator's turn: fresh noise, unless the recipe shares the discriminator's.
        labels = self._labels(chunk.generator_labels, step)
        if not self.recipe.shared_noise:
            images = self.generator(self._tensor(chunk.generator_noise[step]))
        real = None
        if chunk.generator_real is not None:
            real = Samples(self._images(chunk.generator_real[step]), labels)
        discriminator = BoundDiscriminator(self.discriminator)
        loss = self.loss.generator_loss(ops, discriminator, real, Samples(images, labels))
        _backward(loss, self.generator_weights)
        if simultaneous:
            self.discriminator_optimizer.apply()
        self.generator_optimizer.apply()
        if trace is not None:
            self._record(trace, "generator", loss)
        return {**losses, "generator_loss": loss.detach()}

    def _discriminator_loss(self, ops, discriminator, real, fake):
        """The loss and its penalties; the inputs that they differentiate are watched first."""
        for side, samples in (("real", real), ("fake", fake)):
            samples.images.requires_grad_(side in self.watched)
        loss = self.loss.discriminator_loss(ops, discriminator, real, fake)
        for penalty in self.penalties:
            loss = loss + penalty.discriminator_term(ops, discriminator, real, fake)
        return loss

    def _record(self, trace, owner, loss):
        trace.setdefault(f"{owner}_loss", []).append(loss.detach())
        for name, tensor in self.tensors.items():
            if name.startswith(f"{owner}.") and tensor.requires_grad:
                trace.setdefault(f"gradient/{name}", []).append(tensor.grad.norm())

    def _ops(self, chunk, step, update):
        extras = {
            name: self._channels_first(self._tensor(array[step, update]))
            for name, array in chunk.extra.items()
        }
        return TorchOps(
            step=chunk.start + step,
            progress=float(chunk.progress[step]),
            mixing=self._tensor(chunk.mixing[step, update]),
            extras=extras,
        )

    def _tensor(self, array):
        return torch.from_numpy(array).to(self.runtime.device, self.runtime.dtype)

    def _images(self, array):
        """Uint8 images to [-1, 1] and [n, channels, height, width], or points as they are."""
        tensor = self._tensor(array)
        if self.task.kind == "images":
            tensor = tensor.div_(127.5).sub_(1)
        return self._channels_first(tensor)

    def _channels_first(self, tensor):
        """[n, height, width, channels] as torch wants it; the memory stays channels last."""
        return tensor.permute(0, 3, 1, 2) if self.task.kind == "images" else tensor

    def _labels(self, labels, *position):
        if labels is None:
            return None
        return torch.from_numpy(labels[position]).to(self.runtime.device)

    @torch.no_grad()
    def sample(self, noise, labels):
        """Generate with running statistics; nothing of the training state moves."""
        self.generator.eval()
        parts = [
            to_array(
                self._to_samples(self.generator(self._tensor(noise[i : i + SAMPLE_BATCH_SIZE])))
            )
            for i in range(0, len(noise), SAMPLE_BATCH_SIZE)
        ]
        self.generator.train()
        return np.concatenate(parts)

    def _to_samples(self, images):
        if not torch.isfinite(images).all():
            raise FloatingPointError("generated samples are not finite")
        if self.task.kind == "points":
            return images.float()
        pixels = images.add(1).mul(127.5).round().clamp(0, 255)
        return pixels.to(torch.uint8).permute(0, 2, 3, 1)

    def state(self):
        """Weights, buffers and the optimisers' moments, under canonical names."""
        state = {name: to_array(tensor) for name, tensor in self.tensors.items()}
        for name, first, second in self._moments():
            state[f"optimizer.{name}.first"] = to_array(first)
            state[f"optimizer.{name}.second"] = to_array(second)
        for owner, optimizer in self._optimizers().items():
            state[f"optimizer.{owner}.updates"] = np.array(optimizer.updates)
        return state

    def load_state(self, state):
        """Continue from such a state."""
        copy_into(self.tensors, state)
        for name, first, second in self._moments():
            first.copy_(torch.from_numpy(state[f"optimizer.{name}.first"].copy()))
            second.copy_(torch.from_numpy(state[f"optimizer.{name}.second"].copy()))
        for owner, optimizer in self._optimizers().items():
            optimizer.restore(int(state[f"optimizer.{owner}.updates"]))

    def _optimizers(self):
        return {
            "generator": self.generator_optimizer,
            "discriminator": self.discriminator_optimizer,
        }

    def _moments(self):
        optimizers = self._optimizers()
        for name, tensor in self.tensors.items():
            if tensor.requires_grad:
                yield name, *optimizers[_owner(name)].moments(tensor)


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
