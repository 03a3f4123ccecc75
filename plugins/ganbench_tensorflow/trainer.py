"""The adversarial loop in TensorFlow."""

from __future__ import annotations

import contextlib
from functools import partial

import numpy as np
import tensorflow as tf

from ganbench.contracts import Samples
from ganbench_tensorflow import optimizer
from ganbench_tensorflow.batches import Batches
from ganbench_tensorflow.layers import SpectralNorm
from ganbench_tensorflow.ops import BoundDiscriminator
from ganbench_tensorflow.runtime import Graph
from ganbench_tensorflow.weights import Weight, canonical_weights, copy_into, to_array

SAMPLE_BATCH_SIZE = 500


class AdversarialTrainer:
    """Trains a generator and a discriminator, two TensorFlow modules, as the recipe says."""

    def __init__(self, recipe, generator, discriminator, loss, penalties, task, weights, runtime):
        self.recipe, self.loss, self.penalties = recipe, loss, penalties
        self.batches = Batches(recipe, task, runtime)
        self.generator, self.discriminator = generator, discriminator
        found = {
            **canonical_weights("generator", generator),
            **canonical_weights("discriminator", discriminator),
        }
        self.weights = {name: found[name] for name in recipe.parameters(task)}
        copy_into(self.weights, weights)
        self.generator_weights = self._variables("generator")
        self.discriminator_weights = self._variables("discriminator")
        self.generator_optimizer = optimizer.make(self.generator_weights, recipe)
        self.discriminator_optimizer = optimizer.make(self.discriminator_weights, recipe)
        self.averages = {}
        if recipe.ema_decay:
            trainable = self._trainable("generator")
            self.averages = {name: tf.Variable(weight.variable) for name, weight in trainable}
        layers = discriminator.submodules
        self.spectral_norms = [layer for layer in layers if isinstance(layer, SpectralNorm)]
        self.watched = frozenset().union(
            *(getattr(part, "differentiates", ()) for part in (loss, *penalties))
        )
        self._train_step = Graph(partial(self._step, traced=False), runtime.compile)
        self._trace_step = Graph(partial(self._step, traced=True), runtime.compile)
        inputs = [tf.TensorSpec([None, recipe.step(task).latent_size], tf.float32)]
        if recipe.conditional:
            inputs.append(tf.TensorSpec([None], tf.int32))
        sample_batch = tf.function(self._sampled, autograph=False)
        self._sample_batch = sample_batch.get_concrete_function(*inputs)

    def train(self, chunk):
        """Make every step of the chunk."""
        for step in range(len(chunk.noise)):
            losses, _ = self._train_step(self._inputs(chunk, step))
        return {name: float(value) for name, value in losses.items()}

    def trace(self, chunk):
        """Make every step and record losses, logits and gradient norms."""
        traces = []
        for step in range(len(chunk.noise)):
            _, trace = self._trace_step(self._inputs(chunk, step))
            traces.append({name: np.array(values) for name, values in trace.items()})
        steps, updates = chunk.noise.shape[:2]
        shapes = {"generator": (steps,), "discriminator": (steps, updates)}
        return {
            name: np.array([trace[name] for trace in traces]).reshape(shapes[_owner(name)])
            for name in traces[0]
        }

    def _inputs(self, chunk, step):
        optimizers = [self.discriminator_optimizer] * chunk.noise.shape[1]
        optimizers.append(self.generator_optimizer)
        progress = float(chunk.progress[step])
        rates = np.array([optimizer_.next_update(progress) for optimizer_ in optimizers])
        return self.batches.inputs(chunk, step, rates)

    def _step(self, inputs, traced):
        """One step of adversarial training: noise, generate, judge, losses, both updates."""
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
            images = self._generated(noise, labels, training=True)
        return images, tape

    def _generated(self, noise, labels, training):
        inputs = (
            (self.batches.tensor(noise), labels)
            if self.recipe.conditional
            else (self.batches.tensor(noise),)
        )
        return self.generator(*inputs, training=training)

    def _bound(self):
        return BoundDiscriminator(self.discriminator, self.recipe.conditional)

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
        self.discriminator_optimizer.apply(gradients, *tf.unstack(rates))
        for penalty in self.penalties:
            if hasattr(penalty, "after_update"):
                for weight in self.discriminator_weights:
                    weight.assign(penalty.after_update(ops, weight))

    def _update_generator(self, gradients, rates):
        self.generator_optimizer.apply(gradients, *tf.unstack(rates))
        decay = self.recipe.ema_decay
        for name, average in self.averages.items():
            average.assign(decay * average + (1 - decay) * self.weights[name].variable)

    def _record(self, trace, owner, loss, gradients):
        trace.setdefault(f"{owner}_loss", []).append(loss)
        for (name, _), gradient in zip(self._trainable(owner), gradients, strict=True):
            trace.setdefault(f"gradient/{name}", []).append(tf.norm(gradient))

    def sample(self, noise, labels):
        """Generate with running statistics; nothing of the training state moves."""
        arrays = [noise, labels] if self.recipe.conditional else [noise]
        parts = []
        with self._averaged():
            for start in range(0, len(noise), SAMPLE_BATCH_SIZE):
                part = slice(start, start + SAMPLE_BATCH_SIZE)
                parts.append(self._sample_batch(*(tf.constant(array[part]) for array in arrays)))
        if not all(finite for _, finite in parts):
            raise FloatingPointError("generated samples are not finite")
        return np.concatenate([samples.numpy() for samples, _ in parts])

    def _sampled(self, noise, labels=None):
        return self.batches.samples(self._generated(noise, labels, training=False))

    @contextlib.contextmanager
    def _averaged(self):
        """Put the averaged weights, if there are any, in the generator for a while."""
        variables = {name: self.weights[name].variable for name in self.averages}
        current = {name: variable.numpy() for name, variable in variables.items()}
        for name, average in self.averages.items():
            variables[name].assign(average)
        try:
            yield
        finally:
            for name, values in current.items():
                variables[name].assign(values)

    def state(self):
        """Weights, buffers, averages and the optimisers' moments, under canonical names."""
        state = {name: to_array(weight) for name, weight in self._kept().items()}
        for owner, optimizer_ in self._optimizers().items():
            state[f"optimizer.{owner}.updates"] = np.array(optimizer_.updates)
        return state

    def load_state(self, state):
        """Continue from such a state."""
        copy_into(self._kept(), state)
        for owner, optimizer_ in self._optimizers().items():
            optimizer_.restore(int(state[f"optimizer.{owner}.updates"]))

    def _kept(self):
        """Every variable that training depends on; averages and moments are kept as weights are."""
        kept = dict(self.weights)
        for name, average in self.averages.items():
            kept[f"ema.{name}"] = Weight(average, self.weights[name].layout)
        for owner, optimizer_ in self._optimizers().items():
            for index, (name, weight) in enumerate(self._trainable(owner)):
                for moment, variable in optimizer_.moments(index).items():
                    kept[f"optimizer.{name}.{moment}"] = Weight(variable, weight.layout)
        return kept

    def _optimizers(self):
        return {
            "generator": self.generator_optimizer,
            "discriminator": self.discriminator_optimizer,
        }

    def _variables(self, owner):
        return [weight.variable for _, weight in self._trainable(owner)]

    def _trainable(self, owner):
        """Names and variables of one network's weights, without its buffers."""
        return [
            (name, weight)
            for name, weight in self.weights.items()
            if _owner(name) == owner and weight.variable.trainable
        ]


def _owner(name):
    """The network that a canonical or trace name belongs to."""
    name = name.removeprefix("gradient/")
    return "generator" if name.startswith("generator") else "discriminator"
