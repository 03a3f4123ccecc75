"""Training loops as people write them in TensorFlow, from the tutorial's to the best of its kind.

All of them make the same updates, as in loops_torch.py.
"""

from __future__ import annotations

import time
from functools import partial
from itertools import pairwise
from math import prod, sqrt
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from harness import Harness
from protocols import PROTOCOLS

BLOCK = 4  # steps between looks at the clock
LOOP_STEPS = 64  # of one call of a compiled loop


def ways(threads: int) -> dict[str, Any]:
    """What the parent may ask for."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.random.set_seed(0)  # the harness asks for determinism, which asks for a seed
    return {
        "harness": partial(Harness, "tensorflow", threads),
        "tutorial": Tutorial,
        "best step": Best,
        "best loop": BestLoop,
        "best graph": BestGraph,
        "layers": Layers,
    }


def networks(recipe, task, normalization):
    """Generator and discriminator of Keras' layers."""
    if recipe.name == "dcgan":
        return _convolutional(recipe, task, normalization)
    sizes = recipe.layer_sizes(task)
    generator = keras.Sequential(_perceptron(sizes["generator"], keras.layers.ReLU))
    if task.kind == "images":
        generator.add(keras.layers.Activation("tanh"))
        generator.add(keras.layers.Reshape(task.shape))
    slope = partial(keras.layers.LeakyReLU, recipe.leaky_relu_slope)
    flatten = keras.layers.Flatten()
    discriminator = keras.Sequential([flatten, *_perceptron(sizes["discriminator"], slope)])
    return generator, discriminator


def _perceptron(sizes, activation):
    layers = [part for _, units in pairwise(sizes) for part in (_dense(units), activation())]
    return layers[:-1]


def _dense(units, bias=True):
    return keras.layers.Dense(units, use_bias=bias)


def _convolutional(recipe, task, normalization):
    width, side, channels = recipe.width, task.shape[0] // 4, task.shape[2]
    settings = {"kernel_size": 4, "strides": 2, "padding": "same"}
    layers = keras.layers
    generator = keras.Sequential(
        [
            _dense(4 * width * side * side, bias=False),
            layers.Reshape((side, side, 4 * width)),
            normalization(),
            layers.ReLU(),
            layers.Conv2DTranspose(2 * width, use_bias=False, **settings),
            normalization(),
            layers.ReLU(),
            layers.Conv2DTranspose(channels, activation="tanh", **settings),
        ]
    )
    discriminator = keras.Sequential(
        [
            layers.Conv2D(2 * width, **settings),
            layers.LeakyReLU(recipe.leaky_relu_slope),
            layers.Conv2D(4 * width, **settings),
            layers.LeakyReLU(recipe.leaky_relu_slope),
            layers.Flatten(),
            _dense(1),
        ]
    )
    return generator, discriminator


class NormalizationAtOnce(keras.layers.BatchNormalization):
    """Keras' own as one operation, where it is trained; the running variance is unbiased."""

    def call(self, images, training=None):
        """[n, height, width, channels] to the same."""
        if not training:
            return super().call(images, training)
        found = tf.raw_ops.FusedBatchNormV3(
            x=images, scale=self.gamma, offset=self.beta, mean=[], variance=[], epsilon=self.epsilon
        )
        for running, new in (
            (self.moving_mean.value, found.batch_mean),
            (self.moving_variance.value, found.batch_variance),
        ):
            running.assign(self.momentum * running + (1 - self.momentum) * new)
        return found.y


class Loop:
    """What all loops share: networks, data in memory, and working for a while."""

    steps_per_call = BLOCK
    normalization = keras.layers.BatchNormalization

    def __init__(self, protocol: str) -> None:
        wanted = PROTOCOLS[protocol]
        self.recipe, self.task = wanted.settled, wanted.task
        self.generator, self.discriminator = networks(
            self.recipe, self.task, partial(self.normalization, momentum=0.9, epsilon=1e-5)
        )
        self.generator.build((self.recipe.batch_size, self.recipe.latent_size))
        self.discriminator.build((self.recipe.batch_size, *self.task.shape))
        self.generator_weights = [it.value for it in self.generator.trainable_variables]
        self.discriminator_weights = [it.value for it in self.discriminator.trainable_variables]
        self.samples = wanted.dataset().train.samples
        self.random = np.random.default_rng(0)

    def __call__(self, seconds: float) -> float:
        """Train for at least so many seconds; images per second."""
        start, steps = time.perf_counter(), 0
        while (elapsed := time.perf_counter() - start) < seconds:
            self.block().numpy()
            steps += self.steps_per_call
        return steps * self.recipe.batch_size / elapsed

    def block(self):
        """Some steps, and the last loss."""
        for _ in range(BLOCK):
            loss = self.step()
        return loss


