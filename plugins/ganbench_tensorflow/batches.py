"""From a chunk's arrays to tensors, and from generated tensors to samples."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from ganbench.contracts import Samples
from ganbench_tensorflow.ops import TensorFlowOps


class Batches:
    """Turns the arrays of one step into what networks and losses take, for one model and task."""

    def __init__(self, recipe, task, runtime):
        self.recipe, self.task, self.runtime = recipe, task, runtime

    def inputs(self, chunk, steps, rates):
        """What the graph of one step takes, or, with a slice for `steps`, that of several.

        `rates` [k + 1, 2] are step size and epsilon of each update, the generator's last; of
        several steps [s, k + 1, 2].
        """
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
            **{name: array[steps] for name, array in arrays.items() if array is not None},
            "extra": {name: array[steps] for name, array in chunk.extra.items()},
            "generator_extra": {
                name: array[steps] for name, array in chunk.generator_extra.items()
            },
            "step": np.arange(chunk.start, chunk.start + len(chunk.noise), dtype=np.float64)[steps],
            "rates": rates,
        }

    def tensor(self, array):
        """An array as it is."""
        return tf.cast(array, self.runtime.dtype)

    def real(self, array, labels):
        """Uint8 images as packs in [-1, 1] [n, height, width, channels], or points."""
        tensor = self.tensor(array)
        if self.task.kind == "images":
            tensor = tensor / 127.5 - 1
        return Samples(self.packed(tensor), labels)

    def packed(self, images):
        """Packs of images or points, side by side in the channels' axis."""
        packing = self.recipe.packing
        if packing == 1:
            return images
        packs, shape = images.shape[0] // packing, images.shape[1:]
        images = tf.reshape(images, [packs, packing, *shape])
        # The packs' axis goes in front of the channels.
        images = tf.transpose(images, [0, *range(2, shape.rank + 1), 1, shape.rank + 1])
        return tf.reshape(images, [packs, *shape[:-1], packing * shape[-1]])

    def labels(self, labels, *position):
        """Labels [n] of one update, or None where the networks do not take them."""
        if labels is None or not self.recipe.conditional:
            return None
        return labels[position]

    def ops(self, inputs, update):
        """The losses' vocabulary, with the arrays of one discriminator update."""
        packs = inputs["mixing"].shape[-1] // self.recipe.packing
        return TensorFlowOps(
            step=self.tensor(inputs["step"]),
            progress=self.tensor(inputs["progress"]),
            mixing=self.tensor(inputs["mixing"][update, :packs]),
            extras=self._extras({name: array[update] for name, array in inputs["extra"].items()}),
        )

    def generator_ops(self, inputs):
        """The same for the generator's update."""
        return TensorFlowOps(
            step=self.tensor(inputs["step"]),
            progress=self.tensor(inputs["progress"]),
            extras=self._extras(inputs["generator_extra"]),
        )

    def samples(self, images):
        """Generated tensors as uint8 images or float32 points, and whether all are finite."""
        finite = tf.reduce_all(tf.math.is_finite(images))
        if self.task.kind == "points":
            return tf.cast(images, tf.float32), finite
        pixels = tf.round((images + 1) * 127.5)  # half to even, as in NumPy
        return tf.cast(tf.clip_by_value(pixels, 0, 255), tf.uint8), finite

    def _extras(self, arrays):
        return {name: self.packed(self.tensor(array)) for name, array in arrays.items()}
