"""The 1797 handwritten digits that come with scikit-learn."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganbench.contracts import Dataset, Split, Task
from ganbench.errors import ConfigError

INDICES_FILE = Path(__file__).with_name("digits_test_indices.json")
SHA256 = "24ab02b88355c787d6f43ddadf9053e3068e430d5e60bf2348e1ba501584d667"
_BRIGHTEST = 16  # scikit-learn's pixels count the dark ones of 4x4 in the scan


@dataclass(frozen=True)
class Digits:
    """Grey 8x8 digits: 1000 to train on, 797 as the reference, stratified by class.

    Alpaydin and Kaynak 1998, UCI "Optical Recognition of Handwritten Digits", its test part, as
    bundled with scikit-learn. The split is the project's own and fixed by an index file.
    """

    name = "digits"
    source = "scikit-learn load_digits; UCI Optical Recognition of Handwritten Digits (1998)"
    default_samples = 797

    def task(self) -> Task:
        """Say what a model has to generate."""
        return Task(self.name, "images", (8, 8, 1), classes=10)

    def load(self, location: Path | None) -> Dataset:
        """Read uint8 images [1000 and 797, 8, 8, 1]; scikit-learn's 0..16 become 0..255.

        Raises ConfigError where scikit-learn brings other data than the pinned sha256.
        """
        images, labels = _read_bundled()
        test = np.zeros(len(images), dtype=bool)
        test[json.loads(INDICES_FILE.read_text())] = True
        train = Split("train", images[~test], labels[~test])
        reference = Split("test", images[test], labels[test])
        digest = _sha256(train, reference)
        if digest != SHA256:
            raise ConfigError(
                f"scikit-learn's digits are not the published ones (sha256 {digest[:8]}... instead "
                f"of {SHA256[:8]}...); reinstall scikit-learn"
            )
        return Dataset(self.task(), train, reference, digest)


def _read_bundled() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_digits

    bundled = load_digits()
    images = np.rint(bundled.images * (255 / _BRIGHTEST)).astype(np.uint8)
    return images[..., None], bundled.target.astype(np.int32)


def _sha256(*splits: Split) -> str:
    digest = hashlib.sha256()
    for split in splits:
        digest.update(split.samples.tobytes())
        digest.update(split.labels.astype(np.uint8).tobytes())
    return digest.hexdigest()
