"""The convolution of stride 2 and its transpose, each the other's gradient by the images.

Both are linear in images and kernel, and so are their gradients. JAX's own rules say the same, but
for a transposed convolution's gradient by its kernel in a form that XLA has only a slow loop for on
the CPU: ten times slower, in DCGAN's generator and under gradient penalties.
"""

from __future__ import annotations

import jax

IMAGES_AND_KERNELS = ("NHWC", "HWIO", "NHWC")


@jax.custom_vjp
def halve(images, kernel):
    """[n, 2 h, 2 w, in] to [n, h, w, out], SAME padding; kernel [height, width, in, out]."""
    return _convolution(images, kernel)


@jax.custom_vjp
def double(images, kernel):
    """The transpose: [n, h, w, out] to [n, 2 h, 2 w, in], with the same kernel."""
    # transpose_kernel flips the kernel and exchanges its channels.
    return jax.lax.conv_transpose(
        images, kernel, (2, 2), "SAME", dimension_numbers=IMAGES_AND_KERNELS, transpose_kernel=True
    )


def _gradients_of_halve(remembered, gradient):
    images, kernel = remembered
    return double(gradient, kernel), _by_kernel(images, gradient, kernel)


def _gradients_of_double(remembered, gradient):
    images, kernel = remembered
    return halve(gradient, kernel), _by_kernel(gradient, images, kernel)


def _by_kernel(large, small, kernel):
    """Gradient by the kernel of the sum of halve(large, kernel) * small."""
    _, pull_back = jax.vjp(lambda kernel: _convolution(large, kernel), kernel)
    return pull_back(small)[0]


def _convolution(images, kernel):
    return jax.lax.conv_general_dilated(
        images, kernel, (2, 2), "SAME", dimension_numbers=IMAGES_AND_KERNELS
    )


halve.defvjp(lambda *inputs: (halve(*inputs), inputs), _gradients_of_halve)
double.defvjp(lambda *inputs: (double(*inputs), inputs), _gradients_of_double)
