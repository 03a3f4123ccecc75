"""One step of the adversarial game in torch, eager or as it is traced to be compiled."""

from __future__ import annotations

import torch

from ganbench.contracts import Samples
from ganbench_torch import optimizer
from ganbench_torch.layers import SpectralNorm
from ganbench_torch.ops import BoundDiscriminator


class AdversarialStep:
    """Both networks, their optimisers and averages, and how a step moves them.

    `tensors` are the networks' by canonical name, weights and buffers alike.
    """

    def __init__(self, recipe, networks, loss, penalties, batches, tensors, compiled):
        self.recipe, self.loss, self.penalties = recipe, loss, penalties
        self.generator, self.discriminator = networks
        self.batches, self.tensors = batches, tensors
        self.names = {"generator": [], "discriminator": []}  # of what is trained
        for name, tensor in tensors.items():
            if tensor.requires_grad:
                self.names[owner(name)].append(name)
        self.discriminator_weights = [tensors[name] for name in self.names["discriminator"]]
        self.optimizers = {
            name: optimizer.make([tensors[weight] for weight in weights], recipe, compiled)
            for name, weights in self.names.items()
        }
        averaged = self.names["generator"] if recipe.ema_decay else []
        self.averages = {name: tensors[name].detach().clone() for name in averaged}
        layers = self.discriminator.modules()
        self.spectral_norms = [layer for layer in layers if isinstance(layer, SpectralNorm)]
        self.watched = frozenset().union(
            *(getattr(part, "differentiates", ()) for part in (loss, *penalties))
        )

    def kept(self):
        """Every tensor that training depends on: networks', averages, the optimisers' moments."""
        kept = dict(self.tensors)
        kept |= {f"ema.{name}": average for name, average in self.averages.items()}
        for network, optimizer_ in self.optimizers.items():
            for name in self.names[network]:
                for moment, values in optimizer_.moments(self.tensors[name]).items():
                    kept[f"optimizer.{name}.{moment}"] = values
        return kept

    def rates(self, progress, updates):
        """Rates of each of the discriminator's updates and of the generator's, counted with it."""
        owners = ["discriminator"] * updates + ["generator"]
        return [self.optimizers[name].next_update(progress) for name in owners]

    def __call__(self, inputs, traced):
        """Make the step; gives the last losses, and for a trace what every update saw."""
        simultaneous = self.recipe.update_order == "simultaneous"
        rates, trace = inputs["rates"], {}
        for update in range(len(inputs["noise"])):
            ops = self.batches.ops(inputs, update)
            # Noise, generated samples, and the discriminator's view of real and generated ones.
            labels = self.batches.labels(inputs["labels"], update)
            with torch.set_grad_enabled(self.recipe.shared_noise):
                images = self.generated(inputs["noise"][update], labels)
            fake = Samples(self.batches.packed(images.detach()), labels)
            real = self.batches.real(inputs["real"][update], labels)
            real, fake = self._judged(ops, real, "real"), self._judged(ops, fake, "fake")
            discriminator = self._bound()
            # Its loss, gradients and update.
            for layer in self.spectral_norms:
                layer.iterate()
            loss = self._discriminator_loss(ops, discriminator, real, fake)
            gradients = self.optimizers["discriminator"].gradients(loss)
            if not simultaneous:
                self._update_discriminator(ops, gradients, rates[update])
            logits = [discriminator(samples).detach() for samples in (real, fake)]
            if traced:
                magnitude = torch.cat(logits).abs().mean()
                trace.setdefault("logit_magnitude", []).append(magnitude)
                self._record(trace, "discriminator", loss, gradients)

        # The generator's turn: fresh noise, unless the recipe shares the discriminator's.
        ops = self.batches.generator_ops(inputs)
        labels = self.batches.labels(inputs["generator_labels"])
        if not self.recipe.shared_noise:
            images = self.generated(inputs["generator_noise"], labels)
        fake = self._judged(ops, Samples(self.batches.packed(images), labels), "fake")
        real = None
        if inputs["generator_real"] is not None:
            real = self.batches.real(inputs["generator_real"], labels)
            real = self._judged(ops, real, "real")
        generator_loss = self.loss.generator_loss(ops, self._bound(), real, fake)
        generator_gradients = self.optimizers["generator"].gradients(generator_loss)
        if simultaneous:
            self._update_discriminator(ops, gradients, rates[0])
        self._update_generator(generator_gradients, rates[-1])
        if traced:
            self._record(trace, "generator", generator_loss, generator_gradients)
        losses = {
            "discriminator_loss": loss.detach(),
            "generator_loss": generator_loss.detach(),
            "real_probability": logits[0].sigmoid().mean(),
            "fake_probability": logits[1].sigmoid().mean(),
        }
        return losses, trace

    def generated(self, noise, labels):
        """Images of noise [n, latent]."""
        noise = self.batches.tensor(noise)
        with self.batches.autocast():
            images = self.generator(noise, labels) if labels is not None else self.generator(noise)
        return self.batches.tensor(images)

    def _bound(self):
        return BoundDiscriminator(self._judge, self.recipe.conditional)

    def _judge(self, *inputs):
        with self.batches.autocast():
            logits = self.discriminator(*inputs)
        return self.batches.tensor(logits)

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
    def _update_discriminator(self, ops, gradients, rates):
        self.optimizers["discriminator"].apply(gradients, rates)
        for penalty in self.penalties:
            if hasattr(penalty, "after_update"):
                for weight in self.discriminator_weights:
                    weight.copy_(penalty.after_update(ops, weight))

    @torch.no_grad()
    def _update_generator(self, gradients, rates):
        self.optimizers["generator"].apply(gradients, rates)
        decay = self.recipe.ema_decay
        for name, average in self.averages.items():
            average.mul_(decay).add_(self.tensors[name], alpha=1 - decay)

    def _record(self, trace, network, loss, gradients):
        trace.setdefault(f"{network}_loss", []).append(loss.detach())
        for name, gradient in zip(self.names[network], gradients, strict=True):
            trace.setdefault(f"gradient/{name}", []).append(gradient.norm())


def owner(name):
    """The network that a canonical or trace name belongs to."""
    name = name.removeprefix("gradient/")
    return "generator" if name.startswith("generator") else "discriminator"
