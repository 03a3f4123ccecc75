"""From a chunk's arrays to tensors, and from generated tensors to samples."""

from __future__ import annotations

import torch

from ganbench.contracts import Samples
from ganbench_torch.ops import TorchOps


class Batches:
    """Turns the arrays of chunks into what networks and losses take, for one model and task."""

    def __init__(self, recipe, task, runtime):
        self.recipe, self.task, self.runtime = recipe, task, runtime

    def tensor(self, array):
        """An array as it is."""
        return torch.from_numpy(array).to(self.runtime.device, self.runtime.dtype)

    def real(self, array, labels):
        """Uint8 images as packs in [-1, 1] [n, channels, height, width], or points."""
        tensor = self.tensor(array)
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
        return torch.from_numpy(labels[position]).to(self.runtime.device)

    def ops(self, chunk, step, update):
        """The losses' vocabulary, with the arrays of one discriminator update."""
        packs = chunk.mixing.shape[-1] // self.recipe.packing
        return TorchOps(
            step=chunk.start + step,
            progress=float(chunk.progress[step]),
            mixing=self.tensor(chunk.mixing[step, update, :packs]),
            extras=self._extras(chunk.extra, (step, update)),
        )

    def generator_ops(self, chunk, step):
        """The same for the generator's update."""
        return TorchOps(
            step=chunk.start + step,
            progress=float(chunk.progress[step]),
            extras=self._extras(chunk.generator_extra, (step,)),
        )

    def samples(self, images):
        """Generated tensors as uint8 [n, height, width, channels] or float32 points."""
        if not torch.isfinite(images).all():
            raise FloatingPointError("generated samples are not finite")
        if self.task.kind == "points":
            return images.float()
        pixels = images.add(1).mul(127.5).round().clamp(0, 255)
        return pixels.to(torch.uint8).permute(0, 2, 3, 1)

    def _extras(self, arrays, position):
        return {
            name: self.packed(self._channels_first(self.tensor(array[position])))
            for name, array in arrays.items()
        }

    def _channels_first(self, tensor):
        """[n, height, width, channels] as torch wants it; the memory stays channels last."""
        return tensor.permute(0, 3, 1, 2) if self.task.kind == "images" else tensor
