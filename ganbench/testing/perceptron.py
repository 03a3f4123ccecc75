"""What one step of a small GAN does, in NumPy: the answer that every backend has to give.

Two perceptrons for points are trained with plain descent at learning rate 1, so that what a weight
moves by is its gradient. The gradients are central finite differences in float64 of the loss and
the penalties, which are computed as they are written, over `strict.StrictOps`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import numpy as np

from ganbench.contracts import Chunk, Samples
from ganbench.testing.strict import Discriminator, StrictOps, Tensor, array_of, slopes

MODEL = "mlp-toy"
OPTIONS = {"width": 4, "batch_size": 6, "optimizer": "sgd", "learning_rate": 1.0}
TASK = "points"
_SLOPE = 0.2  # of the discriminator's LeakyReLU
_STEP = 1e-6  # of the finite differences
Arrays = dict[str, np.ndarray]


def step(loss: Any, penalties: tuple[Any, ...], weights: Arrays, chunk: Chunk) -> Arrays:
    """The weights after the chunk's first step."""
    real, noise = (array[0, 0].astype(np.float64) for array in (chunk.real, chunk.noise))
    ops = StrictOps(
        chunk.mixing[0, 0].astype(np.float64),
        {name: array[0, 0].astype(np.float64) for name, array in chunk.extra.items()},
        chunk.start,
        float(chunk.progress[0]),
    )
    fake = generate(weights, noise)

    def judged(arrays: Arrays) -> float:
        network = discriminator(arrays)
        sides = [
            _transformed(penalties, ops, Samples(Tensor(side)), name)
            for side, name in ((real, "real"), (fake, "fake"))
        ]
        value = loss.discriminator_loss(ops, network, *sides)
        for penalty in penalties:
            if hasattr(penalty, "discriminator_term"):
                value = value + penalty.discriminator_term(ops, network, *sides)
        return float(array_of(value))

    after = dict(weights)
    for name, gradient in _gradients(judged, weights, "discriminator.").items():
        moved = Tensor(weights[name] - gradient)
        for penalty in penalties:
            if hasattr(penalty, "after_update"):
                moved = penalty.after_update(ops, moved)
        after[name] = array_of(moved)
    return after | _generator_step(loss, penalties, after, chunk)


def _generator_step(loss: Any, penalties: Any, weights: Arrays, chunk: Chunk) -> Arrays:
    extras = {name: array[0].astype(np.float64) for name, array in chunk.generator_extra.items()}
    ops = StrictOps(None, extras, chunk.start, float(chunk.progress[0]))
    network = discriminator(weights)
    noise = chunk.generator_noise[0].astype(np.float64)
    real = None
    if chunk.generator_real is not None:
        fresh = Samples(Tensor(chunk.generator_real[0]))
        real = _transformed(penalties, ops, fresh, "real")

    def fooled(arrays: Arrays) -> float:
        fake = Samples(Tensor(generate(arrays, noise)))
        fake = _transformed(penalties, ops, fake, "fake")
        return float(array_of(loss.generator_loss(ops, network, real, fake)))

    gradients = _gradients(fooled, weights, "generator.")
    return {name: weights[name] - gradient for name, gradient in gradients.items()}


def _transformed(penalties: Any, ops: StrictOps, samples: Samples, side: str) -> Samples:
    for penalty in penalties:
        if hasattr(penalty, "transform_input"):
            samples = penalty.transform_input(ops, samples, side)
    return samples


def _gradients(function: Callable[[Arrays], float], at: Arrays, prefix: str) -> Arrays:
    """Slopes of a function of all weights by those of one network."""
    return {
        name: slopes(lambda moved, name=name: function({**at, name: moved}), at[name], _STEP)  # type: ignore[misc]
        for name in at
        if name.startswith(prefix)
    }


def generate(arrays: Mapping[str, np.ndarray], noise: np.ndarray) -> np.ndarray:
    """Points [n, 2] from noise: ReLU between the layers."""
    values = noise
    for number, (weight, bias) in enumerate(layers(arrays, "generator")):
        values = (np.maximum(values, 0) if number else values) @ weight.T + bias
    return values


def discriminator(arrays: Mapping[str, np.ndarray]) -> Discriminator:
    """Points to logits: LeakyReLU between the layers."""
    stack = layers(arrays, "discriminator")

    def judge(points: np.ndarray) -> np.ndarray:
        values = points
        for number, (weight, bias) in enumerate(stack):
            values = (_leaky(values) if number else values) @ weight.T + bias
        return values[:, 0]

    def gradients(points: np.ndarray) -> np.ndarray:
        values, inputs = points, []
        for number, (weight, bias) in enumerate(stack):
            inputs.append(values)
            values = (_leaky(values) if number else values) @ weight.T + bias
        flowing = np.ones_like(values)
        for number in reversed(range(len(stack))):
            flowing = flowing @ stack[number][0]
            if number:
                flowing = flowing * np.where(inputs[number] > 0, 1, _SLOPE)
        return flowing

    return Discriminator(judge, gradients)


def layers(arrays: Mapping[str, np.ndarray], network: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Weights [out, in] and biases of a network, the first layer first."""
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for number in count():
        name = f"{network}.layer{number}"
        if f"{name}.weight" not in arrays:
            return found
        found.append((arrays[f"{name}.weight"], arrays[f"{name}.bias"]))
    return found


def _leaky(values: np.ndarray) -> np.ndarray:
    return np.where(values > 0, values, _SLOPE * values)
