"""The adversarial loop in TensorFlow."""

from __future__ import annotations

from functools import partial

import numpy as np
import tensorflow as tf

from ganbench.contracts import Samples
from ganbench_tensorflow.ops import BoundDiscriminator, TensorFlowOps
from ganbench_tensorflow.optimizer import Adam
from ganbench_tensorflow.runtime import Graph
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
        self.generator_weights = [variable for _, variable in self._trainable("generator")]
        self.discriminator_weights = [variable for _, variable in self._trainable("discriminator")]
        self.generator_optimizer = Adam(self.generator_weights, recipe)
        self.discriminator_optimizer = Adam(self.discriminator_weights, recipe)
        self.watched = frozenset().union(
            *(getattr(part, "differentiates", ()) for part in (loss, *penalties))
        )
        self._train_step = Graph(partial(self._step, traced=False), runtime.compile)
        self._trace_step = Graph(partial(self._step, traced=True), runtime.compile)
        noise = tf.TensorSpec([None, recipe.step(task).latent_size], tf.float32)
        sample_batch = tf.function(self._to_samples, autograph=False)
        self._sample_batch = sample_batch.get_concrete_function(noise)

    def train(self, chunk):
        """Make every step of the chunk."""
        for step in range(len(chunk.noise)):
            losses, _ = self._train_step(self._inputs(chunk, step))
        return {name: float(value) for name, value in losses.items()}

    def trace(self, chunk):
        """Make every step and record losses and gradient norms."""
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
        """What one step's graph takes, of the same shapes whatever the chunk's length.

        `rates` [k + 1, 2] are step size and epsilon of each update, the generator's last.
        """
        optimizers = [self.discriminator_optimizer] * chunk.noise.shape[1]
        rates = [optimizer.next_update() for optimizer in (*optimizers, self.generator_optimizer)]
        arrays = {
            "real": chunk.real,
            "labels": chunk.labels,
            "noise": chunk.noise,
            "mixing": chunk.mixing,
            "generator_noise": chunk.generator_noise,
            "generator_labels": chunk.generator_labels,
            "generator_real": chunk.generator_real,
            "progress": chunk.progress,
        }
        return {
            **{name: array[step] for name, array in arrays.items() if array is not None},
            "extra": {name: array[step] for name, array in chunk.extra.items()},
            "step": np.float64(chunk.start + step),
            "rates": np.array(rates),
        }

    def _step(self, inputs, traced):
        """One step of adversarial training: noise, generate, judge, losses, both updates."""
        simultaneous = self.recipe.update_order == "simultaneous"
        rates = self._tensor(inputs["rates"])
        trace = {}
        for update in range(inputs["noise"].shape[0]):
            ops = self._ops(inputs, update)
            # Noise, generated samples, and the discriminator's view of real and generated ones.
            images, generator_tape = self._generate(inputs["noise"][update])
            labels = inputs["labels"][update] if "labels" in inputs else None
            fake = Samples(tf.stop_gradient(images), labels)
            real = Samples(self._images(inputs["real"][update]), labels)
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
            images, generator_tape = self._generate(inputs["generator_noise"])
        fake = Samples(images, inputs.get("generator_labels"))
        real = None
        if "generator_real" in inputs:
            real = Samples(self._images(inputs["generator_real"]), fake.labels)
        ops = self._ops(inputs, update)
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
            tape.watch(self.generator_weights)
            images = self.generator(self._tensor(noise))
        return images, tape

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
        return loss, generator_tape.gradient(
            fake.images, self.generator_weights, by_images, unconnected_gradients="zero"
        )

    def _record(self, trace, owner, loss, gradients):
        trace.setdefault(f"{owner}_loss", []).append(loss)
        for (name, _), gradient in zip(self._trainable(owner), gradients, strict=True):
            trace.setdefault(f"gradient/{name}", []).append(tf.norm(gradient))

    def _ops(self, inputs, update):
        return TensorFlowOps(
            step=self._tensor(inputs["step"]),
            progress=self._tensor(inputs["progress"]),
            mixing=self._tensor(inputs["mixing"][update]),
            extras={name: self._tensor(array[update]) for name, array in inputs["extra"].items()},
        )

    def _tensor(self, array):
        return tf.cast(array, self.runtime.dtype)

    def _images(self, array):
        """Uint8 [n, height, width, channels] to [-1, 1]."""
        tensor = self._tensor(array)
        return tensor if self.task.kind == "points" else tensor / 127.5 - 1

    def sample(self, noise, labels):
        """Generate with running statistics; nothing of the training state moves."""
        parts = [
            self._sample_batch(tf.constant(noise[i : i + SAMPLE_BATCH_SIZE]))
            for i in range(0, len(noise), SAMPLE_BATCH_SIZE)
        ]
        if not all(finite for _, finite in parts):
            raise FloatingPointError("generated samples are not finite")
        return np.concatenate([samples.numpy() for samples, _ in parts])

    def _to_samples(self, noise):
        """Samples of a batch of noise, and whether all of them are finite."""
        images = self.generator(self._tensor(noise), training=False)
        finite = tf.reduce_all(tf.math.is_finite(images))
        if self.task.kind == "points":
            return tf.cast(images, tf.float32), finite
        pixels = tf.round((images + 1) * 127.5)  # half to even, as in NumPy
        return tf.cast(tf.clip_by_value(pixels, 0, 255), tf.uint8), finite

    def state(self):
        """Weights, buffers and the optimisers' moments, under canonical names."""
        state = {name: to_array(weight) for name, weight in self.weights.items()}
        state |= {name: to_array(moment) for name, moment in self._moments().items()}
        for owner, optimizer in self._optimizers().items():
            state[f"optimizer.{owner}.updates"] = np.array(optimizer.updates)
        return state

    def load_state(self, state):
        """Continue from such a state."""
        copy_into(self.weights, state)
        copy_into(self._moments(), state)
        for owner, optimizer in self._optimizers().items():
            optimizer.restore(int(state[f"optimizer.{owner}.updates"]))

    def _optimizers(self):
        return {
            "generator": self.generator_optimizer,
            "discriminator": self.discriminator_optimizer,
        }

    def _trainable(self, owner):
        """Names and variables of one network's weights, without its buffers."""
        return [
            (name, weight.variable)
            for name, weight in self.weights.items()
            if _owner(name) == owner and weight.variable.trainable
        ]

    def _moments(self):
        """The optimisers' moments, which are kept as the weights are."""
        moments = {}
        for owner, optimizer in self._optimizers().items():
            for (name, _), first, second in zip(
                self._trainable(owner), optimizer.first, optimizer.second, strict=True
            ):
                layout = self.weights[name].layout
                moments[f"optimizer.{name}.first"] = Weight(first, layout)
                moments[f"optimizer.{name}.second"] = Weight(second, layout)
        return moments


def _owner(name):
    """The network that a canonical or trace name belongs to."""
    name = name.removeprefix("gradient/")
    return "generator" if name.startswith("generator") else "discriminator"
