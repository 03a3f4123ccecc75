"""The adversarial loop in TensorFlow."""

from __future__ import annotations

from functools import partial

import numpy as np
import tensorflow as tf

from ganbench.contracts import Samples
from ganbench_tensorflow.ops import BoundDiscriminator, TensorFlowOps
from ganbench_tensorflow.optimizer import Adam
from ganbench_tensorflow.weights import Weight, canonical_weights, copy_into, to_array

SAMPLE_BATCH_SIZE = 500


class AdversarialTrainer:
    """Trains a generator and a discriminator, two TensorFlow modules, as the recipe says."""

    def __init__(self, recipe, generator, discriminator, loss, penalties, task, weights, runtime):
        self.recipe, self.loss, self.penalties = recipe, loss, penalties
        self.task, self.runtime = task, runtime
        self.generator, self.discriminator = generator, discriminator
        found = {
            **canonical_weights("generator", generator),
            **canonical_weights("discriminator", discriminator),
        }
        self.weights = {name: found[name] for name in recipe.parameters(task)}
        copy_into(self.weights, weights)
        self.generator_optimizer = Adam(self._trainable("generator"), recipe)
        self.discriminator_optimizer = Adam(self._trainable("discriminator"), recipe)
        self.watched = frozenset().union(
            getattr(loss, "differentiates", ()), *(p.differentiates for p in penalties)
        )
        compiled = partial(
            tf.function, autograph=False, jit_compile=runtime.compile == "step" or None
        )
        self._train_step = compiled(partial(self._step, traced=False))
        self._trace_step = compiled(partial(self._step, traced=True))
        latent = recipe.step(task).latent_size
        self._sample_batch = tf.function(
            self._samples, [tf.TensorSpec([None, latent], tf.float32)], autograph=False
        )

    def train(self, chunk):
        """Make every step of the chunk."""
        for step in range(len(chunk.noise)):
            losses, _ = self._train_step(*self._inputs(chunk, step))
        return {name: float(value) for name, value in losses.items()}

    def trace(self, chunk):
        """Make every step and record losses and gradient norms."""
        traces = []
        for step in range(len(chunk.noise)):
            _, trace = self._trace_step(*self._inputs(chunk, step))
            traces.append({name: np.array(values) for name, values in trace.items()})
        steps, updates = chunk.noise.shape[:2]
        shapes = {"generator": (steps,), "discriminator": (steps, updates)}
        return {
            name: np.array([trace[name] for trace in traces]).reshape(shapes[_owner(name)])
            for name in traces[0]
        }

    def _inputs(self, chunk, step):
        """One step's slice of the chunk, and both optimisers' rates: [k + 1, 2], the generator's last.

        Their shapes are the same for every step, so that the graph is compiled once.
        """
        updates = [self.discriminator_optimizer] * chunk.noise.shape[1] + [self.generator_optimizer]
        rates = np.array([optimizer.next_update() for optimizer in updates])
        arrays = {
            name: _at(value, step) for name, value in chunk._asdict().items() if name != "start"
        }
        return Chunk(start=np.float64(chunk.start + step), **arrays), rates

    def _step(self, chunk, rates, traced):
        """One step of adversarial training: noise, generate, judge, losses, both updates."""
        simultaneous = self.recipe.update_order == "simultaneous"
        rates = self._tensor(rates)
        trace = {}
        for update in range(chunk.noise.shape[0]):
            ops = self._ops(chunk, update)
            # Noise, generated samples, and the discriminator's view of real and generated ones.
            images, generator_tape = self._generate(chunk.noise[update])
            fake = Samples(tf.stop_gradient(images), _at(chunk.labels, update))
            real = Samples(self._images(chunk.real[update]), fake.labels)
            discriminator = BoundDiscriminator(self.discriminator)
            # Its loss, gradients and update.
            loss, gradients = self._discriminator_gradients(ops, discriminator, real, fake)
            if not simultaneous:
                self.discriminator_optimizer.apply(gradients, *tf.unstack(rates[update]))
            losses = {
                "discriminator_loss": loss,
                "real_probability": tf.reduce_mean(tf.sigmoid(discriminator(real))),
                "fake_probability": tf.reduce_mean(tf.sigmoid(discriminator(fake))),
            }
            if traced:
                self._record(trace, "discriminator", loss, gradients)

        # The generator's turn: fresh noise, unless the recipe shares the discriminator's.
        if not self.recipe.shared_noise:
            images, generator_tape = self._generate(chunk.generator_noise)
        fake = Samples(images, chunk.generator_labels)
        real = None
        if chunk.generator_real is not None:
            real = Samples(self._images(chunk.generator_real), fake.labels)
        loss, generator_gradients = self._generator_gradients(ops, real, fake, generator_tape)
        if simultaneous:
            self.discriminator_optimizer.apply(gradients, *tf.unstack(rates[0]))
        self.generator_optimizer.apply(generator_gradients, *tf.unstack(rates[-1]))
        if traced:
            self._record(trace, "generator", loss, generator_gradients)
        return {**losses, "generator_loss": loss}, trace

    def _generate(self, noise):
        """Images, and the tape that leads from them back to the generator's weights."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(self.generator_optimizer.variables)
            images = self.generator(self._tensor(noise))
        return images, tape

    def _discriminator_gradients(self, ops, discriminator, real, fake):
        """The loss with its penalties, whose inputs are watched from the start, and its gradients."""
        weights = self.discriminator_optimizer.variables
        with tf.GradientTape(watch_accessed_variables=False) as tape, ops.tape:
            tape.watch(weights)
            for side, samples in (("real", real), ("fake", fake)):
                if side in self.watched:
                    ops.tape.watch(samples.images)
            loss = self.loss.discriminator_loss(ops, discriminator, real, fake)
            for penalty in self.penalties:
                loss = loss + penalty.discriminator_term(ops, discriminator, real, fake)
        return loss, tape.gradient(loss, weights, unconnected_gradients="zero")

    def _generator_gradients(self, ops, real, fake, generator_tape):
        """The loss and its gradients: by the images first, then through the generator."""
        discriminator = BoundDiscriminator(self.discriminator)
        with tf.GradientTape(watch_accessed_variables=False) as tape, ops.tape:
            tape.watch(fake.images)
            ops.tape.watch(fake.images)
            loss = self.loss.generator_loss(ops, discriminator, real, fake)
        by_images = tape.gradient(loss, fake.images, unconnected_gradients="zero")
        weights = self.generator_optimizer.variables
        return loss, generator_tape.gradient(
            fake.images, weights, by_images, unconnected_gradients="zero"
        )

    def _record(self, trace, owner, loss, gradients):
        trace.setdefault(f"{owner}_loss", []).append(loss)
        names = (name for name in self.moments if name.startswith(f"{owner}."))
        for name, gradient in zip(names, gradients, strict=True):
            trace.setdefault(f"gradient/{name}", []).append(tf.norm(gradient))

    def _ops(self, chunk, update):
        extras = {name: self._tensor(array[update]) for name, array in chunk.extra.items()}
        return TensorFlowOps(
            step=self._tensor(chunk.start),
            progress=self._tensor(chunk.progress),
            mixing=self._tensor(chunk.mixing[update]),
            extras=extras,
        )

    def _tensor(self, array):
        return tf.cast(array, self.runtime.dtype)

    def _images(self, array):
        """Uint8 [n, height, width, channels] to [-1, 1]."""
        tensor = self._tensor(array)
        return tensor if self.task.kind == "points" else tensor / 127.5 - 1

    def sample(self, noise, labels):
        """Generate with running statistics; nothing of the training state moves."""
        return np.concatenate(
            [
                self._sample_batch(noise[i : i + SAMPLE_BATCH_SIZE]).numpy()
                for i in range(0, len(noise), SAMPLE_BATCH_SIZE)
            ]
        )

    def _to_samples(self, noise):
        images = self.generator(self._tensor(noise), training=False)
        if self.task.kind == "points":
            return tf.cast(images, tf.float32)
        pixels = tf.round((images + 1) * 127.5)  # half to even, as in NumPy
        return tf.cast(tf.clip_by_value(pixels, 0, 255), tf.uint8)

    def state(self):
        """Weights, buffers and the optimisers' moments, under canonical names."""
        state = {name: to_array(weight) for name, weight in self.weights.items()}
        state |= {name: to_array(moment) for name, moment in self.moments.items()}
        for owner, optimizer in self._optimizers().items():
            state[f"optimizer.{owner}.updates"] = np.array(optimizer.updates)
        return state

    def load_state(self, state):
        """Continue from such a state."""
        copy_into(self.weights, state)
        copy_into(self.moments, state)
        for owner, optimizer in self._optimizers().items():
            optimizer.restore(int(state[f"optimizer.{owner}.updates"]))

    def _optimizers(self):
        return {
            "generator": self.generator_optimizer,
            "discriminator": self.discriminator_optimizer,
        }


def _at(arrays, index):
    """The same position of every array; labels, for one, may be absent."""
    if arrays is None:
        return None
    if isinstance(arrays, dict):
        return {name: array[index] for name, array in arrays.items()}
    return arrays[index]


def _owner(name):
    """The network that a canonical or trace name belongs to."""
    return "generator" if name.removeprefix("gradient/").startswith("generator") else "discriminator"
