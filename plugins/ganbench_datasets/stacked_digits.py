"""Three digits in one image: a thousand classes from ten, on which a loss of modes shows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ganbench.contracts import Dataset, Split, Task
from ganbench.errors import ConfigError
from ganbench_datasets.digits import Digits

TRAIN_TRIPLES, TRAIN_KEY = 50_000, 3
REFERENCE_TRIPLES, REFERENCE_KEY = 10_000, 4
SHA256 = "14c7e7ec82c8b9d5916a2313b898eac70a1e36499d5f2be5db406e6dc132167f"


@dataclass(frozen=True)
class StackedDigits:
    """One of the 8x8 digits in each of the colours red, green and blue: 1000 modes.

    After Metz et al. 2017 (unrolled GAN), arXiv:1611.02163, section 3.3.1, who stack 28x28
    MNIST; these are scikit-learn's digits, so no number here compares with theirs. Training
    triples hold only the 1000 training digits of the data set `digits`, reference triples only
    its 797 others. The draw is part of the data set: digits are drawn independently and with
    replacement by Philox with the keys 3 (training) and 4 (reference), whatever a trial's seed.
    """

    name = "stacked-digits8"
    source = "triples of scikit-learn's load_digits; after Metz et al. 2017, arXiv:1611.02163"
    default_samples = 26_000

    def task(self) -> Task:
        """Say what a model has to generate."""
        return Task(self.name, "images", (8, 8, 3), classes=1000)

    def load(self, location: Path | None) -> Dataset:
        """Give uint8 images [50000 and 10000, 8, 8, 3]; the label of digits a, b, c is 100a+10b+c.

        Raises ConfigError where the digits or the draw are not those of the pinned sha256.
        """
        digits = Digits().load(location)
        train = _stack(digits.train, TRAIN_TRIPLES, TRAIN_KEY)
        reference = _stack(digits.reference, REFERENCE_TRIPLES, REFERENCE_KEY)
        digest = hashlib.sha256()
        for split in (train, reference):
            digest.update(split.samples.tobytes())
            digest.update(split.labels.astype("<i4").tobytes())
        sha256 = digest.hexdigest()
        if sha256 != SHA256:
            raise ConfigError(
                f"the stacked digits are not the published ones (sha256 {sha256[:8]}... instead of "
                f"{SHA256[:8]}...); reinstall NumPy"
            )
        return Dataset(self.task(), train, reference, sha256)


def _stack(digits: Split, triples: int, key: int) -> Split:
    """Draw triples of this split's digits, one for each colour."""
    # NumPy promises the raw numbers of Philox for ever, those of its distributions it does not.
    raw = np.random.Philox(key=key).random_raw((triples, 3))
    chosen = (raw % len(digits.samples)).astype(np.int64)
    images = digits.samples[chosen, :, :, 0]  # [triples, 3, 8, 8]
    labels = digits.labels[chosen] @ np.array([100, 10, 1], np.int32)
    return Split(digits.name, np.ascontiguousarray(images.transpose(0, 2, 3, 1)), labels)