class Tutorial(Loop):
    """The step of TensorFlow's DCGAN tutorial under tf.function, with float images in memory.

    The tutorial shares its noise; here each update has its own, as in all other loops.
    """

    def __init__(self, protocol: str) -> None:
        super().__init__(protocol)
        recipe, samples = self.recipe, self.samples
        if self.task.kind == "images":
            samples = samples.astype(np.float32) / 127.5 - 1
        dataset = tf.data.Dataset.from_tensor_slices(samples).shuffle(len(samples), seed=0)
        self.batches = iter(dataset.repeat().batch(recipe.batch_size, drop_remainder=True))
        self.judge = keras.losses.BinaryCrossentropy(from_logits=True)
        adam = partial(keras.optimizers.Adam, recipe.learning_rate, recipe.beta1, recipe.beta2)
        self.generator_optimizer, self.discriminator_optimizer = adam(), adam()
        self.generator_optimizer.build(self.generator.trainable_variables)
        self.discriminator_optimizer.build(self.discriminator.trainable_variables)
        self.compiled = tf.function(self._step)

    def step(self):
        """One update of each."""
        return self.compiled(next(self.batches))

    def _step(self, images):
        shape = [self.recipe.batch_size, self.recipe.latent_size]
        with tf.GradientTape() as tape:
            generated = self.generator(tf.random.normal(shape), training=True)
            real = self.discriminator(images, training=True)
            fake = self.discriminator(generated, training=True)
            loss = self.judge(tf.ones_like(real), real) + self.judge(tf.zeros_like(fake), fake)
        variables = self.discriminator.trainable_variables
        gradients = tape.gradient(loss, variables)
        self.discriminator_optimizer.apply_gradients(zip(gradients, variables, strict=True))
        with tf.GradientTape() as tape:
            generated = self.generator(tf.random.normal(shape), training=True)
            fake = self.discriminator(generated, training=True)
            loss = self.judge(tf.ones_like(fake), fake)
        variables = self.generator.trainable_variables
        gradients = tape.gradient(loss, variables)
        self.generator_optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return loss


class Best(Loop):
    """One XLA program for a step, without gradients that nobody needs, with Adam as a formula."""

    is_compiled = True

    def __init__(self, protocol: str) -> None:
        super().__init__(protocol)
        weights = [*self.generator_weights, *self.discriminator_weights]
        self.moments = {
            weight.ref(): [tf.Variable(tf.zeros_like(weight)) for _ in range(2)]
            for weight in weights
        }
        self.updates = 0
        self.compiled = tf.function(self._step, jit_compile=self.is_compiled, autograph=False)

    def step(self):
        """One update of each."""
        return self.compiled(*(tf.constant(array) for array in self.inputs(())))

    def inputs(self, shape):
        """Rows, both updates' noise, and rates, of a step or of several."""
        noise = (*shape, self.recipe.batch_size, self.recipe.latent_size)
        rows = self.random.integers(0, len(self.samples), noise[:-1])
        rates = np.array([self._rates() for _ in range(prod(shape))], np.float32)
        return (
            self.samples[rows],
            self.random.standard_normal(noise, np.float32),
            self.random.standard_normal(noise, np.float32),
            rates.reshape(*shape, 2),
        )

    def _rates(self):
        self.updates += 1
        correction = sqrt(1 - self.recipe.beta2**self.updates)
        size = self.recipe.learning_rate * correction / (1 - self.recipe.beta1**self.updates)
        return size, self.recipe.epsilon * correction

    def _step(self, images, noise, generator_noise, rates):
        if self.task.kind == "images":
            images = tf.cast(images, tf.float32) / 127.5 - 1
        generated = self.generator(noise, training=True)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(self.discriminator_weights)
            real = self.discriminator(images, training=True)
            fake = self.discriminator(generated, training=True)
            loss = tf.reduce_mean(tf.nn.softplus(-real)) + tf.reduce_mean(tf.nn.softplus(fake))
        self._move(self.discriminator_weights, tape, loss, rates)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(self.generator_weights)
            generated = self.generator(generator_noise, training=True)
            loss = tf.reduce_mean(tf.nn.softplus(-self.discriminator(generated, training=True)))
        self._move(self.generator_weights, tape, loss, rates)
        return loss

    def _move(self, weights, tape, loss, rates):
        beta1, beta2 = self.recipe.beta1, self.recipe.beta2
        for weight, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
            first, second = self.moments[weight.ref()]
            first.assign(beta1 * first + (1 - beta1) * gradient)
            second.assign(beta2 * second + (1 - beta2) * tf.square(gradient))
            weight.assign_sub(rates[0] * first / (tf.sqrt(second) + rates[1]))


