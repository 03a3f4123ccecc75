"""From a chunk's arrays to tensors, and from generated tensors to samples."""

from __future__ import annotations

import torch

from ganbench.contracts import Samples
from ganbench_torch.ops import TorchOps


class Batches:
    """Turns the arrays of chunks into what networks and losses take, for one model and task."""

    def __init__(self, recipe, task, runtime, compiled):
        self.recipe, self.task, self.runtime = recipe, task, runtime
        self.compiled = compiled

    def inputs(self, chunk, step, rates):
        """What one step takes, on the device.

        `rates` are a pair of numbers for each update, the generator's last. A compiled step takes
        every number as a tensor, since it would be compiled again for each new one.
        """
        arrays = {
            "real": chunk.real,
            "labels": chunk.labels,
            "noise": chunk.noise,
            "mixing": chunk.mixing,
            "generator_noise": chunk.generator_noise,
            "generator_labels": chunk.generator_labels,
            "generator_real": chunk.generator_real,
        }
        numbers = {
            "progress": float(chunk.progress[step]),
            "step": float(chunk.start + step),
            "rates": rates,
        }
        if self.compiled:
            numbers = {
                name: self.tensor(torch.tensor(it, dtype=torch.float64))
                for name, it in numbers.items()
            }
        return {
            **{name: self._placed(array, step) for name, array in arrays.items()},
            "extra": {name: self._placed(array, step) for name, array in chunk.extra.items()},
            "generator_extra": {
                name: self._placed(array, step) for name, array in chunk.generator_extra.items()
            },
            **numbers,
        }

    def _placed(self, array, step):
        return None if array is None else torch.from_numpy(array[step]).to(self.runtime.device)

    def tensor(self, tensor):
        """A tensor as wide as all others are."""
        return tensor.to(self.runtime.device, self.runtime.dtype)

    def autocast(self):
        """Products in bfloat16, where `precision` asks for them."""
        enabled = self.runtime.precision == "bfloat16"
        return torch.autocast(self.runtime.device.type, torch.bfloat16, enabled=enabled)

    def real(self, images, labels):
        """Uint8 images as packs in [-1, 1] [n, channels, height, width], or points."""
        tensor = self.tensor(images)
        if self.task.kind == "images":
            tensor = tensor.div_(127.5).sub_(1)
        return Samples(self.packed(self._channels_first(tensor)), labels)

    def packed(self, images):
        """Packs of images or points, side by side in the channels' axis."""
        packing = self.recipe.packing
        if packing == 1:
            return images
        return images.reshape(len(images) // packing, packing * images.shape[1], *images.shape[2:])

    def labels(self, labels, *position):
        """Labels [n] of one update, or None where the networks do not take them."""
        if labels is None or not self.recipe.conditional:
            return None
        return labels[position].to(self.runtime.device)

    def ops(self, inputs, update):
        """The losses' vocabulary, with the arrays of one discriminator update."""
        packs = inputs["mixing"].shape[-1] // self.recipe.packing
        return TorchOps(
            step=inputs["step"],
            progress=inputs["progress"],
            mixing=self.tensor(inputs["mixing"][update, :packs]),
            extras=self._extras({name: array[update] for name, array in inputs["extra"].items()}),
        )

    def generator_ops(self, inputs):
        """The same for the generator's update."""
        return TorchOps(
            step=inputs["step"],
            progress=inputs["progress"],
            extras=self._extras(inputs["generator_extra"]),
        )

    def samples(self, images):
        """Generated tensors as uint8 [n, height, width, channels] or float32 points."""
        if not torch.isfinite(images).all():
            raise FloatingPointError("generated samples are not finite")
        if self.task.kind == "points":
            return images.float()
        pixels = images.add(1).mul(127.5).round().clamp(0, 255)
        return pixels.to(torch.uint8).permute(0, 2, 3, 1)

    def _extras(self, arrays):
        return {
            name: self.packed(self._channels_first(self.tensor(array)))
            for name, array in arrays.items()
        }

    def _channels_first(self, tensor):
        """[n, height, width, channels] as torch wants it; the memory stays channels last."""
        return tensor.permute(0, 3, 1, 2) if self.task.kind == "images" else tensor
