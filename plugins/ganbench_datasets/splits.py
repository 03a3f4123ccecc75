"""Which images of a user's own are trained on and which are kept back: by fixed index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ganbench.errors import ConfigError

SPLITS = ("train", "validation", "test")  # the order of rows in the cache
SHARE = 10  # one row in ten is kept back for the test, and one in ten for validation
MOST_KEPT_BACK = 10_000
# Metrics of neighbourhoods look at the fifth nearest of the reference images.
FEWEST_KEPT_BACK = 10
FEWEST_TO_TRAIN = 20
FEWEST = FEWEST_TO_TRAIN + 2 * FEWEST_KEPT_BACK


@dataclass(frozen=True)
class Rows:
    """Row numbers of the data as they came, split after split in the order of SPLITS."""

    order: np.ndarray  # int64 [n]
    counts: tuple[int, int, int]


def fixed(count: int, where: str) -> Rows:
    """Split so many rows: a tenth, at least 10 and at most 10,000, for each of test and validation.

    The numbers are those of Philox with the row count as its key, so that the same rows are kept
    back on every machine and for every seed. Within a split rows keep their order.

    Raises ConfigError for fewer than 40.
    """
    if count < FEWEST:
        raise ConfigError(
            f"{where}: {count} images are too few; at least {FEWEST} are needed, of which "
            f"{FEWEST_KEPT_BACK} are kept back for the test and {FEWEST_KEPT_BACK} for validation"
        )
    kept = min(MOST_KEPT_BACK, max(FEWEST_KEPT_BACK, count // SHARE))
    # NumPy promises the raw numbers of Philox for ever, those of its distributions it does not.
    shuffled = np.argsort(np.random.Philox(key=count).random_raw(count), kind="stable")
    test, validation, train = np.split(shuffled, [kept, 2 * kept])
    order = np.concatenate([np.sort(part) for part in (train, validation, test)])
    return Rows(order, (len(train), len(validation), len(test)))


def declared(parts: Mapping[str, Sequence[int]], where: str) -> Rows:
    """Give the rows that the files themselves put into splits; validation may be absent.

    Raises ConfigError for a split that is too small.
    """
    for name, rows in parts.items():
        fewest = FEWEST_TO_TRAIN if name == "train" else FEWEST_KEPT_BACK
        if (rows or name != "validation") and len(rows) < fewest:
            raise ConfigError(
                f"{where}: {len(rows)} images in {name} are too few; at least {fewest} are needed"
            )
    listed = [np.asarray(parts.get(name, ()), np.int64) for name in SPLITS]
    train, validation, test = (len(rows) for rows in listed)
    return Rows(np.concatenate(listed), (train, validation, test))