class BestLoop(Best):
    """One XLA program for many steps."""

    steps_per_call = LOOP_STEPS

    def __init__(self, protocol: str) -> None:
        super().__init__(protocol)
        self.looped = tf.function(self._loop, jit_compile=True, autograph=False)

    def block(self):
        """All steps of a call."""
        return self.looped(*(tf.constant(array) for array in self.inputs((LOOP_STEPS,))))

    def _loop(self, *inputs):
        def body(index, _):
            return index + 1, self._step(*(tf.gather(array, index) for array in inputs))

        return tf.while_loop(
            lambda index, _: index < LOOP_STEPS, body, (0, 0.0), parallel_iterations=1
        )[1]


class BestGraph(Best):
    """The same as a graph without XLA, with one operation for each normalisation and each Adam."""

    is_compiled = False
    normalization = NormalizationAtOnce

    def _move(self, weights, tape, loss, rates):
        zero = tf.constant(0.0)
        for weight, gradient in zip(weights, tape.gradient(loss, weights), strict=True):
            first, second = self.moments[weight.ref()]
            tf.raw_ops.ResourceApplyAdam(
                var=weight.handle,
                m=first.handle,
                v=second.handle,
                beta1_power=zero,
                beta2_power=zero,
                lr=rates[0],
                beta1=self.recipe.beta1,
                beta2=self.recipe.beta2,
                epsilon=rates[1],
                grad=gradient,
            )


class Layers(BestGraph):
    """Every layer of a step alone, each a graph of its own; see loops_torch.Layers."""

    def __init__(self, protocol: str) -> None:
        super().__init__(protocol)
        noise = tf.constant(self.inputs(())[1])
        generator = _inputs(self.generator, noise)
        discriminator = _inputs(self.discriminator, self.generator(noise))
        self.programs = [
            *(_alone(layer, values, None, False) for layer, values, _ in generator),
            *(_alone(*part, True) for part in generator),
            *(_alone(*part, True) for part in discriminator for _ in range(2)),
            *(_alone(*part, False) for part in discriminator),
        ]

    def step(self):
        """What the layers of one step take."""
        for program in self.programs:
            last = program()
        return last


def _alone(layer, values, is_first, by_weights):
    """A layer's forward pass and, unless `is_first` is None, its backward pass as one graph."""
    weights = [it.value for it in layer.trainable_variables] if by_weights else []
    by_output = tf.ones_like(layer(values))

    def program(values, by_output):
        wanted = [*weights, *([] if is_first and by_weights else [values])]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(wanted)
            output = layer(values, training=True) if _normalises(layer) else layer(values)
        if is_first is None or not wanted:
            return tf.reduce_sum(output)
        # Sums, so that nothing is left out and nothing large comes back.
        gradients = tape.gradient(output, wanted, by_output)
        return tf.add_n([tf.reduce_sum(output), *(tf.reduce_sum(it) for it in gradients)])

    graph = tf.function(program, autograph=False)
    return partial(graph.get_concrete_function(values, by_output), values, by_output)


def _normalises(layer):
    return isinstance(layer, keras.layers.BatchNormalization)


def _inputs(network, values):
    found = []
    for number, layer in enumerate(network.layers):
        found.append((layer, values, number == 0))
        values = layer(values)
    return found
