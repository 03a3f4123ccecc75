"""One step of the adversarial game in TensorFlow, as it is traced into a graph."""

from __future__ import annotations

import tensorflow as tf

from ganbench.contracts import Samples
from ganbench_tensorflow import optimizer
from ganbench_tensorflow.layers import SpectralNorm
from ganbench_tensorflow.ops import BoundDiscriminator
from ganbench_tensorflow.precision import autocast

LOSSES = ("discriminator_loss", "generator_loss", "real_probability", "fake_probability")


class AdversarialStep:
    """Both networks, their optimisers and averages, and how a step moves them.

    `variables` are the networks' by canonical name, weights and buffers alike.
    """

    def __init__(self, recipe, networks, loss, penalties, batches, variables, precision):
        self.recipe, self.loss, self.penalties = recipe, loss, penalties
        self.generator, self.discriminator = networks
        self.batches, self.variables, self.precision = batches, variables, precision
        self.names = {"generator": [], "discriminator": []}  # of what is trained
        for name, variable in variables.items():
            if variable.trainable:
                self.names[owner(name)].append(name)
        self.generator_weights = [variables[name] for name in self.names["generator"]]
        self.discriminator_weights = [variables[name] for name in self.names["discriminator"]]
        self.optimizers = {
            "generator": optimizer.make(self.generator_weights, recipe),
            "discriminator": optimizer.make(self.discriminator_weights, recipe),
        }
        averaged = self.names["generator"] if recipe.ema_decay else []
        self.averages = {name: tf.Variable(variables[name]) for name in averaged}
        layers = self.discriminator.submodules
        self.spectral_norms = [layer for layer in layers if isinstance(layer, SpectralNorm)]
        self.watched = frozenset().union(
            *(getattr(part, "differentiates", ()) for part in (loss, *penalties))
        )

    def rates(self, progress, updates):
        """Step size and epsilon of each of the discriminator's updates and of the generator's."""
        progress, owners = float(progress), ["discriminator"] * updates + ["generator"]
        return [self.optimizers[name].next_update(progress) for name in owners]

    def trace_shapes(self, updates):
        """Shape [updates] of all that a trace has of one step, by name."""
        shapes = {"logit_magnitude": [updates]}
        for name, count in (("discriminator", updates), ("generator", 1)):
            shapes[f"{name}_loss"] = [count]
            shapes |= {f"gradient/{weight}": [count] for weight in self.names[name]}
        return shapes

    def __call__(self, inputs, traced):
        """Make the step; gives the last losses, and for a trace what every update saw."""
        simultaneous = self.recipe.update_order == "simultaneous"
        rates = self.batches.tensor(inputs["rates"])
        trace = {}
        for update in range(inputs["noise"].shape[0]):
            ops = self.batches.ops(inputs, update)
            # Noise, generated samples, and the discriminator's view of real and generated ones.
            labels = self.batches.labels(inputs.get("labels"), update)
            images, generator_tape = self._generate(inputs["noise"][update], labels)
            fake = Samples(self.batches.packed(tf.stop_gradient(images)), labels)
            real = self.batches.real(inputs["real"][update], labels)
            real, fake = self._judged(ops, real, "real"), self._judged(ops, fake, "fake")
            discriminator = self._bound()
            # Its loss, gradients and update.
            for layer in self.spectral_norms:
                layer.iterate()
            loss, gradients = self._discriminator_gradients(ops, discriminator, real, fake)
            if not simultaneous:
                self._update_discriminator(ops, gradients, rates[update])
            logits = [discriminator(samples) for samples in (real, fake)]
            if traced:
                magnitude = tf.reduce_mean(tf.abs(tf.concat(logits, axis=0)))
                trace.setdefault("logit_magnitude", []).append(magnitude)
                self._record(trace, "discriminator", loss, gradients)

        # The generator's turn: fresh noise, unless the recipe shares the discriminator's.
        ops = self.batches.generator_ops(inputs)
        labels = self.batches.labels(inputs.get("generator_labels"))
        if not self.recipe.shared_noise:
            images, generator_tape = self._generate(inputs["generator_noise"], labels)
        real = None
        if "generator_real" in inputs:
            real = self.batches.real(inputs["generator_real"], labels)
            real = self._judged(ops, real, "real")
        fake = Samples(images, labels)
        generator_loss, generator_gradients = self._generator_gradients(
            ops, real, fake, generator_tape
        )
        if simultaneous:
            self._update_discriminator(ops, gradients, rates[0])
        self._update_generator(generator_gradients, rates[-1])
        if traced:
            self._record(trace, "generator", generator_loss, generator_gradients)
        losses = {
            "discriminator_loss": loss,
            "generator_loss": generator_loss,
            "real_probability": tf.reduce_mean(tf.sigmoid(logits[0])),
            "fake_probability": tf.reduce_mean(tf.sigmoid(logits[1])),
        }
        return losses, trace

    def _generate(self, noise, labels):
        """Images, and the tape that leads from them back to the generator's weights."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(self.generator_weights)
            images = self.generated(noise, labels, training=True)
        return images, tape

    def generated(self, noise, labels, training):
        """Images of noise [n, latent], by the batch's statistics or by the running ones."""
        inputs = (
            (self.batches.tensor(noise), labels)
            if self.recipe.conditional
            else (self.batches.tensor(noise),)
        )
        with autocast(self.precision):
            return self.generator(*inputs, training=training)

    def _bound(self):
        return BoundDiscriminator(self._judge, self.recipe.conditional)

    def _judge(self, *inputs):
        with autocast(self.precision):
            return self.discriminator(*inputs)

    def _judged(self, ops, samples, side):
        """The samples as penalties hand them to the discriminator."""
        for penalty in self.penalties:
            if hasattr(penalty, "transform_input"):
                samples = penalty.transform_input(ops, samples, side)
        return samples

    def _discriminator_gradients(self, ops, discriminator, real, fake):
        """The loss with its penalties, and its gradients; `watched` images are watched first."""
        weights = self.discriminator_weights
        with tf.GradientTape(watch_accessed_variables=False) as tape, ops.tape:
            tape.watch(weights)
            for side, samples in (("real", real), ("fake", fake)):
                if side in self.watched:
                    ops.tape.watch(samples.images)
            loss = self.loss.discriminator_loss(ops, discriminator, real, fake)
            for penalty in self.penalties:
                if hasattr(penalty, "discriminator_term"):
                    loss = loss + penalty.discriminator_term(ops, discriminator, real, fake)
        return loss, tape.gradient(loss, weights, unconnected_gradients="zero")

    def _generator_gradients(self, ops, real, fake, generator_tape):
        """The loss and its gradients: by the images first, then through the generator."""
        with tf.GradientTape(watch_accessed_variables=False) as tape, ops.tape:
            tape.watch(fake.images)
            ops.tape.watch(fake.images)
            packs = fake._replace(images=self.batches.packed(fake.images))
            packs = self._judged(ops, packs, "fake")
            loss = self.loss.generator_loss(ops, self._bound(), real, packs)
        by_images = tape.gradient(loss, fake.images, unconnected_gradients="zero")
        return loss, generator_tape.gradient(
            fake.images, self.generator_weights, by_images, unconnected_gradients="zero"
        )

    def _update_discriminator(self, ops, gradients, rates):
        self.optimizers["discriminator"].apply(gradients, *tf.unstack(rates))
        for penalty in self.penalties:
            if hasattr(penalty, "after_update"):
                for weight in self.discriminator_weights:
                    weight.assign(penalty.after_update(ops, weight))

    def _update_generator(self, gradients, rates):
        self.optimizers["generator"].apply(gradients, *tf.unstack(rates))
        decay = self.recipe.ema_decay
        for name, average in self.averages.items():
            average.assign(decay * average + (1 - decay) * self.variables[name])

    def _record(self, trace, owner, loss, gradients):
        trace.setdefault(f"{owner}_loss", []).append(loss)
        for name, gradient in zip(self.names[owner], gradients, strict=True):
            trace.setdefault(f"gradient/{name}", []).append(tf.norm(gradient))


def owner(name):
    """The network that a canonical or trace name belongs to."""
    name = name.removeprefix("gradient/")
    return "generator" if name.startswith("generator") else "discriminator"
