"""Products of matrices and a convolution that are large enough to find out a device's limit."""

from __future__ import annotations

import tensorflow as tf

from ganbench.contracts import PeakWork

SIDES = {"CPU": 1536, "GPU": 8192}  # of square matrices
BATCHES = {"CPU": 16, "GPU": 256}
CHANNELS, IMAGE, KERNEL = 128, 32, 3


def work(runtime):
    """A product of square matrices and a convolution of stride 1."""
    device = "GPU" if tf.config.get_visible_devices("GPU") else "CPU"
    side, batch = SIDES[device], BATCHES[device]
    draw = tf.random.Generator.from_seed(0).normal
    one, other = draw((side, side)), draw((side, side))
    images = draw((batch, IMAGE, IMAGE, CHANNELS))
    kernel = draw((KERNEL, KERNEL, CHANNELS, CHANNELS))
    flops = 2 * batch * IMAGE**2 * KERNEL**2 * CHANNELS**2
    return [
        PeakWork("matrix product", 2 * side**3, lambda: _run(tf.matmul(one, other))),
        PeakWork("convolution", flops, lambda: _run(tf.nn.conv2d(images, kernel, 1, "SAME"))),
    ]


def _run(result):
    """Wait for one number, which is there when all are."""
    result[(0,) * len(result.shape)].numpy()
