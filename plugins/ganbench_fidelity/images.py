"""Images as torch-fidelity wants them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch.utils.data import Dataset


class Images(Dataset):
    """uint8 images [n, height, width, 1 or 3] as bare tensors [3, height, width].

    Grey is repeated to three channels. Each image that is read counts in `steps`, see
    `ganbench.progress.track`.
    """

    def __init__(self, images: np.ndarray, steps: Iterator[int]) -> None:
        self.images, self.steps = images, steps

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> torch.Tensor:
        next(self.steps, None)
        image = np.array(self.images[index].transpose(2, 0, 1), order="C")
        return torch.from_numpy(np.repeat(image, 3 // len(image), axis=0))
