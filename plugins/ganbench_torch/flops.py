"""Floating-point operations of training, counted from the shapes of what torch runs."""

from __future__ import annotations

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

aten = torch.ops.aten


def count(trainer, chunk):
    """FLOPs of training on a chunk: two for each multiplication and addition of a product.

    Counts matrix products and convolutions, forward, backward and twice differentiated, whatever
    of them torch runs; what works element by element, such as activations and optimisers, counts
    nothing.
    """
    with Counter() as counter:
        trainer.train(chunk)
    return counter.flops


class Counter(TorchDispatchMode):
    """Adds up the FLOPs of every operation inside.

    torch's own FlopCounterMode adds hooks to modules too, with which the gradients of penalties
    cannot be taken. Its formulas are used here, but for the few below.
    """

    def __init__(self):
        super().__init__()
        self.flops = 0

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        """Run an operation and count it."""
        result = operation(*args, **(kwargs or {}))
        formula = FORMULAS.get(operation.overloadpacket)
        if formula:
            self.flops += formula(*args, **(kwargs or {}), out_val=result)
        return result


def _convolution(images, weight, bias, stride, padding, dilation, transposed, *_, out_val):
    return _products(images if transposed else out_val, weight)


def _convolution_backward(
    gradient, images, weight, bias, stride, padding, dilation, transposed, *settings, out_val
):
    """By the images, by the weight or both; each takes as many products as the forward pass.

    torch's own formula for the weight knows no groups.
    """
    by_images, by_weight, _ = settings[-1]
    return (by_images + by_weight) * _products(images if transposed else gradient, weight)


def _products(placed, weight):
    """Of the images [n, channels, height, width] at whose pixels the kernels are placed."""
    return 2 * len(placed) * placed.shape[2:].numel() * weight.numel()


def _vector_product(one, other, **_):
    """Of a matrix or a vector with a vector, of which torch counts neither."""
    return 2 * one.numel()


FORMULAS = {
    **flop_registry,
    aten.convolution: _convolution,
    aten.convolution_backward: _convolution_backward,
    aten.mv: _vector_product,
    aten.dot: _vector_product,
}
