"""Training, tracing and sampling in TensorFlow, compiled in one of three forms."""

from __future__ import annotations

import contextlib

import numpy as np
import tensorflow as tf

from ganbench_tensorflow import compilation
from ganbench_tensorflow.batches import Batches
from ganbench_tensorflow.chunks import Loop, Stepwise
from ganbench_tensorflow.step import AdversarialStep
from ganbench_tensorflow.weights import Weight, canonical_weights, copy_into, to_array

SAMPLE_BATCH_SIZE = 500


class AdversarialTrainer:
    """Trains a generator and a discriminator, two TensorFlow modules, as the recipe says."""

    def __init__(self, recipe, generator, discriminator, loss, penalties, task, weights, runtime):
        self.recipe, self.batches = recipe, Batches(recipe, task, runtime)
        found = {
            **canonical_weights("generator", generator),
            **canonical_weights("discriminator", discriminator),
        }
        self.weights = {name: found[name] for name in recipe.parameters(task)}
        copy_into(self.weights, weights)
        variables = {name: weight.variable for name, weight in self.weights.items()}
        networks = (generator, discriminator)
        self.step = AdversarialStep(
            recipe, networks, loss, penalties, self.batches, variables, runtime.precision
        )
        self.form = compilation.form(runtime, recipe, task)
        self._train, self._trace = self._way(traced=False), self._way(traced=True)
        inputs = [tf.TensorSpec([None, recipe.step(task).latent_size], tf.float32)]
        if recipe.conditional:
            inputs.append(tf.TensorSpec([None], tf.int32))
        sample_batch = tf.function(self._sampled, autograph=False)
        self._sample_batch = sample_batch.get_concrete_function(*inputs)

    def _way(self, traced):
        if self.form == "chunk":
            return Loop(self.step, traced)
        return Stepwise(self.step, traced, compiled=self.form == "step")

    def describe(self):
        """What is compiled."""
        return {"compiler": compilation.WORDS[self.form]}

    def train(self, chunk):
        """Make every step of the chunk."""
        losses, _ = self._train.run(chunk)
        return {name: float(value) for name, value in losses.items()}

    def trace(self, chunk):
        """Make every step and record losses, logits and gradient norms."""
        _, trace = self._trace.run(chunk)
        return trace

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
        return self.batches.samples(self.step.generated(noise, labels, training=False))

    @contextlib.contextmanager
    def _averaged(self):
        """Put the averaged weights, if there are any, in the generator for a while."""
        variables = {name: self.weights[name].variable for name in self.step.averages}
        current = {name: variable.numpy() for name, variable in variables.items()}
        for name, average in self.step.averages.items():
            variables[name].assign(average)
        try:
            yield
        finally:
            for name, values in current.items():
                variables[name].assign(values)

    def state(self):
        """Weights, buffers, averages and the optimisers' moments, under canonical names."""
        state = {name: to_array(weight) for name, weight in self._kept().items()}
        for owner, optimizer_ in self.step.optimizers.items():
            state[f"optimizer.{owner}.updates"] = np.array(optimizer_.updates)
        return state

    def load_state(self, state):
        """Continue from such a state."""
        copy_into(self._kept(), state)
        for owner, optimizer_ in self.step.optimizers.items():
            optimizer_.restore(int(state[f"optimizer.{owner}.updates"]))

    def _kept(self):
        """Every variable that training depends on; averages and moments are kept as weights are."""
        kept = dict(self.weights)
        for name, average in self.step.averages.items():
            kept[f"ema.{name}"] = Weight(average, self.weights[name].layout)
        for owner, optimizer_ in self.step.optimizers.items():
            for index, name in enumerate(self.step.names[owner]):
                for moment, variable in optimizer_.moments(index).items():
                    layout = self.weights[name].layout
                    kept[f"optimizer.{name}.{moment}"] = Weight(variable, layout)
        return kept
