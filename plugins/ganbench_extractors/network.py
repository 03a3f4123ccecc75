"""The forward pass of the embedded classifiers, in NumPy and float32."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

_BATCH_IMAGES = 250  # the columns of 28x28 images then take a few MiB


def forward_images(
    images: np.ndarray, weights: Mapping[str, np.ndarray], strides: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Give float32 features [n, d] and logits [n, classes] of uint8 images, batch by batch."""
    parts = []
    for start in range(0, max(len(images), 1), _BATCH_IMAGES):
        pixels = images[start : start + _BATCH_IMAGES].astype(np.float32) / np.float32(255)
        parts.append(features_and_logits(pixels, weights, strides))
    features, logits = zip(*parts, strict=True)
    return np.concatenate(features), np.concatenate(logits)


def features_and_logits(
    pixels: np.ndarray, weights: Mapping[str, np.ndarray], strides: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Give the features [n, d], before their ReLU, and the logits [n, classes].

    `pixels` are float32 [n, height, width, channels] in [0, 1]. Weights are named
    `convolution.0`, ..., `hidden`, `output`, each with `.weight` and `.bias`, in the layouts
    [out, in, kernel, kernel] and [out, in].
    """
    values = pixels
    for layer, stride in enumerate(strides):
        name = f"convolution.{layer}"
        values = convolve(values, weights[f"{name}.weight"], weights[f"{name}.bias"], stride)
        values = np.maximum(values, 0)
    flat_size = weights["hidden.weight"].shape[1]
    flat = values.transpose(0, 3, 1, 2).reshape(len(values), flat_size)  # channel, height, width
    features = flat @ weights["hidden.weight"].T + weights["hidden.bias"]
    logits = np.maximum(features, 0) @ weights["output.weight"].T + weights["output.bias"]
    return features, logits


def convolve(values: np.ndarray, weight: np.ndarray, bias: np.ndarray, stride: int) -> np.ndarray:
    """Cross-correlate [n, h, w, in] with padding 1; gives [n, h', w', out]."""
    outputs, inputs, kernel, _ = weight.shape
    padded = np.pad(values, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel, kernel), axis=(1, 2))
    # Channels go last, where they lie side by side: the copy into columns is then quick.
    windows = windows[:, ::stride, ::stride].transpose(0, 1, 2, 4, 5, 3)
    count, height, width = windows.shape[:3]
    columns = windows.reshape(count * height * width, kernel * kernel * inputs)
    matrix = weight.transpose(2, 3, 1, 0).reshape(kernel * kernel * inputs, outputs)
    return (columns @ matrix + bias).reshape(count, height, width, outputs)
