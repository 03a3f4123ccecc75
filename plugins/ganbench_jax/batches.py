"""From a chunk's arrays to arrays on the device, and from generated ones to samples."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from ganbench.contracts import Samples
from ganbench_jax.ops import JaxOps


class Batches:
    """Turns the arrays of one step into what networks and losses take, for one model and task."""

    def __init__(self, recipe, task, runtime):
        self.recipe, self.task, self.runtime = recipe, task, runtime

    def inputs(self, chunk, step, rates):
        """What one compiled step takes, of the same shapes whatever the chunk's length.

        `rates` [k + 1, 2] are step size and epsilon of each update, the generator's last.
        """
        arrays = {
            "real": chunk.real,
            "noise": chunk.noise,
            "mixing": chunk.mixing,
            "generator_noise": chunk.generator_noise,
            "generator_real": chunk.generator_real,
            "progress": chunk.progress,
        }
        return {
            **{name: array[step] for name, array in arrays.items() if array is not None},
            "extra": {name: array[step] for name, array in chunk.extra.items()},
            "generator_extra": {name: array[step] for name, array in chunk.generator_extra.items()},
            "step": np.float64(chunk.start + step),
            "rates": rates,
        }

    def tensor(self, array):
        """An array as it is."""
        return array.astype(self.runtime.dtype)

    def real(self, array):
        """Uint8 images as packs in [-1, 1] [n, height, width, channels], or points."""
        tensor = self.tensor(array)
        if self.task.kind == "images":
            tensor = tensor / 127.5 - 1
        return Samples(self.packed(tensor))

    def packed(self, images):
        """Packs of images or points, side by side in the channels' axis."""
        packing = self.recipe.packing
        if packing == 1:
            return images
        shape = images.shape[1:]
        images = images.reshape(-1, packing, *shape)
        # The packs' axis goes in front of the channels.
        images = jnp.moveaxis(images, 1, -2)
        return images.reshape(-1, *shape[:-1], packing * shape[-1])

    def ops(self, inputs, update):
        """The losses' vocabulary, with the arrays of one discriminator update."""
        packs = inputs["mixing"].shape[-1] // self.recipe.packing
        return JaxOps(
            step=self.tensor(inputs["step"]),
            progress=self.tensor(inputs["progress"]),
            mixing=self.tensor(inputs["mixing"][update, :packs]),
            extras=self._extras({name: array[update] for name, array in inputs["extra"].items()}),
        )

    def generator_ops(self, inputs):
        """The same for the generator's update."""
        return JaxOps(
            step=self.tensor(inputs["step"]),
            progress=self.tensor(inputs["progress"]),
            extras=self._extras(inputs["generator_extra"]),
        )

    def samples(self, images):
        """Generated images as uint8 or points as float32, and whether all are finite."""
        finite = jnp.isfinite(images).all()
        if self.task.kind == "points":
            return images.astype(jnp.float32), finite
        pixels = jnp.round((images + 1) * 127.5)  # half to even, as in NumPy
        return jnp.clip(pixels, 0, 255).astype(jnp.uint8), finite

    def _extras(self, arrays):
        return {name: self.packed(self.tensor(array)) for name, array in arrays.items()}
